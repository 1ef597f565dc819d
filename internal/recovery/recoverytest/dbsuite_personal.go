package recoverytest

import (
	"fmt"
	"slices"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// kept writes something of each kind for the shopper, named after it.
func (s *dbSuite) kept(shopper string) recovery.Personal {
	s.Helper()
	c := checkout("of " + shopper)
	c.ShopperKey = shopper
	o := &recovery.Order{
		Store: "default", Key: recovery.OrderKey("default", "of "+shopper), ID: "of " + shopper, Shopper: shopper, PlacedAt: suiteTime,
		Attribution: recovery.Attribution{Kind: recovery.AttributedNone}, ExpiresAt: suiteTime.Add(time.Hour),
	}
	m := &recovery.Message{
		Store: "default", Checkout: c.Key, Reminder: recovery.ReminderID{Generation: 1}, Shopper: shopper, Email: "ana@example.net",
		State: recovery.Sent, SentAt: suiteTime, ExpiresAt: suiteTime.Add(time.Hour),
	}
	s.commit(recovery.Change{
		Create: c, Order: o, Message: m, Shoppers: []recovery.RaiseShopper{{
			Key: shopper, NewestT: suiteTime, ConsentGiven: suiteTime.Add(time.Second), ConsentRefused: suiteTime.Add(2 * time.Second), ExpiresAt: suiteTime.Add(time.Hour),
		}},
	})
	return recovery.Personal{
		Shopper:   &recovery.Shopper{NewestT: suiteTime, ConsentGiven: suiteTime.Add(time.Second), ConsentRefused: suiteTime.Add(2 * time.Second)},
		Checkouts: []*recovery.Checkout{c}, Orders: []*recovery.Order{o}, Messages: []*recovery.Message{m},
	}
}

func (s *dbSuite) personalOf(shopper string) recovery.Personal {
	s.Helper()
	p, err := s.db.Personal(s.Context(), "default", shopper)
	if err != nil {
		s.Fatalf("personal: %v", err)
	}
	for _, o := range p.Orders {
		o.Version = time.Time{} // only the DB knows it
	}
	return p
}

// personal: all of one shopper and nothing of another, also what has expired.
func (s *dbSuite) personal() {
	want := s.kept("shopper")
	s.kept("somebody else")
	s.same("of nobody", recovery.Personal{}, s.personalOf("nobody"))
	s.clock.Set(suiteTime.Add(2 * time.Hour))
	s.same("of the shopper", want, s.personalOf("shopper"))
	s.suppress("default", "shopper", recovery.Suppression{Reason: recovery.ReasonBounced, At: suiteTime})
	want.Suppression = &recovery.Suppression{Reason: recovery.ReasonBounced, At: suiteTime}
	s.same("suppressed", want, s.personalOf("shopper"))
}

// nameless: orders that name nobody but a shopper's checkout or its cart are the shopper's.
func (s *dbSuite) nameless() {
	c := checkout("a")
	c.ShopperKey, c.CartKey = "shopper", "cart"
	s.create(c)
	for key, o := range map[string]recovery.Order{
		"both": {Checkout: c.Key, Cart: "cart"}, "checkout": {Checkout: c.Key}, "cart": {Cart: "cart"},
		"own": {Shopper: "shopper", Checkout: c.Key}, "another's": {Shopper: "another", Checkout: c.Key, Cart: "cart"}, "nobody's": {Cart: "another"}, "none": {},
	} {
		o.Store, o.Key, o.ExpiresAt = "default", key, suiteTime.Add(time.Hour)
		s.commit(recovery.Change{Order: &o})
	}
	var keys []string
	for _, o := range s.personalOf("shopper").Orders {
		keys = append(keys, o.Key)
	}
	slices.Sort(keys)
	s.same("orders", []string{"both", "cart", "checkout", "own"}, keys)
	s.same("of nobody", recovery.Personal{}, s.personalOf("nobody"))
}

// deletes: what a change deletes is gone, and what is gone already is no error. Of an erased
// order nothing is left but that.
func (s *dbSuite) deletes() {
	p := s.kept("shopper")
	other := s.kept("somebody else")
	ch := recovery.Change{
		DeleteMessages: []string{p.Messages[0].Key(), "never"}, DeleteShopper: "shopper",
	}
	for _, key := range []string{p.Orders[0].Key, "never"} {
		ch.EraseOrders = append(ch.EraseOrders, &recovery.Order{Store: "default", Key: key, Erased: true, ExpiresAt: suiteTime.Add(time.Hour)})
	}
	s.commit(ch)
	s.commit(ch)
	s.same("what stays", recovery.Personal{Checkouts: p.Checkouts}, s.personalOf("shopper"))
	s.same("another's", other, s.personalOf("somebody else"))
	for _, want := range ch.EraseOrders {
		got := s.find(recovery.OrderQuery{Order: want.Key}).Order
		if got == nil || got.Version.IsZero() {
			s.Errorf("of an erased order there is %+v", got)
			continue
		}
		s.wantErr("an erased order is recorded anew", s.db.Commit(s.Context(), "default", recovery.Change{Order: want}), recovery.ErrExists)
		got.Version = time.Time{}
		s.same("of an erased order", want, got)
	}
}

// deletePages: page by page all of a store goes but the suppressions.
func (s *dbSuite) deletePages() {
	s.kept("shopper")
	s.kept("somebody else")
	suppression := recovery.Suppression{Reason: recovery.ReasonErased, At: suiteTime}
	s.suppress("default", "shopper", suppression)
	second := checkout("of the second store")
	second.Store = "second"
	s.create(second)
	for left := 8; left > 0; {
		n, err := s.db.DeletePage(s.Context(), "default", 3)
		if err != nil || n < 1 || n > 3 {
			s.Fatalf("deleted %d, %v; want 1 to 3", n, err)
		}
		left -= n
	}
	if n, err := s.db.DeletePage(s.Context(), "default", 3); err != nil || n != 0 {
		s.Errorf("deleted %d more, %v; want none", n, err)
	}
	s.same("what stays", recovery.Personal{Suppression: &suppression}, s.personalOf("shopper"))
	if s.readIn("second", second.Key, recovery.CheckoutOnly).Checkout == nil {
		s.Error("another store's checkout is gone")
	}
}

// customers: the shoppers of a customer's checkouts and orders, whatever became of these.
func (s *dbSuite) customers() {
	for _, c := range []struct{ id, shopper, customer string }{{"1", "x", "c"}, {"2", "y", "c"}, {"3", "x", "c"}, {"4", "z", "d"}, {"5", "w", ""}} {
		one := checkout(c.id)
		one.ShopperKey, one.CustomerKey = c.shopper, c.customer
		s.create(one)
	}
	for _, o := range []recovery.Order{{Key: "1", Shopper: "y", CustomerKey: "c"}, {Key: "2", Shopper: "v", CustomerKey: "c"}, {Key: "3", CustomerKey: "c"}, {Key: "4", Shopper: "u"}} {
		o.Store, o.ExpiresAt = "default", suiteTime.Add(time.Hour)
		s.commit(recovery.Change{Order: &o})
	}
	s.clock.Set(suiteTime.Add(1000 * time.Hour))
	for customer, want := range map[string]string{"c": "[v x y]", "d": "[z]", "e": "[]"} {
		got, err := s.db.ShoppersOfCustomer(s.Context(), "default", customer)
		if err != nil || fmt.Sprint(got) != want {
			s.Errorf("of %s: got %v, %v; want %s", customer, got, err, want)
		}
	}
	if got, err := s.db.ShoppersOfCustomer(s.Context(), "second", "c"); err != nil || len(got) > 0 {
		s.Errorf("in another store: got %v, %v", got, err)
	}
}
