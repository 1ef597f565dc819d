package recovery_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

const (
	half  = 30 * time.Minute
	day   = 24 * time.Hour
	month = 30 * day
)

func TestCheckoutToMails(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	if _, effect := s.post(left("a")); effect != recovery.Created {
		t.Errorf("got effect %d, want created", effect)
	}
	var at []time.Time
	for _, task := range s.queue.Pending() {
		at = append(at, task.At)
	}
	if want := []time.Time{t0.Add(half), t0.Add(day), t0.Add(3 * day)}; !slices.Equal(at, want) {
		t.Errorf("tasks at %v, want %v", at, want)
	}
	s.until(half - us)
	s.wantMails()
	s.until(half)
	s.wantMails("a 1-0")
	s.until(day)
	s.wantMails("a 1-0", "a 1-1")
	s.until(4 * day)
	s.wantMails("a 1-0", "a 1-1", "a 1-2")
	s.wantReminders("a", 1, "sent", "sent", "sent")

	c := s.checkout("a")
	if c.Status != recovery.StatusClosed || !c.CheckAt.IsZero() {
		t.Errorf("got %s, check at %v; want closed, never to be looked at", c.Status, c.CheckAt)
	}
	if want := t0.Add(3*day + s.store.MaxLate + s.store.Retention); !c.ExpiresAt.Equal(want) {
		t.Errorf("expires at %v, want %v", c.ExpiresAt, want)
	}
	if sent := c.LastSent[2]; !sent.Equal(t0.Add(3 * day)) {
		t.Errorf("the last was sent at %v, want %v", sent, t0.Add(3*day))
	}
	rows := s.db.Messages()
	if len(rows) != 3 || rows[0].Email != anAddress || rows[0].State != recovery.Sent || rows[0].Provider == "" || rows[0].CheckoutID != "a" {
		t.Errorf("rows of messages: %+v, want three that were sent", rows)
	}
	if m := s.mailer.Sent()[0]; len(m.To) != 1 || m.To[0].Email != anAddress || m.From != s.store.From || m.Subject == "" || strings.Contains(m.MessageID, "@") {
		t.Errorf("mail: %+v, want it to the shopper from the store, its ID without the address", m)
	}
}

// Promise 6: the same checkout ten times, one after the other or at once, is one.
func TestDuplicatePosts(t *testing.T) {
	t.Parallel()
	t.Run("one by one", func(t *testing.T) {
		t.Parallel()
		s := open(t, nil)
		for i := range 10 {
			if _, effect := s.post(left("a")); (effect == recovery.Created) != (i == 0) {
				t.Errorf("post %d: effect %d, want created only by the first", i, effect)
			}
		}
		wantOneCheckout(t, s)
	})
	t.Run("at once", func(t *testing.T) {
		t.Parallel()
		s := open(t, nil)
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if _, _, err := s.RecordCheckout(t.Context(), "default", left("a")); err != nil {
					t.Errorf("recording: %v", err)
				}
			})
		}
		wg.Wait()
		wantOneCheckout(t, s)
	})
}

func wantOneCheckout(t *testing.T, s *shop) {
	t.Helper()
	if c, tasks := s.db.Checkouts(), s.queue.Pending(); len(c) != 1 || len(tasks) != 3 {
		t.Errorf("%d checkouts, %d tasks; want 1 and 3", len(c), len(tasks))
	}
	s.until(4 * day)
	s.wantMails("a 1-0", "a 1-1", "a 1-2")
}

// Promise 1: an order stops what has not gone out, whatever it names and whenever
// it comes.
func TestOrderStopsReminders(t *testing.T) {
	t.Parallel()
	placed := t0.Add(time.Hour)
	for _, c := range []struct {
		name  string
		order recovery.OrderNews
	}{
		{"by the checkout", recovery.OrderNews{CheckoutID: "a", PlacedAt: placed}},
		{"by the checkout, placed long before", recovery.OrderNews{CheckoutID: "a", PlacedAt: t0.Add(-month)}},
		{"by the cart", recovery.OrderNews{CartID: "cart-a", PlacedAt: placed}},
		{"by the address", recovery.OrderNews{Email: anAddress, PlacedAt: placed}},
		{"of another checkout, by the address", recovery.OrderNews{CheckoutID: "other", Email: anAddress, PlacedAt: placed}},
		{"5 s before T", recovery.OrderNews{Email: anAddress, PlacedAt: t0.Add(-5 * time.Second)}},
		{"placed in the future counts as now", recovery.OrderNews{Email: anAddress, PlacedAt: t0.Add(month)}},
	} {
		c.order.OrderID = "o"

		s := open(t, nil)
		s.post(left("a"))
		s.until(half)
		s.order(c.order)
		s.until(4 * day)
		s.wantMails("a 1-0")
		s.wantReminders("a", 1, "sent", "skipped ordered", "skipped ordered")

		s = open(t, nil) // the order comes first
		s.order(c.order)
		s.order(c.order)
		s.post(left("a"))
		s.until(4 * day)
		if len(s.mailer.Sent()) > 0 {
			t.Errorf("%s, before the checkout: %d mails, want none", c.name, len(s.mailer.Sent()))
		}
	}
}

