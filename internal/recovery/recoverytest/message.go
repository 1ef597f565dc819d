package recoverytest

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Messages returns all rows of messages, by key.
func (d *DB) Messages() []recovery.Message {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.SortedFunc(maps.Values(d.messages), func(a, b recovery.Message) int { return cmp.Compare(a.Key(), b.Key()) })
}

// mergeMessage is the row after m was written onto old.
func mergeMessage(old, m recovery.Message) recovery.Message {
	m.CheckoutID, m.Shopper, m.Email = cmp.Or(m.CheckoutID, old.CheckoutID), cmp.Or(m.Shopper, old.Shopper), cmp.Or(m.Email, old.Email)
	m.Subject, m.Template, m.Provider = cmp.Or(m.Subject, old.Subject), cmp.Or(m.Template, old.Template), cmp.Or(m.Provider, old.Provider)
	m.State, m.Test = cmp.Or(m.State, old.State), m.Test || old.Test
	m.SentAt, m.ExpiresAt = cmp.Or(m.SentAt, old.SentAt), cmp.Or(m.ExpiresAt, old.ExpiresAt)
	if m.Total == nil {
		m.Total = old.Total
	}
	m.Delivered, m.Opened, m.Clicked = first(m.Delivered, old.Delivered), first(m.Opened, old.Opened), first(m.Clicked, old.Clicked)
	m.Bounced, m.Complained = first(m.Bounced, old.Bounced), first(m.Complained, old.Complained)
	m.LastClicked, m.ClickCount = later(m.LastClicked, old.LastClicked), max(m.ClickCount, old.ClickCount)
	m.Order = cmp.Or(m.Order, old.Order)
	m.Clicks = append(slices.Clone(old.Clicks), m.Clicks...)
	slices.SortFunc(m.Clicks, time.Time.Compare)
	m.Clicks = slices.CompactFunc(m.Clicks, time.Time.Equal)
	return m
}

// first is the earlier of two instants, of which zero is none.
func first(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// ShopperMarks are the recent messages that count for a shopper.
func (d *DB) ShopperMarks(store, shopper string) []recovery.MessageMark {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.shoppers[ref{store, shopper}].Messages)
}
