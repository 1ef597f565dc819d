package recovery_test

import (
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Shop systems cut instants to seconds: of two tellings of one second the one that comes last
// counts. The same again changes nothing, nor does any where a checkout is ordered.
func TestNewsOfTheSameSecond(t *testing.T) {
	t.Parallel()
	at := t0.Add(time.Minute)
	told := func(p recovery.Platform, item string) recovery.News {
		n := left("a")
		n.AbandonedAt, n.UpdatedAt, n.Platform = time.Time{}, at, p
		n.Items = recovery.Given([]recovery.Item{{ID: item, Quantity: 1}})
		return n
	}
	for name, tc := range map[string]struct {
		platform recovery.Platform
		items    []string // as told, one after the other
		do       func(*shop)
		effect   recovery.Effect // of the last
		want     string
	}{
		"Shopify":          {recovery.Shopify, []string{"1", "2"}, nil, recovery.Restarted, "2"},
		"the same again":   {recovery.Shopify, []string{"1", "2", "2"}, nil, recovery.Ignored, "2"},
		"the same at once": {recovery.Shopify, []string{"1", "1"}, nil, recovery.Ignored, "1"},
		"ordered":          {recovery.Shopify, []string{"1", "2"}, func(s *shop) { s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "a"}) }, recovery.Ignored, "1"},
		"completed":        {recovery.Shopify, []string{"1", "2"}, func(s *shop) { s.complete(recovery.OrderNews{CheckoutID: "a"}) }, recovery.Ignored, "1"},
		"stopped":          {recovery.Shopify, []string{"1", "2"}, func(s *shop) { s.stop("a") }, recovery.Ignored, "1"},
		"a backend's own":  {"", []string{"1", "2"}, nil, recovery.Ignored, "1"},
		"WooCommerce's":    {recovery.WooCommerce, []string{"1", "2"}, nil, recovery.Restarted, "2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			s.clock.Set(at)
			var effect recovery.Effect
			for i, item := range tc.items {
				_, effect = s.post(told(tc.platform, item))
				if i == 0 && tc.do != nil {
					tc.do(s)
				}
			}
			if c := s.checkout("a"); effect != tc.effect || c.Items[0].ID != tc.want || tc.do != nil && !c.Final() {
				t.Errorf("got effect %d, items %v, %s; want %d, %s", effect, c.Items, c.Status, tc.effect, tc.want)
			}
		})
	}
}

// An order by the same shopper in that second is not undone by it either.
func TestNewsOfTheOrdersSecond(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	n := left("a")
	n.AbandonedAt, n.UpdatedAt, n.Platform = time.Time{}, t0, recovery.Shopify
	s.post(n)
	s.order(recovery.OrderNews{OrderID: "o", Email: anAddress, PlacedAt: t0})
	n.Items = recovery.Given([]recovery.Item{{ID: "2", Quantity: 1}})
	s.post(n)
	s.until(4 * day)
	s.wantMails()
	if c := s.checkout("a"); c.Status != recovery.StatusOrdered || c.Items[0].ID != "2" {
		t.Errorf("got %s, %v", c.Status, c.Items)
	}
}

// Promise 1, whatever comes first: a shop system tells twice of the same cart, and the shopper
// orders elsewhere in between.
func TestOrderBetweenTwoTellings(t *testing.T) {
	t.Parallel()
	told := func(minute int) recovery.News {
		n := left("a")
		n.Platform, n.AbandonedAt, n.UpdatedAt = recovery.Shopify, time.Time{}, t0.Add(time.Duration(minute)*time.Minute)
		return n
	}
	other := told(0)
	other.Items = recovery.Given([]recovery.Item{{ID: "another", Quantity: 1}})
	create := func(s *shop) { s.post(told(0)) }
	update := func(s *shop) { s.post(told(15)) }
	order := func(s *shop) {
		s.order(recovery.OrderNews{OrderID: "o", Email: anAddress, PlacedAt: t0.Add(10 * time.Minute)})
	}
	for name, tc := range map[string]struct {
		do    []func(*shop)
		mails int
	}{
		"in order":              {[]func(*shop){create, order, update}, 0},
		"the order last":        {[]func(*shop){create, update, order}, 0},
		"backwards":             {[]func(*shop){update, order, create}, 0},
		"the order last of all": {[]func(*shop){update, create, order}, 0},
		"the order first":       {[]func(*shop){order, update, create}, 0},
		"another cart before":   {[]func(*shop){update, order, func(s *shop) { s.post(other) }}, 3},
		"begun anew after both": {[]func(*shop){update, create, order, func(s *shop) { n := other; n.UpdatedAt = t0.Add(18 * time.Minute); s.post(n) }}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			s.clock.Set(t0.Add(20 * time.Minute))
			for _, do := range tc.do {
				do(s)
			}
			s.until(5 * day)
			if mails := s.mailer.Sent(); len(mails) != tc.mails {
				t.Errorf("%d mails, want %d", len(mails), tc.mails)
			}
		})
	}
}
