package recovery

import (
	"context"
	"time"
)

// Clock tells the time and waits by it.
type Clock interface {
	Now() time.Time
	// Wait returns nil once Now is at until or later, or the context's error.
	Wait(ctx context.Context, until time.Time) error
}

// Case is all that counts for the reminders of one checkout. What is not there
// (or has expired) is nil, for a suppression, or a zero value.
type Case struct {
	Checkout    *Checkout
	Shopper     Shopper
	Cart        Cart
	Suppression *Suppression
	// Former is the shopper of before, as far as that one's orders go.
	Former Shopper
	// Other is the suppression of the other shopper that was asked for.
	Other *Suppression
}

// Need says how much of a Case is read.
type Need struct {
	// Anchors are all that the checkout is judged by.
	Anchors bool
	// Other is the key of another shopper than the checkout's, to whom something of it
	// went, or of whom it tells; "" for none.
	Other string
}

// CheckoutOnly reads one document, WholeCase four.
var (
	CheckoutOnly = Need{}
	WholeCase    = Need{Anchors: true}
)

// Change is what one commit writes: all of it or nothing.
type Change struct {
	// Create is a checkout that must not be there.
	Create *Checkout
	// Update are checkouts as read before, with their Version.
	Update []*Checkout
	// Shoppers and Carts raise instants that only grow, so they need no read.
	Shoppers []RaiseShopper
	Carts    []RaiseCart
	// Marks replaces a shopper's recent messages; only after a read of the whole case.
	Marks *Marks
	// Order is an order, new or as read before, with its Version.
	Order *Order
	// Message is what is known of a message now, for its row. Zero fields say nothing
	// and leave what is there, whichever comes first; of the instants that events
	// tell, the least stays, and of what counts clicks the most.
	Message *Message
	// EraseOrders take the place of whatever is there.
	EraseOrders []*Order
	// DeleteMessages are keys of documents that go, DeleteShopper that of a shopper; what
	// is not there is gone already.
	DeleteMessages []string
	DeleteShopper  string
	// Heard raises the instant at which a source was last heard of.
	Heard *RaiseHeard
}

// Empty says that there is nothing to write.
func (c Change) Empty() bool {
	return c.Create == nil && len(c.Update) == 0 && len(c.Shoppers) == 0 && len(c.Carts) == 0 &&
		c.Marks == nil && c.Order == nil && c.Message == nil && c.Heard == nil &&
		len(c.EraseOrders) == 0 && len(c.DeleteMessages) == 0 && c.DeleteShopper == ""
}

// RaiseShopper raises a shopper's instants to at least these; zero ones stay.
type RaiseShopper struct {
	Key                string
	LastOrder, NewestT time.Time
	// See Shopper.
	ConsentGiven, ConsentRefused time.Time
	ExpiresAt                    time.Time
}

// RaiseCart raises a cart's last order and, if Checkout is given, points the cart
// to that checkout.
type RaiseCart struct {
	Key       string
	LastOrder time.Time
	Checkout  string
	ExpiresAt time.Time
}

// RaiseHeard raises a source's mark to at least At.
type RaiseHeard struct {
	Source string
	At     time.Time
}

// Source is who calls one of the functions for a store.
type Source struct {
	Store string
	Name  string // the function's
}

// Marks are a shopper's recent messages.
type Marks struct {
	Shopper   string
	Messages  []MessageMark
	ExpiresAt time.Time
}

// Personal is all that is kept of a shopper.
type Personal struct {
	Shopper     *Shopper // nil: there is no document
	Suppression *Suppression
	Checkouts   []*Checkout // newest T first
	Orders      []*Order    // also those that name nobody, but one of the checkouts or its cart
	Messages    []*Message  // those that went to the shopper, wherever the checkout belongs now
}

// OrderQuery names what an order may touch. Order is never empty; other keys that are
// empty are not read.
type OrderQuery struct {
	Store, Order, Checkout, Cart, Shopper string
	// Others are keys of further shoppers whom the order names: of them only the
	// suppressions are read.
	Others []string
	// Limit is how many of the shopper's checkouts are read, newest T first.
	Limit int
}

// OrderCase is what was found; nil or empty where nothing is.
type OrderCase struct {
	Order    *Order
	Checkout *Checkout
	Cart     Cart
	// CartCheckout is the checkout that the cart points to.
	CartCheckout *Checkout
	// Shoppers are the shopper's checkouts, newest T first.
	Shoppers []*Checkout
	// Suppression is the shopper's, OthersErased says of whom of the others nothing may be kept.
	Suppression  *Suppression
	OthersErased []string
}

