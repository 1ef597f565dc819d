package recovery_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/recovery/recoverytest"
)

// Promise 1: a storefront whose clock is ahead of ours (five minutes are accepted)
// places its order right after its checkout.
func TestFastStorefront(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	n := left("a")
	n.AbandonedAt = t0.Add(2 * time.Minute)
	s.post(n)
	s.clock.Set(t0.Add(time.Minute))
	s.order(recovery.OrderNews{OrderID: "o", Email: anAddress, CartID: "cart-a", PlacedAt: t0.Add(3 * time.Minute)})
	s.until(100 * time.Hour)
	s.wantReminders("a", 1, "skipped ordered", "skipped ordered", "skipped ordered")
}

// Promise 1: a stub passes on the latest of its orders.
func TestStubPassesOnLatestOrder(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.order(recovery.OrderNews{OrderID: "o1", CheckoutID: "a", PlacedAt: t0.Add(-time.Hour)})
	s.clock.Set(t0.Add(time.Minute))
	s.order(recovery.OrderNews{OrderID: "o2", CheckoutID: "a", PlacedAt: t0.Add(time.Minute)})
	b := left("b")
	b.CartID = recovery.Given("cart-b")
	s.post(b)
	a := left("a")
	a.AbandonedAt = t0.Add(-2 * time.Hour)
	s.post(a)
	s.until(100 * time.Hour)
	s.wantReminders("b", 1, "skipped ordered", "skipped ordered", "skipped ordered")
}

// Promise 4: T never goes back, or the checkout would supersede itself.
func TestRestartDoesNotSupersedeItself(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	n := left("a")
	n.AbandonedAt = time.Time{} // T is the arrival
	s.post(n)
	s.clock.Set(t0.Add(5 * time.Minute))
	m := left("a")
	m.AbandonedAt, m.UpdatedAt = t0.Add(-2*time.Second), t0.Add(5*time.Minute)
	m.Items = recovery.Given([]recovery.Item{{ID: "lamp", Quantity: 1}})
	s.post(m)
	s.until(100 * time.Hour)
	s.wantReminders("a", 2, "sent", "sent", "sent")
}

// Promise 4: a checkout that cannot be swept does not keep the sweep from others.
func TestSweepPassesOverFaults(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	for i := range 3 {
		n := left(strconv.Itoa(i))
		n.Email = fmt.Sprintf("p%d@example.net", i)
		n.AbandonedAt = t0.Add(time.Duration(i) * time.Second)
		s.post(n)
	}
	s.queue.Purge()
	s.Service.Queue = faultyQueue{s.queue, recovery.CheckoutKey("default", "0")}
	s.clock.Set(t0.Add(31 * time.Minute))
	if _, err := s.Sweep(t.Context()); err == nil {
		t.Error("the fault was not reported")
	}
	for _, task := range s.queue.Take(s.clock.Now()) {
		if _, err := s.Remind(t.Context(), task); err != nil {
			t.Error(err)
		}
	}
	s.wantReminders("1", 1, "sent", "scheduled", "scheduled")
	s.wantReminders("2", 1, "sent", "scheduled", "scheduled")
}

// faultyQueue has no place for one checkout's tasks.
type faultyQueue struct {
	recovery.Queue
	checkout string
}

func (q faultyQueue) Create(ctx context.Context, t recovery.Task) error {
	if t.Checkout == q.checkout {
		return errors.New("its queue is gone")
	}
	return q.Queue.Create(ctx, t)
}

// Promises 2 and 4: the claim was made, but its answer lost, in whatever way: nothing
// was sent, so the reminder is not unknown and goes out.
func TestClaimsAnswerLost(t *testing.T) {
	t.Parallel()
	t.Run("by an error that says nothing", func(t *testing.T) {
		t.Parallel()
		s := open(t, nil)
		s.post(left("a"))
		s.clock.Set(t0.Add(30 * time.Minute))
		s.db.LoseNext(errors.New("rpc error: code = Internal desc = stream terminated by RST_STREAM"))
		s.until(40 * time.Minute)
		s.wantReminders("a", 1, "sent", "scheduled", "scheduled")
	})
	t.Run("until the deadline", func(t *testing.T) {
		t.Parallel()
		s := open(t, nil)
		s.post(left("a"))
		s.clock.Set(t0.Add(30 * time.Minute))
		s.Service.DB = &silentOnce{DB: s.db}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		for _, task := range s.queue.Take(s.clock.Now()) {
			if _, err := s.Remind(ctx, task); !errors.Is(err, recovery.ErrOverload) {
				t.Errorf("got %v, want ErrOverload", err)
			}
		}
		s.wantReminders("a", 1, "scheduled", "scheduled", "scheduled")
		s.until(time.Hour)
		s.wantReminders("a", 1, "sent", "scheduled", "scheduled")
	})
}

// silentOnce does the first update, and does not answer.
type silentOnce struct {
	*recoverytest.DB
	done bool
}

func (d *silentOnce) UpdateCheckout(ctx context.Context, store, key string, need recovery.Need, decide func(recovery.Case) (recovery.Change, error)) error {
	err := d.DB.UpdateCheckout(ctx, store, key, need, decide)
	if d.done {
		return err
	}
	d.done = true
	<-ctx.Done()
	return fmt.Errorf("%w: %w", recovery.ErrOverload, ctx.Err())
}

