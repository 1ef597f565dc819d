package recovery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Service carries checkouts from the report to the e-mail.
type Service struct {
	DB       DB
	Queue    Queue
	Mailer   Mailer
	Renderer Renderer
	Linker   Linker // nil: mails lead to the checkout itself
	// Orders are, by store, who is asked for an order before a reminder is mailed.
	Orders map[string]OrderSource
	Clock  Clock
	Stores map[string]*Store // by ID
	// NewID makes the random IDs of attempts and of checkouts without one.
	NewID func() string
	Log   *slog.Logger
	// Deadlines bound what one run of a reminder does, and an answer's wait for a mark.
	Deadlines Deadlines
	// Together does independent work side by side and returns when all of it is done;
	// nil: in goroutines of their own.
	Together func(work ...func())

	marked  throttle
	sweptTo resumePoint
}

func (s *Service) together(work ...func()) {
	if s.Together != nil {
		s.Together(work...)
		return
	}
	var wg sync.WaitGroup
	for _, f := range work {
		wg.Go(f)
	}
	wg.Wait()
}

// Deadlines bound the parts of a reminder's run, in real time. Together with the
// wait they stay below the dispatch deadline of 30 s, and far below ClaimFor, so
// that a claim never runs out under a run that is still alive. Mark is how long the
// answer to a call may wait for the call's mark when all else is done; 0 leaves none.
// Ask is how long, within Claim, a shop system may take to tell of an order; 0: 2 s.
type Deadlines struct{ Claim, Send, Outcome, Mark, Ask time.Duration }

// DefaultDeadlines are those of a deployment.
func DefaultDeadlines() Deadlines {
	return Deadlines{Claim: 8 * time.Second, Send: 10 * time.Second, Outcome: 5 * time.Second, Mark: 100 * time.Millisecond}
}

// store finds a store by its ID.
func (s *Service) store(id string) (*Store, error) {
	if st, ok := s.Stores[id]; ok {
		return st, nil
	}
	return nil, fmt.Errorf("store %q: %w", id, ErrNoStore)
}

func (s *Service) now() time.Time { return Instant(s.Clock.Now()) }

// RecordCheckout records what n says and schedules its reminders. It returns the
// checkout as it stands then, and what the news did. Once it returns without an
// error the reminders are safe: should the queue be away, the checkout itself is
// the list of what the sweep has to enqueue.
func (s *Service) RecordCheckout(ctx context.Context, store string, n News) (*Checkout, Effect, error) {
	st, err := s.store(store)
	if err != nil {
		return nil, Ignored, err
	}
	n.Arrived = s.now()
	c := NewCheckout(st, &n)

	// A new checkout costs one round trip: the commit and the tasks side by side.
	// Tasks that are due at once wait for the commit, or they would find nothing.
	early, late := splitTasks(tasks(c, n.Arrived), n.Arrived)
	var lost []Task
	s.together(
		func() { lost, _ = s.enqueue(ctx, late) },
		func() { err = s.DB.Commit(ctx, store, withAnchors(st, Change{Create: c}, c, &n)) },
	)

	if errors.Is(err, ErrExists) || errors.Is(err, ErrConflict) {
		return s.updateCheckout(ctx, st, n, lost)
	}
	if err != nil {
		return nil, Ignored, fmt.Errorf("record checkout: %w", err)
	}
	failed, _ := s.enqueue(ctx, early)
	s.leaveToSweep(ctx, c, append(lost, failed...))
	return c, Created, nil
}

// updateCheckout takes n over into a checkout that is there already; lost are tasks
// of its first generation that could not be enqueued just now.
func (s *Service) updateCheckout(ctx context.Context, st *Store, n News, lost []Task) (*Checkout, Effect, error) {
	c, effect, err := s.takeOver(ctx, st, &n)
	if err != nil {
		return nil, Ignored, fmt.Errorf("update checkout: %w", err)
	}
	missing := tasks(c, n.Arrived)
	if effect != Restarted && effect != Created {
		// It may be the repetition of a call whose answer was lost before its tasks
		// were made. The names make it safe.
		missing, _ = splitTasks(missing, n.Arrived)
	}
	failed, _ := s.enqueue(ctx, missing)
	s.leaveToSweep(ctx, c, append(lost, failed...))
	return c, effect, nil
}