// Promise 1, the other way round: an order placed before the shopper came back
// stops nothing.
func TestOrderOfBefore(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.order(recovery.OrderNews{OrderID: "o", Email: anAddress, CartID: "cart-a", PlacedAt: t0.Add(-6 * time.Second)})
	s.post(left("a"))
	s.until(4 * day)
	s.wantMails("a 1-0", "a 1-1", "a 1-2")
}

// A stub's order reaches the other checkouts of its shopper once the stub's own
// checkout tells who that is.
func TestStubPassesItsOrderOn(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.post(left("a"))
	s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "b", PlacedAt: t0.Add(time.Hour)})
	n := left("b")
	n.AbandonedAt = t0.Add(-time.Hour)
	if c, effect := s.post(n); effect != recovery.Created || c.Status != recovery.StatusOrdered {
		t.Errorf("the ordered checkout: effect %d, %s; want created, ordered", effect, c.Status)
	}
	s.until(4 * day)
	s.wantMails()
	s.wantReminders("a", 1, "skipped ordered", "skipped ordered", "skipped ordered")
}

// So it does its cart's.
func TestStubPassesItsOrderToTheCart(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "b", PlacedAt: t0.Add(time.Hour)})
	for _, id := range []string{"a", "b"} {
		n := left(id)
		n.Email, n.CartID = id+"@example.net", recovery.Given("shared")
		s.post(n)
	}
	s.until(4 * day)
	s.wantMails()
}

func TestOrderOfTheFutureIsNow(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	for _, placed := range []time.Time{t0.Add(us), {}} {
		if got := s.order(recovery.OrderNews{OrderID: placed.String(), Email: anAddress, PlacedAt: placed}).Order.PlacedAt; !got.Equal(t0) {
			t.Errorf("placed at %v: recorded as %v, want now, %v", placed, got, t0)
		}
	}
}

// More checkouts than an order looks at are stopped all the same.
func TestOrderOfManyCheckouts(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.store.EachCheckout = true
	for i := range 30 {
		n := left(strings.Repeat("a", i+1))
		n.AbandonedAt = t0.Add(-time.Duration(i) * time.Second)
		s.post(n)
	}
	s.order(recovery.OrderNews{OrderID: "o", Email: anAddress})
	s.until(4 * day)
	s.wantMails()
}

func TestChangedCartRestarts(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.post(left("a"))
	s.until(10 * time.Minute)
	n := left("a")
	n.AbandonedAt, n.Items = t0.Add(10*time.Minute), recovery.Given([]recovery.Item{{ID: "cup", Quantity: 1}})
	if c, effect := s.post(n); effect != recovery.Restarted || c.Generation != 2 {
		t.Errorf("effect %d, generation %d; want restarted, 2", effect, c.Generation)
	}
	older := left("a")
	older.Items = recovery.Given([]recovery.Item{})
	if _, effect := s.post(older); effect != recovery.Ignored {
		t.Errorf("older news: effect %d, want ignored", effect)
	}
	s.until(40*time.Minute - us)
	s.wantMails()
	s.until(40 * time.Minute)
	s.wantMails("a 2-0")
	s.until(4 * day)
	s.wantReminders("a", 1, "skipped superseded", "skipped superseded", "skipped superseded")
	s.wantReminders("a", 2, "sent", "sent", "sent")
}