// Promises 2 and 4: one error on recording an outcome does not make it unknown.
func TestOutcomeIsRecordedAgain(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]error{
		"accepted": nil,
		"refused":  &recovery.SendError{Kind: recovery.ErrOverload, Detail: "503"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			s.post(left("a"))
			first := true
			s.Service.Mailer = mailerFunc(func(ctx context.Context, m recovery.Mail) (string, error) {
				if first {
					first = false
					s.db.FailNext(errors.New("rpc error: code = Internal"))
					if answer != nil {
						return "", answer
					}
				}
				return s.mailer.Send(ctx, m)
			})
			s.until(2 * time.Hour)
			s.wantReminders("a", 1, "sent", "scheduled", "scheduled")
			if n := len(s.mailer.Sent()); n != 1 {
				t.Errorf("%d mails went out, want 1", n)
			}
		})
	}
}

// The deadlines of a run together stay below the 30 s that Cloud Tasks waits.
func TestDeadlinesAddUp(t *testing.T) {
	t.Parallel()
	d := recovery.DefaultDeadlines()
	if sum := 5*time.Second + d.Claim + d.Send + d.Outcome; sum >= 29*time.Second {
		t.Errorf("a run may take %v", sum)
	}
}

// A task for the window's opening that is a moment early is waited for, and one that
// is much too early comes again. Promise 3.
func TestOpeningsTaskIsEarly(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		early time.Duration
		err   error
		mails int
	}{
		"a moment": {100 * time.Millisecond, nil, 1},
		"much":     {time.Minute, recovery.ErrEarly, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := testStore()
			st.Window = &recovery.SendWindow{From: 8 * time.Hour, To: 21 * time.Hour}
			st.MaxLate, st.Steps = 24*time.Hour, st.Steps[:1]
			s := open(t, st)
			s.post(left("a"))
			s.sweeping = false
			s.clock.Set(t0.Add(12 * time.Hour)) // 22:00, closed
			s.runDue()
			pending := s.queue.Pending()
			if len(pending) != 1 {
				t.Fatalf("%d tasks wait for the opening, want 1", len(pending))
			}
			s.clock.Set(pending[0].At.Add(-tc.early))
			if _, err := s.Remind(t.Context(), pending[0]); !errors.Is(err, tc.err) {
				t.Errorf("got %v, want %v", err, tc.err)
			}
			if n := len(s.mailer.Sent()); n != tc.mails {
				t.Errorf("%d mails went out, want %d", n, tc.mails)
			}
		})
	}
}

// Promise 7: an outcome that was unknown is not forgotten when the resend is refused.
func TestRefusedResendStaysUnknown(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]error{
		"overloaded": &recovery.SendError{Kind: recovery.ErrOverload, Detail: "503"},
		"rejected":   &recovery.SendError{Kind: recovery.ErrRejected, Detail: "400"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := testStore()
			st.ResendUnknown, st.Steps = true, st.Steps[:1]
			s := open(t, st)
			s.post(left("a"))
			s.mailer.LoseNext(&recovery.SendError{Kind: recovery.ErrUnknown, Detail: "lost"})
			s.until(31 * time.Minute)
			s.wantReminders("a", 1, "unknown")
			s.mailer.FailAll(refusal)
			s.until(10 * time.Hour)
			s.wantReminders("a", 1, "unknown")
			if n := len(s.mailer.Sent()); n != 1 {
				t.Errorf("%d mails went out, want 1", n)
			}
			if c := s.checkout("a"); !c.CheckAt.IsZero() {
				t.Errorf("the sweep looks again at %v, want never", c.CheckAt)
			}
		})
	}
}

// A repeated call makes sure of the tasks that are due at once, which its first try
// may not have come to. Promises 4 and 6.
func TestRepeatedCallEnqueuesWhatIsDue(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	n := left("a")
	n.AbandonedAt = t0.Add(-40 * time.Minute)
	s.db.LoseNext(recovery.ErrOverload)
	if _, _, err := s.RecordCheckout(t.Context(), "default", n); !errors.Is(err, recovery.ErrOverload) {
		t.Fatalf("got %v, want ErrOverload", err)
	}
	s.post(n)
	if pending := len(s.queue.Pending()); pending != 3 {
		t.Errorf("%d tasks are pending, want 3", pending)
	}
}

// A due instant in base 36 is no hop, though it may begin like one.
func TestHopsAreShort(t *testing.T) {
	t.Parallel()
	st := testStore()
	st.Steps = st.Steps[:1]
	s := open(t, st)
	s.post(left("a"))
	task := s.queue.Pending()[0]
	for suffix, want := range map[string]error{"h1": nil, "h0123456789": recovery.ErrEarly} {
		task.Suffix = suffix
		if _, err := s.Remind(t.Context(), task); !errors.Is(err, want) {
			t.Errorf("suffix %s: got %v, want %v", suffix, err, want)
		}
	}
}

// However many generations a checkout has, its document stays small.
func TestGenerationsAreBounded(t *testing.T) {
	t.Parallel()
	st := testStore()
	st.Steps = st.Steps[:1]
	s := open(t, st)
	s.mailer.FailAll(&recovery.SendError{Kind: recovery.ErrRejected, Detail: "400"})
	for i := range 150 {
		n := left("a")
		n.AbandonedAt = s.clock.Now()
		s.post(n)
		s.until(time.Duration(i+1) * 35 * time.Minute)
	}
	if n := len(s.checkout("a").Reminders); n > 110 {
		t.Errorf("%d reminders are kept", n)
	}
}
