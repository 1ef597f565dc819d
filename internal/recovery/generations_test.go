package recovery_test

import (
	"context"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

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
