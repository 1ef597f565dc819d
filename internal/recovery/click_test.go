package recovery_test

import (
	"context"
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// linkStore has an address, a cart and hosts to lead to, and a coupon in its last mail.
func linkStore() *recovery.Store {
	s := testStore()
	s.URL, s.CartURL, s.LinkHosts = "https://shop.example.com", "https://shop.example.com/cart", []string{"shop.example.com", "*.pay.example.com"}
	s.Steps[2].Coupon = "BACK 10%&x=1"
	return s
}

// back is the link of a reminder of the checkout.
func (s *shop) back(id string, step int) recovery.Link {
	return recovery.Link{Store: s.store.ID, Checkout: recovery.CheckoutKey(s.store.ID, id), Reminder: recovery.ReminderID{Generation: 1, Step: step}}
}

// follow follows a link and wants that to succeed.
func (s *shop) follow(l recovery.Link, counts bool) recovery.Way {
	s.Helper()
	way, err := s.Follow(context.Background(), l, counts)
	if err != nil {
		s.Fatalf("following the link: %v", err)
	}
	return way
}

func withURL(id, address string) recovery.News {
	n := left(id)
	n.RecoverURL = recovery.Given(address)
	return n
}

const utm = "utm_source=comeback&utm_medium=email&utm_campaign=abandoned_checkout&utm_content=reminder-"

// A link leads to the checkout's own address with where the shopper comes from and the
// coupon, and keeps what stands there.
func TestLanding(t *testing.T) {
	t.Parallel()
	const coupon = "BACK+10%25%26x%3D1"
	for _, tc := range []struct {
		name, address, want string
		step                int
		change              func(*recovery.News, *recovery.Store)
	}{
		{name: "plain", address: "https://shop.example.com/c", want: "https://shop.example.com/c?" + utm + "1"},
		{name: "the second reminder", address: "https://shop.example.com/c", step: 1, want: "https://shop.example.com/c?" + utm + "2"},
		{name: "a query and a fragment", address: "https://shop.example.com/c?key=9c1e&a=b%20c&empty#pay", want: "https://shop.example.com/c?key=9c1e&a=b%20c&empty&" + utm + "1#pay"},
		{name: "another campaign's", address: "https://shop.example.com/c?utm_source=x&key=1&UTM_SOURCE=y&utm%5Fterm=z&utm_content", want: "https://shop.example.com/c?key=1&UTM_SOURCE=y&" + utm + "1"},
		{name: "a foreign query", address: "https://shop.example.com/c?a=%zz;b&&=", want: "https://shop.example.com/c?a=%zz;b&=&" + utm + "1"},
		{name: "a coupon", address: "https://shop.example.com/c?coupon=old", step: 2, want: "https://shop.example.com/c?" + utm + "3&coupon=" + coupon},
		{name: "a coupon on Shopify", address: "https://shop.example.com/c", step: 2, want: "https://shop.example.com/c?" + utm + "3&discount=" + coupon, change: func(n *recovery.News, _ *recovery.Store) { n.Platform = recovery.Shopify }},
		{name: "a coupon of a store on Shopify", address: "https://shop.example.com/c", step: 2, want: "https://shop.example.com/c?" + utm + "3&discount=" + coupon, change: func(_ *recovery.News, s *recovery.Store) { s.Platform = recovery.Shopify }},
		{name: "a coupon of WooCommerce beside Shopify", address: "https://shop.example.com/c", step: 2, want: "https://shop.example.com/c?" + utm + "3&coupon=" + coupon, change: func(n *recovery.News, s *recovery.Store) {
			n.Platform, s.Platform = recovery.WooCommerce, recovery.Shopify
		}},
		{name: "a reminder that is not known any more", address: "https://shop.example.com/c", step: 7, want: "https://shop.example.com/c?" + utm + "8"},
		{name: "a subdomain, a port", address: "http://a.pay.example.com:8443/c", want: "http://a.pay.example.com:8443/c?" + utm + "1"},
		{name: "no address", address: "", want: "https://shop.example.com/cart?" + utm + "1"},
		{name: "a host that is not allowed any more", address: "https://old.example.com/c", want: "https://shop.example.com/cart?" + utm + "1"},
		{name: "a user before the host", address: "https://shop.example.com@evil.example/", want: "https://shop.example.com/cart?" + utm + "1"},
		{name: "a script", address: "javascript://shop.example.com/%0aalert(1)", want: "https://shop.example.com/cart?" + utm + "1"},
		{name: "a backslash", address: `https://evil.example\@shop.example.com/`, want: "https://shop.example.com/cart?" + utm + "1"},
		{name: "another header", address: "https://shop.example.com/\r\nSet-Cookie: x", want: "https://shop.example.com/cart?" + utm + "1"},
		{name: "no scheme", address: "//shop.example.com/", want: "https://shop.example.com/cart?" + utm + "1"},
		{name: "no cart", address: "", want: "https://shop.example.com?" + utm + "1", change: func(_ *recovery.News, s *recovery.Store) { s.CartURL = "" }},
		{name: "nowhere", address: "", want: "", change: func(_ *recovery.News, s *recovery.Store) { s.CartURL, s.URL = "", "" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s, n := open(t, linkStore()), withURL("a", tc.address)
			if tc.change != nil {
				tc.change(&n, s.store)
			}
			s.post(n)
			way := s.follow(s.back("a", tc.step), true)
			if diff := cmp.Diff(recovery.Way{Kind: recovery.WayBack, To: tc.want, Noted: true}, way); diff != "" {
				t.Errorf("the way (-want +got):\n%s", diff)
			}
			if u, err := url.Parse(way.To); err != nil || u.Query().Get("utm_source") != "comeback" && tc.want != "" {
				t.Errorf("%q cannot be read: %v", way.To, err)
			}
		})
	}
}

// The first click and all later ones are kept, those that do not count are not.
func TestClicksAreNoted(t *testing.T) {
	t.Parallel()
	s := open(t, linkStore())
	s.post(withURL("a", "https://shop.example.com/c"))
	s.until(half)
	if way := s.follow(s.back("a", 0), false); way.To == "" || way.Noted {
		t.Errorf("the way that does not count is %+v", way)
	}
	if c := s.checkout("a"); len(c.Clicks) > 0 {
		t.Errorf("the last click is %+v, want none", c.Clicks)
	}
	first := s.clock.Now()
	s.follow(s.back("a", 0), true)
	s.until(day)
	second := s.clock.Now()
	s.follow(s.back("a", 1), true)
	s.clock.Set(second.Add(time.Hour))
	third := s.clock.Now()
	s.follow(s.back("a", 0), true)

	want := []recovery.Click{
		{At: first, Reminder: recovery.ReminderID{Generation: 1}},
		{At: second, Reminder: recovery.ReminderID{Generation: 1, Step: 1}},
		{At: third, Reminder: recovery.ReminderID{Generation: 1}},
	}
	if diff := cmp.Diff(want, s.checkout("a").Clicks); diff != "" {
		t.Errorf("the clicks (-want +got):\n%s", diff)
	}
	rows := s.db.Messages()
	if diff := cmp.Diff([]time.Time{first, third}, rows[0].Clicks); diff != "" || !rows[0].Clicked.Equal(first) {
		t.Errorf("the first message: first clicked %v (-want +got):\n%s", rows[0].Clicked, diff)
	}
	if diff := cmp.Diff([]time.Time{second}, rows[1].Clicks); diff != "" || rows[1].Shopper == "" || rows[1].Email != anAddress {
		t.Errorf("the second message: %+v (-want +got):\n%s", rows[1], diff)
	}
}

// A click that comes before the outcome is recorded is kept with it.
func TestClickBeforeTheOutcome(t *testing.T) {
	t.Parallel()
	s := open(t, linkStore())
	s.post(withURL("a", "https://shop.example.com/c"))
	s.Mailer = mailerFunc(func(ctx context.Context, m recovery.Mail) (string, error) {
		s.follow(s.back("a", 0), true)
		return s.mailer.Send(ctx, m)
	})
	s.until(half)
	s.wantReminders("a", 1, "sent", "scheduled", "scheduled")
	row := s.db.Messages()[0]
	if len(row.Clicks) != 1 || row.State != recovery.Sent || row.Email != anAddress || row.ExpiresAt.IsZero() {
		t.Errorf("the row is %+v, want it sent and clicked", row)
	}
	if len(s.checkout("a").Clicks) != 1 {
		t.Error("the checkout has lost the click")
	}
}

// What there is to go back to.
func TestWays(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		before func(*shop)
		want   recovery.WayKind
		noted  bool
	}{
		{"open", func(*shop) {}, recovery.WayBack, true},
		{"stopped", func(s *shop) { _ = s.StopCheckout(context.Background(), "default", "a") }, recovery.WayBack, true},
		{"ordered", func(s *shop) { s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "a"}) }, recovery.WayBought, true},
		{"ordered by cart", func(s *shop) { s.order(recovery.OrderNews{OrderID: "o", CartID: "cart-a"}) }, recovery.WayBought, true},
		{"ordered by address", func(s *shop) { s.order(recovery.OrderNews{OrderID: "o", Email: anAddress}) }, recovery.WayBought, true},
		{"ordered before it was left", func(s *shop) {
			s.order(recovery.OrderNews{OrderID: "o", Email: anAddress, PlacedAt: t0.Add(-time.Hour)})
		}, recovery.WayBack, true},
		{"ordered, and cancelled", func(s *shop) {
			s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "a", Refunds: map[string]recovery.Refund{recovery.Cancelled: {}}})
		}, recovery.WayBack, true},
		{"ordered, and all refunded", func(s *shop) {
			s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "a", Total: eur(5), Refunds: map[string]recovery.Refund{"r": {Total: eur(5)}}})
		}, recovery.WayBack, true},
		{"ordered, in part refunded", func(s *shop) {
			s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "a", Total: eur(5), Refunds: map[string]recovery.Refund{"r": {Total: eur(4)}}})
		}, recovery.WayBought, true},
		{"cancelled, and ordered again", func(s *shop) {
			s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "a", Refunds: map[string]recovery.Refund{recovery.Cancelled: {}}})
			s.clock.Set(t0.Add(time.Minute))
			s.order(recovery.OrderNews{OrderID: "o2", Email: anAddress})
		}, recovery.WayBought, true},
		{"emptied", func(s *shop) {
			n := withURL("a", "https://shop.example.com/c")
			n.UpdatedAt, n.Platform, n.Items = t0.Add(time.Second), recovery.Shopify, recovery.Given([]recovery.Item(nil))
			s.post(n)
		}, recovery.WayEmpty, true},
		{"expired", func(s *shop) { s.clock.Set(t0.Add(400 * day)) }, recovery.WayGone, false},
		{"erased, as marked", func(s *shop) {
			_ = s.db.Suppress(context.Background(), "default", recovery.ShopperKey(s.store.IDKey, "default", anAddress), recovery.Suppression{Reason: recovery.ReasonErased, At: t0})
		}, recovery.WayGone, false},
		{"erased, as a stub", func(s *shop) {
			c := s.checkout("a")
			c.Status = recovery.StatusErased
			if err := s.db.Commit(context.Background(), "default", recovery.Change{Update: []*recovery.Checkout{c}}); err != nil {
				s.Fatalf("erase: %v", err)
			}
		}, recovery.WayGone, false},
		{"unsubscribed", func(s *shop) {
			_ = s.db.Suppress(context.Background(), "default", recovery.ShopperKey(s.store.IDKey, "default", anAddress), recovery.Suppression{Reason: recovery.ReasonUnsubscribed, At: t0})
		}, recovery.WayBack, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, linkStore())
			n := withURL("a", "https://shop.example.com/c")
			n.Locale = recovery.Given("pt-BR")
			s.post(n)
			tc.before(s)
			before := s.checkout("a")
			way := s.follow(s.back("a", 0), true)
			if way.Kind != tc.want || way.Noted != tc.noted || (way.To != "") != (tc.want == recovery.WayBack) || (way.Locale == "pt-BR") != (tc.want != recovery.WayGone) {
				t.Errorf("got %+v, want %s, noted %v", way, tc.want, tc.noted)
			}
			if diff := cmp.Diff(before, s.checkout("a"), cmpopts.IgnoreFields(recovery.Checkout{}, "Clicks", "Version", "ExpiresAt"), cmpopts.IgnoreFields(recovery.Reminder{}, "Clicks")); diff != "" {
				t.Errorf("more than the click changed (-before +after):\n%s", diff)
			}
			if rows := s.db.Messages(); !tc.noted && len(rows) > 0 || (len(s.checkout("a").Clicks) > 0) != tc.noted {
				t.Errorf("rows %+v, clicks %v; want noted %v", rows, s.checkout("a").Clicks, tc.noted)
			}
		})
	}
	s := open(t, linkStore())
	if way := s.follow(s.back("never was", 0), true); way != (recovery.Way{Kind: recovery.WayGone}) {
		t.Errorf("of no checkout: %+v", way)
	}
}

