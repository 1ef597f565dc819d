package recovery

import "time"

// Shopper is what is kept of a person across checkouts.
type Shopper struct {
	LastOrder time.Time // zero if none
	NewestT   time.Time // of the shopper's checkouts
	Messages  []MessageMark
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
	Total                   *Money
	PlacedAt                time.Time
	Matched                 []string // keys of the checkouts that it ended
	AttributionKind         string
	AttributionStep         int
	ExpiresAt               time.Time
	Version                 time.Time // the DB's mark of the state that was read
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
}

// Key is the message's document ID, "{h}-{generation}-{step}".
func (m *Message) Key() string { return m.Checkout + "-" + m.Reminder.String() }
