package recovery

import (
	"context"
	"fmt"
	"time"
)

// CompleteCheckout ends a checkout of which the shop system says that it was completed.
// Its order is told of later, or was before. A checkout that is not known yet leaves a
// stub that stops it when it comes. Of one that was erased nothing is recorded, but its
// shopper and cart, if they are others by now, are not mailed after it.
func (s *Service) CompleteCheckout(ctx context.Context, store string, n OrderNews) error {
	st, err := s.store(store)
	if err != nil {
		return err
	}
	now := s.now()
	o := &Order{Store: store, PlacedAt: placed(n.PlacedAt, now), ExpiresAt: now.Add(st.Retention)}
	q := n.query(st)
	return s.updateNamed(ctx, st, n.CheckoutID, q.Shopper, func(k Case) Change {
		var ch Change
		var shoppers []string
		if !k.Other.Erased() {
			shoppers = append(shoppers, q.Shopper)
		}
		carts := []string{q.Cart}
		switch c := k.Checkout; {
		case c == nil:
			ch.Create = stub(st, n.CheckoutID, o, now)
			if k.Other.Erased() { // what is left tells nobody whose it was
				ch.Create.ID = ""
			}
		case c.Status != StatusErased:
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
	return s.updateNamed(ctx, st, checkoutID, "", func(k Case) Change {
		c := k.Checkout
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

// StopKnown is StopCheckout of a checkout that is known, and of which nothing newer than
// the instant is; zero for now. It says whether there is such a one, which was not ordered.
func (s *Service) StopKnown(ctx context.Context, store, checkoutID string, at time.Time) (known bool, err error) {
	st, err := s.store(store)
	if err != nil {
		return false, err
	}
	at = placed(at, s.now())
	err = s.updateNamed(ctx, st, checkoutID, "", func(k Case) Change {
		c := k.Checkout
		if known = c != nil && !c.Stub() && !c.News.After(at) && (!c.Final() || c.Status == StatusStopped); !known || !c.stop(st, s.now()) {
			return Change{}
		}
		return Change{Update: []*Checkout{c}}
	})
	return known, err
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

// DropRecoverURL says that the checkout's own address leads nowhere since the instant, as it
// was cancelled or deleted: from now on the shopper is led to the store's cart. News of before
// does not bring it back. Nothing else changes; of a checkout that is not known yet a stub
// remembers it.
func (s *Service) DropRecoverURL(ctx context.Context, store, checkoutID string, at time.Time, cancelled bool) error {
	st, err := s.store(store)
	if err != nil {
		return err
	}
	at = placed(at, s.now())
	return s.updateNamed(ctx, st, checkoutID, "", func(k Case) Change {
		ch, c := Change{}, k.Checkout
		switch {
		case c == nil:
			c = &Checkout{Store: st.ID, Key: CheckoutKey(st.ID, checkoutID)}
			ch.Create = c
		case c.Status == StatusErased, c.News.After(at), !at.After(c.URLGone) && !(cancelled && at.After(c.Failed)):
			return Change{}
		default:
			ch.Update = []*Checkout{c}
		}
		c.ID, c.RecoverURL, c.URLGone = checkoutID, "", later(c.URLGone, at) // an expired one has no ID any more
		if cancelled {
			c.Failed = later(c.Failed, at)
		}
		settle(st, c, s.now())
		return ch
	})
}

// updateNamed changes the checkout that the storefront calls so; nil if there is none. The
// Case has the other shopper's suppression, if one is named. A checkout that came after its
// shopper was erased goes, since no run of a reminder may meet it now: it is decided on as
// an erased one.
func (s *Service) updateNamed(ctx context.Context, st *Store, id, other string, decide func(Case) Change) error {
	need := Need{Anchors: true, Other: other}
	err := s.DB.UpdateCheckout(ctx, st.ID, CheckoutKey(st.ID, id), need, func(k Case) (Change, error) {
		c := k.Checkout
		if c == nil || c.Status == StatusErased || !erased(k) {
			return decide(k), nil
		}
		gone := k.forget(st, s.now())
		k.Checkout = gone.Update[0]
		ch := decide(k)
		ch.Update, ch.DeleteShopper, ch.DeleteMessages = gone.Update, gone.DeleteShopper, gone.DeleteMessages
		return ch, nil
	})
	if err != nil {
		return fmt.Errorf("update checkout: %w", err)
	}
	return nil
}
