package functions

import (
	"fmt"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

const shopifyOrderID = "6120044556677"

// The order ends its checkout by whatever the two have in common.
func TestShopifyOrderJoins(t *testing.T) {
	t.Parallel()
	type fields = map[string]any
	nothing := func(keep string, value any) fields {
		all := fields{"checkout_token": null, "cart_token": null, "email": null, "contact_email": null, "customer": null, "source_name": "pos"}
		if all[keep] = value; keep == "" {
			delete(all, "")
		}
		return all
	}
	for name, tc := range map[string]struct {
		changes fields
		by      recovery.JoinedBy
	}{
		"the checkout's token":      {nil, recovery.ByCheckout},
		"the token alone":           {nothing("checkout_token", shopifyToken), recovery.ByCheckout},
		"the cart's, of a draft":    {nothing("cart_token", shopifyCart), recovery.ByCart},
		"the address, at a till":    {nothing("email", "JO.martin@Example.com "), recovery.ByEmail},
		"the other address":         {nothing("contact_email", "jo.martin@example.com"), recovery.ByEmail},
		"the customer's":            {nothing("customer", fields{"email": "jo.martin@example.com"}), recovery.ByEmail},
		"nothing":                   {nothing("", nil), ""},
		"the address, a day before": {fields{"checkout_token": null, "cart_token": null, "processed_at": "2026-11-19T12:00:00Z"}, ""},
	} {
		for _, first := range []bool{false, true} {
			s := northwind()
			order := sampleOf(t, "shopify/orders_create.json", tc.changes)
			checkout := sampleOf(t, "shopify/checkouts_create.json", nil)
			s.clock.Set(time.Date(2026, 11, 21, 13, 3, 25, 0, time.UTC))
			if first {
				s.deliver(t, "orders/create", order)
				s.deliver(t, "checkouts/create", checkout)
			} else {
				s.deliver(t, "checkouts/create", checkout)
				s.deliver(t, "orders/create", order)
			}
			if got := s.deliver(t, "orders/create", order); got != "recorded" {
				t.Errorf("%s, twice: got %s", name, got)
			}
			c := s.only(t)
			got := recovery.JoinedBy("")
			if c.Order != nil {
				got = c.Order.By
			}
			if got != tc.by || (tc.by != "") != (c.Status == recovery.StatusOrdered) {
				t.Errorf("%s, first %v: joined by %q, status %s; want %q", name, first, got, c.Status, tc.by)
			}
		}
	}
}

// An order names up to three addresses, and none of them is reminded after it; nor is a
// checkout of which it knows the number alone.
func TestShopifyOrderNamesOthers(t *testing.T) {
	t.Parallel()
	type fields = map[string]any
	with := func(changes fields) fields {
		all := fields{"checkout_token": null, "cart_token": null, "email": "work@example.net", "contact_email": null, "customer": null}
		maps.Copy(all, changes)
		return all
	}
	for name, tc := range map[string]struct {
		changes fields
		mails   int
	}{
		"the customer's too":     {with(fields{"customer": fields{"email": "Jo.Martin@example.com"}}), 0},
		"to contact too":         {with(fields{"contact_email": "jo.martin@example.com", "customer": fields{"email": "work@example.net"}}), 0},
		"the checkout's number":  {with(fields{"checkout_id": 901414060}), 0},
		"a number of no one's":   {with(fields{"checkout_id": 7}), 1},
		"another address, alone": {with(nil), 1},
	} {
		for _, first := range []bool{false, true} {
			if first && name == "the checkout's number" {
				continue // it is not known by then, and left to the order's later tellings
			}
			s := northwind()
			s.clock.Set(time.Date(2026, 11, 20, 17, 32, 0, 0, time.UTC))
			post := func() {
				s.deliver(t, "checkouts/create", sampleOf(t, "shopify/checkouts_create.json", fields{"id": 901414060}))
			}
			if !first {
				post()
			}
			order := with(tc.changes)
			order["processed_at"], order["updated_at"] = "2026-11-20T12:31:00-05:00", "2026-11-20T12:31:00-05:00"
			for range 2 {
				s.deliver(t, "orders/create", sampleOf(t, "shopify/orders_create.json", order))
			}
			if first {
				post()
			}
			k := s.caseOf(t, shopifyToken)
			stopped := k.Checkout.Order != nil || recovery.OrderCounts(k.Checkout, k.Shopper.LastOrder)
			if stopped != (tc.mails == 0) {
				t.Errorf("%s, first %t: stopped %t, by %+v and %s", name, first, stopped, k.Checkout.Order, k.Shopper.LastOrder)
			}
		}
	}
	s := northwind() // of who was erased nothing is written
	s.erase(t, "jo.martin@example.com")
	s.deliver(t, "orders/create", sampleOf(t, "shopify/orders_create.json", with(fields{"contact_email": "jo.martin@example.com"})))
	st := s.Service.Stores["default"]
	if p, err := s.db.Personal(t.Context(), "default", recovery.ShopperKey(st.IDKey, "default", "jo.martin@example.com")); err != nil || p.Shopper != nil {
		t.Errorf("of the erased there is %+v, %v", p.Shopper, err)
	}
}

func TestShopifyOrder(t *testing.T) {
	t.Parallel()
	type fields = map[string]any
	placed := time.Date(2026, 11, 21, 13, 3, 19, 0, time.UTC)
	for name, tc := range map[string]struct {
		changes fields
		id      string
		total   *recovery.Money
		placed  time.Time
		test    bool
	}{
		"as it is":                   {nil, shopifyOrderID, canadian(21271), placed, false},
		"an ID as text":              {fields{"id": "6120044556677"}, shopifyOrderID, canadian(21271), placed, false},
		"an ID as GraphQL writes it": {fields{"id": "gid://shopify/Order/6120044556677"}, shopifyOrderID, canadian(21271), placed, false},
		"an ID for GraphQL only":     {fields{"id": null}, shopifyOrderID, canadian(21271), placed, false},
		"a test":                     {fields{"test": true}, shopifyOrderID, canadian(21271), placed, true},
		"a test, as text":            {fields{"test": "true"}, shopifyOrderID, canadian(21271), placed, true},
		"seen in another currency":   {fields{"presentment_currency": "USD", "total_price_set": fields{"shop_money": fields{"amount": "212.71", "currency_code": "CAD"}, "presentment_money": fields{"amount": "150.00", "currency_code": "USD"}}}, shopifyOrderID, canadian(21271), placed, false},
		"the total in a set alone":   {fields{"total_price": null, "currency": null}, shopifyOrderID, canadian(21271), placed, false},
		"the total of now alone":     {fields{"total_price": nil, "total_price_set": nil}, shopifyOrderID, canadian(21271), placed, false},
		"no total":                   {fields{"total_price": "free", "total_price_set": nil, "current_total_price": nil}, shopifyOrderID, nil, placed, false},
		"an unknown currency":        {fields{"currency": "XXX", "total_price_set": nil}, shopifyOrderID, nil, placed, false},
		"created alone":              {fields{"processed_at": null}, shopifyOrderID, canadian(21271), placed.Add(time.Second), false},
		"placed tomorrow":            {fields{"processed_at": "2026-11-22T13:00:00Z"}, shopifyOrderID, canadian(21271), time.Date(2026, 11, 21, 13, 4, 0, 0, time.UTC), false},
	} {
		s := northwind()
		s.clock.Set(time.Date(2026, 11, 21, 13, 4, 0, 0, time.UTC))
		for _, topic := range []string{"orders/create", "orders/updated"} {
			if got := s.deliver(t, topic, sampleOf(t, "shopify/orders_create.json", tc.changes)); got != "recorded" {
				t.Errorf("%s: got %s", name, got)
			}
		}
		o := s.orderOf(t, tc.id)
		if o == nil || !cmp.Equal(o.Total, tc.total) || !o.PlacedAt.Equal(tc.placed) || o.Test != tc.test || len(o.Refunds) > 0 {
			t.Errorf("%s: got %+v", name, o)
		}
	}
}

// Shopify's privacy topics erase the shopper, and the whole store.
func TestShopifyRedact(t *testing.T) {
	t.Parallel()
	filled := func() *shop {
		s := northwind()
		s.deliver(t, "checkouts/create", sampleOf(t, "shopify/checkouts_create.json", nil))
		s.deliver(t, "orders/create", sampleOf(t, "shopify/orders_create.json", map[string]any{"email": "other@example.net"}))
		return s
	}
	s := filled()
	for range 2 {
		if got := s.deliver(t, "customers/redact", sampleOf(t, "shopify/customers_redact.json", nil)); got != "erased" {
			t.Errorf("got %s", got)
		}
	}
	// What comes late names nobody, or not the shopper.
	s.deliver(t, "orders/updated", sampleOf(t, "shopify/orders_create.json", map[string]any{"checkout_token": null, "email": null, "contact_email": null, "customer": null}))
	s.deliver(t, "refunds/create", `{"id":8070,"order_id":6120044556677,"transactions":[{"kind":"refund","status":"success","amount":"1.00","currency":"CAD"}]}`)
	if c, o := s.only(t), s.orderOf(t, shopifyOrderID); c.Status != recovery.StatusErased || c.Email != "" || o == nil || !o.Erased || o.ID != "" || o.Total != nil || len(o.Refunds) > 0 {
		t.Errorf("kept: %+v, %+v", c, o)
	}
	s.deliver(t, "checkouts/update", sampleOf(t, "shopify/checkouts_update.json", nil))
	if c := s.only(t); c.Status != recovery.StatusErased || c.Email != "" {
		t.Errorf("came back: %+v", c)
	}
	if got := s.deliver(t, "customers/redact", `{"shop_domain":"Northwind.myshopify.com","customer":null,"orders_to_redact":["gid://shopify/Order/1"]}`); got != "erased" {
		t.Errorf("orders alone: got %s", got)
	}

	s = northwind() // who left as a guest, and ordered by the customer's address
	s.deliver(t, "checkouts/create", sampleOf(t, "shopify/checkouts_create.json", map[string]any{"email": "guest@example.net"}))
	s.deliver(t, "orders/create", sampleOf(t, "shopify/orders_create.json", nil))
	s.deliver(t, "customers/redact", sampleOf(t, "shopify/customers_redact.json", nil))
	if c := s.only(t); c.Status != recovery.StatusErased || c.Email != "" {
		t.Errorf("kept of the guest: %+v", c)
	}

	// who changed address since, and whose address Shopify does not tell any more
	for _, customer := range []string{`{"id":7001,"email":"jo.martin@example.com"}`, `{"id":"7001","email":null}`} {
		s = northwind()
		for i, email := range []string{"old@example.net", "jo.martin@example.com", "other@example.net"} {
			id := 7001 + i/2
			s.deliver(t, "checkouts/create", sampleOf(t, "shopify/checkouts_create.json", map[string]any{"token": fmt.Sprint("t", i), "email": email, "customer": map[string]any{"id": id}}))
			s.deliver(t, "checkouts/update", sampleOf(t, "shopify/checkouts_update.json", map[string]any{"token": fmt.Sprint("t", i), "email": email, "customer": null}))
		}
		if got := s.deliver(t, "customers/redact", `{"shop_domain":"northwind.myshopify.com","customer":`+customer+`}`); got != "erased" {
			t.Errorf("got %s", got)
		}
		for _, c := range s.db.Checkouts() {
			if c.Email != "" && c.Email != "other@example.net" || c.Status == recovery.StatusErased && c.CustomerKey != "" {
				t.Errorf("of customer %s is kept: %+v", customer, c)
			}
		}
		s.deliver(t, "checkouts/update", sampleOf(t, "shopify/checkouts_update.json", map[string]any{"token": "t9", "email": "old@example.net"}))
		if c := s.db.Suppression("default", recovery.ShopperKey(s.Service.Stores["default"].IDKey, "default", "old@example.net")); c == nil || c.Reason != recovery.ReasonErased {
			t.Errorf("the address of before has the suppression %+v", c)
		}
	}

	s = northwind() // who is known by an order alone, which Shopify does not name
	s.deliver(t, "checkouts/create", sampleOf(t, "shopify/checkouts_create.json", map[string]any{"customer": null}))
	s.deliver(t, "orders/create", sampleOf(t, "shopify/orders_create.json", map[string]any{"customer": map[string]any{"id": 7005}}))
	s.deliver(t, "customers/redact", `{"shop_domain":"northwind.myshopify.com","customer":{"id":7005},"orders_to_redact":[]}`)
	if c, o := s.only(t), s.orderOf(t, shopifyOrderID); c.Status != recovery.StatusErased || c.Email != "" || !o.Erased || o.CustomerKey != "" {
		t.Errorf("kept of an order's customer: %+v, %+v", c, o)
	}

	s = filled()
	if got := s.deliver(t, "shop/redact", `{"shop_id":"70011223","shop_domain":"northwind.myshopify.com"}`); got != "erased" || len(s.db.Checkouts()) > 0 {
		t.Errorf("the store: got %s, %d checkouts left", got, len(s.db.Checkouts()))
	}
}

// Firestore is away: Shopify is to send it again.
func TestShopifyWhileFirestoreIsAway(t *testing.T) {
	t.Parallel()
	s := northwind()
	s.db.FailAll(recovery.ErrOverload)
	body := sampleOf(t, "shopify/orders_create.json", nil)
	w := s.webhook("/webhooks/shopify", body, map[string]string{
		"Shopify-Topic": "orders/create", "Shopify-Shop-Domain": "northwind.myshopify.com", "Shopify-Hmac-Sha256": signature(body), // as newer webhooks name them
	})
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	const line = `{"severity":"WARNING","message":"request","function":"Shopify","status":503,"store":"default","topic":"orders/create","error":"look up order: overloaded or away"}` + "\n"
	if diff := cmp.Diff(line, s.take()); diff != "" {
		t.Errorf("the line (-want +got):\n%s", diff)
	}
}

// caseOf is what the checkout is judged by.
func (s *shop) caseOf(t *testing.T, id string) (k recovery.Case) {
	t.Helper()
	err := s.db.UpdateCheckout(t.Context(), "default", recovery.CheckoutKey("default", id), recovery.WholeCase, func(found recovery.Case) (recovery.Change, error) {
		k = found
		return recovery.Change{}, nil
	})
	if err != nil || k.Checkout == nil {
		t.Fatalf("checkout %s: %v", id, err)
	}
	return k
}

func (s *shop) erase(t *testing.T, email string) {
	t.Helper()
	if _, err := s.Service.EraseShopper(t.Context(), "default", recovery.Erasure{Emails: []string{email}}); err != nil {
		t.Fatal(err)
	}
}
