package recovery

import (
	"context"
	"slices"
	"time"
)

// settleMessage writes what the events say onto the message's row and, where it was
// not known that the message was sent, onto its reminder. known is false where there
// is no such reminder, or nothing of it may be kept.
func (s *Service) settleMessage(ctx context.Context, st *Store, m *messageEvents) (known, settled bool, err error) {
	// Mostly the reminder is sent and one document is read. Else more is written, and
	// the shopper counts too: whether they were erased, and their recent messages.
	for _, need := range []Need{CheckoutOnly, WholeCase} {
		again := false
		err = s.DB.UpdateCheckout(ctx, m.store, m.checkout, need, func(k Case) (Change, error) {
			known, settled, again = false, false, false
			if k.Checkout == nil || erased(k) {
				return Change{}, nil
			}
			r, ok := k.Checkout.Reminders[m.id]
			if known = ok; !known {
				return Change{}, nil
			}
			switch {
			case !r.SentAt.IsZero() && m.tellsTimes():
				return Change{Message: m.times(st, k.Checkout, r, s.now())}, nil
			case !r.SentAt.IsZero():
				return Change{}, nil
			case need == CheckoutOnly:
				again = true
				return Change{}, nil
			}
			settled = r.Open() || r.State == Unknown
			return m.settle(st, k, s.now()), nil
		})
		if err != nil || !again {
			break
		}
	}
	return known, settled && err == nil, err
}

// erased says whether nothing may be kept of the shopper any more.
func erased(k Case) bool {
	return k.Checkout.Status == StatusErased || k.Suppression != nil && k.Suppression.Reason == ReasonErased
}

// settle is what events write of which the first proves that the message was sent. The
// run that sent it may still hold its claim: its attempt stays, so that it can add
// what only it knows. A reminder that has ended otherwise keeps its end.
func (m *messageEvents) settle(st *Store, k Case, now time.Time) Change {
	c := k.Checkout
	r := c.Reminders[m.id]
	var ch Change
	if r.State == Scheduled && st.countsMessages() && !c.Test { // it was taken back as not sent
		marks := markMessage(st, k.Shopper.Messages, MessageMark{Checkout: c.Key, Reminder: m.id, At: now}, now)
		ch.Marks = &Marks{Shopper: c.ShopperKey, Messages: marks, ExpiresAt: now.Add(st.Retention)}
	}
	if r.Open() || r.State == Unknown {
		r.State, r.Look = Sent, time.Time{}
	}
	// Events tell whole seconds; nothing is sent before it is due.
	r.SentAt, r.Message = earlier(later(m.first(), r.Due), now), m.provider()
	if !r.ClaimedUntil.IsZero() { // the claim came just before; the first event may be a late one
		r.SentAt = earlier(r.SentAt, later(r.claimedAt(), r.Due))
	}
	if c.LastSent == nil {
		c.LastSent = map[int]time.Time{}
	}
	c.LastSent[m.id.Step] = later(c.LastSent[m.id.Step], r.SentAt)
	c.Reminders[m.id] = r
	settle(st, c, now)
	ch.Update = []*Checkout{c}

	row, times := newRow(st, c, m.id, r, now), m.times(st, c, r, now)
	times.CheckoutID, times.Total, times.Template, times.Test = row.CheckoutID, row.Total, row.Template, row.Test
	times.State, times.Provider, times.SentAt = Sent, row.Provider, row.SentAt
	times.Shopper, times.Email = row.Shopper, row.Email
	// The checkout's address may be another by now. A test goes to other people.
	if email := m.email(); email != "" && !c.Test && NormalizeEmail(email) != NormalizeEmail(c.Email) {
		times.Shopper, times.Email = ShopperKey(st.IDKey, st.ID, NormalizeEmail(email)), email
	}
	ch.Message = times
	return ch
}

// times is the part of the message's row that the events themselves tell.
func (m *messageEvents) times(st *Store, c *Checkout, r Reminder, now time.Time) *Message {
	row := &Message{Store: st.ID, Checkout: c.Key, Reminder: m.id, ExpiresAt: expiry(st, c, now, r.Due)}
	for _, e := range m.events {
		if at := row.first(e.Kind); at != nil && (at.IsZero() || e.At.Before(*at)) {
			*at = e.At
		}
	}
	return row
}

// tellsTimes says whether an event is of a kind of which the row keeps the first.
func (m *messageEvents) tellsTimes() bool {
	return slices.ContainsFunc(m.events, func(e Event) bool { return new(Message).first(e.Kind) != nil })
}

// first is where the row keeps the first event of the kind; nil where it keeps none.
func (row *Message) first(kind EventKind) *time.Time {
	switch kind {
	case EventDelivered:
		return &row.Delivered
	case EventOpened:
		return &row.Opened
	case EventClicked:
		return &row.Clicked
	case EventBounced:
		return &row.Bounced
	case EventComplained:
		return &row.Complained
	}
	return nil
}

// first is the instant of the earliest event.
func (m *messageEvents) first() time.Time {
	first := m.events[0].At
	for _, e := range m.events {
		first = earlier(first, e.At)
	}
	return first
}

func (m *messageEvents) provider() string {
	for _, e := range m.events {
		if e.Provider != "" {
			return e.Provider
		}
	}
	return ""
}

func (m *messageEvents) email() string {
	for _, e := range m.events {
		if e.Email != "" {
			return e.Email
		}
	}
	return ""
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
