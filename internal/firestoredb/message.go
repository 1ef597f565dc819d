package firestoredb

import (
	"slices"
	"time"

	"cloud.google.com/go/firestore"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// messageDoc is a message's row. It comes piece by piece: from the run that sent the
// message, and from events before or after that.
type messageDoc struct {
	V            int       `firestore:"v"`
	Checkout     string    `firestore:"checkout"`
	Generation   int       `firestore:"generation"`
	Step         int       `firestore:"step"`
	CheckoutID   string    `firestore:"checkout_id"`
	Shopper      string    `firestore:"shopper"`
	Email        string    `firestore:"email"`
	Subject      string    `firestore:"subject"`
	Total        *moneyDoc `firestore:"total"`
	Template     string    `firestore:"template"`
	Test         bool      `firestore:"test"`
	State        string    `firestore:"state"`
	Provider     string    `firestore:"provider"`
	SentAt       time.Time `firestore:"sent_at"`
	ExpiresAt    time.Time `firestore:"expires_at"`
	DeliveredAt  int64     `firestore:"delivered_at"` // the first of each, by events
	OpenedAt     int64     `firestore:"opened_at"`
	ClickedAt    int64     `firestore:"clicked_at"`
	BouncedAt    int64     `firestore:"bounced_at"`
	ComplainedAt int64     `firestore:"complained_at"`
	Clicks       []int64   `firestore:"clicks"` // on our link, the first hundred
	LastClick    int64     `firestore:"last_click"`
	ClickCount   int       `firestore:"click_count"`
	Order        string    `firestore:"order"` // key of the one that is attributed to it
}

// messageFields are the fields that m says something of.
func messageFields(m *recovery.Message) map[string]any {
	fields := map[string]any{
		"v": version, "checkout": m.Checkout, "generation": m.Reminder.Generation, "step": m.Reminder.Step,
	}
	for name, text := range map[string]string{
		"checkout_id": m.CheckoutID, "shopper": m.Shopper, "email": m.Email, "subject": m.Subject,
		"template": m.Template, "state": string(m.State), "provider": m.Provider, "order": m.Order,
	} {
		if text != "" {
			fields[name] = text
		}
	}
	for name, at := range map[string]time.Time{"sent_at": m.SentAt, "expires_at": m.ExpiresAt} {
		if !at.IsZero() {
			fields[name] = at
		}
	}
	if m.Total != nil {
		fields["total"] = toMoney(m.Total)
	}
	if m.Test {
		fields["test"] = true
	}
	lower(fields, "delivered_at", m.Delivered)
	lower(fields, "opened_at", m.Opened)
	lower(fields, "clicked_at", m.Clicked)
	lower(fields, "bounced_at", m.Bounced)
	lower(fields, "complained_at", m.Complained)
	raise(fields, "last_click", m.LastClicked)
	if m.ClickCount > 0 {
		fields["click_count"] = firestore.FieldTransformMaximum(m.ClickCount)
	}
	if len(m.Clicks) > 0 {
		clicks := make([]any, len(m.Clicks))
		for i, at := range m.Clicks {
			clicks[i] = at.UnixMicro()
		}
		fields["clicks"] = firestore.ArrayUnion(clicks...)
	}
	return fields
}

func (d *messageDoc) message(store string) *recovery.Message {
	m := &recovery.Message{
		Store: store, Checkout: d.Checkout, Reminder: recovery.ReminderID{Generation: d.Generation, Step: d.Step},
		CheckoutID: d.CheckoutID, Shopper: d.Shopper, Email: d.Email, Subject: d.Subject, Total: d.Total.money(),
		Template: d.Template, Test: d.Test, State: recovery.State(d.State), Provider: d.Provider, SentAt: utc(d.SentAt), ExpiresAt: utc(d.ExpiresAt),
		Delivered: fromMicros(d.DeliveredAt), Opened: fromMicros(d.OpenedAt), Clicked: fromMicros(d.ClickedAt),
		Bounced: fromMicros(d.BouncedAt), Complained: fromMicros(d.ComplainedAt),
		LastClicked: fromMicros(d.LastClick), ClickCount: d.ClickCount, Order: d.Order,
	}
	slices.Sort(d.Clicks)
	for _, at := range d.Clicks {
		m.Clicks = append(m.Clicks, fromMicros(at))
	}
	return m
}
