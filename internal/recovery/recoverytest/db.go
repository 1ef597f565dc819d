package recoverytest

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// DB is a recovery.DB in memory. Its transactions run one at a time.
type DB struct {
	failures
	Clock recovery.Clock

	mu           sync.Mutex
	version      time.Time
	checkouts    map[ref]*recovery.Checkout
	shoppers     map[ref]recovery.Shopper
	carts        map[ref]recovery.Cart
	orders       map[ref]recovery.Order
	messages     map[ref]recovery.Message
	suppressions map[ref]recovery.Suppressions
	heard        map[recovery.Source]time.Time
}

type ref struct{ store, key string }

var _ recovery.DB = (*DB)(nil)

// NewDB makes an empty DB on the clock, by which documents expire.
func NewDB(clock recovery.Clock) *DB {
	return &DB{
		Clock: clock, checkouts: map[ref]*recovery.Checkout{}, shoppers: map[ref]recovery.Shopper{},
		carts: map[ref]recovery.Cart{}, orders: map[ref]recovery.Order{}, messages: map[ref]recovery.Message{},
		suppressions: map[ref]recovery.Suppressions{}, heard: map[recovery.Source]time.Time{},
	}
}

// Checkouts returns all checkouts, expired ones too, by key.
func (d *DB) Checkouts() []*recovery.Checkout {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []*recovery.Checkout
	for _, c := range d.checkouts {
		list = append(list, c.Clone())
	}
	slices.SortFunc(list, func(a, b *recovery.Checkout) int { return cmp.Compare(a.Key, b.Key) })
	return list
}

// Commit implements recovery.DB.
func (d *DB) Commit(ctx context.Context, store string, ch recovery.Change) error {
	return d.do(ctx, func() error { return d.commit(store, ch) })
}

