package recovery_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

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
				n.AbandonedAt = t0.Add(2 * time.Hour)
				n.Items = recovery.Given([]recovery.Item{{ID: "other", Quantity: 1}})
				change(&n)
				s.post(n)
				s.until(5 * day)
				s.wantMails("a 1-0")
			})
		}
	}
}

// What the merchant stopped stays so too, where the checkout goes to another address and that
// of before has ordered.
func TestStoppedStaysStopped(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.post(left("a"))
	s.until(40 * time.Minute)
	s.stop("a")
	s.order(recovery.OrderNews{OrderID: "o", Email: anAddress})
	n := left("a")
	n.Email, n.AbandonedAt = "bo@example.net", t0.Add(2*time.Hour)
	s.clock.Set(n.AbandonedAt)
	s.post(n)
	s.until(5 * day)
	s.wantMails("a 1-0")
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
