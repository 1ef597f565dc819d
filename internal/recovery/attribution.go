package recovery

import "time"

// attribute decides which reminder brought an order, of the checkouts that it belongs
// to, and by what instant: the last one that was clicked within the store's window before
// it, or else, where the store says so, the last one that was sent within it. A click that
// an earlier order has used up does not count again.
func attribute(st *Store, o *Order, all []match) (best Attribution, at time.Time) {
	best, at = Attribution{Kind: AttributedNone}, time.Time{}
	consider := func(kind AttributionKind, c *Checkout, id ReminderID, when time.Time) {
		inWindow := !when.After(o.PlacedAt.Add(orderSlack)) && o.PlacedAt.Sub(when) <= st.Attribution.Window
		if inWindow && when.After(at) && !c.usedUp(o, when) {
			best, at = Attribution{Kind: kind, Checkout: c.Key, Reminder: id}, when
		}
	}
	if o.Test {
		return best, at
	}
	for _, m := range all {
		for _, l := range m.c.Clicks {
			if !m.c.Test {
				consider(AttributedClick, m.c, l.Reminder, l.At)
			}
		}
	}
	if best.Kind != AttributedNone || !st.Attribution.AnyMessage {
		return best, at
	}
	for _, m := range all {
		for id, r := range m.c.Reminders {
			if r.State == Sent && !m.c.Test {
				consider(AttributedMessage, m.c, id, r.SentAt)
			}
		}
	}
	return best, at
}

// usedUp says whether another order than o came of c since the instant.
func (c *Checkout) usedUp(o *Order, since time.Time) bool {
	if !since.After(c.Used) {
		return true
	}
	return c.Order != nil && c.Order.Key != "" && c.Order.Key != o.Key && c.Order.At.After(since)
}

// attributed is what the message's row is told of its order; nil where there is none, or
// the row went with the shopper that the message was sent to.
func attributed(o *Order, all []match) *Message {
	a := o.Attribution
	for _, m := range all {
		if m.c.Key == a.Checkout && !m.c.Reminders[a.Reminder].Erased {
			return &Message{Store: o.Store, Checkout: a.Checkout, Reminder: a.Reminder, Order: o.Key, ExpiresAt: o.ExpiresAt}
		}
	}
	return nil
}
