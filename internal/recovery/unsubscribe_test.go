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

// "Not for this checkout" ends that one alone; the undo brings back what is still to
// come, also where its tasks are gone.
func TestLeaveCheckoutAndUndo(t *testing.T) {
	t.Parallel()
	s := open(t, linkStore())
	s.store.EachCheckout = true
	s.post(left("a"))
	s.post(left("b"))
	s.until(half)
	s.does(2, s.LeaveCheckout, s.leaving("a"))
	if got := s.checkout("a").Status; got != recovery.StatusStopped {
		t.Errorf("the status is %s, want stopped", got)
	}
	s.until(day)
	s.wantReminders("a", 1, "sent", "skipped stopped", "skipped stopped")
	s.wantReminders("b", 1, "sent", "sent", "scheduled")
	s.until(day + time.Hour)
	s.does(2, s.UndoLeaveCheckout, s.leaving("a"))
	if got := s.checkout("a").Status; got != recovery.StatusOpen {
		t.Errorf("the status is %s, want open", got)
	}
	s.until(3 * day)
	s.wantReminders("a", 1, "sent", "skipped stopped", "sent")
}

func TestUndoLeaveCheckoutWithoutTasks(t *testing.T) {
	t.Parallel()
	s := open(t, linkStore())
	s.post(left("a"))
	s.until(half)
	s.does(1, s.LeaveCheckout, s.leaving("a"))
	s.queue.Take(t0.Add(month)) // all are lost
	s.does(1, s.UndoLeaveCheckout, s.leaving("a"))
	s.until(3*day + 2*time.Minute)
	s.wantReminders("a", 1, "sent", "sent", "sent")
}

// The undo brings nothing back that something else has ended.
func TestUndoLeaveCheckoutComesTooLate(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		before func(*shop)
		want   []string
		status recovery.Status
	}{
		{"everything is past", func(s *shop) { s.until(4 * day) }, []string{"sent", "skipped stopped", "skipped stopped"}, recovery.StatusClosed},
		{"ordered by address meanwhile", func(s *shop) { s.order(recovery.OrderNews{OrderID: "o", Email: anAddress}) }, []string{"sent", "skipped ordered", "skipped ordered"}, recovery.StatusOrdered},
		{"unsubscribed meanwhile", func(s *shop) { s.does(1, s.Unsubscribe, s.leaving("a")) }, []string{"sent", "skipped unsubscribed", "skipped unsubscribed"}, recovery.StatusClosed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, linkStore())
			s.post(left("a"))
			s.until(half)
			s.does(1, s.LeaveCheckout, s.leaving("a"))
			s.clock.Set(s.clock.Now().Add(time.Second))
			tc.before(s)
			s.does(1, s.UndoLeaveCheckout, s.leaving("a"))
			s.until(5 * day)
			s.wantReminders("a", 1, tc.want...)
			if got := s.checkout("a").Status; got != tc.status {
				t.Errorf("the status is %s, want %s", got, tc.status)
			}
		})
	}
}

// An order stays what it is, and what is not kept stays so.
func TestLeaveCheckoutThatEnded(t *testing.T) {
	t.Parallel()
	s := open(t, linkStore())
	s.post(left("a"))
	s.order(recovery.OrderNews{OrderID: "o", Email: anAddress})
	s.does(1, s.LeaveCheckout, s.leaving("a"))
	s.does(1, s.UndoLeaveCheckout, s.leaving("a"))
	if got := s.checkout("a").Status; got != recovery.StatusOrdered {
		t.Errorf("the status is %s, want ordered", got)
	}
	s.does(1, s.LeaveCheckout, s.leaving("never was"))
	s.does(1, s.UndoLeaveCheckout, s.leaving("never was"))
	if n := len(s.db.Checkouts()); n != 1 {
		t.Errorf("%d checkouts, want 1", n)
	}
	for name, method := range map[string]func(context.Context, recovery.Link) error{
		"unsubscribe": s.Unsubscribe, "undo": s.UndoUnsubscribe, "leave": s.LeaveCheckout, "return": s.UndoLeaveCheckout,
	} {
		if err := method(t.Context(), recovery.Link{Store: "gone", Shopper: "x"}); !errors.Is(err, recovery.ErrNoStore) {
			t.Errorf("%s, of a store that is gone: got %v", name, err)
		}
	}
}

// Who has left a checkout is not mailed about it again, whatever order comes and whatever is
// told of it then; who left it after an order neither.
func TestLeftStaysLeft(t *testing.T) {
	t.Parallel()
	order := recovery.OrderNews{OrderID: "o", Email: anAddress, PlacedAt: t0.Add(40 * time.Minute)}
	for name, change := range map[string]func(*recovery.News){
		"another cart":    func(n *recovery.News) { n.CartID = recovery.Given("another") },
		"another address": func(n *recovery.News) { n.Email = "bo@example.net" },
		"the same":        func(*recovery.News) {},
	} {
		for _, first := range []string{"left", "ordered"} {
			t.Run(name+", "+first+" first", func(t *testing.T) {
				t.Parallel()
				s := open(t, linkStore())
				s.post(left("a"))
				s.until(40 * time.Minute)
				if first == "left" {
					s.does(1, s.LeaveCheckout, s.leaving("a"))
				}
				s.order(order)
				if first == "ordered" {
					s.does(1, s.LeaveCheckout, s.leaving("a"))
				}
				s.until(2 * time.Hour)
				n := left("a")
				n.UpdatedAt = t0.Add(2 * time.Hour)
				n.Items = recovery.Given([]recovery.Item{{ID: "other", Quantity: 1}})
				change(&n)
				s.post(n)
				s.until(5 * day)
				s.wantMails("a 1-0")
			})
		}
	}
}

