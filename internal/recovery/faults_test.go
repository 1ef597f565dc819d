package recovery_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

func refused(kind error, detail string) *recovery.SendError {
	return &recovery.SendError{Kind: kind, Detail: detail}
}

// Promise 2: an attempt that ended between claim and outcome is never repeated.
func TestDeathAfterClaim(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		send  func(*shop, recovery.Mail)
		mails []string
	}{
		{"before the mail", func(*shop, recovery.Mail) {}, nil},
		{"after the mail", func(s *shop, m recovery.Mail) { _, _ = s.mailer.Send(context.Background(), m) }, []string{"a 1-0"}},
	} {
		s := open(t, nil)
		s.store.Steps = s.store.Steps[:1]
		s.post(left("a"))
		s.Mailer = mailerFunc(func(_ context.Context, m recovery.Mail) (string, error) {
			c.send(s, m)
			panic(errDied)
		})
		s.until(half)
		if _, err := s.remind("a", 1, 0); !errors.Is(err, recovery.ErrBusy) {
			t.Errorf("%s: while the claim lasts: got %v, want ErrBusy", c.name, err)
		}
		s.until(day)
		s.wantMails(c.mails...)
		s.wantReminders("a", 1, "unknown")
		if c := s.checkout("a"); c.Status != recovery.StatusClosed || !c.CheckAt.IsZero() {
			t.Errorf("got %s, check at %v; want closed", c.Status, c.CheckAt)
		}
	}
}

// Promise 4: a claim whose task Cloud Tasks has lost ends too.
func TestDeathAndTaskLost(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.store.Steps = s.store.Steps[:1]
	s.post(left("a"))
	s.Mailer = mailerFunc(func(context.Context, recovery.Mail) (string, error) { panic(errDied) })
	s.until(half)
	s.retries = nil
	s.until(half + 2*time.Minute)
	s.wantReminders("a", 1, "unknown")
}

// An outcome that comes after its claim has run out still counts.
func TestOutcomeAfterClaimRanOut(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.post(left("a"))
	s.clock.Set(t0.Add(half))
	s.Mailer = mailerFunc(func(ctx context.Context, m recovery.Mail) (string, error) {
		s.clock.Set(s.clock.Now().Add(recovery.ClaimFor))
		if v, err := s.remind("a", 1, 0); v.Do != recovery.Lose || err != nil {
			t.Errorf("the next run: got %+v, %v; want it to find the claim lost", v, err)
		}
		s.wantReminders("a", 1, "unknown", "scheduled", "scheduled")
		return s.mailer.Send(ctx, m)
	})
	if _, err := s.remind("a", 1, 0); err != nil {
		t.Error(err)
	}
	s.wantReminders("a", 1, "sent", "scheduled", "scheduled")
	s.wantMails("a 1-0")
}

// The database fails at each point of a reminder's run.
func TestDatabaseFailsDuringRun(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		atClaim   func(*shop)
		atOutcome func(*shop)
		wantFirst error // of the first run
		want      string
	}{
		{"at the claim, nothing done", func(s *shop) { s.db.FailNext(recovery.ErrOverload); s.db.FailNext(recovery.ErrOverload) }, nil, recovery.ErrOverload, "sent"},
		{"the claim's own answer lost", func(s *shop) { s.db.LoseNext(recovery.ErrOverload) }, nil, nil, "sent"},
		{"the claim's conflict", func(s *shop) { s.db.FailNext(recovery.ErrConflict); s.db.FailNext(recovery.ErrConflict) }, nil, recovery.ErrConflict, "sent"},
		{"at the outcome, once", nil, func(s *shop) { s.db.FailNext(recovery.ErrOverload) }, nil, "sent"},
		{"at the outcome, again and again", nil, func(s *shop) {
			for range 8 {
				s.db.FailNext(recovery.ErrOverload)
			}
		}, recovery.ErrOverload, "unknown"},
		{"the outcome's answer lost", nil, func(s *shop) { s.db.LoseNext(recovery.ErrOverload) }, nil, "sent"},
	} {
		s := open(t, nil)
		s.store.Steps = s.store.Steps[:1]
		s.post(left("a"))
		s.queue.Purge()
		s.clock.Set(t0.Add(half))
		if c.atClaim != nil {
			c.atClaim(s)
		}
		s.Mailer = mailerFunc(func(ctx context.Context, m recovery.Mail) (string, error) {
			if c.atOutcome != nil {
				c.atOutcome(s)
			}
			return s.mailer.Send(ctx, m)
		})
		if _, err := s.remind("a", 1, 0); !errors.Is(err, c.wantFirst) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.wantFirst)
		}
		s.until(day)
		s.wantMails("a 1-0")
		s.wantReminders("a", 1, c.want)
	}
}

