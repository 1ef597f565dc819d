package recovery

import (
	"context"
	"fmt"
	"time"
)

// Unsubscribe records that l's shopper wants no more mail of the store, for good. Of a
// test, whose mail went to other people, it stops the test. Repeating is harmless.
func (s *Service) Unsubscribe(ctx context.Context, l Link) error {
	if l.Shopper == "" {
		return s.LeaveCheckout(ctx, l)
	}
	if _, err := s.store(l.Store); err != nil {
		return err
	}
	err := s.DB.Suppress(ctx, l.Store, l.Shopper, Suppression{Reason: ReasonUnsubscribed, At: s.now(), Fresh: true})
	if err != nil {
		return fmt.Errorf("unsubscribe: %w", err)
	}
	return nil
}

// UndoUnsubscribe takes back what Unsubscribe did. Who was erased, complained or bounced
// is not mailed all the same; and reminders that have ended meanwhile stay so.
func (s *Service) UndoUnsubscribe(ctx context.Context, l Link) error {
	if l.Shopper == "" {
		return s.UndoLeaveCheckout(ctx, l)
	}
	if _, err := s.store(l.Store); err != nil {
		return err
	}
	lifted, err := s.DB.Lift(ctx, l.Store, l.Shopper, ReasonUnsubscribed, s.now())
	if err == nil && !lifted { // recorded by a clock ahead of ours: a moment later it is not
		err = ErrConflict
	}
	if err != nil {
		return fmt.Errorf("undo unsubscribing: %w", err)
	}
	return nil
}

// LeaveCheckout ends what is scheduled for l's checkout, at its shopper's wish. Nothing
// is done where the checkout is not kept any more, or ended by its own order. One that
// another order ended stays ended, whatever is told of it.
func (s *Service) LeaveCheckout(ctx context.Context, l Link) error {
	return s.updateLinked(ctx, l, func(st *Store, k Case) Change {
		c := k.Checkout
		if c.Final() || c.Left {
			return Change{}
		}
		if c.Left = true; c.Order == nil {
			c.stop(st, s.now())
		}
		return Change{Update: []*Checkout{c}}
	})
}

// UndoLeaveCheckout schedules again what LeaveCheckout ended, as far as it is still to
// come, unless there is an order meanwhile.
func (s *Service) UndoLeaveCheckout(ctx context.Context, l Link) error {
	var c *Checkout
	err := s.updateLinked(ctx, l, func(st *Store, k Case) Change {
		if c = k.Checkout; !c.resume(st, k, s.now()) {
			return Change{}
		}
		ch := Change{Update: []*Checkout{c}}
		if !c.Test { // news of the meantime did not tell it
			ch.Shoppers = []RaiseShopper{{Key: c.ShopperKey, NewestT: c.T, ExpiresAt: c.ExpiresAt}}
		}
		return ch
	})
	if err != nil || c == nil {
		return err
	}
	// Those that news scheduled meanwhile have no tasks yet. The names make it safe.
	failed, _ := s.enqueue(ctx, tasks(c, s.now()))
	s.leaveToSweep(ctx, c, failed)
	return nil
}

// updateLinked changes the link's checkout. One that came to tell of a shopper who was
// erased goes instead.
func (s *Service) updateLinked(ctx context.Context, l Link, change func(*Store, Case) Change) error {
	st, err := s.store(l.Store)
	if err != nil {
		return err
	}
	err = s.DB.UpdateCheckout(ctx, st.ID, l.Checkout, WholeCase, func(k Case) (Change, error) {
		c := k.Checkout
		switch {
		case c == nil, c.Stub(), c.Status == StatusErased:
			return Change{}, nil
		case erased(k):
			return k.forget(st, s.now()), nil
		}
		return change(st, k), nil
	})
	if err != nil {
		return fmt.Errorf("update checkout of a link: %w", err)
	}
	return nil
}

// resume undoes the shopper's stop, and says whether c changed.
func (c *Checkout) resume(st *Store, k Case, now time.Time) bool {
	switch {
	case !c.Left:
		return false
	case c.Status != StatusStopped: // an order had ended it
		c.Left = false
		return true
	case c.Order != nil:
		return false
	}
	c.Status, c.Left = StatusOpen, false
	for id, r := range c.Reminders {
		if id.Generation == c.Generation && r.State == Skipped && r.Reason == ReasonStopped && r.Due.After(now) {
			r.State, r.Reason = Scheduled, ""
			c.Reminders[id] = r
		}
	}
	c.meetOrder(k)
	c.endIfEmptied()
	settle(st, c, now)
	return true
}

// LinkLocale is the locale of l's checkout; "" if it has none, or is not kept any more.
func (s *Service) LinkLocale(ctx context.Context, l Link) (locale string, err error) {
	err = s.DB.UpdateCheckout(ctx, l.Store, l.Checkout, CheckoutOnly, func(k Case) (Change, error) {
		if k.Checkout != nil {
			locale = k.Checkout.Locale
		}
		return Change{}, nil
	})
	return locale, err
}
