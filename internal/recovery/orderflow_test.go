package recovery_test

import (
	"strings"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Promise 1: an order stops what has not gone out, whatever it names and whenever
// it comes.
func TestOrderStopsReminders(t *testing.T) {
	t.Parallel()
	placed := t0.Add(time.Hour)
	for _, c := range []struct {
		name  string
		order recovery.OrderNews
	}{
		{"by the checkout", recovery.OrderNews{CheckoutID: "a", PlacedAt: placed}},
		{"by the checkout, placed long before", recovery.OrderNews{CheckoutID: "a", PlacedAt: t0.Add(-month)}},
		{"by the cart", recovery.OrderNews{CartID: "cart-a", PlacedAt: placed}},
		{"by the address", recovery.OrderNews{Email: anAddress, PlacedAt: placed}},
		{"of another checkout, by the address", recovery.OrderNews{CheckoutID: "other", Email: anAddress, PlacedAt: placed}},
		{"5 s before T", recovery.OrderNews{Email: anAddress, PlacedAt: t0.Add(-5 * time.Second)}},
		{"placed in the future counts as now", recovery.OrderNews{Email: anAddress, PlacedAt: t0.Add(month)}},
	} {
		c.order.OrderID = "o"

		s := open(t, nil)
		s.post(left("a"))
		s.until(half)
		s.order(c.order)
		s.until(4 * day)
		s.wantMails("a 1-0")
		s.wantReminders("a", 1, "sent", "skipped ordered", "skipped ordered")

		s = open(t, nil) // the order comes first
		s.order(c.order)
		s.order(c.order)
		s.post(left("a"))
		s.until(4 * day)
		if len(s.mailer.Sent()) > 0 {
			t.Errorf("%s, before the checkout: %d mails, want none", c.name, len(s.mailer.Sent()))
		}
	}
}

// Promise 1, the other way round: an order placed before the shopper came back
// stops nothing.
func TestOrderOfBefore(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.order(recovery.OrderNews{OrderID: "o", Email: anAddress, CartID: "cart-a", PlacedAt: t0.Add(-6 * time.Second)})
	s.post(left("a"))
	s.until(4 * day)
	s.wantMails("a 1-0", "a 1-1", "a 1-2")
}

// A stub's order reaches the other checkouts of its shopper once the stub's own
// checkout tells who that is.
func TestStubPassesItsOrderOn(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.post(left("a"))
	s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "b", PlacedAt: t0.Add(time.Hour)})
	n := left("b")
	n.AbandonedAt = t0.Add(-time.Hour)
	if c, effect := s.post(n); effect != recovery.Created || c.Status != recovery.StatusOrdered {
		t.Errorf("the ordered checkout: effect %d, %s; want created, ordered", effect, c.Status)
	}
	s.until(4 * day)
	s.wantMails()
	s.wantReminders("a", 1, "skipped ordered", "skipped ordered", "skipped ordered")
}

// A stub's order reaches its cart too.
func TestStubPassesItsOrderToTheCart(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "b", PlacedAt: t0.Add(time.Hour)})
	for _, id := range []string{"a", "b"} {
		n := left(id)
		n.Email, n.CartID = id+"@example.net", recovery.Given("shared")
		s.post(n)
	}
	s.until(4 * day)
	s.wantMails()
}

func TestOrderOfTheFutureIsNow(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	for _, placed := range []time.Time{t0.Add(us), {}} {
		if got := s.order(recovery.OrderNews{OrderID: placed.String(), Email: anAddress, PlacedAt: placed}).Order.PlacedAt; !got.Equal(t0) {
			t.Errorf("placed at %v: recorded as %v, want now, %v", placed, got, t0)
		}
	}
}

// More checkouts than an order looks at are stopped all the same.
func TestOrderOfManyCheckouts(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.store.EachCheckout = true
	for i := range 30 {
		n := left(strings.Repeat("a", i+1))
		n.AbandonedAt = t0.Add(-time.Duration(i) * time.Second)
		s.post(n)
	}
	s.order(recovery.OrderNews{OrderID: "o", Email: anAddress})
	s.until(4 * day)
	s.wantMails()
}
