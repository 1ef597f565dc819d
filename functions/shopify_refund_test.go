package functions

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

func TestShopifyRefunds(t *testing.T) {
	t.Parallel()
	back := func(status, amount, currency string) string {
		return fmt.Sprintf(`"transactions":[{"id":1,"kind":"refund","status":%q,"amount":%q,"currency":%q},{"kind":"void","status":"success","amount":"99","currency":"CAD"}]`, status, amount, currency)
	}
	const plainLines = `"refund_line_items":[{"quantity":1,"subtotal":31.5,"total_tax":4.73}]`
	const lines = `"refund_line_items":[{"subtotal":"20.00","subtotal_set":{"shop_money":{"amount":"31.50","currency_code":"CAD"},"presentment_money":{"amount":"20.00","currency_code":"USD"}},"total_tax_set":{"shop_money":{"amount":"4.73","currency_code":"CAD"},"presentment_money":{"amount":"3.00","currency_code":"USD"}}}]`
	// In the form of API 2026-07: the goods, and shipping for as much.
	const shipped = `,"refund_line_items":[{"subtotal_set":{"shop_money":{"amount":"0.61","currency_code":"CAD"},"presentment_money":{"amount":"0.90","currency_code":"USD"}}}],"refund_shipping_lines":[{"subtotal_amount_set":{"shop_money":{"amount":"0.61","currency_code":"CAD"},"presentment_money":{"amount":"0.90","currency_code":"USD"}}}]`
	for name, tc := range map[string]struct {
		parts string
		want  *recovery.Money // nil: nothing went back
		// alone is what is known of it where the order has not come.
		alone *recovery.Money
	}{
		"paid back":                       {back("success", "41.94", "CAD"), canadian(4194), canadian(4194)},
		"in capitals":                     {`"transactions":[{"kind":"REFUND","status":"SUCCESS","amount":"41.94","currency":"CAD"}]`, canadian(4194), canadian(4194)},
		"on its way":                      {back("pending", "41.94", "CAD"), canadian(4194), canadian(4194)},
		"failed":                          {back("failure", "41.94", "CAD") + "," + lines, nil, nil},
		"paid in another currency":        {back("success", "23.00", "USD") + "," + lines, canadian(3623), canadian(3623)},
		"that, and more than the goods":   {back("success", "25.00", "USD") + "," + lines, canadian(3938), canadian(3938)},
		"that, with taxes in the prices":  {back("success", "20.00", "USD") + "," + lines, canadian(3150), canadian(3150)},
		"that, and a part in one":         {back("success", "20.00", "USD") + "," + lines + `,"order_adjustments":[{"amount":"-1.50"}]`, canadian(3150), canadian(3150)},
		"in both currencies":              {`"transactions":[{"kind":"refund","status":"success","amount":"10.00","currency":"CAD"},{"kind":"refund","status":"success","amount":"10.00","currency":"USD"}],` + lines, canadian(2575), canadian(2575)},
		"shipping, by a list of its own":  {back("success", "1.80", "USD") + shipped, canadian(122), canadian(122)},
		"shipping, told in both ways":     {back("success", "1.80", "USD") + shipped + `,"order_adjustments":[{"kind":"shipping_refund","amount_set":{"shop_money":{"amount":"-0.61","currency_code":"CAD"},"presentment_money":{"amount":"-0.90","currency_code":"USD"}}}]`, canadian(122), canadian(122)},
		"shipping alone":                  {`"refund_shipping_lines":[{"subtotal_amount_set":{"shop_money":{"amount":"8.00","currency_code":"CAD"}}}]`, canadian(800), canadian(800)},
		"that, as an adjustment too":      {`"refund_shipping_lines":[{"subtotal_amount_set":{"shop_money":{"amount":"8.00","currency_code":"CAD"}}}],"order_adjustments":[{"kind":"shipping_refund","amount":"-8.00"}]`, canadian(800), canadian(800)},
		"duties and fees":                 {`"duties":[{"duty_id":1,"amount_set":{"shop_money":{"amount":"9.83","currency_code":"CAD"}}}],"total_additional_fees_set":{"shop_money":{"amount":"1.00","currency_code":"CAD"}}`, canadian(1083), canadian(1083)},
		"duties in total":                 {`"duties":[{"amount_set":{"shop_money":{"amount":"9.83","currency_code":"CAD"}}}],"total_duties_set":{"shop_money":{"amount":"9.83","currency_code":"CAD"}}`, canadian(983), canadian(983)},
		"on its way, then paid":           {`"transactions":[{"id":1,"kind":"refund","status":"pending","amount":"7.00","currency":"CAD"},{"id":2,"parent_id":"1","kind":"refund","status":"success","amount":"7.00","currency":"CAD"}]`, canadian(700), canadian(700)},
		"on its way, and other ones paid": {`"transactions":[{"id":1,"parent_id":3,"kind":"refund","status":"pending","amount":"7.00","currency":"CAD"},{"id":2,"parent_id":3,"kind":"refund","status":"success","amount":"5.00","currency":"CAD"}]`, canadian(1200), canadian(1200)},
		"that, and plain lines":           {back("success", "25.00", "USD") + "," + plainLines, canadian(3623), &recovery.Money{Minor: 2500, Currency: "USD"}},
		"that, and nothing else":          {back("success", "25.00", "USD"), nil, &recovery.Money{Minor: 2500, Currency: "USD"}},
		"a currency is not told":          {`"transactions":[{"kind":"refund","status":"success","amount":7}]`, canadian(700), nil},
		"lines alone":                     {plainLines, canadian(3623), nil},
		"lines and shipping":              {plainLines + `,"order_adjustments":[{"kind":"shipping_refund","amount":"-8.00","tax_amount":"-1.20"}]`, canadian(4543), nil},
		"plain lines of a priced item": {
			`"refund_line_items":[{"quantity":1,"subtotal":31.5,"total_tax":4.73,"line_item":{"price_set":{"shop_money":{"amount":"31.50","currency_code":"CAD"}}}}]`,
			canadian(3623),
			canadian(3623),
		},
		"plain parts, and a set of one": {plainLines + `,"order_adjustments":[{"amount":"-8.00","amount_set":null,"tax_amount":"0","tax_amount_set":{"shop_money":{"amount":"0.00","currency_code":"CAD"}}}]`, canadian(4423), canadian(4423)},
		"plain lines, and duties":       {plainLines + `,"total_duties_set":{"shop_money":{"amount":"0.00","currency_code":"CAD"}}`, canadian(3623), canadian(3623)},
		"plain lines, of a void":        {plainLines + `,"transactions":[{"kind":"void","amount":"99","currency":"CAD"}]`, canadian(3623), canadian(3623)},
		"of odd currencies":             {plainLines + `,"total_duties_set":{"shop_money":{"currency_code":"XXX"}},"transactions":[{"currency":7}]`, canadian(3623), nil},
		"seen in another, items priced": {
			back("success", "25.00", "USD") + `,"refund_line_items":[{"subtotal":31.5,"total_tax":4.73,"line_item":{"price_set":{"shop_money":{"currency_code":"CAD"}}}}]`,
			canadian(3623),
			canadian(3623),
		},
		"lines put into stock alone": {plainLines + `,"order_adjustments":[{"kind":"refund_discrepancy","amount":"36.23","tax_amount":"0.00"}]`, nil, nil},
		"odd parts":                  {`"transactions":[null,7,{"kind":"refund"}],"refund_line_items":{"a":1},"order_adjustments":"x"`, nil, nil},
		"beyond all amounts":         {back("success", "99999999999999.00", "CAD"), nil, nil},
	} {
		body := `{"id":8070,"order_id":6120044556677,"created_at":"2026-11-21T09:00:00-05:00",` + tc.parts + `}`
		outcome := func(m *recovery.Money) string {
			if m == nil {
				return "ignored:no_amount"
			}
			return "reversed"
		}
		after, before := northwind(), northwind()
		order := sampleOf(t, "shopify/orders_create.json", nil)
		after.deliver(t, "orders/create", order)
		for range 2 {
			if got := after.deliver(t, "refunds/create", body); got != outcome(tc.want) {
				t.Errorf("%s: got %s", name, got)
			}
		}
		if got := after.orderOf(t, shopifyOrderID).Refunds["8070"].Total; !cmp.Equal(got, tc.want) {
			t.Errorf("%s: got %+v back, want %+v", name, got, tc.want)
		}
		if got := before.deliver(t, "refunds/create", body); got != outcome(tc.alone) {
			t.Errorf("%s, before the order: got %s", name, got)
		}
		before.deliver(t, "orders/create", order)
		if got := before.orderOf(t, shopifyOrderID); !cmp.Equal(got.Refunds["8070"].Total, tc.alone) || got.PlacedAt.IsZero() {
			t.Errorf("%s, before the order: got %+v", name, got)
		}
	}
}

