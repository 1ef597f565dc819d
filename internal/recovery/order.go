package recovery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// OrderNews is what one request says of an order. OrderID and one of CheckoutID,
// CartID and Email are given.
type OrderNews struct {
	OrderID, CheckoutID, CartID, Email string
	CustomerID                         string // which a shop of Shopify may have erased
	// Also are other addresses that it names: their shoppers have ordered too.
	Also     []string
	Total    *Money
	PlacedAt time.Time // zero if not given: now
	Test     bool      // of the merchant's: stays out of every figure
	// UpdatedAt is the instant of which it tells; zero if not given, which is never older
	// than what was told before.
	UpdatedAt time.Time
	// Refunds are by the platform's ID of each, its being taken back as a whole by
	// Cancelled; AllRefunds says that there are no others than these.
	Refunds    map[string]Refund
	AllRefunds bool
	Standing   Standing
}

// Standing says whether an order is one, as a shop system tells of it.
type Standing int

// Whether an order stands.
const (
	StandingNotTold Standing = iota
	Awaited                  // an order already, which is not paid for and may still fail
	Stands                   // also if it was taken back before
)

// OrderResult says what an order did.
type OrderResult struct {
	OrderID string
	Matched []string // IDs of the checkouts that the order belongs to, as the storefront named them
	Order   *Order

	matched []match
	shopper string // key of whom the order was found by; "" where nothing may be kept of them
}

// shoppersCheckouts is how many of a shopper's checkouts an order looks at. What
// is older is still stopped: a reminder asks for the shopper's last order.
const shoppersCheckouts = 20

// orderTries bounds how often an order starts anew because a checkout changed
// under it.
const orderTries = 20

// RecordOrder records an order, with what was taken back of it, and ends the reminders of
// its checkouts. An order of a checkout that is not known yet leaves a stub that stops it
// when it comes. One that is taken back stays: its shopper is not reminded again. Of an
// order or a shopper that was erased nothing is recorded, but others are not mailed after it.
func (s *Service) RecordOrder(ctx context.Context, store string, n OrderNews) (OrderResult, error) {
	return s.changeOrder(ctx, store, n, PlaceOrder)
}

// changeOrder decides by what is found what becomes of an order, and commits it: anew
// from the start where something changed meanwhile.
func (s *Service) changeOrder(ctx context.Context, store string, n OrderNews,
	decide func(*Store, OrderCase, OrderNews, time.Time) (Change, OrderResult),
) (OrderResult, error) {
	st, err := s.store(store)
	if err != nil {
		return OrderResult{}, err
	}
	now := s.now()
	n.PlacedAt = placed(n.PlacedAt, now)
	for try := 1; ; try++ {
		k, err := s.DB.FindForOrder(ctx, n.query(st))
		owner := ""
		if err == nil && n.Email == "" {
			owner, err = s.findOwners(ctx, st, n, &k)
		}
		if err != nil {
			return OrderResult{}, fmt.Errorf("look up order: %w", err)
		}
		ch, result := decide(st, k, n, now)
		if owner != "" && !k.Suppression.Erased() {
			result.shopper = owner
		}
		if ch.Empty() {
			return result, nil
		}
		err = s.DB.Commit(ctx, store, ch)
		if err == nil {
			return result, s.forgetMatched(ctx, st, result)
		}
		// Something of it changed since it was read, or was just made.
		if again := errors.Is(err, ErrConflict) || errors.Is(err, ErrExists); !again || try == orderTries {
			return OrderResult{}, fmt.Errorf("record order: %w", err)
		}
	}
}

// findOwners adds to k what the shopper of the order's checkout or cart left beside it, where
// the order names no address: it may be a click on that which brought it.
func (s *Service) findOwners(ctx context.Context, st *Store, n OrderNews, k *OrderCase) (owner string, err error) {
	for _, c := range []*Checkout{k.Checkout, k.CartCheckout} {
		if owner == "" && c != nil && c.Status != StatusErased {
			owner = c.ShopperKey
		}
	}
	if owner == "" {
		return "", nil
	}
	found, err := s.DB.FindForOrder(ctx, OrderQuery{Store: st.ID, Order: OrderKey(st.ID, n.OrderID), Shopper: owner, Limit: shoppersCheckouts})
	k.Shoppers, k.Suppression = found.Shoppers, found.Suppression
	return owner, err
}

// placed is when an order was placed: now where that is not told, or ahead of us.
func placed(at, now time.Time) time.Time {
	if at = Instant(at); at.Year() <= 1 || at.After(now) {
		return now
	}
	return at
}

