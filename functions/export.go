package functions

import (
	"maps"
	"slices"
	"time"

	"github.com/comeback-checkout/comeback/internal/money"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// exportBody is all that is kept of a shopper, for a person to read.
type exportBody struct {
	Store       string             `json:"store"`
	Email       string             `json:"email"`
	Suppression *suppressionExport `json:"suppression"` // why the shopper is not mailed; null if nothing stands against it
	Consent     consentInstants    `json:"consent"`
	Checkouts   []checkoutExport   `json:"checkouts"`
	Orders      []orderExport      `json:"orders"`
	Messages    []messageExport    `json:"messages"`
}

type suppressionExport struct {
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

type consentInstants struct {
	Given   *time.Time `json:"given_at"`
	Refused *time.Time `json:"refused_at"`
}

type amountExport struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

type checkoutExport struct {
	CheckoutID       string           `json:"checkout_id"`
	CartID           string           `json:"cart_id,omitempty"`
	Email            string           `json:"email"`
	CustomerID       string           `json:"customer_id,omitempty"`
	FirstName        string           `json:"first_name,omitempty"`
	LastName         string           `json:"last_name,omitempty"`
	Locale           string           `json:"locale,omitempty"`
	TimeZone         string           `json:"timezone,omitempty"`
	AcceptsMarketing *bool            `json:"accepts_marketing"`
	ConsentWording   string           `json:"consent_wording,omitempty"`
	ConsentAt        *time.Time       `json:"consent_at,omitempty"`
	Total            *amountExport    `json:"total"`
	Items            []itemExport     `json:"items"`
	RecoverURL       string           `json:"recover_url,omitempty"`
	AbandonedAt      time.Time        `json:"abandoned_at"`
	Status           string           `json:"status"`
	Test             bool             `json:"test"`
	LastClickAt      *time.Time       `json:"last_click_at"`
	OrderedAt        *time.Time       `json:"ordered_at"`
	Reminders        []reminderExport `json:"reminders"`
	ExpiresAt        time.Time        `json:"expires_at"`
}

type itemExport struct {
	ID       string        `json:"id,omitempty"`
	Title    string        `json:"title,omitempty"`
	Variant  string        `json:"variant,omitempty"`
	Quantity int           `json:"quantity"`
	Price    *amountExport `json:"price"`
	URL      string        `json:"url,omitempty"`
	ImageURL string        `json:"image_url,omitempty"`
}

type reminderExport struct {
	Generation int        `json:"generation"`
	Step       int        `json:"step"`
	DueAt      time.Time  `json:"due_at"`
	State      string     `json:"state"`
	Reason     string     `json:"reason,omitempty"`
	SentAt     *time.Time `json:"sent_at"`
}

type orderExport struct {
	OrderID     string          `json:"order_id"`
	Total       *amountExport   `json:"total"`
	Kept        *amountExport   `json:"total_after_refunds"`
	Refunds     []refundExport  `json:"refunds"`
	PlacedAt    *time.Time      `json:"placed_at"`
	Test        bool            `json:"test"`
	Attribution attributionBody `json:"attribution"`
	ExpiresAt   time.Time       `json:"expires_at"`
}

type refundExport struct {
	RefundID string        `json:"refund_id,omitempty"`
	Total    *amountExport `json:"total"` // null: all that was left
	At       time.Time     `json:"at"`
}

type messageExport struct {
	CheckoutID string        `json:"checkout_id,omitempty"`
	Generation int           `json:"generation"`
	Step       int           `json:"step"`
	Email      string        `json:"email,omitempty"`
	Subject    string        `json:"subject,omitempty"`
	Total      *amountExport `json:"total"`
	State      string        `json:"state,omitempty"`
	SendGridID string        `json:"sendgrid_id,omitempty"`
	SentAt     *time.Time    `json:"sent_at"`
	Delivered  *time.Time    `json:"delivered_at"`
	Opened     *time.Time    `json:"opened_at"`
	Clicked    *time.Time    `json:"clicked_at"`
	Clicks     []time.Time   `json:"clicks"`
	LastClick  *time.Time    `json:"last_click_at"`
	ClickCount int           `json:"click_count"`
	Bounced    *time.Time    `json:"bounced_at"`
	Complained *time.Time    `json:"complained_at"`
	ExpiresAt  time.Time     `json:"expires_at"`
}

func exported(store, email string, p recovery.Personal) exportBody {
	body := exportBody{Store: store, Email: email, Checkouts: []checkoutExport{}, Orders: []orderExport{}, Messages: []messageExport{}}
	if s := p.Suppression; s != nil {
		body.Suppression = &suppressionExport{Reason: string(s.Reason), At: s.At}
	}
	if s := p.Shopper; s != nil {
		body.Consent = consentInstants{Given: told(s.ConsentGiven), Refused: told(s.ConsentRefused)}
	}
	for _, c := range p.Checkouts {
		body.Checkouts = append(body.Checkouts, exportCheckout(c))
	}
	for _, o := range p.Orders {
		e := orderExport{
			OrderID: o.ID, Total: amount(o.Total), Kept: amount(o.Kept()), Refunds: []refundExport{}, PlacedAt: told(o.PlacedAt), Test: o.Test,
			Attribution: attribution(o), ExpiresAt: o.ExpiresAt,
		}
		for _, id := range slices.Sorted(maps.Keys(o.Refunds)) {
			e.Refunds = append(e.Refunds, refundExport{RefundID: id, Total: amount(o.Refunds[id].Total), At: o.Refunds[id].At})
		}
		body.Orders = append(body.Orders, e)
	}
	for _, m := range p.Messages {
		body.Messages = append(body.Messages, messageExport{
			CheckoutID: m.CheckoutID, Generation: m.Reminder.Generation, Step: m.Reminder.Step, Email: m.Email, Subject: m.Subject, Total: amount(m.Total),
			State: string(m.State), SendGridID: m.Provider, SentAt: told(m.SentAt), Delivered: told(m.Delivered), Opened: told(m.Opened),
			Clicked: told(m.Clicked), Clicks: append([]time.Time{}, m.Clicks...), LastClick: told(m.LastClicked), ClickCount: m.ClickCount,
			Bounced: told(m.Bounced), Complained: told(m.Complained),
			ExpiresAt: m.ExpiresAt,
		})
	}
	return body
}

func exportCheckout(c *recovery.Checkout) checkoutExport {
	e := checkoutExport{
		CheckoutID: c.ID, CartID: c.CartID, Email: c.Email, CustomerID: c.Customer.ID, FirstName: c.Customer.FirstName,
		LastName: c.Customer.LastName, Locale: c.Locale, TimeZone: c.TimeZone, AcceptsMarketing: c.AcceptsMarketing,
		Total: amount(c.Total), Items: []itemExport{}, RecoverURL: c.RecoverURL, AbandonedAt: c.T, Status: string(c.Status),
		Test: c.Test, Reminders: []reminderExport{}, ExpiresAt: c.ExpiresAt,
	}
	if c.Consent != nil {
		e.ConsentWording, e.ConsentAt = c.Consent.Wording, told(c.Consent.At)
	}
	if n := len(c.Clicks); n > 0 {
		e.LastClickAt = told(c.Clicks[n-1].At)
	}
	if c.Order != nil {
		e.OrderedAt = told(c.Order.At)
	}
	for _, it := range c.Items {
		e.Items = append(e.Items, itemExport{
			ID: it.ID, Title: it.Title, Variant: it.Variant, Quantity: it.Quantity, Price: amount(it.Price), URL: it.URL, ImageURL: it.ImageURL,
		})
	}
	for _, id := range slices.SortedFunc(maps.Keys(c.Reminders), recovery.CompareReminders) {
		r := c.Reminders[id]
		e.Reminders = append(e.Reminders, reminderExport{
			Generation: id.Generation, Step: id.Step, DueAt: r.Due, State: string(r.State), Reason: string(r.Reason), SentAt: told(r.SentAt),
		})
	}
	return e
}

func amount(m *recovery.Money) *amountExport {
	if m == nil {
		return nil
	}
	return &amountExport{Amount: money.Decimal(*m), Currency: m.Currency}
}

// told is nil for an instant that is not known.
func told(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