// In a shop whose prices have their taxes in them, the tax of a line is a part of it.
func TestShopifyRefundWithTaxesIncluded(t *testing.T) {
	t.Parallel()
	for _, included := range []string{"true", "false", "null"} {
		s := northwind()
		s.deliver(t, "orders/updated", sampleOf(t, "shopify/orders_create.json", map[string]any{
			"taxes_included": json.RawMessage(included), "refunds": json.RawMessage(`[{"id":9,"refund_line_items":[{"subtotal":31.5,"total_tax":4.73}]}]`),
		}))
		want := canadian(3623)
		if included == "true" {
			want = canadian(3150)
		}
		if o := s.orderOf(t, shopifyOrderID); !cmp.Equal(o.Refunds["9"].Total, want) {
			t.Errorf("%s: got %+v back, want %+v", included, o.Refunds["9"].Total, want)
		}
	}
}

// A cancelled order keeps nothing, whichever topic says so; its checkout stays ended.
func TestShopifyCancellation(t *testing.T) {
	t.Parallel()
	refunds := []map[string]any{{"id": 9, "transactions": []map[string]any{{"kind": "refund", "status": "success", "amount": "12.71", "currency": "CAD"}}}}
	for name, tc := range map[string]struct {
		topics  []string
		changes map[string]any
		kept    int64
	}{
		"cancelled":                      {[]string{"orders/create", "orders/cancelled"}, map[string]any{"cancelled_at": "2026-11-21T10:00:00-05:00"}, 0},
		"told first":                     {[]string{"orders/cancelled", "orders/create"}, nil, 0},
		"by an update":                   {[]string{"orders/create", "orders/updated"}, map[string]any{"cancelled_at": "2026-11-21T10:00:00-05:00"}, 0},
		"cancelled and refunded":         {[]string{"orders/cancelled"}, map[string]any{"refunds": refunds}, 0},
		"refunded in part, by an update": {[]string{"orders/updated", "orders/updated"}, map[string]any{"refunds": refunds}, 20000},
	} {
		s := northwind()
		s.deliver(t, "checkouts/create", sampleOf(t, "shopify/checkouts_create.json", nil))
		for _, topic := range tc.topics {
			s.deliver(t, topic, sampleOf(t, "shopify/orders_create.json", tc.changes))
		}
		if o := s.orderOf(t, shopifyOrderID); o == nil || o.Kept().Minor != tc.kept {
			t.Errorf("%s: got %+v, want %d kept", name, o, tc.kept)
		}
		if c := s.only(t); c.Status != recovery.StatusOrdered {
			t.Errorf("%s: the checkout is %s", name, c.Status)
		}
	}
}

