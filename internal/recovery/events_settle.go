package recovery

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// settleMessage writes what the events say onto the message's row and, where it was
// not known that the message was sent, onto its reminder. It notes on m whether there is
// such a reminder, of which something was handed over and may be kept, and whether that
// was settled.
func (s *Service) settleMessage(ctx context.Context, m *messageEvents) error {
	// Mostly the reminder is sent and one document is read. Else more is written, and
	// it counts too whether the shopper was erased, and whom it was sent to.
	for need, again := CheckoutOnly, true; again; {
		asked := need
		err := s.DB.UpdateCheckout(ctx, m.store.ID, m.checkout, asked, func(k Case) (ch Change, _ error) {
			ch, need = m.decide(k, asked, s.now())
			return ch, nil
		})
		if err != nil {
			m.known, m.settled = false, false
			return fmt.Errorf("record events of message %s-%s: %w", m.checkout, m.id, err)
		}
		again = need != asked
	}
	return nil
}

// decide is what the events change, once as much is read as they need.
func (m *messageEvents) decide(k Case, read Need, now time.Time) (Change, Need) {
	m.known, m.settled = false, false
	if k.Checkout == nil || erased(k) || k.Checkout.Reminders[m.id].Erased {
		return Change{}, read
	}
	switch r := k.Checkout.Reminders[m.id]; r.State {
	case Sent:
		if m.known = true; m.tellsTimes() {
			return Change{Message: m.times(k.Checkout, r, now)}, read
		}
	case Claimed, Unknown:
		other, _ := m.sentTo(k.Checkout)
		if !read.Anchors || other != "" && other != read.Other {
			return Change{}, Need{Anchors: true, Other: other}
		}
		m.known, m.settled = true, true
		return withoutTrace(k, m.id, m.settle(k, now)), read
	}
	// Nothing was handed over for any other: the event is of an earlier checkout of
	// this ID, which has expired.
	return Change{}, read
}

// sentTo is whom the message went to, by key and address, if that is not c's shopper any
// more. A test goes to other people.
func (m *messageEvents) sentTo(c *Checkout) (shopper, email string) {
	email = m.email()
	if email == "" || c.Test || email == c.Email {
		return "", ""
	}
	return ShopperKey(m.store.IDKey, m.store.ID, email), email
}

// erased says whether nothing may be kept of the shopper any more.
func erased(k Case) bool {
	return k.Checkout.Status == StatusErased || k.Suppression.Erased()
}

// settle is what events write of which the first proves that the message was sent. The
// run that sent it may still hold its claim: its attempt stays, so that it can add
// what only it knows.
func (m *messageEvents) settle(k Case, now time.Time) Change {
	st, c := m.store, k.Checkout
	r := c.Reminders[m.id]
	// The claim came just before the mail; the first event may be a late one.
	r.State, r.Look, r.SentAt, r.Message = Sent, time.Time{}, earlier(later(r.claimedAt(), r.Due), now), m.provider()
	if c.LastSent == nil {
		c.LastSent = map[int]time.Time{}
	}
	c.LastSent[m.id.Step] = later(c.LastSent[m.id.Step], r.SentAt)
	c.Reminders[m.id] = r
	settle(st, c, now)

	row := newRow(st, c, m.id, r, now)
	if shopper, email := m.sentTo(c); shopper != "" {
		row.Shopper, row.Email = shopper, email
	}
	return Change{Update: []*Checkout{c}, Message: m.timed(row)}
}

// times is the part of the message's row that the events themselves tell.
func (m *messageEvents) times(c *Checkout, r Reminder, now time.Time) *Message {
	return m.timed(&Message{Store: m.store.ID, Checkout: c.Key, Reminder: m.id, ExpiresAt: expiry(m.store, c, now, r.Due)})
}

// timed notes on the row the first instant of each kind.
func (m *messageEvents) timed(row *Message) *Message {
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
