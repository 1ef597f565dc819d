package firestoredb

import (
	"time"

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
}

// messageFields are the fields that m says something of.
func messageFields(m *recovery.Message) map[string]any {
	fields := map[string]any{
		"v": version, "checkout": m.Checkout, "generation": m.Reminder.Generation, "step": m.Reminder.Step,
	}
	for name, text := range map[string]string{
		"checkout_id": m.CheckoutID, "shopper": m.Shopper, "email": m.Email, "subject": m.Subject,
		"template": m.Template, "state": string(m.State), "provider": m.Provider,
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
	return fields
}
