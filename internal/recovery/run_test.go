package recovery_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// A run tells what it recorded of the reminder, how late it was and what became of
// its mail.
func TestRunsTell(t *testing.T) {
	t.Parallel()
	late := 90 * time.Second
	sent := func(state recovery.State, reason recovery.Reason, mail recovery.MailOutcome) recovery.Run {
		return recovery.Run{Verdict: recovery.Verdict{Do: recovery.Send, Reason: reason}, State: state, Late: late, Mail: mail}
	}
	for _, tc := range []struct {
		name   string
		before func(*shop) // at the due instant, before the run
		want   recovery.Run
	}{
		{"sent", func(*shop) {}, sent(recovery.Sent, "", recovery.MailAccepted)},
		{"rejected", func(s *shop) { s.mailer.FailNext(refused(recovery.ErrRejected, "400")) }, sent(recovery.Failed, recovery.ReasonRejected, recovery.MailRejected)},
		{"unknown", func(s *shop) { s.mailer.LoseNext(refused(recovery.ErrUnknown, "reset")) }, sent(recovery.Unknown, "", recovery.MailUnknown)},
		{"an adapter that does not say", func(s *shop) { s.mailer.LoseNext(context.Canceled) }, sent(recovery.Unknown, "", recovery.MailUnknown)},
		{"overload", func(s *shop) { s.mailer.FailNext(refused(recovery.ErrOverload, "503")) }, sent(recovery.Scheduled, "", recovery.MailOverload)},
		{"deployment", func(s *shop) { s.mailer.FailNext(refused(recovery.ErrDeployment, "401")) }, sent(recovery.Scheduled, "", recovery.MailDeployment)},
		{"a template that cannot be rendered", func(s *shop) { s.Renderer = brokenRenderer{} }, sent(recovery.Scheduled, "", "")},
		{
			"skipped", func(s *shop) { s.order(recovery.OrderNews{OrderID: "o", Email: anAddress, PlacedAt: t0}); s.reopen() },
			recovery.Run{Verdict: skip(recovery.ReasonOrdered), State: recovery.Skipped, Late: late},
		},
		{
			"given up", func(s *shop) {
				s.mailer.FailNext(refused(recovery.ErrOverload, "503"))
				_, _ = s.remind("a", 1, 0)
				s.clock.Set(t0.Add(half + 7*time.Hour))
			},
			recovery.Run{Verdict: failed, State: recovery.Failed, Late: 7 * time.Hour},
		},
		{"ended before", func(s *shop) { _, _ = s.remind("a", 1, 0) }, recovery.Run{Verdict: nothing}},
		{
			"the claim ran out", func(s *shop) {
				s.Mailer = mailerFunc(func(context.Context, recovery.Mail) (string, error) { panic(errDied) })
				_ = s.dispatch(s.task("a", 1, 0))
				s.clock.Set(s.clock.Now().Add(time.Minute))
			},
			recovery.Run{Verdict: recovery.Verdict{Do: recovery.Lose}, State: recovery.Unknown},
		},
		{"the claim cannot be written", func(s *shop) { s.db.FailAll(recovery.ErrOverload) }, recovery.Run{}},
		{
			"the outcome cannot be written", func(s *shop) {
				s.Mailer = mailerFunc(func(ctx context.Context, m recovery.Mail) (string, error) {
					s.db.FailAll(recovery.ErrOverload)
					return s.mailer.Send(ctx, m)
				})
			}, sent("", "", recovery.MailAccepted),
		},
		{
			"a skip's answer is lost, and Firestore is away then", func(s *shop) {
				s.order(recovery.OrderNews{OrderID: "o", Email: anAddress, PlacedAt: t0})
				s.reopen()
				s.db.LoseNext(recovery.ErrOverload)
				s.db.FailNext(recovery.ErrOverload)
			}, recovery.Run{Verdict: skip(recovery.ReasonOrdered), Late: late},
		},
		{"the claim's answer is lost", func(s *shop) { s.db.LoseNext(recovery.ErrOverload) }, sent(recovery.Sent, "", recovery.MailAccepted)},
		{
			"the answer to a refusal's record is lost", func(s *shop) {
				s.Mailer = mailerFunc(func(context.Context, recovery.Mail) (string, error) {
					s.db.LoseNext(recovery.ErrOverload)
					return "", refused(recovery.ErrOverload, "503")
				})
			}, sent(recovery.Scheduled, "", recovery.MailOverload),
		},
		{
			"erased meanwhile", func(s *shop) {
				s.Mailer = mailerFunc(func(ctx context.Context, m recovery.Mail) (string, error) {
					s.change("a", func(c *recovery.Checkout) { c.Status = recovery.StatusErased })
					return s.mailer.Send(ctx, m)
				})
			}, sent("", "", recovery.MailAccepted),
		},
		{"of a store that is gone", func(s *shop) { s.Stores = nil }, recovery.Run{Verdict: nothing}},
		{
			"of a store that is gone, in the end", func(s *shop) { s.Stores = nil; s.clock.Set(t0.Add(half + 7*time.Hour)) },
			recovery.Run{Verdict: skip(recovery.ReasonStale), State: recovery.Skipped, Late: 7 * time.Hour},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			s.post(left("a"))
			s.clock.Set(t0.Add(half + late))
			tc.before(s)
			got, _ := s.remind("a", 1, 0)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("the run (-want +got):\n%s", diff)
			}
		})
	}
}

