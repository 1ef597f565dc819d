package recovery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErasureResult counts what an erasure found.
type ErasureResult struct{ Checkouts, Orders, Messages int }

// ExportShopper reads all that is kept of the shopper with the address.
func (s *Service) ExportShopper(ctx context.Context, store, email string) (Personal, error) {
	st, err := s.store(store)
	if err != nil {
		return Personal{}, err
	}
	return s.DB.Personal(ctx, st.ID, ShopperKey(st.IDKey, st.ID, email))
}

// Erasure names a shopper who is to be erased, by addresses, by the IDs that a shop of
// Shopify has for the customer, and by those of orders.
type Erasure struct{ Emails, CustomerIDs, OrderIDs []string }

// EraseShopper removes every trace of a shopper, and of the orders with the IDs, with all
// that is kept under the addresses that these, their checkouts, and those of the customers
// lead to. What stays is the standing decision not to mail them, which nobody
// can read, of each order that it was erased, and of each checkout what became of its
// reminders. Repeating is harmless, and
// needed after an error.
func (s *Service) EraseShopper(ctx context.Context, store string, e Erasure) (ErasureResult, error) {
	var total ErasureResult
	st, err := s.store(store)
	if err != nil {
		return total, err
	}
	var named []string
	for _, email := range e.Emails {
		named = append(named, ShopperKey(st.IDKey, st.ID, email))
	}
	for _, id := range e.CustomerIDs {
		keys, err := s.DB.ShoppersOfCustomer(ctx, st.ID, CustomerKey(st.ID, id))
		if err != nil {
			return total, fmt.Errorf("look up the customer's checkouts: %w", err)
		}
		named = append(named, keys...)
	}
	named = unique(named)
	if err := s.suppressErased(ctx, st, named); err != nil {
		return total, err
	}
	// Before their shoppers, with whom they would go, and nothing would lead on from them.
	for list := range slices.Chunk(e.OrderIDs, erasedAtOnce) {
		if err := s.eraseOrders(ctx, st, list, named, &total); err != nil {
			return total, err
		}
	}
	return total, s.eraseShoppers(ctx, st, named, &total)
}

// suppressErased leaves the markers, first of all, so that nobody writes anew what is
// erased then.
func (s *Service) suppressErased(ctx context.Context, st *Store, shoppers []string) error {
	for _, key := range shoppers {
		if err := s.DB.Suppress(ctx, st.ID, key, Suppression{Reason: ReasonErased, At: s.now()}); err != nil {
			return fmt.Errorf("suppress shopper %s: %w", key, err)
		}
	}
	return nil
}

func (s *Service) eraseShoppers(ctx context.Context, st *Store, shoppers []string, total *ErasureResult) error {
	for _, key := range shoppers {
		if err := s.eraseAll(ctx, st, key, total); err != nil {
			return fmt.Errorf("erase shopper %s: %w", key, err)
		}
	}
	return nil
}

// erasedAtOnce is about how many documents one commit erases: Firestore takes 500 writes,
// and a checkout's takes the longest.
const erasedAtOnce = 100

// erasureTries bounds how often an erasure starts anew because something changed under it.
const erasureTries = 10