// Where the database is away the shopper is led on: to what was read, or else to the cart.
func TestFollowWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	s := open(t, linkStore())
	s.post(withURL("a", "https://shop.example.com/c"))
	s.db.FailNext(recovery.ErrOverload)
	way, err := s.Follow(t.Context(), s.back("a", 0), true)
	if want := (recovery.Way{Kind: recovery.WayBack, To: "https://shop.example.com/cart"}); way != want || !errors.Is(err, recovery.ErrOverload) {
		t.Errorf("nothing read: got %+v, %v; want %+v", way, err, want)
	}
	s.db.LoseNext(recovery.ErrOverload)
	way, err = s.Follow(t.Context(), s.back("a", 0), true)
	if want := (recovery.Way{Kind: recovery.WayBack, To: "https://shop.example.com/c?" + utm + "1"}); way != want || !errors.Is(err, recovery.ErrOverload) {
		t.Errorf("not written for certain: got %+v, %v; want %+v", way, err, want)
	}
	if way, err := s.Follow(t.Context(), recovery.Link{Store: "gone"}, true); way.To != "" || !errors.Is(err, recovery.ErrNoStore) {
		t.Errorf("of a store that is gone: got %+v, %v", way, err)
	}
}

// A click counts once, also where the answer to its commit is lost and it is noted again.
func TestClickNotedTwice(t *testing.T) {
	t.Parallel()
	s := open(t, linkStore())
	s.post(withURL("a", "https://shop.example.com/c"))
	s.until(half)
	s.follow(s.back("a", 0), true)
	s.follow(s.back("a", 0), true) // in the same microsecond
	if row := s.db.Messages()[0]; len(s.checkout("a").Clicks) != 1 || len(row.Clicks) != 1 || row.ClickCount != 1 {
		t.Errorf("got %d clicks, on the row %d of %d; want one", len(s.checkout("a").Clicks), len(row.Clicks), row.ClickCount)
	}
}

// The newest clicks are kept, so that a document stays small; on the row, the first.
func TestManyClicks(t *testing.T) {
	t.Parallel()
	s := open(t, linkStore())
	s.post(withURL("a", "https://shop.example.com/c"))
	s.until(half)
	for range 150 {
		s.clock.Set(s.clock.Now().Add(time.Second))
		s.follow(s.back("a", 0), true)
	}
	clicks := s.checkout("a").Clicks
	if n := len(clicks); n != 100 || !clicks[n-1].At.Equal(s.clock.Now()) {
		t.Errorf("%d clicks are kept, the last of %v; want the newest 100", n, clicks[n-1].At)
	}
	row := s.db.Messages()[0]
	if !row.Clicked.Equal(t0.Add(half+time.Second)) || !row.LastClicked.Equal(s.clock.Now()) || row.ClickCount != 150 || len(row.Clicks) != 100 || !row.Clicks[0].Equal(row.Clicked) {
		t.Errorf("the row has %d of %d clicks, from %v to %v; want the first 100, the first and the last of all, and how many", len(row.Clicks), row.ClickCount, row.Clicked, row.LastClicked)
	}
}
