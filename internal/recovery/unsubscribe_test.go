package recovery_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// leaving is the link to unsubscribe in the checkout's first mail.
func (s *shop) leaving(id string) recovery.Link {
	l := s.back(id, 0)
	l.Shopper = recovery.ShopperKey(s.store.IDKey, s.store.ID, anAddress)
	return l
}

// does runs one of the service's methods on a link, as often as the shopper clicks.
func (s *shop) does(times int, method func(context.Context, recovery.Link) error, l recovery.Link) {
	s.Helper()
	for range times {
		if err := method(context.Background(), l); err != nil {
			s.Fatalf("the link: %v", err)
		}
	}
}

// Who unsubscribes gets no mail any more, for no checkout; an undo takes that back for
// what is still to come. Promise 7.
func TestUnsubscribeAndUndo(t *testing.T) {
	t.Parallel()
	s := open(t, linkStore())
	s.store.EachCheckout = true
	s.post(left("a"))
	s.until(half)
	s.does(2, s.Unsubscribe, s.leaving("a"))
	s.clock.Set(t0.Add(time.Hour))
	s.post(left("b"))
	s.until(2 * day)
	s.wantReminders("a", 1, "sent", "skipped unsubscribed", "scheduled")
	s.wantReminders("b", 1, "skipped unsubscribed", "skipped unsubscribed", "scheduled")
	s.does(2, s.UndoUnsubscribe, s.leaving("a"))
	s.until(4 * day)
	s.wantReminders("a", 1, "sent", "skipped unsubscribed", "sent")
	s.wantReminders("b", 1, "skipped unsubscribed", "skipped unsubscribed", "sent")
	s.does(1, s.Unsubscribe, s.leaving("a"))
	if got := s.db.Suppression("default", s.leaving("a").Shopper); got == nil || got.Reason != recovery.ReasonUnsubscribed {
		t.Errorf("got %+v, want unsubscribed anew", got)
	}
}

// Promise 1's sister: what SendGrid tells late of the time before the undo does not
// count, and the undo lifts nothing but what it undoes.
func TestEventsAroundTheUndo(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		kind   recovery.EventKind
		at     time.Duration // of the event
		before bool          // it is told before the undo
		want   string
	}{
		{"an old unsubscribe, told late", recovery.EventUnsubscribed, half, false, "sent"},
		{"an unsubscribe of the undo's instant", recovery.EventUnsubscribed, 2 * time.Hour, false, "sent"},
		{"a newer unsubscribe", recovery.EventUnsubscribed, 3 * time.Hour, false, "skipped unsubscribed"},
		{"an old complaint, told late", recovery.EventComplained, half, false, "skipped complained"},
		{"an old bounce, told late", recovery.EventBounced, half, false, "skipped bounced"},
		{"a complaint, told before", recovery.EventComplained, half, true, "skipped complained"},
		{"a bounce, told before", recovery.EventBounced, half, true, "skipped bounced"},
		{"an unsubscribe, told before", recovery.EventUnsubscribed, half, true, "sent"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, linkStore())
			s.post(left("a"))
			s.until(time.Hour)
			told := func() {
				s.clock.Set(later(s.clock.Now(), t0.Add(3*time.Hour)))
				s.tell(event(tc.kind, t0.Add(tc.at)))
			}
			s.does(1, s.Unsubscribe, s.leaving("a"))
			if tc.before {
				s.tell(event(tc.kind, t0.Add(tc.at)))
			}
			s.until(2 * time.Hour)
			s.does(1, s.UndoUnsubscribe, s.leaving("a"))
			if !tc.before {
				told()
				told()
			}
			s.until(2 * day)
			s.wantReminders("a", 1, "sent", tc.want, "scheduled")
		})
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// An erasure is never undone.
func TestUndoLiftsNoErasure(t *testing.T) {
	t.Parallel()
	s := open(t, linkStore())
	s.post(left("a"))
	key := s.leaving("a").Shopper
	if err := s.db.Suppress(t.Context(), "default", key, recovery.Suppression{Reason: recovery.ReasonErased, At: t0}); err != nil {
		t.Fatal(err)
	}
	s.does(1, s.Unsubscribe, s.leaving("a"))
	s.does(1, s.UndoUnsubscribe, s.leaving("a"))
	if got := s.db.Suppression("default", key); got == nil || got.Reason != recovery.ReasonErased {
		t.Errorf("got %+v, want erased", got)
	}
}

// A decision of an instance whose clock is ahead is not undone for a moment: the shopper
// tries again.
func TestUndoOfAnotherClock(t *testing.T) {
	t.Parallel()
	s := open(t, linkStore())
	s.clock.Set(t0.Add(time.Second))
	s.does(1, s.Unsubscribe, s.leaving("a"))
	s.Clock = behind{s.clock}
	if err := s.UndoUnsubscribe(t.Context(), s.leaving("a")); !errors.Is(err, recovery.ErrConflict) {
		t.Errorf("got %v, want ErrConflict", err)
	}
	s.clock.Set(t0.Add(2 * time.Second))
	s.does(1, s.UndoUnsubscribe, s.leaving("a"))
}

// behind is a clock that is a second late.
type behind struct{ recovery.Clock }

func (b behind) Now() time.Time { return b.Clock.Now().Add(-time.Second) }

// A test's mail goes to the store's own people: leaving by it silences nobody.
func TestUnsubscribeFromATest(t *testing.T) {
	t.Parallel()
	s := open(t, linkStore())
	s.store.TestRecipients, s.store.EachCheckout = []string{"qa@example.com"}, true
	n := left("test")
	n.Test = true
	s.post(n)
	s.post(left("real"))
	s.until(half)
	l := s.back("test", 0)
	s.does(1, s.Unsubscribe, l)
	s.until(day)
	s.wantReminders("test", 1, "sent", "skipped stopped", "skipped stopped")
	s.wantReminders("real", 1, "sent", "sent", "scheduled")
	s.does(1, s.UndoUnsubscribe, l)
	s.until(3 * day)
	s.wantReminders("test", 1, "sent", "skipped stopped", "sent")
}

func TestLinkLocale(t *testing.T) {
	t.Parallel()
	s := open(t, linkStore())
	n := left("a")
	n.Locale = recovery.Given("pt-BR")
	s.post(n)
	for id, want := range map[string]string{"a": "pt-BR", "never was": ""} {
		if got, err := s.LinkLocale(t.Context(), s.leaving(id)); got != want || err != nil {
			t.Errorf("%s: got %q, %v; want %q", id, got, err, want)
		}
	}
	s.db.FailNext(recovery.ErrOverload)
	if _, err := s.LinkLocale(t.Context(), s.leaving("a")); !errors.Is(err, recovery.ErrOverload) {
		t.Errorf("got %v, want ErrOverload", err)
	}
}
