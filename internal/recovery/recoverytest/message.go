package recoverytest

import (
	"cmp"
	"context"
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
	return m
}

// first is the earlier of two instants, of which zero is none.
func first(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// Suppress implements recovery.DB.
func (d *DB) Suppress(ctx context.Context, store, shopper string, s recovery.Suppression) error {
	return d.do(ctx, func() error {
		old, there := d.suppressions[ref{store, shopper}]
		if !there || s.Replaces(&old) {
			d.suppressions[ref{store, shopper}] = s
		}
		return nil
	})
}

// Suppression is what is recorded of a shopper; nil if nothing is.
func (d *DB) Suppression(store, shopper string) *recovery.Suppression {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s, ok := d.suppressions[ref{store, shopper}]; ok {
		return &s
	}
	return nil
}

// ShopperMarks are the recent messages that count for a shopper.
func (d *DB) ShopperMarks(store, shopper string) []recovery.MessageMark {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.shoppers[ref{store, shopper}].Messages)
}
