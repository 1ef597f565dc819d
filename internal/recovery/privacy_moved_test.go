package recovery_test

import (
	"context"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// A mail went out before the checkout's address changed: its row goes with its shopper,
// and the next event does not bring it back.
func TestEraseAfterMove(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.post(left("a"))
	s.until(time.Hour)
	moved := left("a")
	moved.Email, moved.UpdatedAt = "bo@example.net", t0.Add(time.Hour)
	s.post(moved)
	if got := s.erase(); got.Messages != 1 || got.Checkouts != 0 {
		t.Errorf("got %+v, want the message", got)
	}
	_, err := s.RecordEvents(t.Context(), []recovery.Event{{
		Store: "default", Checkout: recovery.CheckoutKey("default", "a"), Reminder: recovery.ReminderID{Generation: 1},
		Kind: recovery.EventOpened, Email: anAddress,
	}})
	if rows := s.db.Messages(); err != nil || len(rows) != 0 {
		t.Errorf("got rows %+v, %v; want none", rows, err)
	}
	s.until(4 * day)
	s.wantErased("in the end")
	s.wantReminders("a", 1, "sent", "sent", "sent")
}

// A mail went out before the checkout's address changed: the row tells of the checkout, and
// goes with it, whether its shopper is erased then or was before.
func TestEraseAfterMoveTheOther(t *testing.T) {
	t.Parallel()
	for _, first := range []bool{false, true} {
		s := open(t, nil)
		if first {
			s.erase()
		}
		n := left("a")
		n.Email = "old@example.net"
		s.post(n)
		s.until(time.Hour)
		moved := left("a")
		moved.UpdatedAt = t0.Add(time.Hour)
		s.post(moved)
		s.until(2 * day)
		if !first {
			if got := s.erase(); got.Messages != 1 || got.Checkouts != 1 {
				t.Errorf("got %+v, want the checkout and the message of now", got)
			}
		}
		if rows := s.db.Messages(); len(rows) != 0 {
			t.Errorf("erased first %t: got rows %+v, want none", first, rows)
		}
		s.until(4 * day)
		s.wantErased("in the end")
	}
}

// A mail is on its way, and nothing tells yet to whom, when the checkout becomes somebody
// else's and its shopper is erased: what comes of it is not written down. Promise 9.
func TestEraseFormerShopper(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		send func(*shop, recovery.Mail) (string, error)
		want string // of its reminder
	}{
		"it is sent":   {func(s *shop, m recovery.Mail) (string, error) { return s.mailer.Send(context.Background(), m) }, "sent"},
		"nobody knows": {func(*shop, recovery.Mail) (string, error) { return "", refused(recovery.ErrUnknown, "reset") }, "unknown"},
		"its run dies": {func(*shop, recovery.Mail) (string, error) { panic(errDied) }, "sent"},
		"events are first": {func(s *shop, m recovery.Mail) (string, error) {
			s.tellOpened()
			return s.mailer.Send(context.Background(), m)
		}, "sent"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, linkStore())
			s.post(left("a"))
			s.Mailer = mailerFunc(func(_ context.Context, m recovery.Mail) (string, error) {
				moved := left("a")
				moved.Email, moved.UpdatedAt = "bo@example.net", t0.Add(time.Minute)
				s.post(moved)
				s.erase()
				return tc.send(s, m)
			})
			s.until(half)
			s.Mailer = s.mailer
			s.until(2 * time.Hour)
			s.tellOpened()
			s.follow(s.back("a", 0), true)
			s.wantErased("in the end")
			if rows := s.db.Messages(); len(rows) != 0 {
				t.Errorf("rows %+v are kept", rows)
			}
			s.until(4 * day)
			s.wantReminders("a", 1, tc.want, "sent", "sent")
		})
	}
}

// An order that a message brought, of which the row went with its shopper, does not bring
// the row back. Promise 9.
func TestOrderAfterErasedRow(t *testing.T) {
	t.Parallel()
	s := open(t, linkStore())
	s.store.Attribution = recovery.AttributionRule{Window: 5 * day}
	s.post(left("a"))
	s.until(half)
	s.follow(s.back("a", 0), true)
	moved := left("a")
	moved.Email, moved.UpdatedAt = "bo@example.net", t0.Add(half)
	s.post(moved)
	s.erase()
	if got := s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "a"}).Order.Attribution.Kind; got != recovery.AttributedClick {
		t.Errorf("the order is attributed to %q", got)
	}
	if rows := s.db.Messages(); len(rows) != 0 {
		t.Errorf("rows %+v are back", rows)
	}
}
