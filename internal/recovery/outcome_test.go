package recovery_test

import (
	"context"
	"errors"
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

// decidesOnly is a DB whose next update decides and does not commit.
type decidesOnly struct {
	recovery.DB
	times int
}

func (d *decidesOnly) UpdateCheckout(ctx context.Context, store, key string, need recovery.Need, decide func(recovery.Case) (recovery.Change, error)) error {
	if d.times--; d.times < 0 {
		return d.DB.UpdateCheckout(ctx, store, key, need, decide)
	}
	err := d.DB.UpdateCheckout(ctx, store, key, need, func(k recovery.Case) (recovery.Change, error) {
		_, _ = decide(k)
		return recovery.Change{}, recovery.ErrOverload
	})
	return err
}

// Promise 2: without a claim that is there for certain nothing is mailed.
func TestNoClaimNoMail(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.post(left("a"))
	s.clock.Set(t0.Add(half))
	s.DB = &decidesOnly{s.db, 2}
	if _, err := s.remind("a", 1, 0); !errors.Is(err, recovery.ErrOverload) {
		t.Errorf("got %v, want ErrOverload", err)
	}
	s.wantMails()
	s.until(half + time.Minute)
	s.wantMails("a 1-0")
}

// Every mail of the period counts for the cap, however far they are apart.
func TestCapCountsAllOfThePeriod(t *testing.T) {
	t.Parallel()
	for _, apart := range []time.Duration{time.Minute, time.Hour, 2 * day} {
		store := testStore()
		store.EachCheckout, store.MaxLate, store.Cap = true, 30*day, recovery.Cap{Messages: 2, Per: 7 * day}
		store.Steps = store.Steps[:1]
		s := open(t, store)
		s.sweeping = false
		for i, id := range []string{"a", "b", "c"} {
			s.post(left(id))
			s.clock.Set(t0.Add(half + time.Duration(i)*apart))
			if _, err := s.remind(id, 1, 0); err != nil {
				t.Fatal(err)
			}
		}
		s.wantMails("a 1-0", "b 1-0")
		s.wantReminders("c", 1, "skipped cooldown")
	}
}
