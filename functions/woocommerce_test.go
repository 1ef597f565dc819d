package functions

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

func euros(minor int64) *recovery.Money { return &recovery.Money{Minor: minor, Currency: "EUR"} }

const payURL = "https://teeladen.example.de/checkout/order-pay/7781/?pay_for_order=true&key=wc_order_8QfYx3Kd"

// What WooCommerce tells of an order that is not paid is all taken over.
func TestWooCommerceCheckout(t *testing.T) {
	t.Parallel()
	s := northwind()
	if got := s.deliver(t, "order.created", sampleOf(t, "woocommerce/order_pending.json", nil)); got != "created" {
		t.Errorf("got %s", got)
	}
	at := time.Date(2026, 11, 20, 17, 2, 11, 0, time.UTC)
	want := &recovery.Checkout{
		Store: "default", Key: recovery.CheckoutKey("default", "7781"), ID: "7781",
		Email: "lena.vogt@example.de", Customer: recovery.Customer{FirstName: "Lena", LastName: "Vogt"},
		Total: euros(6490), Platform: recovery.WooCommerce, RecoverURL: payURL,
		Items: []recovery.Item{{ID: "91", Title: `Teapot "Oslo"`, Quantity: 1, Price: euros(6000), ImageURL: "https://teeladen.example.de/wp-content/uploads/oslo.jpg"}},
		T:     at, News: at, Generation: 1, Status: recovery.StatusOpen,
	}
	ignore := cmpopts.IgnoreFields(recovery.Checkout{}, "ShopperKey", "Recorded", "Reminders", "CheckAt", "ExpiresAt", "Version")
	if diff := cmp.Diff(want, s.only(t), ignore); diff != "" {
		t.Errorf("the checkout (-want +got):\n%s", diff)
	}
	if got := s.deliver(t, "order.updated", sampleOf(t, "woocommerce/order_pending.json", nil)); got != "known" {
		t.Errorf("the same again: got %s", got)
	}
}

func TestWooCommerceStatuses(t *testing.T) {
	t.Parallel()
	type fields = map[string]any
	for name, tc := range map[string]struct {
		sample  string
		changes fields
		want    string
	}{
		"pending":                {"pending", nil, "created"},
		"failed":                 {"pending", fields{"status": "failed"}, "created"},
		"a draft while typing":   {"pending", fields{"status": "checkout-draft"}, "created"},
		"a draft of nobody yet":  {"pending", fields{"status": "checkout-draft", "billing": fields{"email": ""}}, "ignored:no_email"},
		"a renewal":              {"pending", fields{"created_via": "subscription"}, "ignored:renewal"},
		"a renewal, failed":      {"pending", fields{"created_via": "subscription", "status": "failed"}, "ignored:renewal"},
		"a renewal that is paid": {"processing", fields{"created_via": "subscription"}, "recorded"},
		"an invoice":             {"pending", fields{"created_via": "admin"}, "created"},
		"nobody at all":          {"pending", fields{"billing": null}, "ignored:no_email"},
		"processing":             {"processing", nil, "recorded"},
		"completed":              {"processing", fields{"status": "completed"}, "recorded"},
		"on hold":                {"pending", fields{"status": "on-hold"}, "recorded"},
		"refunded":               {"processing", fields{"status": "refunded"}, "reversed"},
		"refunded in part":       {"processing", fields{"refunds": []fields{{"id": 9, "total": "-10.00"}}}, "reversed"},
		"cancelled when paid":    {"processing", fields{"status": "cancelled"}, "reversed"},
		"cancelled":              {"pending", fields{"status": "cancelled"}, "unlinked"},
		"in the bin":             {"pending", fields{"status": "trash"}, "unlinked"},
		"an automatic draft":     {"pending", fields{"status": "auto-draft"}, "ignored:status"},
		"a status of its own":    {"pending", fields{"status": "wc-quote"}, "ignored:status"},
		"one that is paid":       {"processing", fields{"status": "wc-packed"}, "recorded"},
		"no status":              {"pending", fields{"status": null}, "ignored:status"},
		"an ID as text":          {"pending", fields{"id": "7781"}, "created"},
		"no ID":                  {"pending", fields{"id": nil}, "ignored:no_id"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := northwind()
			body := sampleOf(t, "woocommerce/order_"+tc.sample+".json", tc.changes)
			if got := s.deliver(t, "order.updated", body); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			recorded := 0
			for _, c := range s.db.Checkouts() {
				if recorded++; (c.Generation > 0) != (tc.want == "created") {
					t.Errorf("it is recorded as a checkout of generation %d", c.Generation)
				}
			}
			if nothing := strings.HasPrefix(tc.want, "ignored"); nothing != (recorded == 0) {
				t.Errorf("%d checkouts are recorded", recorded)
			}
		})
	}
}

