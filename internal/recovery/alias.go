package recovery

import (
	"context"
	"fmt"
)

// Alias keeps another ID of a checkout, by which it may be stopped. The checkout may come
// later.
func (s *Service) Alias(ctx context.Context, store, alias, checkoutID string) error {
	st, err := s.store(store)
	if err != nil {
		return err
	}
	ch := Change{Carts: []RaiseCart{{Key: aliasKey(st, alias), Checkout: CheckoutKey(st.ID, checkoutID), ExpiresAt: s.now().Add(st.Retention)}}}
	if err := s.DB.Commit(ctx, st.ID, ch); err != nil {
		return fmt.Errorf("keep a checkout's other ID: %w", err)
	}
	return nil
}

// StopAlias is StopCheckout by another ID of the checkout. One that is not known changes
// nothing.
func (s *Service) StopAlias(ctx context.Context, store, alias string) error {
	st, err := s.store(store)
	if err != nil {
		return err
	}
	k, err := s.DB.FindForOrder(ctx, OrderQuery{Store: st.ID, Order: OrderKey(st.ID, ""), Cart: aliasKey(st, alias)})
	if err != nil {
		return fmt.Errorf("look up a checkout by its other ID: %w", err)
	}
	if k.CartCheckout == nil || k.CartCheckout.ID == "" {
		return nil
	}
	return s.StopCheckout(ctx, store, k.CartCheckout.ID)
}

// aliasKey is where the other ID is kept: like a cart's, which leads to its checkout too.
func aliasKey(st *Store, alias string) string { return plainKey(st.ID, "alias", alias) }
