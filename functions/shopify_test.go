package functions

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/comeback-checkout/comeback/internal/lenient"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

const (
	shopifyToken = "5d2f7a1be3f04c9d8a6b1c2d3e4f5a6b"
	shopifyCart  = "Z2NwLWV1cm9wZS13ZXN0MTowMUo5"
)

func canadian(minor int64) *recovery.Money { return &recovery.Money{Minor: minor, Currency: "CAD"} }

// What Shopify tells of a checkout is all taken over.
func TestShopifyCheckout(t *testing.T) {
	t.Parallel()
	s := northwind()
	if got := s.deliver(t, "checkouts/create", sampleOf(t, "shopify/checkouts_create.json", nil)); got != "created" {
		t.Errorf("got %s", got)
	}
	yes := true
	want := &recovery.Checkout{
		Store: "default", Key: recovery.CheckoutKey("default", shopifyToken), ID: shopifyToken,
		Email: "jo.martin@example.com", CartID: shopifyCart, CartKey: recovery.CartKey("default", shopifyCart),
		Customer: recovery.Customer{ID: "8400112233", FirstName: "Jo", LastName: "Martin"}, Locale: "fr-CA",
		CustomerKey:      recovery.CustomerKey("default", "8400112233"),
		AcceptsMarketing: &yes, Total: canadian(13700), Platform: recovery.Shopify,
		Items: []recovery.Item{
			{ID: "4400000001", Title: "Cast iron pan", Variant: "26 cm", Quantity: 1, Price: canadian(7400)},
			{ID: "4400000002", Title: "Linen apron & mitt", Variant: "Sage", Quantity: 2, Price: canadian(3150)},
		},
		RecoverURL: "https://northwind.example.com/70011223/checkouts/ac/Z2NwLWV1cm9wZS13ZXN0MTowMUo5/recover?key=4be1d0a2&locale=fr-CA",
		T:          time.Date(2026, 11, 20, 17, 30, 4, 0, time.UTC), News: time.Date(2026, 11, 20, 17, 30, 4, 0, time.UTC),
		Generation: 1, Status: recovery.StatusOpen,
	}
	ignore := cmpopts.IgnoreFields(recovery.Checkout{}, "ShopperKey", "Recorded", "Reminders", "CheckAt", "ExpiresAt", "Version")
	if diff := cmp.Diff(want, s.only(t), ignore); diff != "" {
		t.Errorf("the checkout (-want +got):\n%s", diff)
	}

	if got := s.deliver(t, "checkouts/create", sampleOf(t, "shopify/checkouts_create.json", nil)); got != "known" {
		t.Errorf("the same again: got %s", got)
	}
	s.clock.Set(time.Date(2026, 11, 20, 17, 52, 12, 0, time.UTC))
	if got := s.deliver(t, "checkouts/update", sampleOf(t, "shopify/checkouts_update.json", nil)); got != "restarted" {
		t.Errorf("another item: got %s", got)
	}
	if c := s.only(t); c.Generation != 2 || c.RecoverURL != "" || len(c.Items) != 3 || c.Total.Minor != 18500 {
		t.Errorf("got %+v", c)
	}
	if got := s.deliver(t, "checkouts/create", sampleOf(t, "shopify/checkouts_create.json", nil)); got != "known" || len(s.only(t).Items) != 3 {
		t.Errorf("older news: got %s", got)
	}
}