// Promise 5: what is due together or already past.
func TestDueTogether(t *testing.T) {
	t.Parallel()
	t.Run("two steps, the later speaks", func(t *testing.T) {
		t.Parallel()
		s := open(t, nil)
		s.store.Steps = []recovery.Step{{After: time.Hour, Template: "first"}, {After: time.Hour, Template: "second"}}
		s.post(left("a"))
		s.until(day)
		s.wantMails("a 1-1")
		s.wantReminders("a", 1, "skipped superseded", "sent")
	})
	t.Run("a window's opening, the later speaks", func(t *testing.T) {
		t.Parallel()
		s := open(t, nil)
		s.store.Window = &recovery.SendWindow{From: clockTime(8, 0), To: clockTime(10, 15)}
		s.store.Steps = []recovery.Step{{After: time.Hour, Template: "first"}, {After: 2 * time.Hour, Template: "second"}}
		s.post(left("a"))
		s.until(2 * day)
		s.wantMails("a 1-1")
	})
	t.Run("left some time ago: at once", func(t *testing.T) {
		t.Parallel()
		s := open(t, nil)
		n := left("a")
		n.AbandonedAt = t0.Add(-time.Hour)
		s.post(n)
		s.until(0)
		s.wantMails("a 1-0")
	})
	t.Run("left too long ago: stale", func(t *testing.T) {
		t.Parallel()
		s := open(t, nil)
		n := left("a")
		n.AbandonedAt = t0.Add(-half - 6*time.Hour - us)
		s.post(n)
		s.until(0)
		s.wantMails()
		s.wantReminders("a", 1, "skipped stale", "scheduled", "scheduled")
	})
}

func TestSeveralCheckouts(t *testing.T) {
	t.Parallel()
	t.Run("the newest speaks", func(t *testing.T) {
		t.Parallel()
		s := open(t, nil)
		s.post(left("a"))
		n := left("b")
		n.AbandonedAt = t0.Add(us)
		s.post(n)
		s.until(4 * day)
		s.wantMails("b 1-0", "b 1-1", "b 1-2")
		s.wantReminders("a", 1, "skipped superseded", "skipped superseded", "skipped superseded")
	})
	t.Run("each speaks", func(t *testing.T) {
		t.Parallel()
		s := open(t, nil)
		s.store.EachCheckout = true
		s.post(left("a"))
		n := left("b")
		n.AbandonedAt = t0.Add(us)
		s.post(n)
		s.until(4 * day)
		if got := len(s.mailer.Sent()); got != 6 {
			t.Errorf("%d mails, want 6", got)
		}
	})
	t.Run("a test checkout silences none", func(t *testing.T) {
		t.Parallel()
		s := open(t, nil)
		s.store.TestRecipients = []string{"qa@example.com"}
		s.post(left("a"))
		n := left("b")
		n.AbandonedAt, n.Test = t0.Add(us), true
		s.post(n)
		s.until(half)
		s.wantMails("a 1-0")
		if got, want := s.checkout("b").ExpiresAt, t0.Add(us+3*day+s.store.MaxLate+day); !got.Equal(want) {
			t.Errorf("the test expires at %v, want a day after its last reminder, %v", got, want)
		}
		s.until(half + us)
		s.wantMails("a 1-0", "b 1-0")
		if to := s.mailer.Sent()[1].To; len(to) != 1 || to[0].Email != "qa@example.com" {
			t.Errorf("the test went to %v, want the store's own people", to)
		}
	})
}

// Promise 3: a task that comes early waits, or is refused and its exact task made.
func TestEarlyTask(t *testing.T) {
	t.Parallel()
	due := t0.Add(half)
	t.Run("a little: it waits", func(t *testing.T) {
		t.Parallel()
		s := open(t, nil)
		s.post(left("a"))
		s.clock.Set(due.Add(-5 * time.Second))
		if v, err := s.remind("a", 1, 0); v != send || err != nil {
			t.Errorf("got %+v, %v; want it sent", v, err)
		}
		if at := s.checkout("a").LastSent[0]; at.Before(due) {
			t.Errorf("sent at %v, want not before %v", at, due)
		}
	})
	t.Run("more: refused", func(t *testing.T) {
		t.Parallel()
		s := open(t, nil)
		s.post(left("a"))
		s.queue.Purge()
		s.sweeping = false
		s.clock.Set(due.Add(-5*time.Second - us))
		if v, err := s.remind("a", 1, 0); v.Do != recovery.Wait || !errors.Is(err, recovery.ErrEarly) {
			t.Errorf("got %+v, %v; want it refused", v, err)
		}
		s.wantMails()
		if tasks := s.queue.Pending(); len(tasks) != 1 || !tasks[0].At.Equal(due) || tasks[0].Name() == s.task("a", 1, 0).Name() {
			t.Errorf("tasks %+v, want one with a name of its own at %v", tasks, due)
		}
		if _, err := s.remind("a", 1, 0); !errors.Is(err, recovery.ErrEarly) || len(s.queue.Pending()) != 1 {
			t.Errorf("early again: %v, %d tasks; want ErrEarly and the one task", err, len(s.queue.Pending()))
		}
		s.until(half)
		s.wantMails("a 1-0")
	})
	t.Run("the queue is away: asked for again", func(t *testing.T) {
		t.Parallel()
		s := open(t, nil)
		s.post(left("a"))
		s.queue.FailNext(recovery.ErrOverload)
		if _, err := s.remind("a", 1, 0); !errors.Is(err, recovery.ErrOverload) {
			t.Errorf("got %v, want ErrOverload", err)
		}
	})
}

