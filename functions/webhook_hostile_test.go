package functions

import (
	"encoding/json"
	"maps"
	"net/mail"
	"strings"
	"testing"
	"time"
)

// refundSample is a refund as Shopify documents it, of which there is no sample.
const refundSample = `{"id":8070,"order_id":6120044556677,"created_at":"2026-11-21T09:00:00-05:00","processed_at":"2026-11-21T09:00:00-05:00",
"refund_line_items":[{"quantity":1,"subtotal":31.5,"total_tax":4.73,"subtotal_set":{"shop_money":{"amount":"31.50","currency_code":"CAD"}},"line_item":{"price_set":{"shop_money":{"amount":"31.50","currency_code":"CAD"}}}}],
"order_adjustments":[{"amount":"-8.00","tax_amount":"-1.20"}],"transactions":[{"kind":"refund","status":"success","amount":"45.43","currency":"CAD"}]}`

// hostileValues are oddValues, and what no shop should send: beyond all limits, dates in
// other forms and of no day, fields that nobody knows.
func hostileValues(was any) []any {
	list := append(oddValues(was), 0, 0.5, json.Number("1e999"), " \t", strings.Repeat("ä", 2500), "\u0000", []any{nil, 7, []any{}, map[string]any{}}, map[string]any{"value": was})
	switch v := was.(type) {
	case string:
		if at, err := time.Parse(time.RFC3339, v); err == nil {
			list = append(list, at.Unix(), at.UnixMilli(), "0000-00-00 00:00:00", "2026-02-30T00:00:00Z", "9999-12-31T23:59:59Z")
			for _, form := range []string{time.RFC1123Z, time.UnixDate, time.DateTime, time.DateOnly, "02/01/2006", "2006-01-02T15:04:05-0700"} {
				list = append(list, at.Format(form))
			}
		}
	case map[string]any:
		more := maps.Clone(v)
		more["comeback_unknown"], more[""], more["ID"] = map[string]any{"deep": []any{1, "x"}}, 1, "another"
		list = append(list, more)
	}
	return list
}

// Whatever a shop system sends, well signed, it is answered 200, twice, and leaves no
// checkout that would be mailed to nobody.
func TestHostileWebhooks(t *testing.T) {
	t.Parallel()
	for topic, sample := range map[string]string{
		"checkouts/create": "shopify/checkouts_create", "checkouts/update": "shopify/checkouts_update", "orders/create": "shopify/orders_create", "refunds/create": "",
		"customers/redact": "shopify/customers_redact", "customers/data_request": "shopify/customers_redact", "shop/redact": "shopify/customers_redact",
		"order.created": "woocommerce/order_pending", "order.updated": "woocommerce/order_processing",
	} {
		t.Run(topic, func(t *testing.T) {
			t.Parallel()
			body := refundSample
			if sample != "" {
				body = sampleOf(t, sample+".json", nil)
			}
			variants(t, `{"whole":`+body+`}`, hostileValues, func(path, what, body string) {
				var wrapped struct{ Whole json.RawMessage }
				if err := json.Unmarshal([]byte(body), &wrapped); err != nil {
					t.Fatal(err)
				}
				northwind().survives(t, topic, path+" "+what, string(wrapped.Whole))
			})
		})
	}
}

// survives delivers the body twice, and wants nobody to be mailed that is no address.
func (s *shop) survives(t *testing.T, topic, what, body string) {
	t.Helper()
	for range 2 {
		s.deliver(t, topic, body)
	}
	for _, c := range s.db.Checkouts() {
		if _, err := mail.ParseAddress(c.Email); err != nil && len(c.Reminders) > 0 {
			t.Errorf("%s: a checkout of %q has reminders", what, c.Email)
		}
		if c.Generation > 1 {
			t.Errorf("%s: the same again restarted it", what)
		}
	}
}
