package recovery

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// eraseOrders erases the orders with the IDs, and the shoppers whom they lead to but those
// that are named anyway.
func (s *Service) eraseOrders(ctx context.Context, st *Store, ids, named []string, total *ErasureResult) error {
	others, stubs, err := s.shoppersOfOrders(ctx, st, ids)
	if err != nil {
		return fmt.Errorf("look up the orders' shoppers: %w", err)
	}
	others = slices.DeleteFunc(others, func(key string) bool { return slices.Contains(named, key) })
	if err := s.suppressErased(ctx, st, others); err != nil {
		return err
	}
	if err := s.eraseShoppers(ctx, st, others, total); err != nil {
		return err
	}
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = OrderKey(st.ID, id)
	}
	if err := s.eraseStubs(ctx, st, stubs); err != nil {
		return fmt.Errorf("erase the orders' checkouts: %w", err)
	}
	if err := s.DB.Commit(ctx, st.ID, Change{EraseOrders: s.erasedOrders(st, keys...)}); err != nil {
		return fmt.Errorf("erase orders: %w", err)
	}
	return nil
}

// eraseShoppersOrders erases a shopper's orders, with what they left of checkouts that never came.
func (s *Service) eraseShoppersOrders(ctx context.Context, st *Store, p Personal, total *ErasureResult) error {
	var stubs []string
	for _, o := range p.Orders {
		if !slices.ContainsFunc(p.Checkouts, func(c *Checkout) bool { return c.Key == o.Checkout }) {
			stubs = append(stubs, o.Checkout)
		}
	}
	if err := s.eraseStubs(ctx, st, stubs); err != nil {
		return err
	}
	for list := range slices.Chunk(p.Orders, erasedAtOnce) {
		keys := make([]string, len(list))
		for i, o := range list {
			keys[i] = o.Key
		}
		if err := s.DB.Commit(ctx, st.ID, Change{EraseOrders: s.erasedOrders(st, keys...)}); err != nil {
			return err
		}
		total.Orders += len(list)
	}
	return nil
}

// eraseStubs leaves nothing readable of checkouts that only their orders have named so far.
func (s *Service) eraseStubs(ctx context.Context, st *Store, checkouts []string) error {
	checkouts = unique(checkouts)
	work := make([]func() error, len(checkouts))
	for i, key := range checkouts {
		work[i] = func() error { return s.eraseStub(ctx, st, key) }
	}
	return s.inParts(work)
}

func (s *Service) eraseStub(ctx context.Context, st *Store, checkout string) error {
	return s.DB.UpdateCheckout(ctx, st.ID, checkout, CheckoutOnly, func(k Case) (Change, error) {
		c := k.Checkout
		if c == nil || !c.Stub() || c.ID == "" {
			return Change{}, nil
		}
		c.ID = ""
		return Change{Update: []*Checkout{c}}, nil
	})
}

// erasedOrders are what stays of orders: that nothing is to be recorded of them, whatever
// is told of them later, which may name nobody.
func (s *Service) erasedOrders(st *Store, keys ...string) []*Order {
	var list []*Order
	for _, key := range keys {
		list = append(list, &Order{Store: st.ID, Key: key, Erased: true, ExpiresAt: s.now().Add(st.Retention)})
	}
	return list
}

// shoppersOfOrders are the keys of the shoppers of the orders and of their checkouts, each
// once: those of the checkouts first, for an order that is gone leads nowhere. With them
// come the keys of checkouts that only the orders have named.
func (s *Service) shoppersOfOrders(ctx context.Context, st *Store, ids []string) (shoppers, stubs []string, err error) {
	type found struct {
		shopper   string
		checkouts []string
		stub      string
		err       error
	}
	all := make([]found, len(ids))
	work := make([]func(), len(ids))
	for i, id := range ids {
		work[i] = func() {
			all[i].shopper, all[i].checkouts, all[i].stub, all[i].err = s.shoppersOf(ctx, st, OrderKey(st.ID, id))
		}
	}
	s.together(work...)
	var keys, own []string
	var errs []error
	for _, f := range all {
		keys, own, errs = append(keys, f.checkouts...), append(own, f.shopper), append(errs, f.err)
		stubs = append(stubs, f.stub)
	}
	var once []string
	for _, key := range append(keys, own...) {
		if key != "" && !slices.Contains(once, key) {
			once = append(once, key)
		}
	}
	return once, stubs, errors.Join(errs...)
}

// shoppersOf are the key of the order's shopper and those of its checkouts, and that of its
// own checkout if it is a stub.
func (s *Service) shoppersOf(ctx context.Context, st *Store, order string) (own string, checkouts []string, stub string, err error) {
	k, err := s.DB.FindForOrder(ctx, OrderQuery{Store: st.ID, Order: order})
	if err != nil || k.Order == nil {
		return "", nil, "", err
	}
	o := k.Order
	for _, key := range unique(append([]string{o.Checkout}, o.Matched...)) {
		k, err := s.DB.FindForOrder(ctx, OrderQuery{Store: st.ID, Order: order, Checkout: key})
		if err != nil {
			return "", nil, "", err
		}
		if k.Checkout != nil && k.Checkout.Stub() {
			stub = key
		} else if k.Checkout != nil {
			checkouts = append(checkouts, k.Checkout.ShopperKey)
		}
	}
	return o.Shopper, checkouts, stub, nil
}
