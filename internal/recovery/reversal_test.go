package recovery_test

import (
	"context"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

func eur(minor int64) *recovery.Money { return &recovery.Money{Minor: minor, Currency: "EUR"} }

// reverse takes back an order's revenue and wants it to succeed.
func (s *shop) reverse(n recovery.OrderNews, refunds map[string]recovery.Refund) {
	s.Helper()
	if err := s.ReverseOrder(context.Background(), s.store.ID, n, refunds); err != nil {
		s.Fatalf("reversing: %v", err)
	}
}

// wantKept wants what is left of order o, whose refunds came in some way.
func (s *shop) wantKept(what string, want int64) *recovery.Order {
	s.Helper()
	p, err := s.db.Personal(context.Background(), s.store.ID, recovery.ShopperKey(s.store.IDKey, s.store.ID, anAddress))
	if err != nil || len(p.Orders) != 1 {
		s.Fatalf("%s: got %d orders, %v; want one", what, len(p.Orders), err)
	}
	if got := p.Orders[0].Kept(); got == nil || got.Minor != want {
		s.Errorf("%s: got %+v kept, want %d", what, got, want)
	}
	return p.Orders[0]
}

// Refunds take back a part each, once; a cancellation all. They may come first.
func TestReverseOrder(t *testing.T) {
	t.Parallel()
	placed := recovery.OrderNews{OrderID: "o", CheckoutID: "a", Email: anAddress, Total: eur(6490)}
	only := recovery.OrderNews{OrderID: "o"}
	part := map[string]recovery.Refund{"r1": {Total: eur(1000)}}
	unpaid := map[string]recovery.Refund{recovery.NeverPaid: {}}
	paid := placed
	paid.Payment = recovery.PaymentReceived
	for name, tc := range map[string]struct {
		do   func(*shop)
		want int64
	}{
		"none":           {func(s *shop) { s.order(placed) }, 6490},
		"part":           {func(s *shop) { s.order(placed); s.reverse(only, part) }, 5490},
		"twice the same": {func(s *shop) { s.order(placed); s.reverse(only, part); s.reverse(only, part) }, 5490},
		"two parts": {func(s *shop) {
			s.order(placed)
			s.reverse(only, part)
			s.reverse(only, map[string]recovery.Refund{"r2": {Total: eur(90)}})
		}, 5400},
		"more than all": {func(s *shop) { s.order(placed); s.reverse(only, map[string]recovery.Refund{"r": {Total: eur(9999)}}) }, 0},
		"cancelled":     {func(s *shop) { s.order(placed); s.reverse(only, map[string]recovery.Refund{recovery.Cancelled: {}}) }, 0},
		"another coin": {func(s *shop) {
			s.order(placed)
			s.reverse(only, map[string]recovery.Refund{"r": {Total: &recovery.Money{Minor: 1, Currency: "USD"}}})
		}, 6490},
		"before the order":   {func(s *shop) { s.reverse(only, part); s.order(placed) }, 5490},
		"before, and with":   {func(s *shop) { s.reverse(only, part); s.reverse(placed, part) }, 5490},
		"never paid":         {func(s *shop) { s.order(placed); s.reverse(placed, unpaid); s.reverse(placed, unpaid) }, 0},
		"paid in the end":    {func(s *shop) { s.order(placed); s.reverse(placed, unpaid); s.order(paid); s.order(paid) }, 6490},
		"failing comes late": {func(s *shop) { s.order(placed); s.order(paid); s.reverse(placed, unpaid) }, 6490},
		"paid, part back":    {func(s *shop) { s.order(placed); s.reverse(placed, unpaid); s.reverse(paid, part) }, 5490},
		"with the order":     {func(s *shop) { s.reverse(placed, part) }, 5490},
		"order told after":   {func(s *shop) { s.reverse(placed, part); s.order(placed) }, 5490},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			s.post(left("a"))
			s.clock.Set(t0.Add(time.Minute))
			tc.do(s)
			if o := s.wantKept(name, tc.want); !o.PlacedAt.Equal(t0.Add(time.Minute)) {
				t.Errorf("placed at %s", o.PlacedAt)
			}
			s.until(4 * day)
			s.wantReminders("a", 1, "skipped ordered", "skipped ordered", "skipped ordered")
		})
	}
}

// An order that is known from its refund only is attributed when it comes.
func TestReversedBeforeAttributed(t *testing.T) {
	t.Parallel()
	st := testStore()
	st.Attribution.Window = recovery.DefaultAttributionWindow
	s := open(t, st)
	s.post(left("a"))
	s.until(time.Hour)
	s.clicked("a", 0, s.clock.Now())
	s.reverse(recovery.OrderNews{OrderID: "o"}, map[string]recovery.Refund{"r": {Total: eur(1)}})
	if got := s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "a", Email: anAddress, Total: eur(10)}).Order.Attribution.Kind; got != recovery.AttributedClick {
		t.Errorf("got %s, want click", got)
	}
}
