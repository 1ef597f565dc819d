package functions

import (
	"encoding/json"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"
)

// refundSample is a refund as Shopify documents it, of which there is no sample.
const refundSample = `{"id":8070,"order_id":6120044556677,"created_at":"2026-11-21T09:00:00-05:00","processed_at":"2026-11-21T09:00:00-05:00",
"refund_line_items":[{"quantity":1,"subtotal":31.5,"total_tax":4.73,"subtotal_set":{"shop_money":{"amount":"31.50","currency_code":"CAD"}},"line_item":{"price_set":{"shop_money":{"amount":"31.50","currency_code":"CAD"}}}}],
"order_adjustments":[{"amount":"-8.00","tax_amount":"-1.20"}],"transactions":[{"kind":"refund","status":"success","amount":"45.43","currency":"CAD"}]}`

// hostile is every value that may stand in a sample's place, by what it is.
func hostile(was any) map[string]any {
	all := map[string]any{
		"null": nil, "empty": "", "blank": " \t", "false": false, "zero": 0, "below zero": -1, "a fraction": 0.5, "far too much": json.Number("1e999"),
		"too long": strings.Repeat("ä", 2500), "not UTF-8": "\xff\x00", "a list": []any{was}, "a list of odd parts": []any{nil, 7, []any{}, map[string]any{}},
		"an object": map[string]any{"value": was}, "an empty list": []any{}, "an empty object": map[string]any{},
	}
	switch v := was.(type) {
	case json.Number:
		all["a number as text"] = v.String()
	case string:
		all["text as a number"] = 20261120
		all["other letters"] = strings.ToUpper(v)
		if json.Valid([]byte(v)) {
			all["text as its number"] = json.Number(v)
		}
		if at, err := time.Parse(time.RFC3339, v); err == nil {
			all["seconds"], all["milliseconds"] = at.Unix(), at.UnixMilli()
			for _, form := range []string{time.RFC1123Z, time.UnixDate, time.DateTime, time.DateOnly, "02/01/2006", "2006-01-02T15:04:05-0700"} {
				all["a date as "+form] = at.Format(form)
			}
			all["never"], all["no such day"], all["the far future"] = "0000-00-00 00:00:00", "2026-02-30T00:00:00Z", "9999-12-31T23:59:59Z"
		}
	case map[string]any:
		extra := maps.Clone(v)
		extra["comeback_unknown"], extra[""], extra["ID"] = map[string]any{"deep": []any{1, "x"}}, 1, "another"
		all["unknown fields"] = extra
	}
	return all
}

// places calls at for each value in tree, however deep, with a way to put another one in
// its place, and one to take it out where that is possible.
func places(path string, tree any, put func(any), drop func(), at func(path string, was any, put func(any), drop func())) {
	at(path, tree, put, drop)
	switch v := tree.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			was := v[name]
			places(path+"."+name, was, func(x any) { v[name] = x }, func() { delete(v, name) }, at)
		}
	case []any:
		if len(v) > 0 { // the others are like the first
			places(path+"[0]", v[0], func(x any) { v[0] = x }, nil, at)
		}
	}
}

// Whatever a shop system sends, with each of its values, however deep, missing or another
// one: well signed, it is answered 200, twice, and leaves no checkout that would be mailed
// to nobody.
func TestHostileWebhooks(t *testing.T) {
	t.Parallel()
	for sample, topics := range map[string][]string{
		"shopify/checkouts_create.json":     {"checkouts/create"},
		"shopify/checkouts_update.json":     {"checkouts/update"},
		"shopify/orders_create.json":        {"orders/create"},
		"refund":                            {"refunds/create"},
		"shopify/customers_redact.json":     {"customers/redact", "customers/data_request", "shop/redact"},
		"woocommerce/order_pending.json":    {"order.created"},
		"woocommerce/order_processing.json": {"order.updated"},
	} {
		for _, topic := range topics {
			t.Run(sample+" as "+topic, func(t *testing.T) {
				t.Parallel()
				text := refundSample
				if sample != "refund" {
					text = sampleOf(t, sample, nil)
				}
				decoder := json.NewDecoder(strings.NewReader(text))
				decoder.UseNumber()
				var tree any
				if err := decoder.Decode(&tree); err != nil {
					t.Fatal(err)
				}
				try := func(what string) {
					body, err := json.Marshal(tree)
					if err != nil { // no JSON
						return
					}
					s := northwind()
					s.survives(t, topic, what, string(body))
				}
				places("", tree, func(x any) { tree = x }, nil, func(path string, was any, put func(any), drop func()) {
					for name, value := range hostile(was) {
						put(value)
						try(path + ": " + name)
					}
					if drop != nil {
						drop()
						try(path + ": missing")
					}
					put(was)
				})
			})
		}
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
