package recovery_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

func eur(minor int64) *recovery.Money { return &recovery.Money{Minor: minor, Currency: "EUR"} }

// refund takes back a part of order o and wants it to succeed.
func (s *shop) refund(refunds map[string]recovery.Refund) {
	s.Helper()
	if err := s.RefundOrder(context.Background(), s.store.ID, "o", refunds); err != nil {
		s.Fatalf("refunding: %v", err)
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

// Refunds take back a part each, once; a cancellation all. They may come first. Of an
// order that a shop system tells of more than once the newest telling counts.
func TestReverseOrder(t *testing.T) {
	t.Parallel()
	type refunds = map[string]recovery.Refund
	part, all := refunds{"r1": {Total: eur(1000)}}, refunds{recovery.Cancelled: {}}
	placed := recovery.OrderNews{OrderID: "o", CheckoutID: "a", Email: anAddress, Total: eur(6490)}
	with := func(back refunds) recovery.OrderNews {
		n := placed
		n.Refunds = back
		return n
	}
	// told is what a shop system tells of some second, and whether it stands.
	told := func(second int, total int64, standing recovery.Standing, back refunds) recovery.OrderNews {
		n := with(back)
		n.Total, n.UpdatedAt, n.Standing, n.AllRefunds = eur(total), t0.Add(time.Duration(second)*time.Second), standing, true
		return n
	}
	cancelled := func(second int) recovery.OrderNews { return told(second, 6490, recovery.StandingNotTold, all) }
	paid := func(second int) recovery.OrderNews { return told(second, 6490, recovery.Stands, nil) }
	for name, tc := range map[string]struct {
		do   func(*shop)
		want int64
	}{
		"none":           {func(s *shop) { s.order(placed) }, 6490},
		"part":           {func(s *shop) { s.order(placed); s.refund(part) }, 5490},
		"twice the same": {func(s *shop) { s.order(placed); s.refund(part); s.refund(part) }, 5490},
		"two parts":      {func(s *shop) { s.order(placed); s.refund(part); s.refund(refunds{"r2": {Total: eur(90)}}) }, 5400},
		"more than all":  {func(s *shop) { s.order(placed); s.refund(refunds{"r": {Total: eur(9999)}}) }, 0},
		"cancelled":      {func(s *shop) { s.order(placed); s.order(with(all)) }, 0},
		"another coin": {func(s *shop) {
			s.order(placed)
			s.refund(refunds{"r": {Total: &recovery.Money{Minor: 1, Currency: "USD"}}})
		}, 6490},
		"before the order": {func(s *shop) { s.refund(part); s.order(placed) }, 5490},
		"before, and with": {func(s *shop) { s.refund(part); s.order(with(part)) }, 5490},
		"with the order":   {func(s *shop) { s.order(with(part)) }, 5490},
		"order told after": {func(s *shop) { s.order(with(part)); s.order(placed) }, 5490},

		"cancelled, and paid anew":     {func(s *shop) { s.order(paid(1)); s.order(cancelled(2)); s.order(paid(3)); s.order(cancelled(2)) }, 6490},
		"and cancelled again":          {func(s *shop) { s.order(cancelled(2)); s.order(paid(3)); s.order(cancelled(4)); s.order(paid(3)) }, 0},
		"cancelled, told out of order": {func(s *shop) { s.order(cancelled(2)); s.order(paid(1)) }, 0},
		"that it stands, told undated": {func(s *shop) { s.order(cancelled(2)); n := paid(0); n.UpdatedAt = time.Time{}; s.order(n) }, 0},
		"an older total":               {func(s *shop) { s.order(told(2, 5990, recovery.Stands, nil)); s.order(paid(1)) }, 5990},
		"a total of the same second":   {func(s *shop) { s.order(paid(1)); s.order(told(1, 5990, recovery.Stands, nil)) }, 5990},
		"a refund that failed": {func(s *shop) {
			s.order(paid(1))
			s.refund(part)
			s.order(told(2, 6490, recovery.Stands, refunds{"r1": {Total: eur(0)}}))
		}, 6490},
		"that, told late": {func(s *shop) { s.order(told(2, 6490, recovery.Stands, refunds{"r1": {Total: eur(0)}})); s.refund(part) }, 6490},
		"a refund that was deleted": {func(s *shop) {
			s.order(told(1, 6490, recovery.Stands, refunds{"r1": {Total: eur(1)}, "r2": {Total: eur(2)}}))
			s.order(told(2, 6490, recovery.Stands, refunds{"r1": {Total: eur(1)}}))
		}, 6489},
		"a list of refunds not told of": {func(s *shop) {
			s.order(told(1, 6490, recovery.Stands, part))
			n := paid(2)
			n.AllRefunds = false
			s.order(n)
		}, 5490},
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
	s.refund(map[string]recovery.Refund{"r": {Total: eur(1)}})
	if got := s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "a", Email: anAddress, Total: eur(10)}).Order.Attribution.Kind; got != recovery.AttributedClick {
		t.Errorf("got %s, want click", got)
	}
}

// An order keeps as many refunds as fit into its document, and always that it is taken back.
func TestVeryManyRefunds(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	n := recovery.OrderNews{OrderID: "o", Email: anAddress, Total: eur(10_000)}
	s.order(n)
	n.Refunds = map[string]recovery.Refund{}
	for i := range 3000 {
		n.Refunds[strconv.Itoa(i)] = recovery.Refund{Total: eur(1)}
	}
	s.order(n)
	if o := s.wantKept("many", 8000); len(o.Refunds) != 2000 {
		t.Errorf("%d refunds are kept", len(o.Refunds))
	}
	s.refund(map[string]recovery.Refund{"one more": {Total: eur(1)}})
	s.wantKept("one more", 8000)
	n.Refunds = map[string]recovery.Refund{recovery.Cancelled: {}}
	s.order(n)
	s.wantKept("cancelled", 0)
}
