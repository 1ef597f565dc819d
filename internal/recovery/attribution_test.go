package recovery_test

import (
	"context"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/google/go-cmp/cmp"
)

// clicked notes that the shopper came back by a reminder of the checkout's first
// generation.
func (s *shop) clicked(id string, step int, at time.Time) {
	s.Helper()
	err := s.db.UpdateCheckout(context.Background(), s.store.ID, recovery.CheckoutKey(s.store.ID, id), recovery.CheckoutOnly,
		func(k recovery.Case) (recovery.Change, error) {
			k.Checkout.Clicks = append(k.Checkout.Clicks, recovery.Click{At: at, Reminder: recovery.ReminderID{Generation: 1, Step: step}})
			return recovery.Change{Update: []*recovery.Checkout{k.Checkout}}, nil
		})
	if err != nil {
		s.Fatalf("noting a click: %v", err)
	}
}

func attributed(id string, kind recovery.AttributionKind, step int) recovery.Attribution {
	return recovery.Attribution{Kind: kind, Checkout: recovery.CheckoutKey("default", id), Reminder: recovery.ReminderID{Generation: 1, Step: step}}
}

// An order is attributed when it comes, by the last click within the window, or else,
// where the store says so, by the last message.
func TestAttribution(t *testing.T) {
	t.Parallel()
	none := recovery.Attribution{Kind: recovery.AttributedNone}
	ofA := recovery.OrderNews{OrderID: "o", CheckoutID: "a"}
	for name, tc := range map[string]struct {
		store func(*recovery.Store)
		until time.Duration // after which the order comes
		click time.Duration // 0: none
		again time.Duration // by the second reminder; 0: not
		order recovery.OrderNews
		want  recovery.Attribution
	}{
		"nothing sent":         {until: time.Minute, order: ofA, want: none},
		"sent, not clicked":    {until: 2 * day, order: ofA, want: none},
		"clicked":              {until: time.Hour, click: 40 * time.Minute, order: ofA, want: attributed("a", recovery.AttributedClick, 0)},
		"clicked, by address":  {until: time.Hour, click: 40 * time.Minute, order: recovery.OrderNews{OrderID: "o", Email: anAddress}, want: attributed("a", recovery.AttributedClick, 0)},
		"clicked, by cart":     {until: time.Hour, click: 40 * time.Minute, order: recovery.OrderNews{OrderID: "o", CartID: "cart-a"}, want: attributed("a", recovery.AttributedClick, 0)},
		"another's order":      {until: time.Hour, click: 40 * time.Minute, order: recovery.OrderNews{OrderID: "o", Email: "bo@example.net"}, want: none},
		"at the window's end":  {until: time.Hour + 5*day, click: time.Hour, order: ofA, want: attributed("a", recovery.AttributedClick, 0)},
		"after the window":     {until: time.Hour + 5*day + time.Second, click: time.Hour, order: ofA, want: none},
		"clicked after it":     {until: time.Hour, click: time.Hour, order: recovery.OrderNews{OrderID: "o", CheckoutID: "a", PlacedAt: t0.Add(50 * time.Minute)}, want: none},
		"clicked around it":    {until: 2 * day, click: time.Hour, again: 30 * time.Hour, order: recovery.OrderNews{OrderID: "o", CheckoutID: "a", PlacedAt: t0.Add(day)}, want: attributed("a", recovery.AttributedClick, 0)},
		"clicked twice":        {until: 2 * day, click: time.Hour, again: 30 * time.Hour, order: ofA, want: attributed("a", recovery.AttributedClick, 1)},
		"a test order":         {until: time.Hour, click: 40 * time.Minute, order: recovery.OrderNews{OrderID: "o", CheckoutID: "a", Test: true}, want: none},
		"any message":          {store: func(st *recovery.Store) { st.Attribution.AnyMessage = true }, until: 2 * day, order: ofA, want: attributed("a", recovery.AttributedMessage, 1)},
		"any message, too old": {store: func(st *recovery.Store) { st.Attribution.AnyMessage = true }, until: 20 * day, order: ofA, want: none},
		"a click is more":      {store: func(st *recovery.Store) { st.Attribution.AnyMessage = true }, until: 2 * day, click: time.Hour, order: ofA, want: attributed("a", recovery.AttributedClick, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := testStore()
			st.Attribution.Window = recovery.DefaultAttributionWindow
			if tc.store != nil {
				tc.store(st)
			}
			s := open(t, st)
			s.post(left("a"))
			s.until(tc.until)
			if tc.click > 0 {
				s.clicked("a", 0, t0.Add(tc.click))
			}
			if tc.again > 0 {
				s.clicked("a", 1, t0.Add(tc.again))
			}
			if diff := cmp.Diff(tc.want, s.order(tc.order).Order.Attribution); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got := s.checkout("a").Status; (got == recovery.StatusRecovered) != (tc.want.Kind != recovery.AttributedNone) {
				t.Errorf("the checkout is %s", got)
			}
			// It is decided once.
			s.clicked("a", 2, t0.Add(tc.until))
			if diff := cmp.Diff(tc.want, s.order(tc.order).Order.Attribution); diff != "" {
				t.Errorf("told again (-want +got):\n%s", diff)
			}
		})
	}
}