// Checkout, hold, payment and their ends, in the order in which a shop has them.
func TestWooCommerceLives(t *testing.T) {
	t.Parallel()
	type fields = map[string]any
	refund := []fields{{"id": 9, "total": "-10.00"}}
	deleted := fields{"deleted": true}
	for name, tc := range map[string]struct {
		lives  []fields // changes of order_pending; the date of payment is 2 for "paid"
		status recovery.Status
		link   string
		kept   int64 // -1: no order
	}{
		"left":                        {[]fields{{}}, recovery.StatusOpen, payURL, -1},
		"left, not held any longer":   {[]fields{{}, {"status": "cancelled"}}, recovery.StatusOpen, "", -1},
		"left, deleted":               {[]fields{{}, deleted}, recovery.StatusOpen, "", -1},
		"left, in the bin":            {[]fields{{}, {"status": "trash"}}, recovery.StatusOpen, "", -1},
		"paid, in the bin":            {[]fields{{}, {"status": "processing", "paid": true}, {"status": "trash"}}, recovery.StatusOrdered, "", 6490},
		"a status of the shop's own":  {[]fields{{}, {"status": "wc-shipped"}}, recovery.StatusStopped, payURL, -1},
		"that, older":                 {[]fields{{"status": "wc-quote", "date_modified_gmt": "2026-11-20T17:01:00"}, {}, {"status": "wc-quote", "date_modified_gmt": "2026-11-20T17:01:00"}}, recovery.StatusOpen, payURL, -1},
		"that, paid later":            {[]fields{{}, {"status": "wc-shipped"}, {"status": "processing", "paid": true}}, recovery.StatusStopped, payURL, 6490},
		"cancelled, and open again":   {[]fields{{"status": "cancelled"}, {}}, recovery.StatusOpen, payURL, -1},
		"cancelled before it is told": {[]fields{{"status": "cancelled", "date_modified_gmt": "2026-11-20T17:03:00"}, {}}, recovery.StatusOpen, "", -1},
		"cancelled in its own second": {[]fields{{"status": "cancelled", "date_modified_gmt": "2026-11-20T17:02:12"}, {}}, recovery.StatusOpen, "", -1},
		"deleted before it is told":   {[]fields{deleted, {}}, recovery.StatusOpen, "", -1},
		"cancelled first, then paid":  {[]fields{{"status": "cancelled", "date_modified_gmt": "2026-11-20T17:03:00"}, {}, {"status": "processing", "paid": true}}, recovery.StatusOrdered, "", 6490},
		"paid":                        {[]fields{{}, {"status": "processing", "paid": true}}, recovery.StatusOrdered, payURL, 6490},
		"paid, without a draft":       {[]fields{{"status": "completed", "paid": true}}, recovery.StatusOrdered, "", 6490},
		"paid, told out of order":     {[]fields{{"status": "processing", "paid": true}, {}}, recovery.StatusOrdered, payURL, 6490},
		"paid, then deleted":          {[]fields{{}, {"status": "processing", "paid": true}, deleted}, recovery.StatusOrdered, "", 6490},
		"a transfer":                  {[]fields{{}, {"status": "on-hold"}, {"status": "processing", "paid": true}}, recovery.StatusOrdered, payURL, 6490},
		"a transfer that never came":  {[]fields{{}, {"status": "on-hold"}, {"status": "cancelled"}}, recovery.StatusOrdered, payURL, 0},
		"a transfer that failed":      {[]fields{{}, {"status": "on-hold"}, {"status": "failed"}}, recovery.StatusOrdered, payURL, 0},
		"that, and cancelled":         {[]fields{{}, {"status": "on-hold"}, {"status": "failed"}, {"status": "cancelled"}}, recovery.StatusOrdered, payURL, 0},
		"that, and paid in the end":   {[]fields{{}, {"status": "on-hold"}, {"status": "failed"}, {"status": "processing", "paid": true}}, recovery.StatusOrdered, payURL, 6490},
		"that, paid, and cancelled":   {[]fields{{}, {"status": "on-hold"}, {"status": "failed"}, {"status": "processing", "paid": true}, {"status": "cancelled", "paid": true}}, recovery.StatusOrdered, payURL, 0},
		"failed and paid in part": {
			[]fields{{}, {"status": "on-hold"}, {"status": "failed"}, {"status": "processing", "paid": true, "refunds": refund}}, recovery.StatusOrdered, payURL, 5490,
		},
		"paid, its failing told late": {
			[]fields{{}, {"status": "on-hold"}, {"status": "processing", "paid": true}, {"status": "failed", "date_modified_gmt": "2026-11-20T17:02:12"}}, recovery.StatusOrdered, payURL, 6490,
		},
		"paid at once, an older failing told late": {
			[]fields{{"status": "processing", "paid": true}, {"status": "failed", "date_modified_gmt": "2026-11-20T17:02:00"}}, recovery.StatusOrdered, payURL, 6490,
		},
		"failed before its hold is told": {
			[]fields{{}, {"status": "failed", "date_modified_gmt": "2026-11-20T17:03:00"}, {"status": "on-hold"}}, recovery.StatusOrdered, payURL, 0,
		},
		"cancelled before its hold is told": {
			[]fields{{"status": "cancelled", "date_modified_gmt": "2026-11-20T17:03:00"}, {"status": "on-hold"}}, recovery.StatusOrdered, "", 0,
		},
		"failed, then a transfer":      {[]fields{{}, {"status": "failed"}, {"status": "on-hold"}}, recovery.StatusOrdered, payURL, 6490},
		"paid, cancelled":              {[]fields{{}, {"status": "cancelled", "paid": true}}, recovery.StatusOrdered, payURL, 0},
		"refunded in part":             {[]fields{{}, {"status": "completed", "paid": true}, {"status": "completed", "paid": true, "refunds": refund}}, recovery.StatusOrdered, payURL, 5490},
		"refunded":                     {[]fields{{}, {"status": "completed", "paid": true}, {"status": "refunded", "paid": true, "refunds": refund}}, recovery.StatusOrdered, payURL, 0},
		"refunded, told of that alone": {[]fields{{"status": "refunded"}}, recovery.StatusOrdered, "", 0},
		"paid, cancelled, paid anew": {
			[]fields{{"status": "processing", "paid": true}, {"status": "cancelled", "paid": true}, {"status": "processing", "paid": true}}, recovery.StatusOrdered, "", 6490,
		},
		"on delivery, cancelled, open again": {[]fields{{"status": "processing"}, {"status": "cancelled"}, {"status": "processing"}}, recovery.StatusOrdered, "", 6490},
		"on delivery, its cancelling told first": {
			[]fields{{}, {"status": "cancelled", "date_modified_gmt": "2026-11-20T17:03:00"}, {"status": "processing"}}, recovery.StatusOrdered, "", 0,
		},
		"an older total told late": {
			[]fields{{"status": "processing", "paid": true, "total": "59.90"}, {"status": "processing", "paid": true, "date_modified_gmt": "2026-11-20T17:02:00"}}, recovery.StatusOrdered, "", 5990,
		},
		"a refund that was deleted": {
			[]fields{{"status": "completed", "paid": true, "refunds": refund}, {"status": "completed", "paid": true, "refunds": []any{}}}, recovery.StatusOrdered, "", 6490,
		},
		"open again, told before it was on hold": {
			[]fields{{"date_modified_gmt": "2026-11-20T17:03:00"}, {"status": "on-hold"}}, recovery.StatusOrdered, payURL, 6490,
		},
		"a draft, told before it was on delivery": {
			[]fields{{"status": "checkout-draft", "date_modified_gmt": "2026-11-20T17:03:00"}, {"status": "processing"}}, recovery.StatusOrdered, payURL, 6490,
		},
		"on hold, and in the bin before that is told": {
			[]fields{{}, {"status": "trash", "date_modified_gmt": "2026-11-20T17:03:00"}, {"status": "on-hold"}}, recovery.StatusOrdered, "", 6490,
		},
		"failed, then paid": {[]fields{{"status": "failed"}, {"status": "completed", "paid": true}}, recovery.StatusOrdered, payURL, 6490},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := northwind()
			for i, changes := range tc.lives {
				at := time.Date(2026, 11, 20, 17, 2, 11+i, 0, time.UTC).Format("2006-01-02T15:04:05")
				topic, body := "order.updated", fields{"date_modified_gmt": at}
				for field, value := range changes {
					switch field {
					case "paid":
						body["date_paid_gmt"] = at
					case "deleted":
						topic = "order.deleted"
					default:
						body[field] = value
					}
				}
				text := sampleOf(t, "woocommerce/order_pending.json", body)
				if topic == "order.deleted" {
					text = `{"id":7781}`
				}
				for range 2 {
					s.deliver(t, topic, text)
				}
				s.clock.Set(s.clock.Now().Add(time.Second))
			}
			c := s.only(t)
			if c.Status != tc.status || c.RecoverURL != tc.link {
				t.Errorf("it is %s with the link %q; want %s, %q", c.Status, c.RecoverURL, tc.status, tc.link)
			}
			kept := int64(-1)
			if o := s.orderOf(t, "7781"); o != nil {
				kept = o.Kept().Minor
			}
			if kept != tc.kept {
				t.Errorf("%d is kept, want %d", kept, tc.kept)
			}
		})
	}
}

