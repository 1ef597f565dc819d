package recovery_test

import (
	"context"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// queueFunc is a Queue of one function.
type queueFunc func(context.Context, recovery.Task) error

func (f queueFunc) Create(ctx context.Context, t recovery.Task) error { return f(ctx, t) }

// A task that is due at once is made after the commit, or it would find nothing.
func TestTaskDueAtOnceWaitsForTheCommit(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.store.Steps = []recovery.Step{{After: 5 * time.Second}, {After: time.Hour}}
	s.Together = func(work ...func()) {
		for _, f := range work {
			f()
		}
	}
	var order []string
	s.Queue = queueFunc(func(_ context.Context, task recovery.Task) error {
		when := "before"
		if len(s.db.Checkouts()) > 0 {
			when = "after"
		}
		order = append(order, task.Reminder.String()+" "+when)
		return nil
	})
	s.post(left("a"))
	if len(order) != 2 || order[0] != "1-1 before" || order[1] != "1-0 after" {
		t.Errorf("got %q, want the far task beside the commit and the near one after it", order)
	}
}

// Promise 4: a call that is sent again and cannot make its tasks either leaves them to
// the next sweep.
func TestTasksLostAgainAreNoted(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.post(left("a"))
	s.queue.FailAll(recovery.ErrOverload)
	s.clock.Set(t0.Add(time.Minute))
	if _, effect := s.post(left("a")); effect != recovery.Ignored {
		t.Fatalf("got effect %v, want the same news ignored", effect)
	}
	if c := s.checkout("a"); !c.CheckAt.Equal(s.clock.Now()) {
		t.Errorf("the sweep looks at %v, want now, %v", c.CheckAt, s.clock.Now())
	}
}

// A checkout that goes between the commit that found it and the update is made anew.
func TestCheckoutGoneInBetween(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.db.FailNext(recovery.ErrExists)
	if _, effect := s.post(left("a")); effect != recovery.Created {
		t.Errorf("got effect %v, want it created", effect)
	}
	s.until(half)
	s.wantMails("a 1-0")
}

// An order that names nothing but the cart ends the cart's checkout itself, and says so.
func TestOrderOfACartOnly(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.post(left("a"))
	if got := s.order(recovery.OrderNews{OrderID: "1", CartID: "cart-a"}).Matched; len(got) != 1 || got[0] != "a" {
		t.Errorf("got %q matched, want a", got)
	}
	s.wantReminders("a", 1, "skipped ordered", "skipped ordered", "skipped ordered")
}

// With each outcome a checkout tells when the sweep is to look, and is open until the
// last reminder has ended. No sweep helps here: it would put both right in the end.
func TestCheckoutIsSettledByEachRun(t *testing.T) {
	t.Parallel()
	for range 20 { // a checkout's reminders have no order
		s := open(t, nil)
		s.sweeping = false
		s.Mailer = mailerFunc(func(ctx context.Context, m recovery.Mail) (string, error) {
			if got, want := s.checkout("a").CheckAt, s.clock.Now().Add(recovery.ClaimFor); !got.Equal(want) {
				t.Errorf("while the claim lasts: the sweep looks at %v, want its end, %v", got, want)
			}
			return s.mailer.Send(ctx, m)
		})
		s.post(left("a"))
		for _, step := range []struct {
			at      time.Duration
			status  recovery.Status
			checkAt time.Time
		}{
			{half, recovery.StatusOpen, t0.Add(day + 30*time.Second)},
			{day, recovery.StatusOpen, t0.Add(3*day + 30*time.Second)},
			{3 * day, recovery.StatusClosed, time.Time{}},
		} {
			s.until(step.at)
			if got := s.checkout("a"); got.Status != step.status || !got.CheckAt.Equal(step.checkAt) {
				t.Fatalf("after %v: got %s, check at %v; want %s, %v", step.at, got.Status, got.CheckAt, step.status, step.checkAt)
			}
		}
	}
}

// The same where the last reminder is not mailed.
func TestCheckoutIsSettledByASkip(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.sweeping = false
	s.store.Steps, s.store.Shadow = s.store.Steps[:1], true
	s.post(left("a"))
	s.until(half)
	s.wantReminders("a", 1, "skipped shadow")
	if got := s.checkout("a"); got.Status != recovery.StatusClosed || !got.CheckAt.IsZero() {
		t.Errorf("got %s, check at %v; want closed, and nothing to look at", got.Status, got.CheckAt)
	}
}

// refusesOnce is a DB whose next commit of the order finds that something changed.
type refusesOnce struct {
	recovery.DB
	err error
}

func (r *refusesOnce) Commit(ctx context.Context, store string, ch recovery.Change) error {
	if err := r.err; err != nil {
		r.err = nil
		return err
	}
	return r.DB.Commit(ctx, store, ch)
}

// An order under which a checkout changed, or came, starts anew.
func TestOrderStartsAnew(t *testing.T) {
	t.Parallel()
	for _, err := range []error{recovery.ErrConflict, recovery.ErrExists} {
		s := open(t, nil)
		s.post(left("a"))
		s.DB = &refusesOnce{s.db, err}
		s.order(recovery.OrderNews{OrderID: "1", CheckoutID: "a"})
		s.wantReminders("a", 1, "skipped ordered", "skipped ordered", "skipped ordered")
	}
}
