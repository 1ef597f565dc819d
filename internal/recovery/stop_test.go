package recovery_test

import (
	"context"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

func (s *shop) complete(n recovery.OrderNews) {
	s.Helper()
	if err := s.CompleteCheckout(context.Background(), s.store.ID, n); err != nil {
		s.Fatalf("completing: %v", err)
	}
}

func (s *shop) stop(id string) {
	s.Helper()
	if err := s.StopCheckout(context.Background(), s.store.ID, id); err != nil {
		s.Fatalf("stopping: %v", err)
	}
}

// A completed checkout is ordered, whatever comes first, and its order is told of later.
func TestCompleteCheckout(t *testing.T) {
	t.Parallel()
	done := recovery.OrderNews{CheckoutID: "a", Email: anAddress}
	order := recovery.OrderNews{OrderID: "o", CheckoutID: "a", Email: anAddress}
	for name, do := range map[string]func(*shop){
		"after":            func(s *shop) { s.post(left("a")); s.complete(done) },
		"before":           func(s *shop) { s.complete(done); s.post(left("a")) },
		"twice":            func(s *shop) { s.post(left("a")); s.complete(done); s.complete(done) },
		"then the order":   func(s *shop) { s.post(left("a")); s.complete(done); s.order(order) },
		"the order before": func(s *shop) { s.post(left("a")); s.order(order); s.complete(done) },
		"an order by e-mail": func(s *shop) {
			s.post(left("a"))
			s.order(recovery.OrderNews{OrderID: "o", Email: anAddress})
			s.complete(done)
		},
		"and then news": func(s *shop) {
			s.post(left("a"))
			s.complete(done)
			later := left("a")
			later.AbandonedAt = t0.Add(time.Second)
			s.post(later)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			do(s)
			s.until(4 * day)
			s.wantReminders("a", 1, "skipped ordered", "skipped ordered", "skipped ordered")
			s.wantMails()
			if c := s.checkout("a"); !c.Final() || c.Status != recovery.StatusOrdered {
				t.Errorf("got %s by %+v, want ordered for good", c.Status, c.Order)
			}
		})
	}
}

// The order of a completed checkout is attributed, and the checkout recovered.
func TestCompletedThenAttributed(t *testing.T) {
	t.Parallel()
	st := testStore()
	st.Attribution.Window = recovery.DefaultAttributionWindow
	s := open(t, st)
	s.post(left("a"))
	s.until(time.Hour)
	s.clicked("a", 0, s.clock.Now())
	s.complete(recovery.OrderNews{CheckoutID: "a"})
	o := s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "a"}).Order
	if c := s.checkout("a"); o.Attribution.Kind != recovery.AttributedClick || c.Status != recovery.StatusRecovered || c.Order.Key != o.Key {
		t.Errorf("got %+v, checkout %s by %+v", o.Attribution, c.Status, c.Order)
	}
}

// A stopped checkout stays so, also where it was stopped before it came.
func TestStopCheckout(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(*shop){
		"after":  func(s *shop) { s.post(left("a")); s.stop("a") },
		"before": func(s *shop) { s.stop("a"); s.post(left("a")) },
		"twice":  func(s *shop) { s.post(left("a")); s.stop("a"); s.stop("a") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			do(s)
			s.until(4 * day)
			s.wantReminders("a", 1, "skipped stopped", "skipped stopped", "skipped stopped")
			s.wantMails()
		})
	}
}

// An address that leads nowhere any more is dropped, and late news does not bring it back.
func TestDropRecoverURL(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	n := left("a")
	n.UpdatedAt, n.RecoverURL = t0, recovery.Given("https://shop.example.com/pay/1")
	s.post(n)
	drop := func(at time.Duration) {
		t.Helper()
		s.clock.Set(t0.Add(at))
		if err := s.DropRecoverURL(t.Context(), s.store.ID, "a", t0.Add(at), false); err != nil {
			t.Fatal(err)
		}
	}
	if drop(-time.Second); s.checkout("a").RecoverURL == "" {
		t.Error("older news dropped the address")
	}
	if drop(time.Hour); s.checkout("a").RecoverURL != "" {
		t.Error("the address is still there")
	}
	n.UpdatedAt = t0.Add(time.Minute)
	if s.post(n); s.checkout("a").RecoverURL != "" {
		t.Error("late news brought it back")
	}
	s.until(4 * day)
	s.wantReminders("a", 1, "sent", "sent", "sent")
}

// An address may be dropped before its checkout is told of. Only later news has one again.
func TestDropRecoverURLFirst(t *testing.T) {
	t.Parallel()
	const address = "https://shop.example.com/pay/1"
	for name, tc := range map[string]struct {
		news []time.Duration // updated so long after the drop
		want string
	}{
		"older":              {[]time.Duration{-time.Minute}, ""},
		"of the same second": {[]time.Duration{0}, ""},
		"newer":              {[]time.Duration{time.Second}, address},
		"older, twice":       {[]time.Duration{-time.Minute, -time.Second}, ""},
		"older, then newer":  {[]time.Duration{-time.Minute, time.Second}, address},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			s.clock.Set(t0.Add(time.Hour))
			for range 2 {
				if err := s.DropRecoverURL(t.Context(), s.store.ID, "a", t0, false); err != nil {
					t.Fatal(err)
				}
			}
			for _, at := range tc.news {
				n := left("a")
				n.UpdatedAt, n.RecoverURL = t0.Add(at), recovery.Given(address)
				s.post(n)
			}
			if c := s.checkout("a"); c.RecoverURL != tc.want || c.Status != recovery.StatusOpen || c.Generation != 1 || !c.T.Equal(t0) {
				t.Errorf("got %q, %s, generation %d, left at %v; want %q", c.RecoverURL, c.Status, c.Generation, c.T, tc.want)
			}
		})
	}
}

// An order that names a checkout whose address was dropped ends it, whichever comes first.
func TestDropRecoverURLAndOrder(t *testing.T) {
	t.Parallel()
	order := recovery.OrderNews{OrderID: "o", CheckoutID: "a", Email: anAddress}
	for name, do := range map[string]func(*shop){
		"ordered":        func(s *shop) { s.order(order) },
		"completed":      func(s *shop) { s.complete(order) },
		"ordered before": func(s *shop) {},
	} {
		s := open(t, nil)
		if name == "ordered before" {
			s.order(order)
		}
		if err := s.DropRecoverURL(t.Context(), s.store.ID, "a", t0, false); err != nil {
			t.Fatal(err)
		}
		do(s)
		s.post(left("a"))
		s.until(4 * day)
		s.wantMails()
		if c := s.checkout("a"); c.Status != recovery.StatusOrdered {
			t.Errorf("%s: got %s", name, c.Status)
		}
	}
}

// An order that is told of again, and then names its checkout, ends it for good, also where
// only its shopper knew of it before.
func TestOrderNamesItsCheckoutLater(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	first := left("a")
	first.CartID = recovery.Field[string]{}
	s.post(first)
	s.clock.Set(t0.Add(time.Minute))
	s.order(recovery.OrderNews{OrderID: "o", Email: anAddress, PlacedAt: t0.Add(54 * time.Second)})
	moved := left("a")
	moved.AbandonedAt = t0.Add(59 * time.Second)
	s.post(moved) // the cart is new: it meets the order that its shopper knows
	s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "a"})
	again := left("a")
	again.AbandonedAt = t0.Add(time.Minute)
	s.post(again)
	s.until(4 * day)
	s.wantMails()
	if c := s.checkout("a"); !c.Final() {
		t.Errorf("got %s by %+v, want ordered for good", c.Status, c.Order)
	}
}