// A caller that hangs up while the mail goes out does not lose its outcome.
func TestCallerGoneDuringSend(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.post(left("a"))
	s.clock.Set(t0.Add(half))
	ctx, cancel := context.WithCancel(t.Context())
	s.Mailer = mailerFunc(func(ctx context.Context, m recovery.Mail) (string, error) {
		defer cancel()
		return s.mailer.Send(ctx, m)
	})
	if _, err := s.Remind(ctx, s.task("a", 1, 0)); err != nil {
		t.Errorf("got %v, want the run to end well", err)
	}
	s.wantReminders("a", 1, "sent", "scheduled", "scheduled")
}

// What the mail service answers, and what becomes of the reminder.
func TestMailServiceAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		fail      func(*shop)
		wantErr   error
		wantAfter string // the first run
		wantEnd   string
		mails     []string
	}{
		{"overloaded once", func(s *shop) { s.mailer.FailNext(refused(recovery.ErrOverload, "429")) }, recovery.ErrOverload, "scheduled", "sent", []string{"a 1-0"}},
		{"away for good", func(s *shop) { s.mailer.FailAll(refused(recovery.ErrOverload, "503")) }, recovery.ErrOverload, "scheduled", "failed provider", nil},
		{"away and silent", func(s *shop) { s.mailer.FailAll(refused(recovery.ErrOverload, "")) }, recovery.ErrOverload, "scheduled", "failed provider", nil},
		{"this mail refused", func(s *shop) { s.mailer.FailNext(refused(recovery.ErrRejected, "400")) }, nil, "failed rejected", "failed rejected", nil},
		{"our key refused once", func(s *shop) { s.mailer.FailNext(refused(recovery.ErrDeployment, "401")) }, recovery.ErrDeployment, "scheduled", "sent", []string{"a 1-0"}},
		{"our key refused for good", func(s *shop) { s.mailer.FailAll(refused(recovery.ErrDeployment, "401")) }, recovery.ErrDeployment, "scheduled", "failed provider", nil},
		{"accepted, the answer lost", func(s *shop) { s.mailer.LoseNext(refused(recovery.ErrUnknown, "reset")) }, nil, "unknown", "unknown", []string{"a 1-0"}},
		{"an error that does not say", func(s *shop) { s.mailer.LoseNext(errors.New("?")) }, nil, "unknown", "unknown", []string{"a 1-0"}},
		{"an error of no kind", func(s *shop) { s.mailer.LoseNext(&recovery.SendError{Detail: "?"}) }, nil, "unknown", "unknown", []string{"a 1-0"}},
	} {
		s := open(t, nil)
		s.store.Steps = s.store.Steps[:1]
		s.post(left("a"))
		c.fail(s)
		s.clock.Set(t0.Add(half))
		if _, err := s.remind("a", 1, 0); !errors.Is(err, c.wantErr) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.wantErr)
		}
		s.wantReminders("a", 1, c.wantAfter)
		s.until(day)
		s.wantReminders("a", 1, c.wantEnd)
		s.wantMails(c.mails...)
	}
}

func TestMailThatCannotBeRendered(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.store.Steps = s.store.Steps[:1]
	s.post(left("a"))
	s.Renderer = brokenRenderer{}
	s.clock.Set(t0.Add(half))
	if _, err := s.remind("a", 1, 0); !errors.Is(err, errBroken) || errors.Is(err, recovery.ErrOverload) {
		t.Errorf("got %v, want the renderer's own error", err)
	}
	s.until(day)
	s.wantMails()
	s.wantReminders("a", 1, "failed provider")
}

var errBroken = errors.New("broken template")

type brokenRenderer struct{}

func (brokenRenderer) Render(*recovery.Store, *recovery.Checkout, int, recovery.Reminder, recovery.Links) (recovery.Content, error) {
	return recovery.Content{}, errBroken
}

