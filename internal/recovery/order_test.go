package recovery_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/google/go-cmp/cmp"
)

func shopperKey(email string) string {
	return recovery.ShopperKey([]byte("id key"), "default", email)
}

// orderNews is an order that names its checkout, its cart and its shopper.
func orderNews() recovery.OrderNews {
	return recovery.OrderNews{OrderID: "o-1", CheckoutID: "a", CartID: "cart-a", Email: anAddress, PlacedAt: t0.Add(time.Hour)}
}

// Promise 1: which checkouts an order ends, by what, and when it must have been
// placed.
func TestPlaceOrderJoins(t *testing.T) {
	t.Parallel()
	before := t0.Add(-5*time.Second - us)
	for _, c := range []struct {
		name   string
		found  func(*recovery.OrderCase, *recovery.Checkout)
		placed time.Time
		want   recovery.JoinedBy // "" if it is not ended
	}{
		{"its own", func(k *recovery.OrderCase, c *recovery.Checkout) { k.Checkout = c }, t0.Add(time.Hour), recovery.ByCheckout},
		{"its own, placed before T", func(k *recovery.OrderCase, c *recovery.Checkout) { k.Checkout = c }, t0.Add(-time.Hour), recovery.ByCheckout},
		{"by cart", func(k *recovery.OrderCase, c *recovery.Checkout) { k.CartCheckout = c }, t0.Add(time.Hour), recovery.ByCart},
		{"by cart, 5 s before T", func(k *recovery.OrderCase, c *recovery.Checkout) { k.CartCheckout = c }, t0.Add(-5 * time.Second), recovery.ByCart},
		{"by cart, earlier", func(k *recovery.OrderCase, c *recovery.Checkout) { k.CartCheckout = c }, before, ""},
		{"by e-mail", func(k *recovery.OrderCase, c *recovery.Checkout) { k.Shoppers = []*recovery.Checkout{c} }, t0, recovery.ByEmail},
		{"by e-mail, earlier", func(k *recovery.OrderCase, c *recovery.Checkout) { k.Shoppers = []*recovery.Checkout{c} }, before, ""},
		{"by all, earlier", func(k *recovery.OrderCase, c *recovery.Checkout) {
			k.Checkout, k.CartCheckout, k.Shoppers = c, c, []*recovery.Checkout{c}
		}, before, recovery.ByCheckout},
		{"by cart and e-mail", func(k *recovery.OrderCase, c *recovery.Checkout) {
			k.CartCheckout, k.Shoppers = c, []*recovery.Checkout{c}
		}, t0, recovery.ByCart},
	} {
		found := recorded(full(t0))
		var k recovery.OrderCase
		c.found(&k, found)
		n := orderNews()
		n.PlacedAt = c.placed
		if k.Checkout == nil {
			n.CheckoutID = ""
		}
		ch, result := recovery.PlaceOrder(testStore(), k, n, t0.Add(2*time.Hour))
		if c.want == "" {
			if len(ch.Update) != 0 || len(result.Matched) != 0 || found.Status != recovery.StatusOpen {
				t.Errorf("%s: updates %d, matched %v, %s; want it left alone", c.name, len(ch.Update), result.Matched, found.Status)
			}
			continue
		}
		if len(ch.Update) != 1 || !slices.Equal(result.Matched, []string{"a"}) || !slices.Equal(ch.Order.Matched, []string{found.Key}) {
			t.Fatalf("%s: %d updates, matched %v; want checkout a, once", c.name, len(ch.Update), result.Matched)
		}
		want := &recovery.OrderRef{Key: recovery.OrderKey("default", "o-1"), At: c.placed, By: c.want}
		if diff := cmp.Diff(want, found.Order); diff != "" || found.Status != recovery.StatusOrdered || !found.CheckAt.IsZero() {
			t.Errorf("%s: %s, check at %v, order (-want +got):\n%s", c.name, found.Status, found.CheckAt, diff)
		}
		for id, r := range found.Reminders {
			if r.State != recovery.Skipped || r.Reason != recovery.ReasonOrdered {
				t.Errorf("%s: reminder %s is %s %s, want skipped ordered", c.name, id, r.State, r.Reason)
			}
		}
	}
}