// DB keeps the documents. A checkout past its expiry counts as absent: it reads as a
// stub without an order, so that it can be written anew. Shoppers, carts and orders
// count until they are deleted, which errs on the side of not mailing. Every
// method returns ErrOverload where the database is away or overloaded; a Commit or
// UpdateCheckout that failed so may have been done. Checkouts go in and come out
// as copies.
type DB interface {
	// Commit writes ch in one round trip. It returns ErrExists if ch.Create or a new
	// ch.Order is there already, and ErrConflict if something to be updated has
	// changed or gone since it was read; then nothing was written.
	Commit(ctx context.Context, store string, ch Change) error
	// UpdateCheckout reads the case of one checkout, asks decide what to write and
	// commits it, all as one transaction. decide may run more than once and must
	// have no effects of its own; its error ends the transaction and is returned.
	// After an error, what decide saw on its last run was really there.
	UpdateCheckout(ctx context.Context, store, key string, need Need, decide func(Case) (Change, error)) error
	// Suppress records decisions not to mail the shopper with the key, as
	// Suppressions.DecideAll does. In one transaction: the same calls in another order, or
	// twice, leave the same.
	Suppress(ctx context.Context, store, shopper string, all ...Suppression) error
	// Lift takes back the decision not to mail the shopper for the reason, if it is not
	// newer than at; one for another reason stands, or stands again. Suppress, called again
	// for that reason with an instant up to at, changes nothing from then on: what led to
	// the decision may be told again, and late. It reports whether there is no decision of
	// that reason (any more).
	Lift(ctx context.Context, store, shopper string, reason Reason, at time.Time) (bool, error)
	// Personal reads all that is kept of a shopper, expired or not, outside of a transaction.
	Personal(ctx context.Context, store, shopper string) (Personal, error)
	// ShoppersOfCustomer lists the keys of the shoppers of checkouts and orders with the
	// customer's key, expired or not, each once.
	ShoppersOfCustomer(ctx context.Context, store, customer string) ([]string, error)
	// DeletePage deletes at most limit documents of the store: checkouts, messages, orders,
	// shoppers and carts, in any order. It returns how many; none are left after 0.
	DeletePage(ctx context.Context, store string, limit int) (int, error)
	// FindForOrder reads what q names, side by side, outside of a transaction.
	FindForOrder(ctx context.Context, q OrderQuery) (OrderCase, error)
	// ToCheck lists checkouts of all stores whose CheckAt is at or before now, at
	// most limit, the longest overdue first, after the given one (nil: from the start).
	// Fewer than limit are all that there are.
	// Checkouts that cannot be read are left out, and reported by an error beside the
	// list of the others.
	ToCheck(ctx context.Context, now time.Time, after *Checkout, limit int) ([]*Checkout, error)
	// LastHeard reads the marks of the sources by their keys, in one round trip. A source
	// without one is left out; so is one whose mark cannot be read, which is reported by
	// an error beside the others. Marks do not expire.
	LastHeard(ctx context.Context, sources []Source) (map[Source]time.Time, error)
}

// Task asks for one run of one reminder at an instant.
type Task struct {
	Store, Checkout string // the checkout's key
	Reminder        ReminderID
	Suffix          string    // tells apart the tasks of one reminder; "" for the first
	At              time.Time // never run before it
}

// Name is the task's name within its queue, "{h}-{generation}-{step}" with the
// suffix after another hyphen.
func (t Task) Name() string {
	name := t.Checkout + "-" + t.Reminder.String()
	if t.Suffix != "" {
		name += "-" + t.Suffix
	}
	return name
}

// TaskHorizon is how far ahead a task may be scheduled: Cloud Tasks refuses more
// than 720 h; an hour is left for clocks that differ.
const TaskHorizon = 719 * time.Hour

// Queue runs tasks later, at least once each.
type Queue interface {
	// Create enqueues t. A task of that name which is there or was there lately is
	// success. ErrOverload: the queue is away, and t may or may not be enqueued.
	Create(ctx context.Context, t Task) error
}

// Mail is one e-mail, ready to be handed over.
type Mail struct {
	Store     string
	MessageID string // "{store}.{h}-{generation}-{step}": comes back in events; hashes only
	From      Address
	ReplyTo   string // "" means none
	To        []Address
	// Unsubscribe is the address that List-Unsubscribe names (RFC 8058); "" for none.
	Unsubscribe string
	Content
}

// Content is what the reader sees of a mail.
type Content struct{ Subject, HTML, Text string }

// Mailer hands mail to the mail service.
type Mailer interface {
	// Send hands m over once and returns the service's ID of it. Every error is a
	// *SendError that says whether m can have been accepted.
	Send(ctx context.Context, m Mail) (id string, err error)
}

// Renderer writes the mail for a step of a checkout.
type Renderer interface {
	// Render writes what r's template says, in the checkout's locale or else the
	// store's, with the links. An unknown template is replaced by the built-in of the
	// step's place.
	Render(s *Store, c *Checkout, step int, r Reminder, links Links) (Content, error)
}

// Links are the addresses that one mail holds.
type Links struct {
	Recover     string // back to the checkout
	Unsubscribe string // the same for people and for mailbox providers
}

// Linker makes the links of mails: signed, with no personal data in them.
type Linker interface {
	// Links makes those of one reminder, of which the one back to the checkout holds
	// until expires; the other holds for good.
	Links(s *Store, c *Checkout, id ReminderID, expires time.Time) Links
}
