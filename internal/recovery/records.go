package recovery

import "time"

// Shopper is what is kept of a person across checkouts.
type Shopper struct {
	LastOrder time.Time // zero if none
	NewestT   time.Time // of the shopper's checkouts
	// ConsentGiven and ConsentRefused are the newest instants at which the shopper, on any
	// checkout, accepted marketing and did not.
	ConsentGiven, ConsentRefused time.Time
	Messages                     []MessageMark
}

// MessageMark says that a message was handed over, or is being.
type MessageMark struct {
	Checkout string // its key
	Reminder ReminderID
	At       time.Time
}

// Cart is what is kept of a cart.
type Cart struct {
	LastOrder time.Time // zero if none
	Checkout  string    // key of the checkout that brought it
}

// Order is an order as recorded.
type Order struct {
	Store, Key, ID          string
	Checkout, Shopper, Cart string // keys; "" where the order did not name one
	CustomerKey             string // "" but of a shop of Shopify
	Total                   *Money
	PlacedAt                time.Time
	News                    time.Time // of the newest telling by a shop system; zero if none told when
	Matched                 []string  // keys of the checkouts that it ended
	Attribution             Attribution
	Test                    bool              // stays out of every figure
	Refunds                 map[string]Refund // by the platform's ID of each; see Cancelled
	Erased                  bool              // nothing is left of it, nor will be
	ExpiresAt               time.Time
	Version                 time.Time // the DB's mark of the state that was read
}

// Attribution says which reminder brought an order, as decided when the order came
// (never later).
type Attribution struct {
	Kind     AttributionKind
	Checkout string // the key of the checkout whose reminder it was; "" for none
	Reminder ReminderID
}

// AttributionKind says by what an order is attributed.
type AttributionKind string

// The kinds of attribution.
const (
	AttributedNone    AttributionKind = "none"
	AttributedClick   AttributionKind = "click"   // the last click within the store's window
	AttributedMessage AttributionKind = "message" // the last message within it, where the store says so
)

// Refund takes an order's revenue back, in part or all.
type Refund struct {
	Total *Money // nil: all that is left
	At    time.Time
}

// Message is one e-mail that was handed over, or may have been.
type Message struct {
	Store, Checkout string
	Reminder        ReminderID
	CheckoutID      string
	Shopper         string // key of the shopper that it was sent to
	Email           string
	Subject         string
	Total           *Money
	Template        string
	Test            bool
	State           State  // sent or unknown
	Provider        string // the mail service's ID
	SentAt          time.Time
	ExpiresAt       time.Time

	// The first instants at which the mail service told of each.
	Delivered, Opened, Clicked, Bounced, Complained time.Time

	// Clicks are those on our link, the first keepClicks, as a set; LastClicked is the newest
	// and ClickCount counts all. Both only grow.
	Clicks      []time.Time
	LastClicked time.Time
	ClickCount  int
	Order       string // key of the order that is attributed to it
}

// Key is the message's document ID, "{h}-{generation}-{step}".
func (m *Message) Key() string { return m.Checkout + "-" + m.Reminder.String() }
