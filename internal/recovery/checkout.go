package recovery

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Money is an amount in the currency's minor units (cents for USD, yen for JPY).
type Money struct {
	Minor    int64
	Currency string // ISO 4217
}

// Item is one line of a cart.
type Item struct {
	ID, Title, Variant string
	Quantity           int
	Price              *Money // of one piece; nil if not told
	ImageURL, URL      string
}

// Customer is what the storefront knows of the shopper beside the address.
type Customer struct{ ID, FirstName, LastName string }

// Status is where a checkout stands.
type Status string

// The states of a checkout.
const (
	StatusOpen      Status = "open"      // reminders are scheduled
	StatusClosed    Status = "closed"    // the last reminder has ended
	StatusOrdered   Status = "ordered"   // an order came
	StatusRecovered Status = "recovered" // an order came and is attributed to a message
	StatusStopped   Status = "stopped"   // the shopper or the merchant ended it
	StatusErased    Status = "erased"    // nothing of the shopper is left
)

// Checkout is a checkout as recorded, with the fate of each of its reminders.
type Checkout struct {
	Store string
	Key   string // its hash, see CheckoutKey
	ID    string // as the storefront named it

	Email, ShopperKey string
	FormerKey         string // of the shopper that it went from to this one, at Moved
	CartID, CartKey   string // "" where the storefront has no carts
	Customer          Customer
	CustomerKey       string // "" but in a shop of Shopify, which may have the customer erased
	Locale, TimeZone  string // "" means the store's
	AcceptsMarketing  *bool  // nil if never told
	Consent           *Consented
	Total             *Money
	Items             []Item
	Emptied           bool // there was a list of items, and nothing is in it any more
	RecoverURL        string
	Test              bool
	Platform          Platform

	T          time.Time // the instant of abandonment
	Since      time.Time // from when on its cart stood so, where older news told of that later; else zero
	Recorded   time.Time // when we heard of this generation, by our clock
	News       time.Time // of the newest news taken over
	Moved      time.Time // when its address last became another; zero if never
	Failed     time.Time // when its payment last failed, or it was cancelled without one
	URLGone    time.Time // a RecoverURL told up to then leads nowhere
	Generation int       // 0 in a stub, which only an order or its end has named so far
	Status     Status
	Left       bool // it was its shopper who stopped it, who may undo that
	Order      *OrderRef
	Used       time.Time // what led back or was mailed up to then has brought an order
	Clicks     []Click   // on our links back to it, by time; the newest keepClicks
	Reminders  map[ReminderID]Reminder
	LastSent   map[int]time.Time // by step, over all generations
	CheckAt    time.Time         // when the sweep is to look; zero for never
	ExpiresAt  time.Time

	// Version is the DB's mark of the state that was read; zero for a new one.
	Version time.Time
}

// OrderRef is the order that ended a checkout, and by what it was joined.
type OrderRef struct {
	Key string
	At  time.Time
	By  JoinedBy
}

// Consented is what the shopper agreed to, and when, where the storefront tells.
type Consented struct {
	Wording string
	At      time.Time // zero if not told
}

// Click is a shopper's way back by the link of a reminder.
type Click struct {
	At       time.Time
	Reminder ReminderID
}

// Platform is the shop system that reported a checkout; "" for the store's own backend.
type Platform string

// The shop systems that report by webhook.
const (
	Shopify     Platform = "shopify"
	WooCommerce Platform = "woocommerce"
)

// JoinedBy says what an order and a checkout have in common.
type JoinedBy string

// The ways to join an order to a checkout, the strongest first.
const (
	ByCheckout JoinedBy = "checkout"
	ByCart     JoinedBy = "cart"
	ByEmail    JoinedBy = "email"
)

// Stub says whether only an order, or the checkout's end, has named it so far.
func (c *Checkout) Stub() bool { return c.Generation == 0 }

// Final says whether nothing is to be sent any more, whatever comes, but for a shopper who
// undoes leaving it.
func (c *Checkout) Final() bool {
	switch c.Status {
	case StatusStopped, StatusErased:
		return true
	case StatusOrdered, StatusRecovered:
		return c.Order == nil || c.Order.By == ByCheckout
	}
	return false
}

// open says whether something may still be mailed of c.
func (c *Checkout) open() bool {
	for _, r := range c.Reminders {
		if r.Open() {
			return true
		}
	}
	return false
}