// The same carts of two shoppers share a hash, and the same delivery ID tells two things.
func TestWooCommerceTellsShoppersApart(t *testing.T) {
	t.Parallel()
	s := northwind()
	s.deliver(t, "order.created", sampleOf(t, "woocommerce/order_pending.json", nil))
	s.deliver(t, "order.created", sampleOf(t, "woocommerce/order_pending.json", map[string]any{"id": 7782, "billing": map[string]any{"email": "bo@example.de"}}))
	s.deliver(t, "order.updated", sampleOf(t, "woocommerce/order_processing.json", map[string]any{"id": 7782, "billing": map[string]any{"email": "bo@example.de"}}))
	for _, c := range s.db.Checkouts() {
		if want := map[string]recovery.Status{"7781": recovery.StatusOpen, "7782": recovery.StatusOrdered}[c.ID]; c.Status != want || c.CartID != "" {
			t.Errorf("%s is %s, want %s", c.ID, c.Status, want)
		}
	}
}

func TestWooCommerceConsentAndLocale(t *testing.T) {
	t.Parallel()
	meta := func(key string, value any) map[string]any {
		return map[string]any{"meta_data": []any{map[string]any{"key": key, "value": value}}}
	}
	type entry = map[string]any
	yes, no := entry{"key": "comeback_accepts_marketing", "value": "yes"}, entry{"key": "_comeback_accepts_marketing", "value": "no"}
	many := make([]any, 2000)
	for i := range many {
		many[i] = entry{"key": "_plugin", "value": i}
	}
	for _, tc := range []struct {
		changes map[string]any
		check   func(*recovery.Checkout) bool
	}{
		{nil, func(c *recovery.Checkout) bool { return c.AcceptsMarketing == nil && c.Locale == "" }},
		{meta("_comeback_accepts_marketing", "yes"), func(c *recovery.Checkout) bool { return c.AcceptsMarketing != nil && *c.AcceptsMarketing }},
		{meta("comeback_accepts_marketing", false), func(c *recovery.Checkout) bool { return c.AcceptsMarketing != nil && !*c.AcceptsMarketing }},
		{meta("comeback_accepts_marketing", "perhaps"), func(c *recovery.Checkout) bool { return c.AcceptsMarketing == nil }},
		{map[string]any{"meta_data": []any{yes, no}}, func(c *recovery.Checkout) bool { return c.AcceptsMarketing != nil && !*c.AcceptsMarketing }},
		{map[string]any{"meta_data": []any{no, yes}}, func(c *recovery.Checkout) bool { return c.AcceptsMarketing != nil && !*c.AcceptsMarketing }},
		{map[string]any{"meta_data": append(many, no)}, func(c *recovery.Checkout) bool { return c.AcceptsMarketing != nil && !*c.AcceptsMarketing }},
		{map[string]any{"line_items": []any{}, "fee_lines": []any{entry{"name": "Repair", "total": "20.00"}}}, func(c *recovery.Checkout) bool { return !c.Emptied && c.Status == recovery.StatusOpen }},
		{map[string]any{"line_items": []any{}, "fee_lines": []any{}}, func(c *recovery.Checkout) bool { return c.Emptied }},
		{meta("wpml_language", "de"), func(c *recovery.Checkout) bool { return c.Locale == "de" }},
		{map[string]any{"payment_url": "https://evil.example.net/"}, func(c *recovery.Checkout) bool { return c.RecoverURL == "" }},
		{map[string]any{"payment_url": strings.ReplaceAll(payURL, "&", "&#038;")}, func(c *recovery.Checkout) bool { return c.RecoverURL == payURL }},
		{map[string]any{"date_modified_gmt": null, "date_modified": null}, func(c *recovery.Checkout) bool { return c.T.Equal(time.Date(2026, 11, 20, 17, 2, 11, 0, time.UTC)) }},
	} {
		s := northwind()
		s.deliver(t, "order.updated", sampleOf(t, "woocommerce/order_pending.json", tc.changes))
		if c := s.only(t); !tc.check(c) {
			t.Errorf("%v: got %+v", tc.changes, c)
		}
	}
}