// A store that accepts a second mail gets one more try, and no third.
func TestResendUnknown(t *testing.T) {
	t.Parallel()
	unknown := refused(recovery.ErrUnknown, "reset")
	for _, c := range []struct {
		name  string
		again func(*shop)
		want  string
		mails int
	}{
		{"it goes out", func(*shop) {}, "sent", 2},
		{"unknown again", func(s *shop) { s.mailer.LoseNext(unknown) }, "unknown", 2},
		{"ordered meanwhile", func(s *shop) { s.order(recovery.OrderNews{OrderID: "o", Email: anAddress}) }, "unknown", 1},
	} {
		s := open(t, nil)
		s.store.Steps = s.store.Steps[:1]
		s.store.ResendUnknown = true
		s.post(left("a"))
		s.mailer.LoseNext(unknown)
		s.until(half + 10*time.Minute)
		s.wantMails("a 1-0")
		s.wantReminders("a", 1, "unknown")
		c.again(s)
		s.until(2 * day)
		s.wantReminders("a", 1, c.want)
		if got := len(s.mailer.Sent()); got != c.mails {
			t.Errorf("%s: %d mails, want %d", c.name, got, c.mails)
		}
		if at := s.checkout("a").CheckAt; !at.IsZero() {
			t.Errorf("%s: the sweep still looks at %v, want never", c.name, at)
		}
	}
}

// Promise 6: the database is away, or its answer lost, while a checkout or an order
// is told; telling it again succeeds without doubles.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		fail func(*shop)
	}{
		{"nothing done", func(s *shop) { s.db.FailNext(recovery.ErrOverload) }},
		{"done, the answer lost", func(s *shop) { s.db.LoseNext(recovery.ErrOverload) }},
	} {
		s := open(t, nil)
		c.fail(s)
		if _, _, err := s.RecordCheckout(t.Context(), "default", left("a")); !errors.Is(err, recovery.ErrOverload) {
			t.Errorf("%s: a checkout: got %v, want ErrOverload", c.name, err)
		}
		s.post(left("a"))
		wantOneCheckout(t, s)

		s = open(t, nil)
		s.post(left("a"))
		c.fail(s)
		order := recovery.OrderNews{OrderID: "o", CheckoutID: "a"}
		if _, err := s.RecordOrder(t.Context(), "default", order); !errors.Is(err, recovery.ErrOverload) {
			t.Errorf("%s: an order: got %v, want ErrOverload", c.name, err)
		}
		if result := s.order(order); len(result.Matched) != 1 {
			t.Errorf("%s: matched %v, want the checkout", c.name, result.Matched)
		}
		s.until(4 * day)
		s.wantMails()
	}
}

// An order starts anew where a checkout changed under it, and gives up in the end.
func TestOrderConflicts(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.post(left("a"))
	order := recovery.OrderNews{OrderID: "o", CheckoutID: "a"}
	s.DB = &busyDB{DB: s.db, conflicts: 10}
	s.order(order)
	s.DB = &busyDB{DB: s.db, conflicts: 1000}
	if _, err := s.RecordOrder(t.Context(), "default", order); !errors.Is(err, recovery.ErrConflict) {
		t.Errorf("got %v, want ErrConflict", err)
	}
}

// busyDB refuses its first commits as somebody else's work would.
type busyDB struct {
	recovery.DB
	conflicts int
}

func (d *busyDB) Commit(ctx context.Context, store string, ch recovery.Change) error {
	if d.conflicts--; d.conflicts >= 0 {
		return recovery.ErrConflict
	}
	return d.DB.Commit(ctx, store, ch)
}

// Promise 4: the database is away for a day; what became too late ends as stale,
// the rest goes out.
func TestDatabaseAwayForADay(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.post(left("a"))
	s.until(10 * time.Minute)
	s.db.FailAll(recovery.ErrOverload)
	for d := 10 * time.Minute; d < 20*time.Hour; d += 10 * time.Minute {
		s.clock.Set(t0.Add(d))
		for _, task := range s.queue.Take(s.clock.Now()) { // Cloud Tasks gives up on it
			_ = s.dispatch(task)
		}
	}
	s.db.FailAll(nil)
	s.until(4 * day)
	s.wantMails("a 1-1", "a 1-2")
	s.wantReminders("a", 1, "skipped stale", "sent", "sent")
}