// eraseAll erases what is kept of the shopper until nothing is found.
func (s *Service) eraseAll(ctx context.Context, st *Store, shopper string, total *ErasureResult) error {
	for range erasureTries {
		p, err := s.DB.Personal(ctx, st.ID, shopper)
		if err != nil {
			return err
		}
		err = s.eraseOnce(ctx, st, shopper, p, total)
		if err == nil && p.nothing() {
			return nil
		}
		if err != nil && !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("%w: it goes on changing", ErrConflict)
}

func (p Personal) nothing() bool {
	return p.Shopper == nil && len(p.Checkouts)+len(p.Orders)+len(p.Messages) == 0
}

// eraseOnce erases what was found.
func (s *Service) eraseOnce(ctx context.Context, st *Store, shopper string, p Personal, total *ErasureResult) error {
	if err := s.eraseShoppersOrders(ctx, st, p, total); err != nil { // before the checkouts, which lead to some of them
		return err
	}
	var ch Change
	for i, c := range p.Checkouts {
		ch.erase(st, c, s.now())
		if len(ch.Update)+len(ch.DeleteMessages) < erasedAtOnce && i < len(p.Checkouts)-1 {
			continue
		}
		if err := s.DB.Commit(ctx, st.ID, ch); err != nil {
			return err
		}
		total.Checkouts += len(ch.Update)
		ch = Change{}
	}
	for list := range slices.Chunk(p.Messages, erasedAtOnce) {
		if err := s.eraseMessages(ctx, st, list); err != nil {
			return err
		}
		total.Messages += len(list)
	}
	if p.Shopper == nil {
		return nil
	}
	return s.DB.Commit(ctx, st.ID, Change{DeleteShopper: shopper})
}

// eraseMessages deletes rows. Each one's checkout may be somebody else's by now: it is
// told that the row is gone, or the next event would write it anew.
func (s *Service) eraseMessages(ctx context.Context, st *Store, list []*Message) error {
	var ch Change
	for _, m := range list {
		err := s.DB.UpdateCheckout(ctx, st.ID, m.Checkout, CheckoutOnly, func(k Case) (Change, error) {
			c := k.Checkout
			if c == nil || c.Status == StatusErased {
				return Change{}, nil
			}
			r, ok := c.Reminders[m.Reminder]
			if !ok || r.Erased {
				return Change{}, nil
			}
			r.Erased = true
			c.Reminders[m.Reminder] = r
			return Change{Update: []*Checkout{c}}, nil
		})
		if err != nil {
			return err
		}
		ch.DeleteMessages = append(ch.DeleteMessages, m.Key())
	}
	return s.DB.Commit(ctx, st.ID, ch)
}

// erase has c erased, with the rows of what was mailed of it, to whichever address: they
// tell of the checkout too.
func (ch *Change) erase(st *Store, c *Checkout, now time.Time) {
	for id, r := range c.Reminders {
		if r.State == Sent || r.State == Unknown || r.State == Claimed {
			ch.DeleteMessages = append(ch.DeleteMessages, (&Message{Checkout: c.Key, Reminder: id}).Key())
		}
	}
	slices.Sort(ch.DeleteMessages)
	ch.Update = append(ch.Update, c.erase(st, now))
}

// erase is what stays of c: how often it began anew, and what became of its reminders.
func (c *Checkout) erase(st *Store, now time.Time) *Checkout {
	e := &Checkout{
		Store: c.Store, Key: c.Key, Generation: c.Generation, Status: StatusErased,
		Reminders: map[ReminderID]Reminder{}, Version: c.Version,
	}
	for id, r := range c.Reminders {
		kept := Reminder{Due: r.Due, After: r.After, State: r.State, Reason: r.Reason, SentAt: r.SentAt}
		switch r.State {
		case Scheduled:
			kept.State, kept.Reason = Skipped, ReasonErased
		case Claimed: // a mail may be on its way: what becomes of it nobody will write down
			kept.State = Unknown
		}
		kept.Resent = kept.State == Unknown // it is not sent again, whatever runs later
		e.Reminders[id] = kept
	}
	settle(st, e, now)
	return e
}

// forget erases k's checkout, which came to tell of its shopper after that was erased.
func (k Case) forget(st *Store, now time.Time) Change {
	ch := Change{DeleteShopper: k.Checkout.ShopperKey}
	ch.erase(st, k.Checkout, now)
	return ch
}

// EraseStore removes all that is kept of a store's shoppers but the decisions not to mail
// them. It says whether that is done, or wants to be called again: it begins nothing new
// in the last second before its deadline.
func (s *Service) EraseStore(ctx context.Context, store string) (done bool, err error) {
	if _, err := s.store(store); err != nil {
		return false, err
	}
	soon, cancel := ctx, context.CancelFunc(func() {})
	if deadline, ok := ctx.Deadline(); ok {
		soon, cancel = context.WithDeadline(ctx, deadline.Add(-time.Second))
	}
	defer cancel()
	for {
		if soon.Err() != nil {
			return false, nil
		}
		n, err := s.DB.DeletePage(ctx, store, erasedAtOnce)
		if err != nil {
			return false, fmt.Errorf("erase the store's documents: %w", err)
		}
		if n == 0 {
			return true, nil
		}
	}
}
