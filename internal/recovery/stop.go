package recovery

import (
	"context"
	"fmt"
	"time"
)

// CompleteCheckout ends a checkout of which the shop system says that it was completed.
// Its order is told of later, or was before. A checkout that is not known yet leaves a
// stub that stops it when it comes.
func (s *Service) CompleteCheckout(ctx context.Context, store string, n OrderNews) error {
	st, err := s.store(store)
	if err != nil {
		return err
	}
	now := s.now()
	o := &Order{Store: store, PlacedAt: placed(n.PlacedAt, now), ExpiresAt: now.Add(st.Retention)}
	return s.updateNamed(ctx, st, n.CheckoutID, func(c *Checkout) Change {
		if c != nil && c.Status == StatusErased {
			return Change{}
		}
		var ch Change
		q := n.query(st)
		shoppers, carts := []string{q.Shopper}, []string{q.Cart}
		if c == nil {
			ch.Create = stub(st, n.CheckoutID, o, now)
		} else {
			if c.complete(st, o, now) {
				ch.Update = []*Checkout{c}
			}
			shoppers, carts = append(shoppers, c.ShopperKey), append(carts, c.CartKey)
		}
		ch.Shoppers, ch.Carts = raiseAll(o, shoppers, carts)
		return ch
	})
}

// completed says whether c was ended by an order of its own of which no more is known.
func (c *Checkout) completed() bool {
	return c.Status == StatusOrdered && c.Order != nil && c.Order.Key == "" && c.Order.By == ByCheckout
}

// complete ends c for an order of its own, of which no more is known; an order that c
// was ended by so far is that one.
func (c *Checkout) complete(st *Store, o *Order, now time.Time) bool {
	switch {
	case c.Order == nil:
		return c.end(st, o, ByCheckout, now)
	case c.Stub(), c.Order.By == ByCheckout:
		return false
	}
	c.Order.By = ByCheckout
	settle(st, c, now)
	return true
}

// StopCheckout ends what is scheduled for a checkout, for good: its shopper cannot undo it.
// One that is not known yet leaves a stub that stops it when it comes.
func (s *Service) StopCheckout(ctx context.Context, store, checkoutID string) error {
	st, err := s.store(store)
	if err != nil {
		return err
	}
	return s.updateNamed(ctx, st, checkoutID, func(c *Checkout) Change {
		if c == nil {
			c = &Checkout{Store: st.ID, Key: CheckoutKey(st.ID, checkoutID), ID: checkoutID, Status: StatusStopped}
			settle(st, c, s.now())
			return Change{Create: c}
		}
		if !c.stop(st, s.now()) && !c.Left {
			return Change{}
		}
		c.Left = false
		return Change{Update: []*Checkout{c}}
	})
}

// stop ends c's scheduled reminders, and says whether c changed.
func (c *Checkout) stop(st *Store, now time.Time) bool {
	if c.Final() {
		return false
	}
	c.Status = StatusStopped
	c.endScheduled(ReasonStopped)
	settle(st, c, now)
	return true
}

// DropRecoverURL says that the checkout's own address leads nowhere since the instant:
// from now on the shopper is led to the store's cart. News of before does not bring it
// back. Nothing else changes; of a checkout that is not known yet a stub remembers it.
func (s *Service) DropRecoverURL(ctx context.Context, store, checkoutID string, at time.Time) error {
	st, err := s.store(store)
	if err != nil {
		return err
	}
	at = placed(at, s.now())
	return s.updateNamed(ctx, st, checkoutID, func(c *Checkout) Change {
		switch {
		case c == nil:
			c = &Checkout{Store: st.ID, Key: CheckoutKey(st.ID, checkoutID), ID: checkoutID, URLGone: at}
			settle(st, c, s.now())
			return Change{Create: c}
		case c.Status == StatusErased, c.News.After(at), !at.After(c.URLGone):
			return Change{}
		}
		c.ID, c.RecoverURL, c.URLGone = checkoutID, "", at // an expired one has no ID any more
		settle(st, c, s.now())
		return Change{Update: []*Checkout{c}}
	})
}

// updateNamed changes the checkout that the storefront calls so; nil if there is none. One
// that came after its shopper was erased goes, since no run of a reminder may meet it now.
func (s *Service) updateNamed(ctx context.Context, st *Store, id string, decide func(*Checkout) Change) error {
	err := s.DB.UpdateCheckout(ctx, st.ID, CheckoutKey(st.ID, id), WholeCase, func(k Case) (Change, error) {
		if c := k.Checkout; c != nil && c.Status != StatusErased && erased(k) {
			return k.forget(st, s.now()), nil
		}
		return decide(k.Checkout), nil
	})
	if err != nil {
		return fmt.Errorf("update checkout: %w", err)
	}
	return nil
}