// erased says whether nothing may be kept of the order or its shopper any more.
func (k OrderCase) erased() bool {
	for _, c := range []*Checkout{k.Checkout, k.CartCheckout} {
		if c != nil && c.Status == StatusErased {
			return true
		}
	}
	return k.Order != nil && k.Order.Erased || k.Suppression.Erased()
}

func (n *OrderNews) query(st *Store) OrderQuery {
	q := OrderQuery{Store: st.ID, Order: OrderKey(st.ID, n.OrderID), Limit: shoppersCheckouts}
	if n.CheckoutID != "" {
		q.Checkout = CheckoutKey(st.ID, n.CheckoutID)
	}
	if n.CartID != "" {
		q.Cart = CartKey(st.ID, n.CartID)
	}
	if n.Email != "" {
		q.Shopper = ShopperKey(st.IDKey, st.ID, n.Email)
	}
	for _, email := range n.Also {
		q.Others = append(q.Others, ShopperKey(st.IDKey, st.ID, email))
	}
	return q
}

// PlaceOrder decides what an order changes, from what was found. The order's
// instant goes to every anchor that can be named, so that checkouts which come
// later, or were not found, are stopped too. One that names what was erased is not
// recorded for that, but ends what is not.
func PlaceOrder(st *Store, k OrderCase, n OrderNews, now time.Time) (Change, OrderResult) {
	record := !k.erased() || k.Order != nil && !k.Order.Erased && !k.Order.PlacedAt.IsZero()
	if k.Order != nil && k.Order.Erased {
		k.Order = nil
	}
	if k.Suppression.Erased() {
		n.Email, n.CustomerID, k.Shoppers = "", "", nil
	}
	q := n.query(st)
	o, isNew := k.Order, k.Order == nil || k.Order.PlacedAt.IsZero()
	if o == nil {
		o = newOrder(st, n)
	}
	if isNew { // or known from its refund only
		o.PlacedAt, o.Test = n.PlacedAt, n.Test || k.Checkout != nil && k.Checkout.Test
	}
	if c := k.Checkout; isNew && n.Standing == Awaited && c != nil {
		if c.Failed.After(o.PlacedAt) { // told before it
			n.Standing, n.UpdatedAt = StandingNotTold, c.Failed
			n.Refunds = map[string]Refund{Cancelled: {At: c.Failed}}
		}
	}
	if o.hear(n, now) {
		o.Checkout, o.Cart, o.Shopper = or(q.Checkout, o.Checkout), or(q.Cart, o.Cart), or(q.Shopper, o.Shopper)
	} else {
		o.Checkout, o.Cart, o.Shopper = or(o.Checkout, q.Checkout), or(o.Cart, q.Cart), or(o.Shopper, q.Shopper)
	}
	if n.CustomerID != "" {
		o.CustomerKey = CustomerKey(st.ID, n.CustomerID)
	}
	o.ExpiresAt = now.Add(st.Retention)

	shoppers, carts := []string{o.Shopper, q.Shopper}, []string{o.Cart, q.Cart}
	for _, key := range q.Others {
		if !slices.Contains(k.OthersErased, key) {
			shoppers = append(shoppers, key)
		}
	}
	ch := Change{Order: o}
	result := OrderResult{OrderID: n.OrderID, Matched: []string{}, Order: o}
	all := matches(k, o)
	result.matched, result.shopper = all, q.Shopper
	if o.Shopper == "" && len(all) > 0 { // it goes with its shopper, should that be erased
		o.Shopper = all[0].c.ShopperKey
	}
	var used time.Time
	if isNew && record {
		o.Attribution, used = attribute(st, o, all)
		ch.Message = attributed(o, all)
	}
	for _, m := range all {
		changed := m.c.end(st, o, m.by, now)
		if m.c.Key == o.Attribution.Checkout && used.After(m.c.Used) {
			m.c.Used, changed = used, true
		}
		if changed {
			ch.Update = append(ch.Update, m.c)
		}
		shoppers, carts = append(shoppers, m.c.ShopperKey), append(carts, m.c.CartKey)
		if !slices.Contains(o.Matched, m.c.Key) {
			o.Matched = append(o.Matched, m.c.Key)
		}
		if !m.c.Stub() {
			result.Matched = append(result.Matched, m.c.ID)
		}
	}
	if q.Checkout != "" && k.Checkout == nil {
		ch.Create = stub(st, n.CheckoutID, o, now)
	}
	if !record { // what is left tells nobody whose it was
		ch.Order = nil
		if ch.Create != nil {
			ch.Create.ID = ""
		}
	}
	ch.Shoppers, ch.Carts = raiseAll(o, shoppers, carts)
	slices.Sort(result.Matched)
	return ch, result
}

