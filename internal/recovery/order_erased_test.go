package recovery_test

import (
	"strings"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Promises 1 and 9 together: an order that names what was erased is not recorded, but
// whoever else it belongs to is not mailed after it.
func TestOrderThatNamesWhatWasErased(t *testing.T) {
	t.Parallel()
	const other = "bo@example.net"
	others := func(id string) recovery.News {
		n := left(id)
		n.Email = other
		return n
	}
	for name, do := range map[string]func(*shop){
		"the address, of another's checkout": func(s *shop) {
			s.erase()
			s.post(others("b"))
			s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "b", Email: anAddress})
		},
		"that, before the checkout comes": func(s *shop) {
			s.erase()
			s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "b", Email: anAddress})
			s.post(others("b"))
		},
		"the address, of another's cart": func(s *shop) {
			s.erase()
			s.post(others("b"))
			s.order(recovery.OrderNews{OrderID: "o", CartID: "cart-b", Email: anAddress})
		},
		"that, before the cart comes": func(s *shop) {
			s.erase()
			s.order(recovery.OrderNews{OrderID: "o", CartID: "cart-b", Email: anAddress, PlacedAt: t0.Add(time.Second)})
			s.post(others("b"))
		},
		"the checkout, of another's address": func(s *shop) {
			s.post(left("a"))
			s.post(others("b"))
			s.erase()
			s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "a", Email: other})
		},
		"the completed checkout, of another's address": func(s *shop) {
			s.post(left("a"))
			s.post(others("b"))
			s.erase()
			s.complete(recovery.OrderNews{CheckoutID: "a", Email: other})
		},
		"one that came late": func(s *shop) {
			s.post(others("b"))
			s.erase()
			s.post(left("a"))
			s.complete(recovery.OrderNews{CheckoutID: "a", Email: other})
		},
		"the completed checkout, of another's cart": func(s *shop) {
			s.post(left("a"))
			s.post(others("b"))
			s.erase()
			s.complete(recovery.OrderNews{CheckoutID: "a", CartID: "cart-b", Email: anAddress})
		},
		"the address of a completed checkout": func(s *shop) {
			s.erase()
			s.complete(recovery.OrderNews{CheckoutID: "b", Email: anAddress})
			s.post(others("b"))
		},
		"itself": func(s *shop) {
			s.erase("o")
			s.post(others("b"))
			s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "b", Email: other})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			s.clock.Set(t0.Add(time.Second))
			do(s)
			s.until(5 * day)
			s.wantReminders("b", 1, "skipped ordered", "skipped ordered", "skipped ordered")
			if c := s.checkout("b"); c.ID != "b" {
				t.Errorf("the checkout's ID is %q", c.ID)
			}
			s.wantErased("in the end")
			k, err := s.db.FindForOrder(t.Context(), recovery.OrderQuery{Store: "default", Order: recovery.OrderKey("default", "o")})
			if err != nil || k.Order != nil && !k.Order.Erased {
				t.Errorf("the order is recorded: %+v, %v", k.Order, err)
			}
		})
	}
}

// Orders that name nobody belong to whose checkout or cart they name: they are exported, and
// go with it; nor are they recorded afterwards.
func TestEraseOrdersOfCheckoutAndCart(t *testing.T) {
	t.Parallel()
	byCart, byCheckout := recovery.OrderNews{OrderID: "o1", CartID: "cart-a", Total: eur(10)}, recovery.OrderNews{OrderID: "o2", CheckoutID: "a", Total: eur(10)}
	third := recovery.OrderNews{OrderID: "o3", CheckoutID: "a", Total: eur(10)}
	for name, tc := range map[string]struct {
		do     func(*shop)
		orders int
	}{
		"by its cart, first":    {func(s *shop) { s.order(byCart); s.post(left("a")) }, 1},
		"two by itself, first":  {func(s *shop) { s.order(byCheckout); s.order(third); s.post(left("a")) }, 2},
		"all, first":            {func(s *shop) { s.order(byCart); s.order(byCheckout); s.order(third); s.post(left("a")) }, 3},
		"all, afterwards":       {func(s *shop) { s.post(left("a")); s.order(byCart); s.order(byCheckout); s.order(third) }, 3},
		"of a checkout unknown": {func(s *shop) { n := byCheckout; n.Email = anAddress; s.order(n) }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			tc.do(s)
			if p := s.personal(); len(p.Orders) != tc.orders {
				t.Errorf("%d orders are exported, want %d", len(p.Orders), tc.orders)
			}
			s.erase()
			s.wantErased("at once")
			s.order(byCart)
			s.order(recovery.OrderNews{OrderID: "later", CartID: "cart-a"})
			for _, id := range []string{"o1", "o2", "o3", "later"} {
				k, err := s.db.FindForOrder(t.Context(), recovery.OrderQuery{Store: "default", Order: recovery.OrderKey("default", id)})
				if err != nil || k.Order != nil && !k.Order.Erased && name != "of a checkout unknown" {
					t.Errorf("order %s: %+v, %v", id, k.Order, err)
				}
			}
			for _, c := range s.db.Checkouts() {
				if c.ID != "" {
					t.Errorf("the checkout's ID is %q", c.ID)
				}
			}
		})
	}
	s := open(t, nil) // named by the shop
	s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "a"})
	s.erase("o")
	if c := s.db.Checkouts()[0]; c.ID != "" || c.Status != recovery.StatusOrdered {
		t.Errorf("of a named order's checkout there is %+v", c)
	}
}