// change changes a recorded checkout, as another request would.
func (s *shop) change(id string, f func(*recovery.Checkout)) {
	s.Helper()
	err := s.db.UpdateCheckout(context.Background(), s.store.ID, recovery.CheckoutKey(s.store.ID, id), recovery.CheckoutOnly, func(k recovery.Case) (recovery.Change, error) {
		f(k.Checkout)
		return recovery.Change{Update: []*recovery.Checkout{k.Checkout}}, nil
	})
	if err != nil {
		s.Fatalf("changing the checkout: %v", err)
	}
}

// reopen makes the example's checkout look as if its order had not found it.
func (s *shop) reopen() {
	s.change("a", func(c *recovery.Checkout) {
		c.Status, c.Order = recovery.StatusOpen, nil
		for id, r := range c.Reminders {
			r.State, r.Reason = recovery.Scheduled, ""
			c.Reminders[id] = r
		}
	})
}

// A reminder that waits counts as scheduled, and is late from the instant that it
// waited for.
func TestLateness(t *testing.T) {
	t.Parallel()
	waits := func(do recovery.Action, until time.Time) recovery.Run {
		return recovery.Run{Verdict: recovery.Verdict{Do: do, Until: until}, State: recovery.Scheduled}
	}
	mailed := func(late time.Duration) recovery.Run {
		return recovery.Run{Verdict: send, State: recovery.Sent, Late: late, Mail: recovery.MailAccepted}
	}
	due, opening := t0.Add(half), t0.Add(2*time.Hour)
	for _, tc := range []struct {
		name string
		at   []time.Duration // of the runs, since t0
		want []recovery.Run
	}{
		{"too early, then on time", []time.Duration{0, half}, []recovery.Run{waits(recovery.Wait, due), mailed(0)}},
		{"a little early", []time.Duration{half - 3*time.Second}, []recovery.Run{mailed(0)}},
		{"late", []time.Duration{half + 59*time.Second}, []recovery.Run{mailed(59 * time.Second)}},
		{
			"late, closed, after the opening",
			[]time.Duration{time.Hour, 2*time.Hour + time.Second},
			[]recovery.Run{waits(recovery.Later, opening), mailed(time.Second)},
		},
		{"closed, for a moment", []time.Duration{2*time.Hour - time.Second}, []recovery.Run{mailed(0)}},
		{"nobody came before the opening", []time.Duration{2*time.Hour + time.Second}, []recovery.Run{mailed(90*time.Minute + time.Second)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			s.store.Window = &recovery.SendWindow{From: clockTime(12, 0), To: clockTime(10, 45)}
			s.post(left("a"))
			for i, at := range tc.at {
				s.clock.Set(t0.Add(at))
				got, _ := s.remind("a", 1, 0)
				if diff := cmp.Diff(tc.want[i], got); diff != "" {
					t.Errorf("run %d (-want +got):\n%s", i, diff)
				}
			}
		})
	}
}

// A reminder whose unknown outcome is left as it is tells that once more, and why; one
// that waits for a window does not.
func TestUnknownTells(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		before func(*shop)
		want   recovery.Run
	}{
		{
			"not tried again", func(s *shop) { s.order(recovery.OrderNews{OrderID: "o", Email: anAddress}) },
			recovery.Run{Verdict: skip(recovery.ReasonOrdered), State: recovery.Unknown, Late: time.Hour},
		},
		{
			"waits", func(s *shop) { s.store.Window = &recovery.SendWindow{From: clockTime(12, 0), To: clockTime(11, 0)} },
			recovery.Run{Verdict: recovery.Verdict{Do: recovery.Later, Until: t0.Add(2 * time.Hour)}},
		},
		{
			"tried again and refused", func(s *shop) { s.mailer.FailNext(refused(recovery.ErrRejected, "400")) },
			recovery.Run{Verdict: send, State: recovery.Unknown, Late: time.Hour, Mail: recovery.MailRejected},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			s.store.ResendUnknown = true
			s.post(left("a"))
			s.clock.Set(t0.Add(half))
			s.mailer.LoseNext(refused(recovery.ErrUnknown, "reset"))
			if _, err := s.remind("a", 1, 0); err != nil {
				t.Fatal(err)
			}
			s.clock.Set(t0.Add(half + time.Hour))
			tc.before(s)
			got, _ := s.remind("a", 1, 0)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("the run (-want +got):\n%s", diff)
			}
		})
	}
}
