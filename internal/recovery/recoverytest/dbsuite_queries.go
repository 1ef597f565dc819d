package recoverytest

import (
	"fmt"
	"slices"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func (s *dbSuite) find(q recovery.OrderQuery) recovery.OrderCase {
	s.Helper()
	if q.Store == "" {
		q.Store = "default"
	}
	if q.Limit == 0 {
		q.Limit = 20
	}
	k, err := s.db.FindForOrder(s.Context(), q)
	if err != nil {
		s.Fatalf("find for order: %v", err)
	}
	return k
}

func (s *dbSuite) orders() {
	o := &recovery.Order{}
	(&filler{base: suiteTime.Add(time.Hour)}).fill(o)
	o.Store, o.Key, o.Version = "default", "o", time.Time{}
	s.commit(recovery.Change{Order: o})
	kept := s.find(recovery.OrderQuery{Order: "o"}).Order
	ignore := cmpopts.IgnoreFields(recovery.Order{}, "Version")
	if diff := cmp.Diff(o, kept, ignore); diff != "" || kept.Version.IsZero() {
		s.Errorf("version %v, every field (-want +got):\n%s", kept.Version, diff)
	}
	err := s.db.Commit(s.Context(), "default", recovery.Change{Order: o})
	s.wantErr("made again", err, recovery.ErrExists)

	newer := *kept
	newer.Total, newer.Matched, newer.Checkout = nil, nil, ""
	s.commit(recovery.Change{Order: &newer})
	got := s.find(recovery.OrderQuery{Order: "o"}).Order
	if diff := cmp.Diff(&newer, got, ignore); diff != "" || !got.Version.After(kept.Version) {
		s.Errorf("version from %v to %v, cleared (-want +got):\n%s", kept.Version, got.Version, diff)
	}
	s.wantErr("changed since", s.db.Commit(s.Context(), "default", recovery.Change{Order: kept}), recovery.ErrConflict)
	if k := s.find(recovery.OrderQuery{Store: "second", Order: "o"}); k.Order != nil {
		s.Errorf("another store found %+v, want nothing", k.Order)
	}
}

// fourWays: each key finds its own, and an empty one nothing.
func (s *dbSuite) fourWays() {
	own, carts, hers := checkout("own"), checkout("cart's"), checkout("hers")
	own.ShopperKey, carts.ShopperKey = "x", "y"
	s.create(own, carts, hers)
	s.commit(recovery.Change{
		Order: &recovery.Order{Store: "default", Key: "o", ID: "o", PlacedAt: suiteTime, ExpiresAt: suiteTime.Add(time.Hour)},
		Carts: []recovery.RaiseCart{
			{Key: "cart", LastOrder: suiteTime, Checkout: carts.Key, ExpiresAt: suiteTime.Add(time.Hour)},
			{Key: "own cart", Checkout: own.Key, ExpiresAt: suiteTime.Add(time.Hour)},
			{Key: "cart of nothing", Checkout: "gone", ExpiresAt: suiteTime.Add(time.Hour)},
		},
	})
	for _, c := range []struct {
		name                               string
		query                              recovery.OrderQuery
		order                              bool
		checkout, cart, cartCheckout, hers string
	}{
		{"nothing", recovery.OrderQuery{Order: "other"}, false, "", "", "", ""},
		{"order", recovery.OrderQuery{Order: "o"}, true, "", "", "", ""},
		{"checkout", recovery.OrderQuery{Order: "other", Checkout: own.Key}, false, "own", "", "", ""},
		{"cart", recovery.OrderQuery{Order: "other", Cart: "cart"}, false, "", carts.Key, "cart's", ""},
		{"cart of a checkout that is gone", recovery.OrderQuery{Order: "other", Cart: "cart of nothing"}, false, "", "gone", "", ""},
		{"shopper", recovery.OrderQuery{Order: "other", Shopper: "shopper"}, false, "", "", "", "hers"},
		{"all", recovery.OrderQuery{Order: "o", Checkout: own.Key, Cart: "cart", Shopper: "shopper"}, true, "own", carts.Key, "cart's", "hers"},
		{"one by two ways", recovery.OrderQuery{Order: "o", Checkout: own.Key, Cart: "own cart", Shopper: "x"}, true, "own", own.Key, "own", "own"},
		{"another store", recovery.OrderQuery{Store: "second", Order: "o", Checkout: own.Key, Cart: "cart", Shopper: "shopper"}, false, "", "", "", ""},
	} {
		k := s.find(c.query)
		if got := k.Order != nil; got != c.order {
			s.Errorf("%s: order found: %v, want %v", c.name, got, c.order)
		}
		if got := idOf(k.Checkout); got != c.checkout {
			s.Errorf("%s: checkout %q, want %q", c.name, got, c.checkout)
		}
		if k.Cart.Checkout != c.cart || idOf(k.CartCheckout) != c.cartCheckout {
			s.Errorf("%s: cart %q with %q, want %q with %q", c.name, k.Cart.Checkout, idOf(k.CartCheckout), c.cart, c.cartCheckout)
		}
		if got := fmt.Sprint(ids(k.Shoppers)); got != fmt.Sprint(slices.DeleteFunc([]string{c.hers}, func(id string) bool { return id == "" })) {
			s.Errorf("%s: the shopper's are %v, want %q", c.name, got, c.hers)
		}
	}
	s.suppress("default", "gone", recovery.Suppression{Reason: recovery.ReasonErased, At: suiteTime})
	s.suppress("default", "away", recovery.Suppression{Reason: recovery.ReasonUnsubscribed, At: suiteTime})
	others := s.find(recovery.OrderQuery{Order: "none", Shopper: "away", Others: []string{"gone", "away", "never"}})
	s.same("of others", []string{"gone"}, others.OthersErased)
	s.same("beside them", recovery.ReasonUnsubscribed, others.Suppression.Reason)

	k := s.find(recovery.OrderQuery{Order: "o", Checkout: own.Key})
	s.same("as it is kept", own, k.Checkout)
	k.Checkout.Locale = "de" // its version is that of the document
	s.commit(recovery.Change{Update: []*recovery.Checkout{k.Checkout}})
}

func idOf(c *recovery.Checkout) string {
	if c == nil {
		return ""
	}
	return c.ID
}

func ids(list []*recovery.Checkout) []string {
	names := []string{}
	for _, c := range list {
		names = append(names, c.ID)
	}
	return names
}

func (s *dbSuite) shoppersNewest() {
	for i, after := range []int{3, 1, 5, 2, 4} {
		c := checkout(fmt.Sprint(after))
		c.T = suiteTime.Add(time.Duration(after) * us)
		if i%2 == 0 {
			c.Status = recovery.StatusClosed
		}
		s.create(c)
	}
	stub := &recovery.Checkout{ // an order's; nobody knows whose
		Store: "default", Key: recovery.CheckoutKey("default", "stub"), ID: "stub", Status: recovery.StatusOrdered, ExpiresAt: suiteTime.Add(time.Hour),
	}
	elsewhere := checkout("elsewhere")
	elsewhere.Store = "second"
	s.create(stub, elsewhere)
	for limit, want := range map[int][]string{20: {"5", "4", "3", "2", "1"}, 2: {"5", "4"}} {
		if got := ids(s.find(recovery.OrderQuery{Order: "o", Shopper: "shopper", Limit: limit}).Shoppers); !slices.Equal(got, want) {
			s.Errorf("limit %d: got %v, want %v", limit, got, want)
		}
	}
}

// due is a checkout of the store that the sweep is to look at.
func due(store, id string, at time.Time) *recovery.Checkout {
	c := checkout(id)
	c.Store, c.Key, c.CheckAt = store, recovery.CheckoutKey(store, id), at
	return c
}

func (s *dbSuite) list(now time.Time, after *recovery.Checkout, limit int) []*recovery.Checkout {
	s.Helper()
	list, err := s.db.ToCheck(s.Context(), now, after, limit)
	if err != nil {
		s.Fatalf("to check: %v", err)
	}
	return list
}

func (s *dbSuite) toCheck() {
	kept := s.create(
		due("default", "second", suiteTime.Add(-us)), due("second", "first", suiteTime.Add(-2*us)), due("default", "third", suiteTime),
		due("default", "not yet", suiteTime.Add(us)), due("default", "never", time.Time{}),
	)
	list := s.list(suiteTime, nil, 10)
	if got := ids(list); !slices.Equal(got, []string{"first", "second", "third"}) {
		s.Fatalf("got %v, want first, second, third", got)
	}
	if list[0].Store != "second" {
		s.Errorf("the first is of store %s, want second", list[0].Store)
	}
	s.same("as it is kept", kept[0], list[1])
	list[1].CheckAt = time.Time{} // its version is that of the document
	s.commit(recovery.Change{Update: []*recovery.Checkout{list[1]}})
	if got := ids(s.list(suiteTime, nil, 10)); !slices.Equal(got, []string{"first", "third"}) {
		s.Errorf("after one is done with: got %v, want first, third", got)
	}
}

// pages: each checkout comes once, also where many are due at the same instant.
func (s *dbSuite) pages() {
	var want []string
	for i := range 25 {
		store := []string{"default", "second"}[i%2]
		s.create(due(store, fmt.Sprint(i), suiteTime.Add(time.Duration(i/10)*us)))
		want = append(want, fmt.Sprint(i))
	}
	var got []*recovery.Checkout
	var after *recovery.Checkout
	for {
		page := s.list(suiteTime.Add(time.Second), after, 4)
		got = append(got, page...)
		if len(page) < 4 {
			break
		}
		after = page[3]
	}
	if !slices.IsSortedFunc(got, func(a, b *recovery.Checkout) int { return a.CheckAt.Compare(b.CheckAt) }) {
		s.Errorf("got %v, want the longest overdue first", ids(got))
	}
	names := ids(got)
	slices.Sort(names)
	slices.Sort(want)
	if !slices.Equal(names, want) {
		s.Errorf("got %v, want each once: %v", names, want)
	}
}

// toCheckExpired: what has expired is not listed, and hides nothing that is.
func (s *dbSuite) toCheckExpired() {
	for i := range 7 {
		c := due("default", fmt.Sprint("expired ", i), suiteTime.Add(-time.Hour))
		c.ExpiresAt = suiteTime.Add(-us)
		s.create(c)
	}
	s.create(due("default", "a", suiteTime.Add(-us)), due("default", "b", suiteTime))
	page := s.list(suiteTime, nil, 1)
	if got := ids(page); !slices.Equal(got, []string{"a"}) {
		s.Fatalf("got %v, want a", got)
	}
	if got := ids(s.list(suiteTime, page[0], 3)); !slices.Equal(got, []string{"b"}) {
		s.Errorf("then %v, want b", got)
	}
}