// Payloads of other shops and other versions of the API.
func TestShopifyCheckoutsOfOtherShops(t *testing.T) {
	t.Parallel()
	type fields = map[string]any
	nobody := fields{"email": null, "customer": nil, "shipping_address": nil}
	with := func(some fields) fields {
		all := fields{}
		for _, from := range []fields{nobody, some} {
			for name, value := range from {
				all[name] = value
			}
		}
		return all
	}
	for name, tc := range map[string]struct {
		changes fields
		want    string
		check   func(*recovery.Checkout) bool
	}{
		"no e-mail yet":                    {nobody, "ignored:no_email", nil},
		"an e-mail that is none":           {with(fields{"email": "jo.martin@"}), "ignored:no_email", nil},
		"an e-mail that is a number":       {with(fields{"email": 7}), "ignored:no_email", nil},
		"the customer's e-mail":            {with(fields{"customer": fields{"email": " A@b.example "}}), "created", func(c *recovery.Checkout) bool { return c.Email == "a@b.example" }},
		"an address's e-mail":              {with(fields{"email": "", "billing_address": fields{"email": "a@b.example"}}), "created", func(c *recovery.Checkout) bool { return c.Email == "a@b.example" }},
		"the checkout's own before others": {fields{"email": "a@b.example"}, "created", func(c *recovery.Checkout) bool { return c.Email == "a@b.example" }},
		"a cart's token with its key":      {fields{"cart_token": "hWN1?key=2"}, "created", func(c *recovery.Checkout) bool { return c.CartID == "hWN1" }},
		"touched after a month":            {fields{"created_at": "2026-09-20T12:30:05-04:00"}, "created", func(c *recovery.Checkout) bool { return c.T.Equal(time.Date(2026, 9, 20, 16, 30, 5, 0, time.UTC)) }},
		"touched within it":                {fields{"created_at": "2026-11-01T12:30:05-04:00"}, "created", func(c *recovery.Checkout) bool { return c.T.Equal(c.News) }},
		"lines that cannot be read":        {fields{"line_items": []any{nil, "x"}}, "created", func(c *recovery.Checkout) bool { return !c.Emptied && c.Status == recovery.StatusOpen }},
		"before 2026-04":                   {fields{"id": 981820079255243537}, "created", func(c *recovery.Checkout) bool { return c.ID == shopifyToken }},
		"without a token":                  {fields{"token": nil, "id": "981820079255243537"}, "created", func(c *recovery.Checkout) bool { return c.ID == "981820079255243537" }},
		"a token as GraphQL writes it":     {fields{"token": "gid://shopify/Checkout/5d2f?key=1"}, "created", func(c *recovery.Checkout) bool { return c.ID == "5d2f" }},
		"a token that is too long":         {fields{"token": strings.Repeat("x", 300)}, "created", func(c *recovery.Checkout) bool { return len(c.ID) < 50 }},
		"neither":                          {fields{"token": null, "id": 0}, "ignored:no_id", nil},
		"no address back":                  {fields{"abandoned_checkout_url": nil}, "created", func(c *recovery.Checkout) bool { return c.RecoverURL == "" }},
		"an address elsewhere":             {fields{"abandoned_checkout_url": "https://evil.example.net/"}, "created", func(c *recovery.Checkout) bool { return c.RecoverURL == "" }},
		"an address that is a list":        {fields{"abandoned_checkout_url": []string{"https://northwind.example.com/"}}, "created", func(c *recovery.Checkout) bool { return c.RecoverURL == "" }},
		"an address that is too long":      {fields{"abandoned_checkout_url": "https://northwind.example.com/" + strings.Repeat("x", 3000)}, "created", func(c *recovery.Checkout) bool { return c.RecoverURL == "" }},
		"no word on marketing":             {fields{"buyer_accepts_marketing": null}, "created", func(c *recovery.Checkout) bool { return c.AcceptsMarketing == nil }},
		"marketing as text":                {fields{"buyer_accepts_marketing": "true"}, "created", func(c *recovery.Checkout) bool { return c.AcceptsMarketing != nil && *c.AcceptsMarketing }},
		"marketing by the customer": {
			fields{"buyer_accepts_marketing": nil, "customer": fields{"email_marketing_consent": fields{"state": "unsubscribed"}}},
			"created",
			func(c *recovery.Checkout) bool { return c.AcceptsMarketing != nil && !*c.AcceptsMarketing },
		},
		"a locale with an underscore": {fields{"customer_locale": "pt_BR"}, "created", func(c *recovery.Checkout) bool { return c.Locale == "pt-BR" }},
		"an odd locale":               {fields{"customer_locale": "français"}, "created", func(c *recovery.Checkout) bool { return c.Locale == "" }},
		"seen in another currency":    {fields{"presentment_currency": "usd"}, "created", inCurrency("USD")},
		"no other currency":           {fields{"presentment_currency": null}, "created", inCurrency("CAD")},
		"the shop's currency unknown": {fields{"currency": "BTC"}, "created", inCurrency("CAD")},
		"an unknown currency":         {fields{"presentment_currency": "BTC"}, "created", func(c *recovery.Checkout) bool { return c.Total == nil && c.Items[0].Price == nil && len(c.Items) == 2 }},
		"an amount as a number":       {fields{"total_price": 137}, "created", func(c *recovery.Checkout) bool { return c.Total.Minor == 13700 }},
		"a negative amount":           {fields{"total_price": "-1.00"}, "created", func(c *recovery.Checkout) bool { return c.Total == nil }},
		"never completed":             {fields{"completed_at": "0000-00-00 00:00:00"}, "created", nil},
		"completed at zero":           {fields{"completed_at": 0}, "created", nil},
		"a picture of any scheme":     {fields{"line_items": []fields{{"image_url": "//cdn.example.net/pan.png"}}}, "created", func(c *recovery.Checkout) bool { return c.Items[0].ImageURL == "https://cdn.example.net/pan.png" }},
		"no lines":                    {fields{"line_items": null}, "created", func(c *recovery.Checkout) bool { return len(c.Items) == 0 }},
		"lines of odd parts":          {fields{"line_items": []any{nil, 7, fields{"title": 5, "quantity": "3", "price": []int{}, "image_url": "http://x"}}}, "created", func(c *recovery.Checkout) bool { return cmp.Equal(c.Items, []recovery.Item{{Title: "5", Quantity: 3}}) }},
		"300 lines":                   {fields{"line_items": make([]fields, 300)}, "created", nil},
		"updated tomorrow":            {fields{"updated_at": "2026-11-21T17:30:00Z"}, "created", func(c *recovery.Checkout) bool { return c.T.Equal(time.Date(2026, 11, 20, 17, 30, 5, 0, time.UTC)) }},
		"updated at no time":          {fields{"updated_at": nil}, "created", func(c *recovery.Checkout) bool { return c.T.Equal(time.Date(2026, 11, 20, 17, 30, 0, 0, time.UTC)) }},
		"no dates":                    {fields{"updated_at": "soon", "created_at": null}, "created", func(c *recovery.Checkout) bool { return c.T.Equal(time.Date(2026, 11, 20, 17, 30, 5, 0, time.UTC)) }},
		"names by the address": {fields{"customer": null}, "created", func(c *recovery.Checkout) bool {
			return c.Customer == recovery.Customer{FirstName: "Jo", LastName: "Martin"}
		}},
		"a name in part": {
			fields{"customer": fields{"first_name": "Ana"}},
			"created",
			func(c *recovery.Checkout) bool { return c.Customer.FirstName == "Ana" && c.Customer.LastName == "" },
		},
		"a name of two lines": {fields{"customer": fields{"first_name": "Jo\r\nBcc: x"}}, "created", func(c *recovery.Checkout) bool { return c.Customer.FirstName == "Jo Bcc: x" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := northwind()
			if got := s.deliver(t, "checkouts/update", sampleOf(t, "shopify/checkouts_create.json", tc.changes)); got != tc.want {
				t.Fatalf("got %s, want %s", got, tc.want)
			}
			if tc.want == "created" && tc.check != nil && !tc.check(s.only(t)) {
				t.Errorf("got %+v", s.only(t))
			}
			if tc.want != "created" && len(s.db.Checkouts()) > 0 {
				t.Error("something is recorded")
			}
		})
	}
}

