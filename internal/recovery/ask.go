package recovery

import (
	"context"
	"fmt"
	"time"
)

// OrderSource is a shop system that does not repeat what it told in vain, and so may be
// asked.
type OrderSource interface {
	// Ordered asks for the order of the checkout with the ID; nil where, as far as the
	// shop system knows, there is none and may still be one. An error says that it cannot be known; it tells
	// nothing of the shopper.
	Ordered(ctx context.Context, checkoutID string) (*Told, error)
}

// Told is an order as the shop system tells of it when it is asked.
type Told struct {
	News OrderNews
	// Gone says that there is none, nor will be one by the checkout's own address: it was
	// cancelled without a payment or deleted, at GoneAt; zero if that is not told.
	Gone, Cancelled bool
	GoneAt          time.Time
	// Own says that the shop deals with it in a way of its own: nobody is to pay it now.
	Own bool
}

// askFor is how long the shop system may take.
const askFor = 2 * time.Second

// askFirst is the verdict of a run that would send if nobody had to be asked.
const askFirst Action = "ask"

// mustAsk says whether the shop system is to be asked before c's mail goes out. Shopify
// repeats what was lost; a storefront's own backend is told to.
func (a *attempt) mustAsk(c *Checkout) bool {
	return a.Do == Send && a.source != nil && !a.asked && c.Platform == WooCommerce
}

// askAndClaim is tryClaim. Where it would claim, and so only for a mail that would go
// out now, it asks the shop system first: the claim then judges what was told.
func (s *Service) askAndClaim(ctx context.Context, a *attempt) error {
	if err := s.tryClaim(ctx, a); err != nil || a.Do != askFirst {
		return err
	}
	a.asked, a.Run = true, Run{}
	if err := s.ask(ctx, a); err != nil {
		return err
	}
	return s.tryClaim(ctx, a)
}

// ask records the order that the shop system tells of, or that there will be none. Without an answer all goes on as
// if it had not been asked: most shoppers who left did not come back.
func (s *Service) ask(ctx context.Context, a *attempt) error {
	timeout := s.Deadlines.Ask
	if timeout == 0 {
		timeout = askFor
	}
	asking, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	c := a.checkout
	told, err := a.source.Ordered(asking, c.ID)
	if err != nil {
		s.Log.WarnContext(ctx, "shop system does not tell of orders: the reminder goes on", "store", c.Store, "checkout", c.Key, "error", err)
		return nil
	}
	if told == nil {
		return nil
	}
	if told.Own {
		if _, err := s.StopKnown(ctx, c.Store, c.ID, time.Time{}); err != nil {
			return fmt.Errorf("stop the checkout that the shop system deals with: %w", err)
		}
		return nil
	}
	if told.Gone { // the claim reads it anew, without the address
		if err := s.DropRecoverURL(ctx, c.Store, c.ID, told.GoneAt, told.Cancelled); err != nil {
			return fmt.Errorf("drop the address that the shop system says is gone: %w", err)
		}
		return nil
	}
	told.News.CheckoutID = c.ID
	if _, err = s.RecordOrder(ctx, c.Store, told.News); err != nil { // known to be ordered: the task comes again
		return fmt.Errorf("record the order that the shop system tells of: %w", err)
	}
	return nil
}

// KnownOrder reads the order that the storefront calls so; nil where it was not told of,
// or nothing but a refund of it.
func (s *Service) KnownOrder(ctx context.Context, store, id string) (*Order, error) {
	st, err := s.store(store)
	if err != nil {
		return nil, err
	}
	k, err := s.DB.FindForOrder(ctx, OrderQuery{Store: st.ID, Order: OrderKey(st.ID, id)})
	if err != nil {
		return nil, fmt.Errorf("look up order: %w", err)
	}
	if k.Order == nil || k.Order.PlacedAt.IsZero() {
		return nil, nil
	}
	return k.Order, nil
}