// takeOver is the transaction of updateCheckout. Mostly it reads the checkout alone;
// where the shopper gives another address or cart, it also asks those of before for an
// order, since nobody will ask them again.
func (s *Service) takeOver(ctx context.Context, st *Store, n *News) (c *Checkout, effect Effect, err error) {
	for _, need := range []Need{CheckoutOnly, WholeCase} {
		again := false
		err = s.DB.UpdateCheckout(ctx, st.ID, CheckoutKey(st.ID, n.CheckoutID), need, func(k Case) (Change, error) {
			again = false
			if k.Checkout == nil { // it expired, or went, in between
				c, effect = NewCheckout(st, n), Created
				return withAnchors(st, Change{Create: c}, c, n), nil
			}
			c = k.Checkout
			if again = need == CheckoutOnly && n.moves(st, c); again {
				return Change{}, nil
			}
			if need == WholeCase {
				c.meetOrder(k)
			}
			former := c.ShopperKey
			if effect = n.Apply(st, c); effect == Ignored {
				ch := n.consentOnly(st, c)
				if n.tellsEarlier(st, c) {
					c.Since = n.abandoned()
					ch.Update = []*Checkout{c}
				}
				return ch, nil
			}
			if need == WholeCase {
				c.meetOrder(k) // news of the same seconds may have begun anew
			}
			ch := withAnchors(st, Change{Update: []*Checkout{c}}, c, n)
			if c.ShopperKey != former {
				ch.Shoppers[0].withdrawnWith(c, k.Shopper)
			}
			return ch, nil
		})
		if err != nil || !again {
			break
		}
	}
	switch {
	case err != nil:
	case c.Status == StatusErased:
		err = s.withdrawOfErased(ctx, st, n)
	case !c.open(): // also if it was told before: the answer may have been an error
		c, err = s.forgetIfErased(ctx, st, c)
	}
	return c, effect, err
}

// forgetMatched is forgetIfErased of the order's checkouts, but for those of the shopper it
// was found by, of whom is known that nothing was erased. An order that names nobody goes too.
func (s *Service) forgetMatched(ctx context.Context, st *Store, result OrderResult) error {
	for _, m := range result.matched {
		if m.c.Stub() || m.c.ShopperKey == result.shopper || m.c.open() {
			continue
		}
		var orders []string
		if result.Order.Shopper == m.c.ShopperKey {
			orders = []string{result.Order.Key}
		}
		if _, err := s.forgetIfErased(ctx, st, m.c, orders...); err != nil {
			return fmt.Errorf("forget the order's shopper: %w", err)
		}
	}
	return nil
}

// forgetIfErased erases a checkout of which nothing is to be mailed if its shopper was
// erased, with the orders: no run of a reminder is going to find that out.
func (s *Service) forgetIfErased(ctx context.Context, st *Store, c *Checkout, orders ...string) (*Checkout, error) {
	err := s.DB.UpdateCheckout(ctx, st.ID, c.Key, WholeCase, func(k Case) (Change, error) {
		if k.Checkout == nil || k.Checkout.Status == StatusErased || !erased(k) {
			return Change{}, nil
		}
		ch := k.forget(st, s.now())
		ch.EraseOrders = s.erasedOrders(st, orders...)
		c = ch.Update[0]
		return ch, nil
	})
	return c, err
}

// withdrawOfErased takes a withdrawal of consent from news of a checkout that was erased
// with a shopper, for another shopper who is not. Of one who is, nothing is written down.
func (s *Service) withdrawOfErased(ctx context.Context, st *Store, n *News) error {
	_, refused := n.consent(n.Test)
	if refused.IsZero() {
		return nil
	}
	key := ShopperKey(st.IDKey, st.ID, n.Email)
	return s.DB.UpdateCheckout(ctx, st.ID, CheckoutKey(st.ID, n.CheckoutID), Need{Other: key}, func(k Case) (Change, error) {
		if k.Other.Erased() {
			return Change{}, nil
		}
		return Change{Shoppers: []RaiseShopper{{Key: key, ConsentRefused: refused, ExpiresAt: n.Arrived.Add(st.Retention)}}}, nil
	})
}

