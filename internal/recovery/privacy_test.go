package recovery_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/google/go-cmp/cmp"
)

// personal is what is kept of the example's shopper.
func (s *shop) personal() recovery.Personal {
	s.Helper()
	p, err := s.ExportShopper(context.Background(), s.store.ID, anAddress)
	if err != nil {
		s.Fatalf("export: %v", err)
	}
	return p
}

func (s *shop) erase(orderIDs ...string) recovery.ErasureResult {
	s.Helper()
	result, err := s.EraseShopper(context.Background(), s.store.ID, recovery.Erasure{Emails: []string{anAddress}, OrderIDs: orderIDs})
	if err != nil {
		s.Fatalf("erase: %v", err)
	}
	return result
}

// wantErased wants nothing of the shopper but the marker.
func (s *shop) wantErased(what string) {
	s.Helper()
	p := s.personal()
	if p.Suppression == nil || p.Suppression.Reason != recovery.ReasonErased {
		s.Errorf("%s: the marker is %+v", what, p.Suppression)
	}
	p.Suppression = nil
	if diff := cmp.Diff(recovery.Personal{}, p); diff != "" {
		s.Errorf("%s: something is kept (-want +got):\n%s", what, diff)
	}
	for _, c := range s.db.Checkouts() {
		if c.Status == recovery.StatusErased && (c.ID+c.Email+c.ShopperKey+c.CartID+c.CartKey+c.Customer.Name()+c.RecoverURL+c.Locale != "" || c.Items != nil || c.Order != nil || c.Clicks != nil || c.Consent != nil) {
			s.Errorf("%s: of the checkout is kept: %+v", what, c)
		}
	}
	for _, m := range s.db.Messages() {
		if strings.EqualFold(m.Email, anAddress) {
			s.Errorf("%s: the row %s is kept", what, m.Key())
		}
	}
}

// Erasure removes every trace, ends what is scheduled, and nothing that comes afterwards
// writes anything of the shopper again.
func TestEraseShopper(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	full := left("a")
	full.FirstName, full.Locale, full.RecoverURL = recovery.Given("Ana"), recovery.Given("pt-BR"), recovery.Given("https://shop.example.com/a")
	full.Consent = recovery.Given(&recovery.Consented{Wording: "Yes"})
	s.post(full)
	s.until(time.Hour)
	s.clicked("a", 0, s.clock.Now())
	s.order(recovery.OrderNews{OrderID: "o", Email: anAddress, PlacedAt: t0.Add(-day)})
	if got, want := s.erase(), (recovery.ErasureResult{Checkouts: 1, Orders: 1, Messages: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	s.wantErased("at once")
	if got := s.erase(); got != (recovery.ErasureResult{}) {
		t.Errorf("again: got %+v, want nothing found", got)
	}

	full.UpdatedAt = t0.Add(2 * time.Hour)
	s.clock.Set(full.UpdatedAt)
	if c, effect := s.post(full); c.Status != recovery.StatusErased || effect != recovery.Ignored {
		t.Errorf("late news: %s, effect %d", c.Status, effect)
	}
	s.order(recovery.OrderNews{OrderID: "o", Email: anAddress})
	s.order(recovery.OrderNews{OrderID: "o2", CheckoutID: "a"})
	s.order(recovery.OrderNews{OrderID: "o3", CartID: "cart-a", Email: anAddress})
	s.order(recovery.OrderNews{OrderID: "o", Total: eur(10)})
	s.refund(map[string]recovery.Refund{"r": {}})
	k, err := s.db.FindForOrder(t.Context(), recovery.OrderQuery{Store: "default", Order: recovery.OrderKey("default", "o")})
	if o := k.Order; err != nil || o == nil || !o.Erased || o.ID != "" || o.Total != nil || len(o.Refunds) > 0 {
		t.Errorf("of its order there is %+v, want that it was erased", o)
	}
	s.complete(recovery.OrderNews{CheckoutID: "a", Email: anAddress})
	s.stop("a")
	key := recovery.CheckoutKey("default", "a")
	if _, err := s.RecordEvents(t.Context(), []recovery.Event{{
		Store: "default", Checkout: key, Reminder: recovery.ReminderID{Generation: 1}, Kind: recovery.EventOpened, Email: anAddress,
	}}); err != nil {
		t.Error(err)
	}
	if _, err := s.Follow(t.Context(), recovery.Link{Store: "default", Checkout: key, Reminder: recovery.ReminderID{Generation: 1}}, true); err != nil {
		t.Error(err)
	}
	s.until(4 * day)
	s.wantErased("in the end")
	s.wantReminders("a", 1, "sent", "skipped erased", "skipped erased")
}

// What may have been mailed to a shopper who is erased then is neither mailed again nor
// said to have ended otherwise, though the store has what is unknown mailed again.
func TestEraseUnknown(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.store.ResendUnknown, s.sweeping = true, false
	s.post(left("a"))
	s.mailer.LoseNext(refused(recovery.ErrUnknown, "reset"))
	s.mailer.LoseNext(refused(recovery.ErrUnknown, "reset"))
	s.until(day)
	s.erase()
	s.clock.Set(t0.Add(2 * day))
	if _, err := s.remind("a", 1, 0); err != nil { // a late task
		t.Error(err)
	}
	if c := s.checkout("a"); !c.CheckAt.IsZero() {
		t.Errorf("the sweep is to look at %s", c.CheckAt)
	}
	s.wantReminders("a", 1, "unknown", "unknown", "skipped erased")
}

// What is on its way while its shopper is erased is not written down.
func TestEraseWithMailInFlight(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.post(left("a"))
	s.Mailer = mailerFunc(func(ctx context.Context, m recovery.Mail) (string, error) {
		s.erase()
		return s.mailer.Send(ctx, m)
	})
	s.until(4 * day)
	s.wantErased("in the end")
	s.wantReminders("a", 1, "unknown", "skipped erased", "skipped erased")
}

// tellOpened has the mail service tell that the example's shopper opened the first mail.
func (s *shop) tellOpened() {
	s.Helper()
	_, err := s.RecordEvents(context.Background(), []recovery.Event{{
		Store: "default", Checkout: recovery.CheckoutKey("default", "a"), Reminder: recovery.ReminderID{Generation: 1},
		Kind: recovery.EventOpened, Email: anAddress,
	}})
	if err != nil {
		s.Errorf("events: %v", err)
	}
}

// Orders can be named, and a whole store goes.
func TestEraseOrdersAndStore(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "a"})
	s.erase("o", "never")
	k, err := s.db.FindForOrder(t.Context(), recovery.OrderQuery{Store: "default", Order: recovery.OrderKey("default", "o"), Limit: 1})
	if err != nil || !k.Order.Erased || k.Order.ID != "" {
		t.Errorf("got %+v, %v; want that it was erased", k.Order, err)
	}
	for _, id := range []string{"b", "c", "d"} {
		s.post(left(id))
	}
	if done, err := s.EraseStore(t.Context(), "default"); err != nil || !done || len(s.db.Checkouts()) != 0 {
		t.Errorf("done %t, %v, %d checkouts left", done, err, len(s.db.Checkouts()))
	}
	if s.personal().Suppression == nil {
		t.Error("the marker is gone")
	}
	ended, cancel := context.WithTimeout(t.Context(), 900*time.Millisecond) // under a second: nothing is begun
	defer cancel()
	if done, err := s.EraseStore(ended, "default"); err != nil || done {
		t.Errorf("done %t, %v; want to be called again", done, err)
	}
}