// do runs one call under the lock, with the failure that is due for it.
func (d *DB) do(ctx context.Context, work func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	f := d.take()
	if f.err != nil && !f.done {
		return f.err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := work(); err != nil {
		return err
	}
	return f.err
}

// checkout returns a copy of the checkout; an expired one is an empty stub.
func (d *DB) checkout(store, key string) *recovery.Checkout {
	c := d.checkouts[ref{store, key}]
	if c == nil {
		return nil
	}
	if d.expired(c) {
		return &recovery.Checkout{Store: store, Key: key, ID: c.ID, Version: c.Version}
	}
	return c.Clone()
}

func (d *DB) expired(c *recovery.Checkout) bool { return c.ExpiresAt.Before(d.Clock.Now()) }

func (d *DB) commit(store string, ch recovery.Change) error {
	if c := ch.Create; c != nil && d.checkouts[ref{store, c.Key}] != nil {
		return recovery.ErrExists
	}
	for _, c := range ch.Update {
		if old := d.checkouts[ref{store, c.Key}]; old == nil || !old.Version.Equal(c.Version) {
			return recovery.ErrConflict
		}
	}
	if o := ch.Order; o != nil {
		switch old, there := d.orders[ref{store, o.Key}]; {
		case o.Version.IsZero() && there:
			return recovery.ErrExists
		case !old.Version.Equal(o.Version):
			return recovery.ErrConflict
		}
	}
	d.version = later(d.version.Add(time.Microsecond), recovery.Instant(d.Clock.Now()))
	d.write(store, ch)
	return nil
}

func (d *DB) write(store string, ch recovery.Change) {
	for _, c := range append(slices.Clone(ch.Update), ch.Create) {
		if c != nil {
			c = c.Clone()
			c.Version = d.version
			d.checkouts[ref{store, c.Key}] = c
		}
	}
	for _, r := range ch.Shoppers {
		s := d.shoppers[ref{store, r.Key}]
		s.LastOrder, s.NewestT = later(s.LastOrder, r.LastOrder), later(s.NewestT, r.NewestT)
		s.ConsentGiven, s.ConsentRefused = later(s.ConsentGiven, r.ConsentGiven), later(s.ConsentRefused, r.ConsentRefused)
		d.shoppers[ref{store, r.Key}] = s
	}
	for _, r := range ch.Carts {
		c := d.carts[ref{store, r.Key}]
		c.LastOrder, c.Checkout = later(c.LastOrder, r.LastOrder), cmp.Or(r.Checkout, c.Checkout)
		d.carts[ref{store, r.Key}] = c
	}
	if m := ch.Marks; m != nil {
		s := d.shoppers[ref{store, m.Shopper}]
		s.Messages = slices.Clone(m.Messages)
		d.shoppers[ref{store, m.Shopper}] = s
	}
	if ch.Order != nil {
		o := *ch.Order
		o.Matched, o.Refunds, o.Version = slices.Clone(o.Matched), maps.Clone(o.Refunds), d.version
		d.orders[ref{store, o.Key}] = o
	}
	if m := ch.Message; m != nil {
		d.messages[ref{store, m.Key()}] = mergeMessage(d.messages[ref{store, m.Key()}], *m)
	}
	for _, key := range ch.DeleteMessages {
		delete(d.messages, ref{store, key})
	}
	for _, o := range ch.EraseOrders {
		erased := *o
		erased.Version = d.version
		d.orders[ref{store, o.Key}] = erased
	}
	delete(d.shoppers, ref{store, ch.DeleteShopper})
	if h := ch.Heard; h != nil {
		from := recovery.Source{Store: store, Name: h.Source}
		d.heard[from] = later(d.heard[from], h.At)
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// UpdateCheckout implements recovery.DB.
func (d *DB) UpdateCheckout(ctx context.Context, store, key string, need recovery.Need, decide func(recovery.Case) (recovery.Change, error)) error {
	return d.do(ctx, func() error {
		k := recovery.Case{Checkout: d.checkout(store, key)}
		if c := k.Checkout; c != nil && need.Anchors {
			k.Shopper, k.Cart = d.shoppers[ref{store, c.ShopperKey}], d.carts[ref{store, c.CartKey}]
			k.Shopper.Messages = slices.Clone(k.Shopper.Messages)
			k.Former = recovery.Shopper{LastOrder: d.shoppers[ref{store, c.FormerKey}].LastOrder}
			k.Suppression = d.suppressions[ref{store, c.ShopperKey}].Standing()
		}
		if need.Other != "" {
			k.Other = d.suppressions[ref{store, need.Other}].Standing()
		}
		ch, err := decide(k)
		if err != nil || ch.Empty() {
			return err
		}
		return d.commit(store, ch)
	})
}

// FindForOrder implements recovery.DB.
func (d *DB) FindForOrder(ctx context.Context, q recovery.OrderQuery) (k recovery.OrderCase, err error) {
	err = d.do(ctx, func() error {
		if q.Order == "" { // as Firestore, which takes no empty name
			return errors.New("find for order: the order's key is empty")
		}
		if o, ok := d.orders[ref{q.Store, q.Order}]; ok {
			o.Matched, o.Refunds = slices.Clone(o.Matched), maps.Clone(o.Refunds)
			k.Order = &o
		}
		k.Suppression = d.suppressions[ref{q.Store, q.Shopper}].Standing()
		for _, key := range q.Others {
			if d.suppressions[ref{q.Store, key}].Standing().Erased() {
				k.OthersErased = append(k.OthersErased, key)
			}
		}
		k.Checkout = d.checkout(q.Store, q.Checkout)
		k.Cart = d.carts[ref{q.Store, q.Cart}]
		k.CartCheckout = d.checkout(q.Store, k.Cart.Checkout)
		for r, c := range d.checkouts {
			if r.store == q.Store && q.Shopper != "" && c.ShopperKey == q.Shopper && !c.Stub() && !d.expired(c) {
				k.Shoppers = append(k.Shoppers, c.Clone())
			}
		}
		slices.SortFunc(k.Shoppers, func(a, b *recovery.Checkout) int { // as Firestore: by name where T is one
			return cmp.Or(b.T.Compare(a.T), cmp.Compare(b.Key, a.Key))
		})
		k.Shoppers = k.Shoppers[:min(len(k.Shoppers), q.Limit)]
		return nil
	})
	return k, err
}

// ToCheck implements recovery.DB.
func (d *DB) ToCheck(ctx context.Context, now time.Time, after *recovery.Checkout, limit int) (list []*recovery.Checkout, err error) {
	order := func(a, b *recovery.Checkout) int {
		return cmp.Or(a.CheckAt.Compare(b.CheckAt), cmp.Compare(a.Key, b.Key))
	}
	err = d.do(ctx, func() error {
		for _, c := range d.checkouts {
			if !c.CheckAt.IsZero() && !c.CheckAt.After(now) && !d.expired(c) && (after == nil || order(c, after) > 0) {
				list = append(list, c.Clone())
			}
		}
		slices.SortFunc(list, order)
		list = list[:min(len(list), limit)]
		return nil
	})
	return list, err
}