// The message's row is told of its order, and a second order does not use the click again.
func TestAttributionOnce(t *testing.T) {
	t.Parallel()
	st := testStore()
	st.Attribution.Window = recovery.DefaultAttributionWindow
	s := open(t, st)
	s.post(left("a"))
	s.until(time.Hour)
	s.clicked("a", 0, s.clock.Now())
	s.until(2 * time.Hour)
	first := s.order(recovery.OrderNews{OrderID: "o1", Email: anAddress}).Order
	if rows := s.db.Messages(); len(rows) != 1 || rows[0].Order != first.Key || rows[0].Subject == "" {
		t.Errorf("got rows %+v, want one with the order", rows)
	}
	s.until(3 * time.Hour)
	if got := s.order(recovery.OrderNews{OrderID: "o2", Email: anAddress}).Order.Attribution.Kind; got != recovery.AttributedNone {
		t.Errorf("the next order is attributed by %s, want none", got)
	}
}

// Nor does a click bring two orders where the checkout began anew between them, or where it
// came a moment after the order's own instant.
func TestAttributionOnceAfterRestart(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		anyMessage bool
		click      bool
		placed     time.Duration // before the click
	}{
		"clicked": {false, true, 0}, "clicked a moment later": {false, true, 2 * time.Second}, "mailed": {true, false, 0},
	} {
		st := testStore()
		st.Attribution = recovery.AttributionRule{Window: recovery.DefaultAttributionWindow, AnyMessage: tc.anyMessage}
		s := open(t, st)
		s.post(left("a"))
		s.until(time.Hour)
		if tc.click {
			s.clicked("a", 0, s.clock.Now())
		}
		first := recovery.OrderNews{OrderID: "o1", Email: anAddress, PlacedAt: t0.Add(time.Hour - tc.placed)}
		if got := s.order(first).Order.Attribution.Kind; got == recovery.AttributedNone {
			t.Errorf("%s: the first order is not attributed", name)
		}
		n := left("a")
		n.UpdatedAt = t0.Add(2 * time.Hour)
		n.Items = recovery.Given([]recovery.Item{{ID: "other", Quantity: 1}})
		s.clock.Set(n.UpdatedAt)
		if _, effect := s.post(n); effect != recovery.Restarted {
			t.Errorf("%s: effect %d", name, effect)
		}
		if got := s.order(recovery.OrderNews{OrderID: "o2", Email: anAddress}).Order.Attribution.Kind; got != recovery.AttributedNone {
			t.Errorf("%s: the next order is attributed by %s, want none", name, got)
		}
	}
}

// Of a shopper who was erased no order is kept: only that there was one, of a checkout that
// may be another's when it comes.
func TestOrderOfErased(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	key := recovery.ShopperKey(s.store.IDKey, s.store.ID, anAddress)
	if err := s.db.Suppress(t.Context(), s.store.ID, key, recovery.Suppression{Reason: recovery.ReasonErased, At: t0}); err != nil {
		t.Fatal(err)
	}
	got := s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "a", Email: anAddress})
	p, err := s.db.Personal(t.Context(), s.store.ID, key)
	if err != nil || len(p.Orders) != 0 || p.Shopper != nil || len(got.Matched) != 0 {
		t.Errorf("got %+v with %+v (%v), want nothing kept", got, p, err)
	}
	if all := s.db.Checkouts(); len(all) != 1 || !all[0].Stub() || all[0].ID != "" || all[0].ShopperKey != "" {
		t.Errorf("got the checkouts %+v, want one that names nobody", all)
	}
}

// The order of a test is one too, and stays out of every figure.
func TestOrderOfATest(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	n := left("a")
	n.Test = true
	s.post(n)
	if o := s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "a", Total: eur(10)}).Order; !o.Test {
		t.Errorf("got %+v, want a test", o)
	}
	if o := s.order(recovery.OrderNews{OrderID: "o2", Email: anAddress, Total: eur(10)}).Order; o.Test {
		t.Errorf("of the same address: got %+v, want no test", o)
	}
}

// An order that names its checkout alone was brought by a click on another one of the same
// shopper, which it ends too.
func TestAttributionWithoutAnAddress(t *testing.T) {
	t.Parallel()
	st := testStore()
	st.Attribution.Window = recovery.DefaultAttributionWindow
	for name, n := range map[string]recovery.OrderNews{"by itself": {OrderID: "o", CheckoutID: "b"}, "by its cart": {OrderID: "o", CartID: "cart-b"}} {
		s := open(t, st)
		s.post(left("a"))
		s.until(time.Hour)
		s.clicked("a", 0, s.clock.Now())
		b := left("b")
		b.AbandonedAt = t0.Add(time.Hour)
		s.post(b)
		s.until(80 * time.Minute)
		got := s.order(n)
		if a := got.Order.Attribution; a.Kind != recovery.AttributedClick || a.Checkout != recovery.CheckoutKey("default", "a") || len(got.Matched) != 2 {
			t.Errorf("%s: got %+v, matched %q", name, a, got.Matched)
		}
		s.until(5 * day)
		s.wantMails("a 1-0")
	}
}