func newOrder(st *Store, n OrderNews) *Order {
	return &Order{
		Store: st.ID, Key: OrderKey(st.ID, n.OrderID), ID: n.OrderID, PlacedAt: n.PlacedAt,
		Attribution: Attribution{Kind: AttributedNone},
	}
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

type match struct {
	c  *Checkout
	by JoinedBy
}

// matches are the checkouts that the order belongs to, each once, by its strongest
// join: its own at whatever time, others only if the order was not placed before T.
func matches(k OrderCase, o *Order) []match {
	var list []match
	seen := map[string]bool{}
	add := func(c *Checkout, by JoinedBy) {
		if c == nil || seen[c.Key] || c.Status == StatusErased || by != ByCheckout && (c.Stub() || !OrderCounts(c, o.PlacedAt)) {
			return
		}
		seen[c.Key] = true
		list = append(list, match{c, by})
	}
	add(k.Checkout, ByCheckout)
	add(k.CartCheckout, ByCart)
	for _, c := range k.Shoppers {
		add(c, ByEmail)
	}
	return list
}

// end ends c's scheduled reminders for the order. It says whether c changed.
func (c *Checkout) end(st *Store, o *Order, by JoinedBy, now time.Time) bool {
	if c.Stub() && c.Order != nil && o.PlacedAt.After(c.Order.At) {
		c.Order.Key, c.Order.At = or(o.Key, c.Order.Key), o.PlacedAt // the checkout will pass on the latest
		settle(st, c, now)
		return true
	}
	recovered := o.Attribution.Checkout == c.Key
	if by == ByCheckout && c.completed() && o.Key != "" { // that it was completed was told before
		c.Order.Key, c.Status = o.Key, endStatus(recovered)
		settle(st, c, now)
		return true
	}
	if c.Status == StatusStopped && c.Order == nil && by == ByCheckout { // and so it stays, whatever is undone
		c.Order = &OrderRef{Key: o.Key, At: o.PlacedAt, By: by}
		settle(st, c, now)
		return true
	}
	if c.Final() || c.Order != nil && by != ByCheckout && c.Order.Key == o.Key {
		return false
	}
	c.Status = endStatus(recovered)
	c.Order = &OrderRef{Key: o.Key, At: o.PlacedAt, By: by}
	c.endScheduled(ReasonOrdered)
	settle(st, c, now)
	return true
}

func endStatus(recovered bool) Status {
	if recovered {
		return StatusRecovered
	}
	return StatusOrdered
}

// meetOrder ends c's scheduled reminders for an order that came before c, and that only
// its shopper or cart know of. Which order it was they do not know.
func (c *Checkout) meetOrder(k Case) {
	if c.Order != nil {
		return
	}
	for _, anchor := range []OrderRef{{At: k.Cart.LastOrder, By: ByCart}, {At: k.Shopper.LastOrder, By: ByEmail}, {At: k.formerOrder(), By: ByEmail}} {
		if OrderCounts(c, anchor.At) {
			c.Status, c.Order = StatusOrdered, &anchor
			c.endScheduled(ReasonOrdered)
			return
		}
	}
}

// stub is what an order leaves of its checkout that has not come yet.
func stub(st *Store, id string, o *Order, now time.Time) *Checkout {
	c := &Checkout{
		Store: st.ID, Key: CheckoutKey(st.ID, id), ID: id, Status: StatusOrdered,
		Order: &OrderRef{Key: o.Key, At: o.PlacedAt, By: ByCheckout},
	}
	settle(st, c, now)
	return c
}

// raiseAll tells every shopper and cart, each once, of the order's instant.
func raiseAll(o *Order, shoppers, carts []string) (rs []RaiseShopper, rc []RaiseCart) {
	for _, key := range unique(shoppers) {
		rs = append(rs, RaiseShopper{Key: key, LastOrder: o.PlacedAt, ExpiresAt: o.ExpiresAt})
	}
	for _, key := range unique(carts) {
		rc = append(rc, RaiseCart{Key: key, LastOrder: o.PlacedAt, ExpiresAt: o.ExpiresAt})
	}
	return rs, rc
}

// unique sorts keys and drops empty and repeated ones.
func unique(keys []string) []string {
	slices.Sort(keys)
	return slices.DeleteFunc(slices.Compact(keys), func(k string) bool { return k == "" })
}