// hears says whether news still counts: what its shopper left may be taken up again, and then
// goes by what is true of it; unless it was ordered, which nobody takes back.
func (c *Checkout) hears() bool {
	return !c.Final() || c.Left && c.Status == StatusStopped && c.Order == nil
}

// Clone copies c deeply, so that a change to one is not seen in the other.
func (c *Checkout) Clone() *Checkout {
	d := *c
	d.AcceptsMarketing, d.Total, d.Order = copied(c.AcceptsMarketing), copied(c.Total), copied(c.Order)
	d.Consent = copied(c.Consent)
	d.Items, d.Clicks = slices.Clone(c.Items), slices.Clone(c.Clicks)
	for i := range d.Items {
		d.Items[i].Price = copied(d.Items[i].Price)
	}
	d.Reminders = maps.Clone(c.Reminders)
	d.LastSent = maps.Clone(c.LastSent)
	return &d
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// ReminderID names a reminder within its checkout.
type ReminderID struct{ Generation, Step int }

// String is "{generation}-{step}".
func (id ReminderID) String() string {
	return strconv.Itoa(id.Generation) + "-" + strconv.Itoa(id.Step)
}

// CompareReminders orders reminders by generation, then by step.
func CompareReminders(a, b ReminderID) int {
	return cmp.Or(cmp.Compare(a.Generation, b.Generation), cmp.Compare(a.Step, b.Step))
}

// ParseReminderID reads what String wrote.
func ParseReminderID(s string) (ReminderID, error) {
	g, n, ok := strings.Cut(s, "-")
	generation, err1 := strconv.Atoi(g)
	step, err2 := strconv.Atoi(n)
	if !ok || err1 != nil || err2 != nil {
		return ReminderID{}, fmt.Errorf("reminder ID %q: want {generation}-{step}", s)
	}
	return ReminderID{Generation: generation, Step: step}, nil
}

// State is where a reminder stands.
type State string

// The states of a reminder. Scheduled and claimed are open; unknown is settled by
// the mail service's events or stays for a person to see.
const (
	Scheduled State = "scheduled"
	Claimed   State = "claimed"
	Sent      State = "sent"
	Skipped   State = "skipped"
	Failed    State = "failed"
	Unknown   State = "unknown"
)

// Reason says why a reminder was skipped or failed.
type Reason string

// The reasons of a skipped reminder, in the order in which they count, then those
// of a failed one.
const (
	ReasonErased         Reason = "erased"
	ReasonOrdered        Reason = "ordered"
	ReasonStopped        Reason = "stopped"
	ReasonUnsubscribed   Reason = "unsubscribed"
	ReasonComplained     Reason = "complained"
	ReasonBounced        Reason = "bounced"
	ReasonInvalidAddress Reason = "invalid_address"
	ReasonNoConsent      Reason = "no_consent"
	ReasonInactive       Reason = "inactive"
	ReasonSuperseded     Reason = "superseded"
	ReasonStale          Reason = "stale"
	ReasonHoldout        Reason = "holdout"
	ReasonCooldown       Reason = "cooldown"
	ReasonCoupon         Reason = "coupon"
	ReasonShadow         Reason = "shadow"

	ReasonRejected Reason = "rejected"
	ReasonProvider Reason = "provider"
)

// Reminder is one step of one generation of a checkout.
type Reminder struct {
	Due              time.Time
	After            time.Duration
	Template, Coupon string
	State            State
	Reason           Reason // of a skipped or failed one
	// Attempt names the run that holds or held the claim.
	Attempt      string
	ClaimedUntil time.Time
	Resent       bool   // the one more try after an unknown outcome was made, or refused
	LastError    string // what the mail service said when it last refused; "" if nobody tried
	Message      string // the mail service's ID of what was sent
	SentAt       time.Time
	Sweeps       int  // how often the sweep enqueued it
	Clicks       int  // how often its link back was followed
	Erased       bool // the message's row went with its shopper
	// Opening is the send window's opening that it waited for, being late; zero if it
	// did not.
	Opening time.Time
	// Look is when the sweep is to look at a scheduled reminder, where that is not
	// soon after its due instant.
	Look time.Time
}

// Open says whether the reminder's end is still to come.
func (r Reminder) Open() bool { return r.State == Scheduled || r.State == Claimed }

// claimedAt is when the last claim was made.
func (r Reminder) claimedAt() time.Time { return r.ClaimedUntil.Add(-ClaimFor) }

// ClaimFor is how long a claim lasts: above all deadlines of one run together.
const ClaimFor = 60 * time.Second