// An old order that the merchant edits was left when it was made: nobody is mailed about it.
func TestWooCommerceOldOrderEdited(t *testing.T) {
	t.Parallel()
	for created, want := range map[string]string{
		"2026-10-22T17:02:11": "2026-11-20T17:02:11Z", // in its payment's time
		"2019-03-01T09:00:00": "2019-03-01T09:00:00Z",
	} {
		s := northwind()
		s.deliver(t, "order.updated", sampleOf(t, "woocommerce/order_pending.json", map[string]any{"date_created_gmt": created}))
		s.deliver(t, "order.updated", sampleOf(t, "woocommerce/order_pending.json", map[string]any{
			"date_created_gmt": created, "date_modified_gmt": "2026-11-20T17:02:12", "status": "failed", "total": "1.00",
		}))
		if c := s.only(t); c.T.Format(time.RFC3339) != want || c.Generation != 1 || c.Total.Minor != 100 {
			t.Errorf("created %s: left at %s, generation %d, %+v", created, c.T, c.Generation, c.Total)
		}
	}
}

// A ping is answered 200 and does nothing; whatever else is not signed is 401.
func TestWooCommercePing(t *testing.T) {
	t.Parallel()
	s := northwind()
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	for body, want := range map[string]int{
		"webhook_id=12": http.StatusOK, "webhook_id=12\n": http.StatusOK,
		"": 401, "{}": 401, "webhook_id=": 401, "webhook_id=x": 401, "webhook_id=1&status=completed": 401,
	} {
		if w := s.webhook("/webhooks/woocommerce", body, form); w.Code != want {
			t.Errorf("%q: got %d %s, want %d", body, w.Code, w.Body, want)
		}
	}
	if w := s.webhook("/webhooks/woocommerce", "webhook_id=12", map[string]string{"X-WC-Webhook-Signature": "x"}); w.Code != http.StatusUnauthorized {
		t.Errorf("badly signed: got %d", w.Code)
	}
	for topic, want := range map[string]string{"order.restored": "ignored:topic", "product.updated": "ignored:topic", "action.woocommerce_add_to_cart": "ignored:topic", "order.updated": "ignored:no_id"} {
		if got := s.deliver(t, topic, `{"action":"x","arg":1}`); got != want {
			t.Errorf("%s: got %s, want %s", topic, got, want)
		}
	}
	if len(s.db.Checkouts()) > 0 {
		t.Error("something is recorded")
	}
}
