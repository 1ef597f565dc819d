package recovery_test

import (
	"context"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// The mail service has its own deadline, so that its silence leaves time to record
// what is known.
func TestSendHasADeadline(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.post(left("a"))
	s.clock.Set(t0.Add(half))
	limited := false
	s.Mailer = mailerFunc(func(ctx context.Context, m recovery.Mail) (string, error) {
		_, limited = ctx.Deadline()
		return s.mailer.Send(ctx, m)
	})
	if _, err := s.Remind(t.Context(), s.task("a", 1, 0)); err != nil {
		t.Fatal(err)
	}
	if !limited {
		t.Error("the mail service was called without a deadline")
	}
}

// Promise 2: a run that comes back long after its claim ran out leaves the claim of the
// one more try alone, whose own outcome is still to come.
func TestOutcomeLeavesAnothersClaim(t *testing.T) {
	t.Parallel()
	for name, outcome := range map[string]error{
		"refused for now": refused(recovery.ErrOverload, "503"),
		"rejected":        refused(recovery.ErrRejected, "400"),
		"unknown":         refused(recovery.ErrUnknown, "timeout"),
		"accepted":        nil,
	} {
		store := testStore()
		store.ResendUnknown = true
		s := open(t, store)
		s.post(left("a"))
		s.clock.Set(t0.Add(half))
		id := recovery.ReminderID{Generation: 1}
		var claim recovery.Reminder
		s.Mailer = mailerFunc(func(context.Context, recovery.Mail) (string, error) {
			s.clock.Set(s.clock.Now().Add(recovery.ClaimFor))
			if v, err := s.remind("a", 1, 0); v.Do != recovery.Lose || err != nil {
				t.Errorf("%s: got %+v, %v; want the claim lost", name, v, err)
			}
			s.clock.Set(s.clock.Now().Add(10 * time.Minute))
			s.Mailer = mailerFunc(func(context.Context, recovery.Mail) (string, error) { panic(errDied) })
			if err := s.dispatch(s.task("a", 1, 0)); err != errDied {
				t.Errorf("%s: got %v, want the one more try to die with its claim", name, err)
			}
			claim = s.checkout("a").Reminders[id]
			return "late", outcome
		})
		_, _ = s.remind("a", 1, 0)
		if got := s.checkout("a").Reminders[id]; got != claim || got.State != recovery.Claimed {
			t.Errorf("%s: got %+v, want the other's claim as it was: %+v", name, got, claim)
		}
	}
}

// A mail that was refused does not count against the cap of its shopper.
func TestRefusedMailDoesNotCount(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]error{
		"for now": recovery.ErrOverload, "all of us": recovery.ErrDeployment, "for good": recovery.ErrRejected,
	} {
		store := testStore()
		store.EachCheckout, store.Cap = true, recovery.Cap{Messages: 1, Per: 7 * day}
		s := open(t, store)
		s.post(left("a"))
		s.post(left("b"))
		s.clock.Set(t0.Add(half))
		s.mailer.FailNext(refused(kind, "no"))
		_, _ = s.remind("a", 1, 0)
		if v, err := s.remind("b", 1, 0); v.Do != recovery.Send || err != nil {
			t.Errorf("%s: got %+v, %v; want the other mail sent", name, v, err)
		}
	}
}

// A message says whom it went to, though the checkout has another address by the time
// the outcome is recorded.
func TestMessageKeepsItsAddress(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]error{"sent": nil, "unknown": recovery.ErrUnknown} {
		s := open(t, nil)
		s.post(left("a"))
		s.clock.Set(t0.Add(half))
		s.Mailer = mailerFunc(func(context.Context, recovery.Mail) (string, error) {
			moved := left("a")
			moved.Email, moved.UpdatedAt = "new@example.net", s.clock.Now()
			s.post(moved)
			if kind != nil {
				return "", refused(kind, "no answer")
			}
			return "id", nil
		})
		if _, err := s.remind("a", 1, 0); err != nil {
			t.Fatal(err)
		}
		if got := s.db.Messages(); len(got) != 1 || got[0].Email != anAddress || got[0].Shopper != recovery.ShopperKey(s.store.IDKey, s.store.ID, anAddress) {
			t.Errorf("%s: got %+v, want one message to %s", name, got, anAddress)
		}
	}
}