// Offsets beyond the queue's horizon travel by hops and arrive on time.
func TestFarReminders(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.sweeping = false
	s.store.Steps = []recovery.Step{{After: recovery.TaskHorizon, Template: "first"}, {After: 45 * day, Template: "second"}, {After: 100 * day, Template: "last"}}
	s.post(left("a"))
	for _, task := range s.queue.Pending() {
		if task.At.Sub(t0) > recovery.TaskHorizon {
			t.Errorf("task %s is %v ahead, want at most %v", task.Name(), task.At.Sub(t0), recovery.TaskHorizon)
		}
	}
	s.until(recovery.TaskHorizon)
	s.wantMails("a 1-0")
	var names []string
	for _, task := range s.queue.Pending() {
		names = append(names, task.Name())
	}
	if want := []string{s.task("a", 1, 1).Name(), s.task("a", 1, 2).Name() + "-h2"}; !slices.Equal(names, want) {
		t.Errorf("after the first hops: tasks %v, want the exact one and the second hop: %v", names, want)
	}
	if len(s.retries) > 0 {
		t.Errorf("%d hops were refused, want them done", len(s.retries))
	}
	s.until(45*day - us)
	s.wantMails("a 1-0")
	s.until(45 * day)
	s.wantMails("a 1-0", "a 1-1")
	s.until(100*day - us)
	s.wantMails("a 1-0", "a 1-1")
	s.until(100 * day)
	s.wantMails("a 1-0", "a 1-1", "a 1-2")
}

// Promise 2: the same task any number of times, also at the same instant.
func TestDuplicateDispatch(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.post(left("a"))
	s.clock.Set(t0.Add(half))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := s.remind("a", 1, 0); err != nil && !errors.Is(err, recovery.ErrBusy) {
				t.Errorf("got %v, want nil or ErrBusy", err)
			}
		})
	}
	wg.Wait()
	if v, err := s.remind("a", 1, 0); v != nothing || err != nil {
		t.Errorf("once more: got %+v, %v; want nothing to do", v, err)
	}
	s.wantMails("a 1-0")
}

// A restart while a claim of the old generation is in flight loses and doubles
// nothing.
func TestRestartDuringClaim(t *testing.T) {
	t.Parallel()
	restart := func(s *shop) {
		n := left("a")
		n.AbandonedAt, n.Items = s.clock.Now(), recovery.Given([]recovery.Item{{ID: "cup", Quantity: 1}})
		s.post(n)
	}
	t.Run("sent", func(t *testing.T) {
		t.Parallel()
		s := open(t, nil)
		s.store.Cooldown.SameStep = 0
		mailer := s.Mailer
		s.Mailer = mailerFunc(func(ctx context.Context, m recovery.Mail) (string, error) {
			if len(s.mailer.Sent()) == 0 {
				restart(s)
			}
			return mailer.Send(ctx, m)
		})
		s.post(left("a"))
		s.until(4 * day)
		s.wantMails("a 1-0", "a 2-0", "a 2-1", "a 2-2")
		s.wantReminders("a", 1, "sent", "skipped superseded", "skipped superseded")
	})
	t.Run("refused for now", func(t *testing.T) {
		t.Parallel()
		s := open(t, nil)
		calls := 0
		s.Mailer = mailerFunc(func(ctx context.Context, m recovery.Mail) (string, error) {
			if calls++; calls == 1 {
				restart(s)
				return "", &recovery.SendError{Kind: recovery.ErrOverload, Detail: "503"}
			}
			return s.mailer.Send(ctx, m)
		})
		s.post(left("a"))
		s.until(4 * day)
		s.wantMails("a 2-0", "a 2-1", "a 2-2")
		s.wantReminders("a", 1, "skipped superseded", "skipped superseded", "skipped superseded")
	})
	t.Run("ordered meanwhile", func(t *testing.T) {
		t.Parallel()
		s := open(t, nil)
		s.Mailer = mailerFunc(func(context.Context, recovery.Mail) (string, error) {
			s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "a"})
			return "", &recovery.SendError{Kind: recovery.ErrOverload, Detail: "503"}
		})
		s.post(left("a"))
		s.until(4 * day)
		s.wantReminders("a", 1, "skipped ordered", "skipped ordered", "skipped ordered")
	})
}