// An order that is named leads to the other addresses of its shopper: its own, and those of
// its checkouts, as of one who was not logged in. What is kept under these goes too.
func TestEraseOtherAddressesOfOrders(t *testing.T) {
	t.Parallel()
	const guest, third = "guest@example.net", "third@example.net"
	under := func(id, email string) recovery.News {
		n := left(id)
		n.Email = email
		return n
	}
	placed := recovery.OrderNews{OrderID: "o", CheckoutID: "a", Email: anAddress}
	for name, tc := range map[string]struct {
		do     func(*shop)
		emails []string
		erased []string
	}{
		"a guest's checkout": {func(s *shop) { s.post(under("a", guest)); s.order(placed) }, []string{anAddress}, []string{anAddress, guest}},
		"the order first":    {func(s *shop) { s.order(placed); s.post(under("a", guest)) }, []string{anAddress}, []string{anAddress, guest}},
		"all of the guest's": {
			func(s *shop) {
				s.post(under("b", guest))
				s.until(time.Hour)
				s.post(under("a", guest))
				s.order(placed)
			},
			[]string{anAddress},
			[]string{anAddress, guest},
		},
		"the order's own": {
			func(s *shop) {
				s.post(under("a", guest))
				s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "a", Email: third})
			},
			[]string{anAddress},
			[]string{anAddress, guest, third},
		},
		"by the cart": {
			func(s *shop) {
				n := under("b", guest)
				n.CartID = recovery.Given("cart")
				s.post(n)
				s.order(recovery.OrderNews{OrderID: "o", CartID: "cart", Email: anAddress})
			},
			[]string{anAddress},
			[]string{anAddress, guest},
		},
		"the order alone": {func(s *shop) { s.post(under("a", guest)); s.order(placed) }, nil, []string{anAddress, guest}},
		"nobody else's": {
			func(s *shop) {
				s.post(under("a", guest))
				s.order(placed)
				s.post(under("c", third))
				s.order(recovery.OrderNews{OrderID: "o2", CheckoutID: "c"})
			},
			[]string{anAddress},
			[]string{anAddress, guest},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			tc.do(s)
			for range 2 {
				if _, err := s.EraseShopper(t.Context(), s.store.ID, recovery.Erasure{Emails: tc.emails, OrderIDs: []string{"o"}}); err != nil {
					t.Fatal(err)
				}
			}
			for _, email := range []string{anAddress, guest, third} {
				p, err := s.ExportShopper(t.Context(), s.store.ID, email)
				if err != nil {
					t.Fatal(err)
				}
				erased := p.Suppression != nil && p.Suppression.Reason == recovery.ReasonErased
				kept := p.Shopper != nil || len(p.Checkouts)+len(p.Orders)+len(p.Messages) > 0
				if want := slices.Contains(tc.erased, email); erased != want || want && kept || name == "nobody else's" && email == third && !kept {
					t.Errorf("%s: erased %t, kept %t; want erased %t", email, erased, kept, want)
				}
			}
		})
	}
}

