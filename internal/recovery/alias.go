package recovery

import (
	"context"
	"fmt"
)

// Alias keeps another ID of a checkout, by which it may be stopped. The checkout may come
// later. If it was stopped by that ID before, it is now.
func (s *Service) Alias(ctx context.Context, store, alias, checkoutID string) error {
	st, err := s.store(store)
	if err != nil {
		return err
	}
	cart := RaiseCart{Key: aliasKey(st, alias), Checkout: CheckoutKey(st.ID, checkoutID), ExpiresAt: s.now().Add(st.Retention)}
	stopped := false
	err = s.DB.UpdateCheckout(ctx, st.ID, CheckoutKey(st.ID, alias), CheckoutOnly, func(k Case) (Change, error) {
		stopped = k.Checkout != nil && k.Checkout.Stub() && k.Checkout.Status == StatusStopped
		return Change{Carts: []RaiseCart{cart}}, nil
	})
	if err != nil {
		return fmt.Errorf("keep a checkout's other ID: %w", err)
	}
	if !stopped {
		return nil
	}
	return s.StopCheckout(ctx, store, checkoutID)
}

// StopAlias is StopCheckout by an ID that may be the checkout's own or another one of it,
// which may be told of later.
func (s *Service) StopAlias(ctx context.Context, store, alias string) error {
	if err := s.StopCheckout(ctx, store, alias); err != nil { // before it looks, for Alias does so the other way round
		return err
	}
	id, err := s.ByAlias(ctx, store, alias)
	if err != nil || id == "" {
		return err
	}
	return s.StopCheckout(ctx, store, id)
}

// ByAlias is the ID of the checkout of which the alias is another one; "" if it is not known.
func (s *Service) ByAlias(ctx context.Context, store, alias string) (string, error) {
	st, err := s.store(store)
	if err != nil {
		return "", err
	}
	k, err := s.DB.FindForOrder(ctx, OrderQuery{Store: st.ID, Order: OrderKey(st.ID, ""), Cart: aliasKey(st, alias)})
	if err != nil {
		return "", fmt.Errorf("look up a checkout by its other ID: %w", err)
	}
	if k.CartCheckout == nil {
		return "", nil
	}
	return k.CartCheckout.ID, nil
}

// aliasKey is where the other ID is kept: like a cart's, which leads to its checkout too.
func aliasKey(st *Store, alias string) string { return plainKey(st.ID, "alias", alias) }