// inCurrency checks that all amounts of a checkout are in the currency.
func inCurrency(code string) func(*recovery.Checkout) bool {
	return func(c *recovery.Checkout) bool {
		return c.Total != nil && c.Total.Currency == code && c.Items[0].Price != nil && c.Items[0].Price.Currency == code
	}
}

// A cart out of which everything was taken is not reminded of, and then again.
func TestShopifyEmptiedCart(t *testing.T) {
	t.Parallel()
	const line = `{"title":"Pan","variant_id":1,"quantity":%d}`
	s := northwind()
	for i, step := range []struct {
		lines, outcome string
		status         recovery.Status
	}{
		{fmt.Sprintf(line, 1), "created", recovery.StatusOpen},
		{fmt.Sprintf(line, 0), "updated", recovery.StatusClosed},
		{"", "updated", recovery.StatusClosed},
		{fmt.Sprintf(line, 1), "restarted", recovery.StatusOpen},
	} {
		s.clock.Set(s.clock.Now().Add(time.Minute))
		body := fmt.Sprintf(`{"token":"t","email":"ana@example.net","updated_at":%q,"line_items":[%s]}`, s.clock.Now().Format(time.RFC3339), step.lines)
		if got := s.deliver(t, "checkouts/update", body); got != step.outcome || s.only(t).Status != step.status {
			t.Errorf("step %d: got %s, %s; want %s, %s", i, got, s.only(t).Status, step.outcome, step.status)
		}
	}
	if s.only(t).Generation != 2 {
		t.Errorf("generation %d, want 2", s.only(t).Generation)
	}
}