// The order's instant goes to every shopper and cart that the order or what it
// matched names, each once.
func TestPlaceOrderRaisesAnchors(t *testing.T) {
	t.Parallel()
	other := full(t0)
	other.Email, other.CartID = "ana@example.org", recovery.Given("other cart")
	n := orderNews()
	now := t0.Add(2 * time.Hour)
	ch, _ := recovery.PlaceOrder(testStore(), recovery.OrderCase{Checkout: recorded(other)}, n, now)
	expires := now.Add(testStore().Retention)
	wantShoppers := []recovery.RaiseShopper{
		{Key: shopperKey(anAddress), LastOrder: n.PlacedAt, ExpiresAt: expires},
		{Key: shopperKey("ana@example.org"), LastOrder: n.PlacedAt, ExpiresAt: expires},
	}
	slices.SortFunc(wantShoppers, func(a, b recovery.RaiseShopper) int { return strings.Compare(a.Key, b.Key) })
	wantCarts := []recovery.RaiseCart{
		{Key: recovery.CartKey("default", "cart-a"), LastOrder: n.PlacedAt, ExpiresAt: expires},
		{Key: recovery.CartKey("default", "other cart"), LastOrder: n.PlacedAt, ExpiresAt: expires},
	}
	slices.SortFunc(wantCarts, func(a, b recovery.RaiseCart) int { return strings.Compare(a.Key, b.Key) })
	if diff := cmp.Diff(wantShoppers, ch.Shoppers); diff != "" {
		t.Errorf("shoppers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantCarts, ch.Carts); diff != "" {
		t.Errorf("carts (-want +got):\n%s", diff)
	}

	n.CheckoutID, n.CartID = "", ""
	ch, result := recovery.PlaceOrder(testStore(), recovery.OrderCase{}, n, now)
	if len(ch.Shoppers) != 1 || len(ch.Carts) != 0 || ch.Create != nil || len(result.Matched) != 0 {
		t.Errorf("an order that knows an address only: got %+v, matched %v; want one shopper raised", ch, result.Matched)
	}
}

// An order of a checkout that has not come yet leaves a stub.
func TestPlaceOrderLeavesStub(t *testing.T) {
	t.Parallel()
	now := t0.Add(2 * time.Hour)
	n := orderNews()
	ch, result := recovery.PlaceOrder(testStore(), recovery.OrderCase{}, n, now)
	want := &recovery.Checkout{
		Store: "default", Key: recovery.CheckoutKey("default", "a"), ID: "a", Status: recovery.StatusOrdered,
		Order:     &recovery.OrderRef{Key: recovery.OrderKey("default", "o-1"), At: n.PlacedAt, By: recovery.ByCheckout},
		ExpiresAt: now.Add(testStore().Retention),
	}
	if diff := cmp.Diff(want, ch.Create); diff != "" || len(result.Matched) != 0 {
		t.Errorf("matched %v, want none; stub (-want +got):\n%s", result.Matched, diff)
	}

	ch, _ = recovery.PlaceOrder(testStore(), recovery.OrderCase{Order: ch.Order, Checkout: ch.Create}, n, now)
	if ch.Create != nil || len(ch.Update) != 0 {
		t.Errorf("told again: got %+v, want the stub left as it is", ch)
	}

	expired := &recovery.Checkout{Store: "default", Key: want.Key, ID: "a", Version: t0}
	ch, _ = recovery.PlaceOrder(testStore(), recovery.OrderCase{Checkout: expired}, n, now)
	if len(ch.Update) != 1 || ch.Update[0].Status != recovery.StatusOrdered || ch.Update[0].Order.By != recovery.ByCheckout {
		t.Errorf("an expired checkout: got %+v, want it made a stub of the order", ch.Update)
	}
}

// Promise 6: an order told twice changes nothing but what it adds.
func TestPlaceOrderTwice(t *testing.T) {
	t.Parallel()
	now := t0.Add(2 * time.Hour)
	c := recorded(full(t0))
	n := orderNews()
	n.CheckoutID = ""
	first, _ := recovery.PlaceOrder(testStore(), recovery.OrderCase{Shoppers: []*recovery.Checkout{c}}, n, now)
	recordedOrder := *first.Order

	again := n
	again.PlacedAt = n.PlacedAt.Add(time.Minute)
	second, result := recovery.PlaceOrder(testStore(), recovery.OrderCase{Order: first.Order, Shoppers: []*recovery.Checkout{c}}, again, now)
	if diff := cmp.Diff(&recordedOrder, second.Order); diff != "" || len(second.Update) != 0 || !slices.Equal(result.Matched, []string{"a"}) {
		t.Errorf("again: %d updates, matched %v; order (-first +second):\n%s", len(second.Update), result.Matched, diff)
	}

	n.CheckoutID, n.Total = "a", &recovery.Money{Minor: 900, Currency: "EUR"}
	third, _ := recovery.PlaceOrder(testStore(), recovery.OrderCase{Order: second.Order, Checkout: c}, n, now)
	if len(third.Update) != 1 || c.Order.By != recovery.ByCheckout || third.Order.Total.Minor != 900 || third.Order.Checkout != c.Key || third.Order.Shopper == "" {
		t.Errorf("now with its checkout and total: got %+v, joined by %s; want both taken over and the shopper kept", third.Order, c.Order.By)
	}
}

// What has ended for good is not ended again; what was sent stays sent.
func TestPlaceOrderLeavesEnds(t *testing.T) {
	t.Parallel()
	// One that was stopped knows its order all the same, so that no undo brings it back.
	for status, updates := range map[recovery.Status][]int{recovery.StatusStopped: {1, 0}, recovery.StatusErased: {0, 0}} {
		c := recorded(full(t0))
		c.Status = status
		for i, want := range updates {
			ch, _ := recovery.PlaceOrder(testStore(), recovery.OrderCase{Checkout: c}, orderNews(), t0)
			if len(ch.Update) != want || c.Status != status {
				t.Errorf("%s, time %d: got %s, %d updates; want it left so, %d updates", status, i+1, c.Status, len(ch.Update), want)
			}
		}
	}
	c := recorded(full(t0))
	states := []recovery.State{recovery.Sent, recovery.Claimed, recovery.Scheduled}
	for step, state := range states {
		id := recovery.ReminderID{Generation: 1, Step: step}
		r := c.Reminders[id]
		r.State = state
		c.Reminders[id] = r
	}
	recovery.PlaceOrder(testStore(), recovery.OrderCase{Checkout: c}, orderNews(), t0)
	for step, want := range []recovery.State{recovery.Sent, recovery.Claimed, recovery.Skipped} {
		if got := c.Reminders[recovery.ReminderID{Generation: 1, Step: step}].State; got != want {
			t.Errorf("step %d was %s: got %s, want %s", step, states[step], got, want)
		}
	}
}

// Promise 1: an order by address or cart comes before its checkout, and the shopper then
// gives another address or cart: it ends as when the order comes in between.
func TestOrderBeforeCheckoutThatMoves(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		order recovery.OrderNews
		move  func(*recovery.News)
	}{
		"address": {recovery.OrderNews{OrderID: "o", Email: anAddress}, func(n *recovery.News) { n.Email = "ana@work.example.net" }},
		"cart":    {recovery.OrderNews{OrderID: "o", CartID: "cart-a"}, func(n *recovery.News) { n.CartID = recovery.Given("another") }},
		"no cart": {recovery.OrderNews{OrderID: "o", CartID: "cart-a"}, func(n *recovery.News) { n.CartID = recovery.Given("") }},
	} {
		for _, first := range []bool{true, false} {
			s := open(t, nil)
			s.clock.Set(t0.Add(time.Minute))
			if first {
				s.order(tc.order)
			}
			s.post(left("a"))
			if !first {
				s.order(tc.order)
			}
			s.clock.Set(t0.Add(2 * time.Minute))
			moved := left("a")
			moved.UpdatedAt = s.clock.Now()
			tc.move(&moved)
			c, _ := s.post(moved)
			if c.Status != recovery.StatusOrdered || c.Order == nil || !c.Order.At.Equal(t0.Add(time.Minute)) {
				t.Errorf("%s, order first %t: got %s by %+v, want ordered", name, first, c.Status, c.Order)
			}
			s.until(4 * day)
			s.wantReminders("a", 1, "skipped ordered", "skipped ordered", "skipped ordered")
			s.wantMails()
		}
	}
}

// Promise 1: clocks differ. News of the seconds in which the order by another address came
// begins no generation that the order does not stop.
func TestOrderBeforeCheckoutThatMovesAndBeginsAnew(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.clock.Set(t0.Add(time.Second))
	s.order(recovery.OrderNews{OrderID: "o", Email: anAddress})
	s.post(left("a"))
	s.clock.Set(t0.Add(2 * time.Second))
	moved := left("a")
	moved.Email, moved.AbandonedAt, moved.UpdatedAt = "ana@work.example.net", s.clock.Now(), s.clock.Now()
	s.post(moved)
	s.until(4 * day)
	s.wantReminders("a", 2, "skipped ordered", "skipped ordered", "skipped ordered")
	s.wantMails()
}