// Whichever order tellings come in, the newest tells what is kept, and a refund that was on
// its way may fail.
func TestShopifyTellsNewestTotal(t *testing.T) {
	t.Parallel()
	s := northwind()
	type fields = map[string]any
	at := func(second int, changes fields) fields {
		all := fields{"updated_at": fmt.Sprintf("2026-11-20T12:29:%02d-05:00", second)}
		maps.Copy(all, changes)
		return all
	}
	refund := func(status string) fields {
		return fields{"refunds": []fields{{"id": 9, "transactions": []fields{{"kind": "refund", "status": status, "amount": "12.71", "currency": "CAD"}}}}}
	}
	for i, step := range []struct {
		topic   string
		changes fields
		kept    int64
	}{
		{"orders/create", at(1, nil), 21271},
		{"orders/updated", at(5, fields{"total_price": "200.00"}), 20000},
		{"orders/create", at(1, nil), 20000},
		{"orders/updated", at(6, refund("pending")), 20000},
		{"orders/updated", at(7, refund("failure")), 21271},
		{"orders/updated", at(6, refund("pending")), 21271},
		{"orders/updated", at(7, nil), 21271},
		{"orders/cancelled", at(8, fields{"cancelled_at": "2026-11-20T12:29:08-05:00"}), 0},
		{"orders/updated", at(9, nil), 0},
	} {
		s.deliver(t, step.topic, sampleOf(t, "shopify/orders_create.json", step.changes))
		if o := s.orderOf(t, shopifyOrderID); o == nil || o.Kept() == nil || o.Kept().Minor != step.kept {
			t.Errorf("step %d: got %+v, want %d kept", i, o, step.kept)
		}
	}
}