// Lines that were taken out do not count towards the limit: a cart is not empty because of
// them, and they are not among what was cut.
func TestShopifyItemsPastTakenOut(t *testing.T) {
	t.Parallel()
	taken, left := strings.Repeat(`{"title":"Pan","quantity":0},`, maxItems), strings.Repeat(`{"title":"Mug"},`, maxItems)
	for name, tc := range map[string]struct {
		lines     string
		left, cut int
	}{
		"first": {taken + left, maxItems, 0},
		"last":  {left + taken, maxItems, 0},
		"both":  {taken + left + taken + `{"title":"Mug","quantity":2},`, maxItems, 1},
		"only":  {taken, 0, 0},
	} {
		o, ok := lenient.Parse([]byte(`{"line_items":[` + strings.TrimSuffix(tc.lines, ",") + `]}`))
		items, cut := shopifyItems(o)
		if !ok || !items.Given || len(items.Value) != tc.left || cut != tc.cut {
			t.Errorf("%s: got %d items and %d cut, given %t; want %d and %d", name, len(items.Value), cut, items.Given, tc.left, tc.cut)
		}
	}
}

// A checkout that was completed or deleted is mailed no more, also where that is told
// first.
func TestShopifyCheckoutEnds(t *testing.T) {
	t.Parallel()
	create, done := sampleOf(t, "shopify/checkouts_create.json", map[string]any{"id": 9818}), map[string]any{"completed_at": "2026-11-20T12:30:05-05:00", "email": null, "customer": null}
	for name, tc := range map[string]struct {
		topic, body, outcome string
		want                 recovery.Reason
	}{
		"completed":                    {"checkouts/update", sampleOf(t, "shopify/checkouts_update.json", done), "completed", recovery.ReasonOrdered},
		"completed, told as a new one": {"checkouts/create", sampleOf(t, "shopify/checkouts_create.json", done), "completed", recovery.ReasonOrdered},
		"deleted":                      {"checkouts/delete", `{"token":"` + shopifyToken + `"}`, "stopped", recovery.ReasonStopped},
		"deleted, before 2026-04":      {"checkouts/delete", `{"id":9818,"presentment_currency":"CAD"}`, "stopped", recovery.ReasonStopped},
	} {
		for _, first := range []bool{true, false} {
			s := northwind()
			if first && !strings.Contains(name, "before") {
				if got := s.deliver(t, tc.topic, tc.body); got != tc.outcome {
					t.Errorf("%s: got %s, want %s", name, got, tc.outcome)
				}
			}
			s.deliver(t, "checkouts/create", create)
			for range 2 {
				if got := s.deliver(t, tc.topic, tc.body); got != tc.outcome {
					t.Errorf("%s: got %s, want %s", name, got, tc.outcome)
				}
			}
			s.deliver(t, "checkouts/update", sampleOf(t, "shopify/checkouts_update.json", nil))
			for _, c := range s.db.Checkouts() {
				if c.Generation == 0 {
					continue // kept by a number, of no checkout
				}
				for id, r := range c.Reminders {
					if r.State != recovery.Skipped || r.Reason != tc.want {
						t.Errorf("%s, first %v: reminder %s is %s %s, want skipped as %s", name, first, id, r.State, r.Reason, tc.want)
					}
				}
			}
		}
	}
}