// An order that is known is changed by what names an erased address beside it; that it was
// cancelled is no matter of who it names.
func TestKnownOrderToldWithAnErasedAddress(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.order(recovery.OrderNews{OrderID: "o", Email: "bo@example.net", Total: eur(10)})
	s.erase()
	s.order(recovery.OrderNews{OrderID: "o", Email: anAddress, Refunds: map[string]recovery.Refund{recovery.Cancelled: {}}})
	p, err := s.ExportShopper(t.Context(), "default", "bo@example.net")
	if err != nil || len(p.Orders) != 1 || p.Orders[0].Kept().Minor != 0 {
		t.Errorf("got %+v, %v; want the order with nothing kept", p.Orders, err)
	}
}

// Promise 1: an order by the address that a checkout had when it was placed ends it, also if
// it is told of when the checkout has another address.
func TestOrderOfFormerAddressToldLate(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		placed time.Duration
		want   string
	}{
		"before it moved": {5 * time.Minute, "skipped ordered"}, "after": {15 * time.Minute, "sent"}, "long before": {-day, "sent"},
	} {
		s := open(t, nil)
		s.post(left("a"))
		moved := left("a")
		moved.Email, moved.UpdatedAt = "bo@example.net", t0.Add(10*time.Minute)
		s.clock.Set(moved.UpdatedAt)
		s.post(moved)
		s.clock.Set(t0.Add(20 * time.Minute))
		s.order(recovery.OrderNews{OrderID: "o", Email: anAddress, PlacedAt: t0.Add(tc.placed)})
		s.until(5 * day)
		c := s.checkout("a")
		if r := c.Reminders[recovery.ReminderID{Generation: 1}]; strings.TrimSpace(string(r.State)+" "+string(r.Reason)) != tc.want {
			t.Errorf("%s: %s %s, want %s", name, r.State, r.Reason, tc.want)
		}
	}
}

// Promise 6: an older telling moves an order to nobody, but its address has ordered too.
func TestOlderTellingOfAnotherShopper(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.post(left("a"))
	told := func(email string, second int) {
		at := t0.Add(time.Duration(second) * time.Second)
		s.clock.Set(t0.Add(time.Minute))
		s.order(recovery.OrderNews{OrderID: "o", Email: email, PlacedAt: t0, UpdatedAt: at})
	}
	told("bo@example.net", 2)
	told(anAddress, 1)
	if p, err := s.ExportShopper(t.Context(), "default", "bo@example.net"); err != nil || len(p.Orders) != 1 {
		t.Errorf("got %d orders, %v; want it to stay", len(p.Orders), err)
	}
	s.until(5 * day)
	s.wantReminders("a", 1, "skipped ordered", "skipped ordered", "skipped ordered")
}

// A checkout that came after its shopper was erased goes with the order that ends it, which
// names the same shopper: no run of a reminder may meet it any more.
func TestOrderEndsCheckoutOfErased(t *testing.T) {
	t.Parallel()
	for name, n := range map[string]recovery.OrderNews{
		"by both":         {OrderID: "o", CheckoutID: "a", Email: anAddress},
		"by the checkout": {OrderID: "o", CheckoutID: "a"},
		"by its cart":     {OrderID: "o", CartID: "cart-a", Email: anAddress},
		"of another":      {OrderID: "o", CheckoutID: "a", Email: "bo@example.net"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			s.erase()
			s.post(left("a"))
			s.clock.Set(t0.Add(time.Minute))
			s.order(n)
			s.wantErased("at once")
		})
	}
}