// What a checkout is judged by outlives it, also where its reminders reach beyond the
// retention, and where a short-lived test shares it.
func TestAnchorsOutliveCheckout(t *testing.T) {
	t.Parallel()
	for _, test := range []bool{false, true} {
		s := open(t, nil)
		s.store.Steps = []recovery.Step{{After: 200 * day, Template: "first"}}
		if test {
			s.store.Steps = recovery.DefaultSteps()
		}
		db := &recordingDB{DB: s.db}
		s.DB = db
		n := left("a")
		n.Test = test
		c, _ := s.post(n)
		least := t0.Add(s.store.Retention)
		if c.ExpiresAt.After(least) {
			least = c.ExpiresAt
		}
		if got := db.last.Shoppers[0].ExpiresAt; got.Before(least) {
			t.Errorf("test %v: the shopper expires at %v, want not before %v", test, got, least)
		}
		if got := db.last.Carts[0].ExpiresAt; got.Before(least) {
			t.Errorf("test %v: the cart expires at %v, want not before %v", test, got, least)
		}
	}
}

// recordingDB keeps the last commit.
type recordingDB struct {
	recovery.DB
	last recovery.Change
}

func (d *recordingDB) Commit(ctx context.Context, store string, ch recovery.Change) error {
	d.last = ch
	return d.DB.Commit(ctx, store, ch)
}

// Cool-downs count what was handed over, not what was refused.
func TestCooldownMarks(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.store.EachCheckout = true
	s.store.Cooldown.BetweenMessages = day
	s.mailer.FailNext(&recovery.SendError{Kind: recovery.ErrRejected, Detail: "400"})
	s.post(left("a"))
	n := left("b")
	n.AbandonedAt = t0.Add(time.Minute)
	s.post(n)
	n = left("c")
	n.AbandonedAt = t0.Add(2 * time.Minute)
	s.post(n)
	s.until(time.Hour)
	s.wantMails("b 1-0")
	s.wantReminders("a", 1, "failed rejected", "scheduled", "scheduled")
	s.wantReminders("c", 1, "skipped cooldown", "scheduled", "scheduled")
}

func TestUnknownStore(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	if _, _, err := s.RecordCheckout(t.Context(), "gone", left("a")); !errors.Is(err, recovery.ErrNoStore) {
		t.Errorf("a checkout: got %v, want ErrNoStore", err)
	}
	if _, err := s.RecordOrder(t.Context(), "gone", recovery.OrderNews{OrderID: "o", Email: anAddress}); !errors.Is(err, recovery.ErrNoStore) {
		t.Errorf("an order: got %v, want ErrNoStore", err)
	}
	s.post(left("a"))
	s.Stores = nil
	s.queue.Purge() // the sweep still knows how to bring it to its end
	s.clock.Set(t0.Add(half))
	if _, err := s.remind("a", 1, 0); !errors.Is(err, recovery.ErrNoStore) {
		t.Errorf("its reminder: got %v, want ErrNoStore", err)
	}
	s.until(4 * day)
	s.wantMails()
	s.wantReminders("a", 1, "skipped stale", "skipped stale", "skipped stale")
	for step := range 3 { // promise 4: also what Cloud Tasks still repeats
		if v, err := s.remind("a", 1, step); v != nothing || err != nil {
			t.Errorf("step %d afterwards: got %+v, %v; want nothing to do", step, v, err)
		}
	}
}

func TestStoreComesBack(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.post(left("a"))
	stores := s.Stores
	s.Stores = nil
	s.until(half + 5*time.Hour)
	s.Stores = stores
	s.until(4 * day)
	s.wantMails("a 1-0", "a 1-1", "a 1-2")
}