// withAnchors adds to ch what the shopper and the cart have to know of c, which has
// taken n over. A stub's order is passed on to both.
func withAnchors(st *Store, ch Change, c *Checkout, n *News) Change {
	// They outlive the checkout, or a reminder beyond the retention would not see an
	// order that only they know of.
	expires := later(n.Arrived.Add(st.Retention), c.ExpiresAt)
	raise := RaiseShopper{Key: c.ShopperKey, ExpiresAt: expires}
	raise.ConsentGiven, raise.ConsentRefused = n.consent(c.Test)
	if !c.Test && !c.Emptied && c.Status != StatusStopped { // none may silence another checkout of the same address
		raise.NewestT = c.T
	}
	if c.Order != nil {
		raise.LastOrder = c.Order.At
	}
	ch.Shoppers = append(ch.Shoppers, raise)
	if c.CartKey != "" {
		cart := RaiseCart{Key: c.CartKey, Checkout: c.Key, ExpiresAt: expires}
		if c.Order != nil {
			cart.LastOrder = c.Order.At
		}
		ch.Carts = append(ch.Carts, cart)
	}
	return ch
}

// withdrawnWith passes on with a checkout, which went from the former shopper to another
// address, what is withdrawn on it: it is the same person's.
func (r *RaiseShopper) withdrawnWith(c *Checkout, former Shopper) {
	if c.AcceptsMarketing != nil && !*c.AcceptsMarketing {
		r.ConsentGiven = later(r.ConsentGiven, former.ConsentGiven)
		r.ConsentRefused = later(r.ConsentRefused, former.ConsentRefused)
	}
}

// dueAtOnce is how close a due instant must be for its task to wait for the commit.
const dueAtOnce = 5 * time.Second

func splitTasks(all []Task, now time.Time) (early, late []Task) {
	late = make([]Task, 0, len(all))
	for _, t := range all {
		if t.At.Sub(now) <= dueAtOnce {
			early = append(early, t)
		} else {
			late = append(late, t)
		}
	}
	return early, late
}

// enqueue creates the tasks side by side and returns those that failed, and why.
func (s *Service) enqueue(ctx context.Context, all []Task) ([]Task, error) {
	failed := make([]error, len(all))
	work := make([]func(), len(all))
	for i, t := range all {
		work[i] = func() {
			if err := s.Queue.Create(ctx, t); err != nil {
				failed[i] = err
				s.Log.WarnContext(ctx, "task not enqueued, left to the sweep", "task", t.Name(), "error", err)
			}
		}
	}
	s.together(work...)
	var list []Task
	for i, err := range failed {
		if err != nil {
			list = append(list, all[i])
		}
	}
	return list, errors.Join(failed...)
}

// leaveToSweep notes on the checkout that tasks are missing, so that the next
// sweep enqueues them. If that fails too, nothing is lost: the sweep looks at the
// checkout soon after each due instant anyway.
func (s *Service) leaveToSweep(ctx context.Context, c *Checkout, missing []Task) {
	if len(missing) == 0 {
		return
	}
	st := s.Stores[c.Store]
	now := s.now()
	err := s.DB.UpdateCheckout(ctx, c.Store, c.Key, CheckoutOnly, func(k Case) (Change, error) {
		if k.Checkout == nil {
			return Change{}, nil
		}
		for _, t := range missing {
			if r := k.Checkout.Reminders[t.Reminder]; r.State == Scheduled {
				r.Look = now
				k.Checkout.Reminders[t.Reminder] = r
			}
		}
		settle(st, k.Checkout, now)
		return Change{Update: []*Checkout{k.Checkout}}, nil
	})
	if err != nil {
		s.Log.WarnContext(ctx, "missing tasks not noted: the sweep finds them after their due instants", "checkout", c.Key, "error", err)
	}
}

// Current lists the reminders of the checkout's generation, by step.
func (c *Checkout) Current() []ReminderID {
	var ids []ReminderID
	for id := range c.Reminders {
		if id.Generation == c.Generation {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b ReminderID) int { return a.Step - b.Step })
	return ids
}
