package recoverytest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Suppress implements recovery.DB.
func (d *DB) Suppress(ctx context.Context, store, shopper string, told ...recovery.Suppression) error {
	return d.do(ctx, func() error {
		all := d.suppressions[ref{store, shopper}]
		if all.DecideAll(told...) {
			d.suppressions[ref{store, shopper}] = all
		}
		return nil
	})
}

// Lift implements recovery.DB.
func (d *DB) Lift(ctx context.Context, store, shopper string, reason recovery.Reason, at time.Time) (lifted bool, err error) {
	err = d.do(ctx, func() (_ error) {
		all := d.suppressions[ref{store, shopper}]
		if lifted, _ = all.Lift(reason, at); lifted {
			d.suppressions[ref{store, shopper}] = all
		}
		return nil
	})
	return lifted, err
}

// Suppression is what is recorded of a shopper; nil if nothing is.
func (d *DB) Suppression(store, shopper string) *recovery.Suppression {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.suppressions[ref{store, shopper}].Standing()
}

// Personal implements recovery.DB.
func (d *DB) Personal(ctx context.Context, store, shopper string) (p recovery.Personal, err error) {
	err = d.do(ctx, func() error {
		if s, ok := d.shoppers[ref{store, shopper}]; ok {
			s.Messages = slices.Clone(s.Messages)
			p.Shopper = &s
		}
		p.Suppression = d.suppressions[ref{store, shopper}].Standing()
		for r, c := range d.checkouts {
			if r.store == store && c.ShopperKey == shopper {
				p.Checkouts = append(p.Checkouts, c.Clone())
			}
		}
		for r, o := range d.orders {
			if r.store == store && (o.Shopper == shopper || o.Shopper == "" && names(o, p.Checkouts)) {
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

// names says whether the order names one of the checkouts or its cart.
func names(o recovery.Order, list []*recovery.Checkout) bool {
	return slices.ContainsFunc(list, func(c *recovery.Checkout) bool {
		return o.Checkout == c.Key || o.Cart != "" && o.Cart == c.CartKey
	})
}

// ShoppersOfCustomer implements recovery.DB.
func (d *DB) ShoppersOfCustomer(ctx context.Context, store, customer string) (keys []string, err error) {
	err = d.do(ctx, func() error {
		for r, c := range d.checkouts {
			if r.store == store && c.CustomerKey == customer {
				keys = append(keys, c.ShopperKey)
			}
		}
		for r, o := range d.orders {
			if r.store == store && o.CustomerKey == customer && o.Shopper != "" {
				keys = append(keys, o.Shopper)
			}
		}
		slices.Sort(keys)
		keys = slices.Compact(keys)
		return nil
	})
	return keys, err
}

// DeletePage implements recovery.DB.
func (d *DB) DeletePage(ctx context.Context, store string, limit int) (n int, err error) {
	err = d.do(ctx, func() error {
		n = take(d.checkouts, store, limit)
		n += take(d.messages, store, limit-n)
		n += take(d.orders, store, limit-n)
		n += take(d.shoppers, store, limit-n)
		n += take(d.carts, store, limit-n)
		return nil
	})
	return n, err
}

// take deletes at most limit of the store's documents.
func take[T any](docs map[ref]T, store string, limit int) (n int) {
	for r := range docs {
		if r.store == store && n < limit {
			delete(docs, r)
			n++
		}
	}
	return n
}