// A checkout that comes, or comes late, after its shopper was erased is gone with the first
// run that meets it, an early one too.
func TestCheckoutOfErasedShopper(t *testing.T) {
	t.Parallel()
	for what, meet := range map[string]func(*shop){
		"when it is due": func(s *shop) { s.until(half) },
		"early":          func(s *shop) { _, _ = s.remind("a", 1, 2) },
		"completed": func(s *shop) {
			s.complete(recovery.OrderNews{CheckoutID: "a"})
			s.until(half)
		},
	} {
		s := open(t, nil)
		s.erase()
		s.post(left("a"))
		meet(s)
		s.wantErased(what)
		s.until(4 * day)
		s.wantErased(what + ", in the end")
		s.wantMails()
	}
}

// Orders that name only the checkout, or its cart, go with its shopper, whichever came first.
func TestEraseOrdersThatNameNobody(t *testing.T) {
	t.Parallel()
	for _, first := range []bool{true, false} {
		s := open(t, nil)
		orders := func() {
			s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "a"})
			if !first {
				s.order(recovery.OrderNews{OrderID: "o2", CartID: "cart-a"})
			}
		}
		if first {
			orders()
		}
		s.post(left("a"))
		if !first {
			orders()
		}
		s.erase()
		for _, id := range []string{"o", "o2"} {
			k, err := s.db.FindForOrder(t.Context(), recovery.OrderQuery{Store: "default", Order: recovery.OrderKey("default", id), Limit: 1})
			if err != nil || k.Order != nil && (!k.Order.Erased || k.Order.ID != "") {
				t.Errorf("orders first %t: got %+v, %v; want nothing of it", first, k.Order, err)
			}
		}
	}
}

// A checkout of which nothing is to be mailed any more may be met by no run: what it
// tells of a shopper who was erased goes at once. Promise 9.
func TestErasedAddressToldOfEndedCheckout(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(*shop){
		"its order came before it": func(s *shop) {
			s.erase()
			s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "a"})
			s.post(left("a"))
		},
		"all was mailed to another address": func(s *shop) {
			other := left("a")
			other.Email = "bo@example.net"
			s.post(other)
			s.until(4 * day)
			s.erase()
			s.post(silent("a", 4*day))
		},
		"it was left": func(s *shop) {
			other := left("a")
			other.Email = "bo@example.net"
			s.post(other)
			s.until(half)
			s.does(1, s.LeaveCheckout, s.leaving("a"))
			s.erase()
			s.post(silent("a", time.Hour))
		},
		"its order names nobody": func(s *shop) {
			s.erase()
			s.post(left("a"))
			s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "a"})
		},
		"an order of its cart names another": func(s *shop) {
			s.erase()
			s.post(left("a"))
			s.order(recovery.OrderNews{OrderID: "o", CartID: "cart-a", Email: "bo@example.net"})
			if p, err := s.ExportShopper(context.Background(), "default", "bo@example.net"); err != nil || len(p.Orders) != 1 {
				s.Errorf("got %+v, %v; want the other's order kept", p.Orders, err)
			}
		},
		"its order came back": func(s *shop) {
			s.erase()
			s.post(left("a"))
			s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "a", Refunds: map[string]recovery.Refund{"r": {}}})
		},
		"the shop stopped it": func(s *shop) {
			s.erase()
			s.post(left("a"))
			s.stop("a")
		},
		"the shop completed it": func(s *shop) {
			s.erase()
			s.post(left("a"))
			s.complete(recovery.OrderNews{CheckoutID: "a"})
		},
		"it was moved, then left": func(s *shop) {
			other := left("a")
			other.Email = "bo@example.net"
			s.post(other)
			s.until(half)
			s.erase()
			s.post(silent("a", time.Hour))
			s.does(1, s.LeaveCheckout, s.leaving("a"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, linkStore())
			do(s)
			s.wantErased("at once")
			if c := s.checkout("a"); c.Status != recovery.StatusErased {
				t.Errorf("the checkout is %s", c.Status)
			}
		})
	}
}
