package firestoredb

import (
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// version is the form of the documents; it counts up when an older release could
// not read a newer one's.
const version = 1

// Instants that move freely are timestamps; those that only grow are integer
// microseconds, since Firestore's maximum transform takes numbers only.

type checkoutDoc struct {
	V                int                    `firestore:"v"`
	ID               string                 `firestore:"id"`
	Email            string                 `firestore:"email,omitempty"`
	Shopper          string                 `firestore:"shopper,omitempty"`
	CartID           string                 `firestore:"cart_id,omitempty"`
	Cart             string                 `firestore:"cart,omitempty"`
	CustomerID       string                 `firestore:"customer_id,omitempty"`
	FirstName        string                 `firestore:"first_name,omitempty"`
	LastName         string                 `firestore:"last_name,omitempty"`
	Locale           string                 `firestore:"locale,omitempty"`
	TimeZone         string                 `firestore:"timezone,omitempty"`
	AcceptsMarketing *bool                  `firestore:"accepts_marketing,omitempty"`
	Consent          *consentDoc            `firestore:"consent,omitempty"`
	Total            *moneyDoc              `firestore:"total,omitempty"`
	Items            []itemDoc              `firestore:"items,omitempty"`
	Customer         string                 `firestore:"customer,omitempty"`
	Failed           time.Time              `firestore:"failed,omitzero"`
	Emptied          bool                   `firestore:"emptied,omitempty"`
	RecoverURL       string                 `firestore:"recover_url,omitempty"`
	Test             bool                   `firestore:"test,omitempty"`
	Platform         string                 `firestore:"platform,omitempty"`
	T                time.Time              `firestore:"t,omitzero"`
	Recorded         time.Time              `firestore:"recorded,omitzero"`
	News             time.Time              `firestore:"news,omitzero"`
	URLGone          time.Time              `firestore:"url_gone,omitzero"`
	Generation       int                    `firestore:"generation"`
	Status           string                 `firestore:"status"`
	Order            *orderRefDoc           `firestore:"order,omitempty"`
	Left             bool                   `firestore:"left,omitempty"`
	Former           string                 `firestore:"former,omitempty"`
	Moved            time.Time              `firestore:"moved,omitzero"`
	Since            time.Time              `firestore:"since,omitzero"`
	Used             time.Time              `firestore:"used,omitzero"`
	Clicks           []clickDoc             `firestore:"clicks,omitempty"`
	LastClick        *clickDoc              `firestore:"last_click,omitempty"` // read only: what stood before clicks
	Reminders        map[string]reminderDoc `firestore:"reminders,omitempty"`
	LastSent         map[string]time.Time   `firestore:"last_sent,omitempty"`
	CheckAt          time.Time              `firestore:"check_at,omitzero"`
	Shard            int                    `firestore:"shard"`
	ExpiresAt        time.Time              `firestore:"expires_at"`
}

type moneyDoc struct {
	Minor    int64  `firestore:"minor"`
	Currency string `firestore:"currency"`
}

type itemDoc struct {
	ID       string    `firestore:"id,omitempty"`
	Title    string    `firestore:"title,omitempty"`
	Variant  string    `firestore:"variant,omitempty"`
	Quantity int       `firestore:"quantity"`
	Price    *moneyDoc `firestore:"price,omitempty"`
	ImageURL string    `firestore:"image_url,omitempty"`
	URL      string    `firestore:"url,omitempty"`
}

type orderRefDoc struct {
	Key string    `firestore:"key"`
	At  time.Time `firestore:"at"`
	By  string    `firestore:"by"`
}

type consentDoc struct {
	Wording string    `firestore:"wording,omitempty"`
	At      time.Time `firestore:"at,omitzero"`
}

type clickDoc struct {
	At       time.Time `firestore:"at"`
	Reminder string    `firestore:"reminder"`
}

type reminderDoc struct {
	DueAt        time.Time `firestore:"due_at"`
	After        int64     `firestore:"after"` // seconds
	Template     string    `firestore:"template"`
	Coupon       string    `firestore:"coupon,omitempty"`
	State        string    `firestore:"state"`
	Reason       string    `firestore:"reason,omitempty"`
	Attempt      string    `firestore:"attempt,omitempty"`
	ClaimedUntil time.Time `firestore:"claimed_until,omitzero"`
	Resent       bool      `firestore:"resent,omitempty"`
	LastError    string    `firestore:"last_error,omitempty"`
	Message      string    `firestore:"message,omitempty"`
	SentAt       time.Time `firestore:"sent_at,omitzero"`
	Sweeps       int       `firestore:"sweeps,omitempty"`
	Clicks       int       `firestore:"clicks,omitempty"`
	Erased       bool      `firestore:"erased,omitempty"`
	Opening      time.Time `firestore:"opening,omitzero"`
	Look         time.Time `firestore:"look,omitzero"`
}

type shopperDoc struct {
	LastOrder int64     `firestore:"last_order"`
	NewestT   int64     `firestore:"newest_t"`
	Given     int64     `firestore:"consent_given"`
	Refused   int64     `firestore:"consent_refused"`
	Messages  []markDoc `firestore:"messages"`
	ExpiresAt time.Time `firestore:"expires_at"`
}

type markDoc struct {
	Checkout string    `firestore:"checkout"`
	Reminder string    `firestore:"reminder"`
	At       time.Time `firestore:"at"`
}

type cartDoc struct {
	LastOrder int64     `firestore:"last_order"`
	Checkout  string    `firestore:"checkout"`
	ExpiresAt time.Time `firestore:"expires_at"`
}

// heardDoc is a caller's mark: one document for each store and source, for good.
type heardDoc struct {
	At int64 `firestore:"at"`
}

// suppressionDoc without a reason says that there is none any more.
type suppressionDoc struct {
	V      int       `firestore:"v"`
	Reason string    `firestore:"reason"` // of the decision that stands
	At     time.Time `firestore:"at"`
	// Others are decisions that stand where that one is lifted, by reason.
	Others map[string]time.Time `firestore:"others,omitempty"`
	// Lifted is up to when decisions of a reason no longer count.
	Lifted map[string]time.Time `firestore:"lifted"`
}

type orderDoc struct {
	V               int       `firestore:"v"`
	ID              string    `firestore:"id,omitempty"`
	Checkout        string    `firestore:"checkout,omitempty"`
	Shopper         string    `firestore:"shopper,omitempty"`
	Cart            string    `firestore:"cart,omitempty"`
	Customer        string    `firestore:"customer,omitempty"`
	Total           *moneyDoc `firestore:"total,omitempty"`
	PlacedAt        time.Time `firestore:"placed_at,omitzero"`
	News            time.Time `firestore:"news,omitzero"`
	Matched         []string  `firestore:"matched,omitempty"`
	AttributionKind string    `firestore:"attribution_kind,omitempty"`
	// The attributed reminder, "{generation}-{step}", and its checkout's key.
	AttributionCheckout string               `firestore:"attribution_checkout,omitempty"`
	AttributionReminder string               `firestore:"attribution_reminder,omitempty"`
	Test                bool                 `firestore:"test,omitempty"`
	Refunds             map[string]refundDoc `firestore:"refunds,omitempty"`
	Erased              bool                 `firestore:"erased,omitempty"`
	ExpiresAt           time.Time            `firestore:"expires_at"`
}

type refundDoc struct {
	Total *moneyDoc `firestore:"total,omitempty"`
	At    time.Time `firestore:"at"`
}

func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}

func toMoney(m *recovery.Money) *moneyDoc {
	if m == nil {
		return nil
	}
	return &moneyDoc{Minor: m.Minor, Currency: m.Currency}
}

func (d *moneyDoc) money() *recovery.Money {
	if d == nil {
		return nil
	}
	return &recovery.Money{Minor: d.Minor, Currency: d.Currency}
}
