package recovery_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// The event is faster than the run that sent the mail: whatever that run then makes of
// its attempt, it is not taken back, and the row gets what only the run knows.
func TestEventBeforeOutcome(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		err      error
		wantErr  error
		provider string
	}{
		{"accepted", nil, nil, "provider-1"},
		{"unknown", refused(recovery.ErrUnknown, "lost"), nil, "event-id"},
		{"refused for good", refused(recovery.ErrRejected, "400"), nil, "event-id"},
		{"away", refused(recovery.ErrOverload, "503"), recovery.ErrOverload, "event-id"},
		{"refused as we are", refused(recovery.ErrDeployment, "401"), recovery.ErrDeployment, "event-id"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			s.store.Steps = s.store.Steps[:1]
			s.post(left("a"))
			s.clock.Set(t0.Add(half))
			s.Mailer = mailerFunc(func(ctx context.Context, m recovery.Mail) (string, error) {
				id, _ := s.mailer.Send(ctx, m)
				s.tell(event(recovery.EventDelivered, s.clock.Now()))
				return id, tc.err
			})
			s.queue.Purge()
			run, err := s.remind("a", 1, 0)
			if !errors.Is(err, tc.wantErr) || run.State != recovery.Sent {
				t.Errorf("the run: got %s, %v; want sent, %v", run.State, err, tc.wantErr)
			}
			s.until(2 * day)
			s.wantReminders("a", 1, "sent")
			s.wantMails("a 1-0")
			want := recovery.Message{
				Store: "default", Checkout: recovery.CheckoutKey("default", "a"), Reminder: recovery.ReminderID{Generation: 1}, CheckoutID: "a",
				Shopper: recovery.ShopperKey(s.store.IDKey, "default", anAddress), Email: anAddress, Subject: "a: step 0, first", Template: "first",
				State: recovery.Sent, Provider: tc.provider, SentAt: t0.Add(half), Delivered: t0.Add(half),
			}
			if diff := cmp.Diff(want, s.row(), cmpopts.IgnoreFields(recovery.Message{}, "ExpiresAt")); diff != "" {
				t.Errorf("the row (-want +got):\n%s", diff)
			}
			if len(s.db.ShopperMarks("default", want.Shopper)) != 1 {
				t.Error("the message does not count for its shopper, though it was sent")
			}
		})
	}
}

// The same, with the answers to the outcome's writes lost.
func TestEventBeforeOutcomeWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.post(left("a"))
	s.clock.Set(t0.Add(half))
	s.Mailer = mailerFunc(func(ctx context.Context, m recovery.Mail) (string, error) {
		s.tell(event(recovery.EventDelivered, s.clock.Now()))
		s.db.LoseNext(recovery.ErrOverload)
		s.db.FailNext(recovery.ErrOverload)
		return s.mailer.Send(ctx, m)
	})
	if run, err := s.remind("a", 1, 0); err != nil || run.State != recovery.Sent {
		t.Errorf("got %s, %v; want sent", run.State, err)
	}
	if row := s.row(); row.Subject == "" || row.Provider != "provider-1" {
		t.Errorf("the row is %+v, want it whole", row)
	}
}

// A claim that ran out leaves a row for a person to see, and the event mends it.
func TestEventAfterLostClaim(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.store.Steps = s.store.Steps[:1]
	s.post(left("a"))
	s.Mailer = mailerFunc(func(context.Context, recovery.Mail) (string, error) { panic(errDied) })
	s.until(day)
	s.wantReminders("a", 1, "unknown")
	if row := s.row(); row.State != recovery.Unknown || row.Email != anAddress || row.Template != "first" || !row.SentAt.Equal(t0.Add(half)) {
		t.Errorf("the row is %+v, want it unknown, at the claim's instant", row)
	}
	s.tell(event(recovery.EventOpened, t0.Add(half+time.Second)))
	s.wantReminders("a", 1, "sent")
	if row := s.row(); row.State != recovery.Sent || !row.SentAt.Equal(t0.Add(half)) || row.Opened.IsZero() {
		t.Errorf("the row is %+v, want it sent and opened", row)
	}
}

// Under resend, the first attempt's event comes before, while and after the second one
// is made: the earlier it comes the better, and it never goes back.
func TestEventOfFirstAttempt(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		when  string
		mails int
	}{
		{"in time", "before", 1},
		{"while the second is sent", "during", 2},
		{"after the second was refused", "after", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			s.store.ResendUnknown, s.store.Steps = true, s.store.Steps[:1]
			s.post(left("a"))
			s.mailer.LoseNext(refused(recovery.ErrUnknown, "lost"))
			s.until(half + 9*time.Minute)
			first := event(recovery.EventProcessed, t0.Add(half))
			switch tc.when {
			case "before":
				s.tell(first)
			case "during":
				s.Mailer = mailerFunc(func(ctx context.Context, m recovery.Mail) (string, error) {
					s.tell(first)
					return s.mailer.Send(ctx, m)
				})
			case "after":
				s.mailer.FailNext(refused(recovery.ErrRejected, "400"))
			}
			s.until(half + time.Hour)
			if tc.when == "after" {
				s.wantReminders("a", 1, "unknown")
				s.tell(first)
			}
			s.until(2 * day)
			s.wantReminders("a", 1, "sent")
			if n := len(s.mailer.Sent()); n != tc.mails {
				t.Errorf("%d mails went out, want %d", n, tc.mails)
			}
		})
	}
}

// All orders of the same events, each of them twice or more, leave the same.
func TestEventsInAnyOrder(t *testing.T) {
	t.Parallel()
	at := func(n int) time.Time { return t0.Add(half + time.Duration(n)*time.Second) }
	events := []recovery.Event{
		event(recovery.EventProcessed, at(1)), event(recovery.EventDeferred, at(2)), event(recovery.EventDelivered, at(4)),
		event(recovery.EventOpened, at(5)), event(recovery.EventOpened, at(9)), event(recovery.EventClicked, at(6)),
		event(recovery.EventBounced, at(7)), event(recovery.EventComplained, at(8)), event(recovery.EventUnsubscribed, at(9)), event(recovery.EventUnsubscribed, at(3)),
	}
	type outcome struct {
		Reminder recovery.State
		Row      recovery.Message
		Suppress *recovery.Suppression
	}
	var want *outcome
	for seed := range uint64(50) {
		s := open(t, nil)
		s.store.Steps = s.store.Steps[:1]
		s.post(left("a"))
		s.until(half)
		s.clock.Set(at(100))
		order := rand.New(rand.NewPCG(seed, 0))
		for _, n := range order.Perm(3 * len(events)) {
			batch := []recovery.Event{events[n%len(events)]}
			if order.IntN(2) == 0 { // some in one request
				batch = append(batch, events[order.IntN(len(events))])
			}
			s.tell(batch...)
		}
		got := &outcome{s.checkout("a").Reminders[recovery.ReminderID{Generation: 1}].State, s.row(), s.db.Suppression("default", s.row().Shopper)}
		if want == nil {
			want = got
			if got.Reminder != recovery.Sent || !got.Row.Opened.Equal(at(5)) || *got.Suppress != (recovery.Suppression{Reason: recovery.ReasonUnsubscribed, At: at(3)}) {
				t.Errorf("got %+v with %+v, want it sent, opened at %v and unsubscribed at %v", got, got.Suppress, at(5), at(3))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("order %d leaves something else (-want +got):\n%s", seed, diff)
		}
	}
}