// What was left after an order, and then is not any more, goes by the order again.
func TestUndoLeavingWhatWasOrdered(t *testing.T) {
	t.Parallel()
	s := open(t, linkStore())
	s.post(left("a"))
	s.until(half)
	s.order(recovery.OrderNews{OrderID: "o", Email: anAddress})
	s.does(1, s.LeaveCheckout, s.leaving("a"))
	s.does(2, s.UndoLeaveCheckout, s.leaving("a"))
	if c := s.checkout("a"); c.Left || c.Status != recovery.StatusOrdered {
		t.Errorf("left %t, %s", c.Left, c.Status)
	}
	n := left("a")
	n.AbandonedAt = t0.Add(day)
	s.clock.Set(n.AbandonedAt)
	s.post(n)
	s.until(5 * day)
	s.wantReminders("a", 2, "sent", "sent", "sent")
}

// An order ends a checkout for good that its shopper had left, whatever is undone then.
func TestUndoLeaveCheckoutAfterItsOrder(t *testing.T) {
	t.Parallel()
	s := open(t, linkStore())
	s.post(left("a"))
	s.until(half)
	s.does(1, s.LeaveCheckout, s.leaving("a"))
	s.order(recovery.OrderNews{OrderID: "o1", CheckoutID: "a", PlacedAt: t0.Add(-day)})
	s.does(2, s.UndoLeaveCheckout, s.leaving("a"))
	n := left("a")
	n.UpdatedAt = t0.Add(time.Hour)
	n.Items = recovery.Given([]recovery.Item{{ID: "other", Quantity: 1}})
	s.post(n)
	s.until(4 * day)
	s.wantReminders("a", 1, "sent", "skipped stopped", "skipped stopped")
	s.wantMails("a 1-0")
}

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

// What is told of a checkout while its shopper has left it counts once that is undone:
// who is written to, of what and when. Promise 6.
func TestNewsOfLeftCheckout(t *testing.T) {
	t.Parallel()
	s := open(t, linkStore())
	s.post(left("a"))
	s.until(half)
	s.does(1, s.LeaveCheckout, s.leaving("a"))
	news := left("a")
	news.Email, news.AbandonedAt = "bo@example.net", t0.Add(2*time.Hour)
	news.Items = recovery.Given([]recovery.Item{{ID: "pot", Quantity: 1}})
	s.until(2 * time.Hour)
	if c, effect := s.post(news); c.Status != recovery.StatusStopped || effect != recovery.Restarted {
		t.Errorf("the news left it %s, effect %d; want it stopped, begun anew", c.Status, effect)
	}
	s.until(3 * time.Hour)
	s.wantReminders("a", 2, "skipped stopped", "skipped stopped", "skipped stopped")
	s.does(2, s.UndoLeaveCheckout, s.leaving("a"))
	s.sweeping = false // their own tasks run them, at the exact instant
	s.until(6 * day)
	s.wantMails("a 1-0", "a 2-1", "a 2-2")
	s.wantReminders("a", 2, "skipped stopped", "sent", "sent")
	for _, m := range s.mailer.Sent()[1:] {
		if m.To[0].Email != "bo@example.net" {
			t.Errorf("a mail went to %v", m.To)
		}
	}
}

// Of a checkout that is left another one of the shopper's is not told that it is newer.
func TestLeftCheckoutSupersedesNothing(t *testing.T) {
	t.Parallel()
	s := open(t, linkStore())
	s.post(left("a"))
	s.clock.Set(t0.Add(time.Minute))
	other := left("b")
	other.AbandonedAt = t0.Add(time.Minute)
	s.post(other)
	s.does(1, s.LeaveCheckout, s.leaving("a"))
	news := left("a")
	news.AbandonedAt = t0.Add(2 * time.Minute)
	s.clock.Set(news.AbandonedAt)
	s.post(news)
	s.until(time.Hour)
	s.wantReminders("b", 1, "sent", "scheduled", "scheduled")
	s.does(1, s.UndoLeaveCheckout, s.leaving("a"))
	s.until(2 * day)
	s.wantReminders("b", 1, "sent", "skipped superseded", "scheduled")
}

// What the shop stopped is not the shopper's to take up again.
func TestUndoLeaveOfStoppedCheckout(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(*shop){
		"stopped, then left": func(s *shop) { s.stop("a"); s.does(1, s.LeaveCheckout, s.leaving("a")) },
		"left, then stopped": func(s *shop) { s.does(1, s.LeaveCheckout, s.leaving("a")); s.stop("a") },
	} {
		s := open(t, linkStore())
		s.post(left("a"))
		s.until(half)
		do(s)
		s.does(1, s.UndoLeaveCheckout, s.leaving("a"))
		s.until(4 * day)
		if c := s.checkout("a"); c.Status != recovery.StatusStopped || len(s.mailer.Sent()) != 1 {
			t.Errorf("%s: it is %s, with %d mails", name, c.Status, len(s.mailer.Sent()))
		}
	}
}

// An order of its own ends a checkout that was left for good. Promise 1.
func TestNewsOfLeftAndOrderedCheckout(t *testing.T) {
	t.Parallel()
	s := open(t, linkStore())
	s.post(left("a"))
	s.until(half)
	s.does(1, s.LeaveCheckout, s.leaving("a"))
	s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "a"})
	s.until(time.Hour)
	news := left("a")
	news.AbandonedAt = t0.Add(time.Hour)
	s.post(news)
	s.does(1, s.UndoLeaveCheckout, s.leaving("a"))
	s.until(5 * day)
	s.wantMails("a 1-0")
}
