package recoverytest

import (
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// anchors: what a checkout is judged by comes with the whole case only.
func (s *dbSuite) anchors() {
	c := checkout("a")
	c.CartID, c.CartKey = "cart", "cart"
	expires := suiteTime.Add(time.Hour)
	s.commit(recovery.Change{
		Create:   c,
		Shoppers: []recovery.RaiseShopper{{Key: "shopper", LastOrder: suiteTime.Add(us), NewestT: suiteTime, ExpiresAt: expires}},
		Carts:    []recovery.RaiseCart{{Key: "cart", LastOrder: suiteTime.Add(2 * us), Checkout: c.Key, ExpiresAt: expires}},
	})
	suppression := recovery.Suppression{Reason: recovery.ReasonBounced, At: suiteTime.Add(3 * us)}
	s.suppress("default", "shopper", suppression)
	s.suppress("default", "somebody else", suppression)
	s.suppress("second", "shopper", suppression)

	want := recovery.Case{
		Checkout:    c,
		Shopper:     recovery.Shopper{LastOrder: suiteTime.Add(us), NewestT: suiteTime},
		Cart:        recovery.Cart{LastOrder: suiteTime.Add(2 * us), Checkout: c.Key},
		Suppression: &suppression,
	}
	s.same("whole case", want, s.read(c.Key, recovery.WholeCase))
	s.same("checkout only", recovery.Case{Checkout: c}, s.read(c.Key, recovery.CheckoutOnly))

	moved := checkout("moved")
	moved.ShopperKey, moved.FormerKey = "moved", "shopper"
	s.create(moved)
	former := recovery.Shopper{LastOrder: suiteTime.Add(us)}
	s.same("that went from one to another", recovery.Case{Checkout: moved, Former: former}, s.read(moved.Key, recovery.WholeCase))
	both := checkout("both")
	both.ShopperKey, both.FormerKey, both.CartKey = "moved", "shopper", "cart"
	s.create(both)
	s.same("that has a cart too", recovery.Case{Checkout: both, Former: former, Cart: want.Cart}, s.read(both.Key, recovery.WholeCase))

	other := checkout("b")
	other.ShopperKey = "stranger"
	s.create(other)
	s.same("of a stranger", recovery.Case{Checkout: other}, s.read(other.Key, recovery.WholeCase))

	for what, need := range map[string]recovery.Need{"beside it": {Other: "shopper"}, "beside all": {Anchors: true, Other: "shopper"}} {
		s.same(what, recovery.Case{Checkout: other, Other: &suppression}, s.read(other.Key, need))
	}
	s.same("without a checkout", recovery.Case{Other: &suppression}, s.read("missing", recovery.Need{Other: "shopper"}))
	s.same("of nobody", recovery.Case{Checkout: other}, s.read(other.Key, recovery.Need{Other: "nobody"}))
}

const us = time.Microsecond

// anchorsGrow: instants only grow, whatever the order in which they come.
func (s *dbSuite) anchorsGrow() {
	c := checkout("a")
	c.CartKey = "cart"
	s.create(c)
	expires := suiteTime.Add(time.Hour)
	raise := func(order, newest time.Time, checkout string) {
		s.commit(recovery.Change{
			Shoppers: []recovery.RaiseShopper{{Key: "shopper", LastOrder: order, NewestT: newest, ExpiresAt: expires}},
			Carts:    []recovery.RaiseCart{{Key: "cart", LastOrder: order, Checkout: checkout, ExpiresAt: expires}},
		})
	}
	later, never := suiteTime.Add(us), time.Time{}
	for _, step := range []struct {
		what                  string
		order, newest         time.Time
		checkout              string
		wantOrder, wantNewest time.Time
		wantCheckout          string
	}{
		{"nothing", never, never, "", never, never, ""},
		{"first", suiteTime, suiteTime, "one", suiteTime, suiteTime, "one"},
		{"nothing again", never, never, "", suiteTime, suiteTime, "one"},
		{"one later", later, suiteTime, "", later, suiteTime, "one"},
		{"the other later", suiteTime, later, "two", later, later, "two"},
		{"both earlier", suiteTime.Add(-us), suiteTime.Add(-us), "one", later, later, "one"},
	} {
		raise(step.order, step.newest, step.checkout)
		k := s.read(c.Key, recovery.WholeCase)
		s.same(step.what+": shopper", recovery.Shopper{LastOrder: step.wantOrder, NewestT: step.wantNewest}, k.Shopper)
		s.same(step.what+": cart", recovery.Cart{LastOrder: step.wantOrder, Checkout: step.wantCheckout}, k.Cart)
	}
}

func (s *dbSuite) marks() {
	c := s.create(checkout("a"))[0]
	expires := suiteTime.Add(time.Hour)
	s.commit(recovery.Change{Shoppers: []recovery.RaiseShopper{{Key: "shopper", NewestT: suiteTime, ExpiresAt: expires}}})
	write := func(list ...recovery.MessageMark) {
		s.Helper()
		err := s.db.UpdateCheckout(s.Context(), "default", c.Key, recovery.WholeCase, func(recovery.Case) (recovery.Change, error) {
			return recovery.Change{Marks: &recovery.Marks{Shopper: "shopper", Messages: list, ExpiresAt: expires}}, nil
		})
		if err != nil {
			s.Fatalf("write marks: %v", err)
		}
	}
	first := recovery.MessageMark{Checkout: "x", Reminder: recovery.ReminderID{Generation: 2, Step: 1}, At: suiteTime.Add(us)}
	second := recovery.MessageMark{Checkout: "y", Reminder: recovery.ReminderID{Generation: 1}, At: suiteTime.Add(2 * us)}
	write(first, second)
	want := recovery.Shopper{NewestT: suiteTime, Messages: []recovery.MessageMark{first, second}}
	s.same("two", want, s.read(c.Key, recovery.WholeCase).Shopper)
	s.commit(recovery.Change{Shoppers: []recovery.RaiseShopper{{Key: "shopper", ExpiresAt: expires}}})
	s.same("after a raise", want, s.read(c.Key, recovery.WholeCase).Shopper)
	write(second)
	want.Messages = want.Messages[1:]
	s.same("replaced", want, s.read(c.Key, recovery.WholeCase).Shopper)
	write()
	want.Messages = nil
	s.same("none", want, s.read(c.Key, recovery.WholeCase).Shopper)
}

// expired: what has expired reads as a stub without an order and can be written anew.
func (s *dbSuite) expired() {
	c := checkout("a")
	c.Status, c.Order = recovery.StatusOrdered, &recovery.OrderRef{Key: "o", At: suiteTime, By: recovery.ByCheckout}
	c.CartKey = "cart"
	kept := s.create(c)[0]
	s.commit(recovery.Change{Carts: []recovery.RaiseCart{{Key: "cart", Checkout: c.Key, ExpiresAt: suiteTime.Add(2 * time.Hour)}}})
	s.clock.Set(c.ExpiresAt)
	s.same("at its last instant", c, s.read(c.Key, recovery.CheckoutOnly).Checkout)
	s.clock.Set(c.ExpiresAt.Add(us))

	stub := &recovery.Checkout{Store: "default", Key: c.Key, ID: "a", Version: kept.Version}
	got := s.read(c.Key, recovery.WholeCase)
	s.same("expired", recovery.Case{Checkout: stub}, got)
	k, err := s.db.FindForOrder(s.Context(), recovery.OrderQuery{
		Store: "default", Order: "o", Checkout: c.Key, Cart: "cart", Shopper: "shopper", Limit: 20,
	})
	if err != nil || len(k.Shoppers) != 0 {
		s.Errorf("found %d of the shopper, %v; want none", len(k.Shoppers), err)
	}
	s.same("found by itself", stub, k.Checkout)
	s.same("found by its cart", stub, k.CartCheckout)

	s.wantErr("created anew", s.db.Commit(s.Context(), "default", recovery.Change{Create: checkout("a")}), recovery.ErrExists)
	anew := checkout("a")
	anew.Version, anew.ExpiresAt = got.Checkout.Version, suiteTime.Add(3*time.Hour)
	s.commit(recovery.Change{Update: []*recovery.Checkout{anew}})
	s.same("written anew", anew, s.read(c.Key, recovery.CheckoutOnly).Checkout)
}

// heard: marks only grow, do not expire, and belong to one store and source each.
func (s *dbSuite) heard() {
	mark := func(store, source string, at time.Time) {
		s.Helper()
		ch := recovery.Change{Heard: &recovery.RaiseHeard{Source: source, At: at}}
		if err := s.db.Commit(s.Context(), store, ch); err != nil {
			s.Fatalf("mark %s of %s: %v", source, store, err)
		}
	}
	checkouts, orders := recovery.Source{Store: "default", Name: "Checkout"}, recovery.Source{Store: "default", Name: "Order"}
	second := recovery.Source{Store: "second", Name: "Checkout"}
	want := func(what string, want map[recovery.Source]time.Time) {
		s.Helper()
		got, err := s.db.LastHeard(s.Context(), []recovery.Source{checkouts, orders, second})
		if err != nil {
			s.Fatalf("%s: %v", what, err)
		}
		s.same(what, want, got)
	}
	want("none", nil)
	mark("default", "Checkout", suiteTime)
	mark("default", "Shopify", suiteTime)
	want("one that was asked for", map[recovery.Source]time.Time{checkouts: suiteTime})
	mark("second", "Checkout", suiteTime.Add(2*us))
	mark("default", "Order", suiteTime.Add(us))
	mark("default", "Checkout", suiteTime.Add(3*us))
	mark("default", "Order", suiteTime)
	s.clock.Set(suiteTime.AddDate(10, 0, 0))
	want("the newest of each, also years later", map[recovery.Source]time.Time{
		checkouts: suiteTime.Add(3 * us), orders: suiteTime.Add(us), second: suiteTime.Add(2 * us),
	})
	if got, err := s.db.LastHeard(s.Context(), nil); err != nil || len(got) != 0 {
		s.Errorf("none asked for: got %v, %v; want none", got, err)
	}
}
