package recoverytest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// suppression is what is kept of a shopper's suppression; without a reason there is none.
type suppression struct {
	recovery.Suppression
	lifted map[recovery.Reason]time.Time
}

func (s suppression) standing() *recovery.Suppression {
	if s.Reason == "" {
		return nil
	}
	return &s.Suppression
}

// Suppress implements recovery.DB.
func (d *DB) Suppress(ctx context.Context, store, shopper string, s recovery.Suppression) error {
	return d.do(ctx, func() error {
		old := d.suppressions[ref{store, shopper}]
		until, lifted := old.lifted[s.Reason]
		if (!lifted || s.At.After(until)) && s.Replaces(old.standing()) {
			old.Suppression = s
			d.suppressions[ref{store, shopper}] = old
		}
		return nil
	})
}

// Lift implements recovery.DB.
func (d *DB) Lift(ctx context.Context, store, shopper string, reason recovery.Reason, at time.Time) (lifted bool, err error) {
	err = d.do(ctx, func() error {
		old := d.suppressions[ref{store, shopper}]
		if lifted = old.Reason != reason || !old.At.After(at); !lifted {
			return nil
		}
		old.lifted = maps.Clone(old.lifted)
		if old.lifted == nil {
			old.lifted = map[recovery.Reason]time.Time{}
		}
		old.lifted[reason] = later(old.lifted[reason], at)
		if old.Reason == reason {
			old.Suppression = recovery.Suppression{}
		}
		d.suppressions[ref{store, shopper}] = old
		return nil
	})
	return lifted, err
}

// Suppression is what is recorded of a shopper; nil if nothing is.
func (d *DB) Suppression(store, shopper string) *recovery.Suppression {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.suppressions[ref{store, shopper}].standing()
}

// Personal implements recovery.DB.
func (d *DB) Personal(ctx context.Context, store, shopper string) (p recovery.Personal, err error) {
	err = d.do(ctx, func() error {
		if s, ok := d.shoppers[ref{store, shopper}]; ok {
			s.Messages = slices.Clone(s.Messages)
			p.Shopper = &s
		}
		p.Suppression = d.suppressions[ref{store, shopper}].standing()
		for r, c := range d.checkouts {
			if r.store == store && c.ShopperKey == shopper {
				p.Checkouts = append(p.Checkouts, c.Clone())
			}
		}
		for r, o := range d.orders {
			if r.store == store && o.Shopper == shopper {
				o.Matched, o.Refunds = slices.Clone(o.Matched), maps.Clone(o.Refunds)
				p.Orders = append(p.Orders, &o)
			}
		}
		for r, m := range d.messages {
			if r.store == store && m.Shopper == shopper {
				p.Messages = append(p.Messages, &m)
			}
		}
		slices.SortFunc(p.Checkouts, func(a, b *recovery.Checkout) int {
			return cmp.Or(b.T.Compare(a.T), cmp.Compare(b.Key, a.Key))
		})
		slices.SortFunc(p.Orders, func(a, b *recovery.Order) int { return cmp.Compare(a.Key, b.Key) })
		slices.SortFunc(p.Messages, func(a, b *recovery.Message) int { return cmp.Compare(a.Key(), b.Key()) })
		return nil
	})
	return p, err
}