// Bodies that say nothing usable, and topics that nobody needs, are answered 200.
func TestShopifyIgnores(t *testing.T) {
	t.Parallel()
	order := sampleOf(t, "shopify/orders_create.json", nil)
	redact := sampleOf(t, "shopify/customers_redact.json", nil)
	for _, tc := range []struct{ topic, body, want string }{
		{"checkouts/create", ``, "ignored:not_json"},
		{"checkouts/create", `[]`, "ignored:not_json"},
		{"orders/create", `{"id":`, "ignored:not_json"},
		{"orders/create", strings.Repeat(`{"id":`, 20_000) + "1" + strings.Repeat("}", 20_000), "ignored:not_json"},
		{"orders/create", `{}`, "ignored:no_id"},
		{"orders/create", `{"id":null,"email":"a@b.example"}`, "ignored:no_id"},
		{"refunds/create", `{"id":1}`, "ignored:no_id"},
		{"refunds/create", `{"order_id":1}`, "ignored:no_id"},
		{"refunds/create", `{"id":1,"order_id":1}`, "ignored:no_amount"},
		{"checkouts/delete", `{}`, "ignored:no_id"},
		{"orders/edited", order, "ignored:topic"},
		{"products/update", `{"id":1}`, "ignored:topic"},
		{"", order, "ignored:topic"},
		{"customers/redact", `{"shop_domain":"northwind.myshopify.com","customer":{}}`, "ignored:no_id"},
		{"customers/redact", order, "ignored:shop"}, // headers are not signed
		{"shop/redact", order, "ignored:shop"},
		{"shop/redact", redact, "ignored:topic"},
		{"shop/redact", `{"shop_domain":"other.myshopify.com"}`, "ignored:shop"},
		{"customers/redact", `{"shop_domain":"northwind.myshopify.com","customer":{"email":"jo.martin@example.com"},"data_request":{"id":1}}`, "ignored:topic"},
		{"customers/data_request", `{"shop_domain":"northwind.myshopify.com","customer":{"email":"jo.martin@example.com"},"data_request":{"id":1}}`, "asked"},
	} {
		s := northwind()
		s.deliver(t, "checkouts/create", sampleOf(t, "shopify/checkouts_create.json", nil))
		before := s.only(t)
		s.take()
		if got := s.deliver(t, tc.topic, tc.body); got != tc.want {
			t.Errorf("%s %.60s: got %s, want %s", tc.topic, tc.body, got, tc.want)
		}
		if diff := cmp.Diff(before, s.only(t)); diff != "" {
			t.Errorf("%s %.60s changed (-before +after):\n%s", tc.topic, tc.body, diff)
		}
		if lines := s.take(); strings.Contains(lines, "@") || strings.Contains(lines, "8400112233") {
			t.Errorf("the log tells who it is: %s", lines)
		}
	}
}

// Every part of a payload may be missing, null or of another type.
func TestShopifyTakesAnything(t *testing.T) {
	t.Parallel()
	for topic, name := range map[string]string{
		"checkouts/create": "shopify/checkouts_create.json", "orders/create": "shopify/orders_create.json", "customers/redact": "shopify/customers_redact.json",
		"refunds/create": "shopify/orders_create.json", "shop/redact": "shopify/customers_redact.json", "order.created": "woocommerce/order_pending.json", "order.updated": "woocommerce/order_processing.json",
	} {
		t.Run(topic, func(t *testing.T) {
			t.Parallel()
			var fields map[string]json.RawMessage
			if err := json.Unmarshal([]byte(sampleOf(t, name, nil)), &fields); err != nil {
				t.Fatal(err)
			}
			for field := range fields {
				for _, odd := range []any{nil, null, 0, -1.5e300, true, "", "x", "0", []any{}, []any{nil, 7, "x", []any{}}, map[string]any{}, map[string]any{"0": map[string]any{}}, strings.Repeat("ä", 5000), "\x00\xff"} {
					s := northwind()
					s.deliver(t, topic, sampleOf(t, name, map[string]any{field: odd}))
				}
			}
		})
	}
}
