package functions

import (
	"strings"

	"github.com/comeback-checkout/comeback/internal/lenient"
	"github.com/comeback-checkout/comeback/internal/money"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// readRefund reads a refund, of an order in the currency; "" if that is not known. It is
// nil where no money went back, such as where goods were only put back into stock, and of
// nothing where that was tried and failed.
func readRefund(w webhook, r lenient.Object, currency string) (id string, refund *recovery.Refund) {
	id = usableID(r, "id", "admin_graphql_api_id")
	paid, failed := paidBack(r, currency)
	total := sum{currency: paid[currency]}
	switch {
	case failed && currency == "":
		return id, nil
	case failed:
		return id, &recovery.Refund{Total: &recovery.Money{Currency: currency}, At: firstInstant(r, w.now, "processed_at", "created_at")}
	case total[currency] <= 0: // the shopper paid in another currency than the shop's, or the lines alone tell
		total = goodsBack(r, currency)
	}
	if currency == "" && len(total) == 0 {
		total = paid
	}
	for c, minor := range total {
		if minor > 0 && (c == currency || currency == "" && len(total) == 1) {
			refund = &recovery.Refund{Total: &recovery.Money{Minor: minor, Currency: c}, At: firstInstant(r, w.now, "processed_at", "created_at")}
		}
	}
	return id, refund
}

// refundCurrency is the currency of the shop, as far as a refund tells it, of an order that
// is not known yet: of its amounts in the shop's money, or that of all its transactions.
func refundCurrency(r lenient.Object) string {
	parts := []lenient.Object{r.Sub("total_duties_set")}
	lines, _, _ := r.List("refund_line_items", maxItems)
	for _, l := range lines {
		parts = append(parts, l.Sub("subtotal_set"), l.Sub("total_tax_set"), l.Sub("line_item").Sub("price_set"))
	}
	adjustments, _, _ := r.List("order_adjustments", maxItems)
	for _, a := range adjustments {
		parts = append(parts, a.Sub("amount_set"), a.Sub("tax_amount_set"))
	}
	for _, p := range parts {
		if c := usableCurrency(p.Sub("shop_money"), "currency_code"); c != "" {
			return c
		}
	}
	only := ""
	transactions, _, _ := r.List("transactions", maxItems)
	for _, t := range transactions {
		c := usableCurrency(t, "currency")
		if only != "" && c != "" && c != only {
			return "" // the shopper's may be one of them
		}
		only = firstText(c, only)
	}
	return only
}

// sum is minor units by currency.
type sum map[string]int64

// mostSummed is the largest amount that is summed: far above any order.
const mostSummed = 1_000_000_000_000_000

// add adds a decimal number, which may be negative; sign is 1 or -1.
func (s sum) add(number, currency string, sign int64) {
	digits, negative := strings.CutPrefix(number, "-")
	m, err := money.Nearest(digits, currency)
	if err != nil || m.Minor > mostSummed {
		return
	}
	if negative {
		sign = -sign
	}
	s[currency] += sign * m.Minor
}

// paidBack is what went back to the shopper, of an order in the currency, and whether all
// that was tried has failed. What is pending is on its way, and is not told of again.
func paidBack(r lenient.Object, currency string) (paid sum, failed bool) {
	paid = sum{}
	list, _, _ := r.List("transactions", maxItems)
	tried, done := 0, 0
	for _, t := range list {
		if t.Text("kind", maxShort) != "refund" {
			continue
		}
		tried++
		if status := t.Text("status", maxShort); status != "failure" && status != "error" {
			done++
			paid.add(t.Decimal("amount"), firstText(usableCurrency(t, "currency"), currency), 1)
		}
	}
	return paid, tried > 0 && done == 0
}

// goodsBack is what the refunded lines cost, in the shop's currency. An adjustment, such
// as of shipping, is negative where more went back than that.
func goodsBack(r lenient.Object, currency string) sum {
	total := sum{}
	part := func(of lenient.Object, name string, sign int64) {
		if shop := of.Sub(name + "_set").Sub("shop_money"); shop.Has("amount") {
			total.add(shop.Decimal("amount"), usableCurrency(shop, "currency_code"), sign)
			return
		}
		total.add(of.Decimal(name), currency, sign)
	}
	lines, _, _ := r.List("refund_line_items", maxItems)
	for _, l := range lines {
		part(l, "subtotal", 1)
		part(l, "total_tax", 1)
	}
	adjustments, _, _ := r.List("order_adjustments", maxItems)
	for _, a := range adjustments {
		part(a, "amount", -1)
		part(a, "tax_amount", -1)
	}
	return total
}
