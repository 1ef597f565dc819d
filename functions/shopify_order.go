package functions

import (
	"context"
	"strings"

	"github.com/comeback-checkout/comeback/internal/lenient"
	"github.com/comeback-checkout/comeback/internal/money"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// shopifyOrder records an order, with what was refunded of it so far. One from a draft
// or a till has no checkout, and is found by its cart or address.
func shopifyOrder(ctx context.Context, w webhook) (response, error) {
	o := w.body
	n := recovery.OrderNews{
		OrderID:    usableID(o, "id", "admin_graphql_api_id"),
		CheckoutID: usableID(o, "checkout_token", "checkout_id"),
		CartID:     usableID(o, "cart_token"),
		Email:      usableEmail(emailOf(o, "email"), emailOf(o, "contact_email"), emailOf(o.Sub("customer"), "email")),
		PlacedAt:   firstInstant(o, w.now, "processed_at", "created_at"),
	}
	if n.OrderID == "" {
		return ignored(noID), nil
	}
	if test := o.Bool("test"); test != nil {
		n.Test = *test
	}
	currency := shopCurrency(o)
	for _, total := range []*recovery.Money{
		usableAmount(o, "total_price", currency),
		usableAmount(o.Sub("total_price_set").Sub("shop_money"), "amount", currency),
		usableAmount(o, "current_total_price", currency),
	} {
		if n.Total == nil {
			n.Total = total
		}
	}
	refunds := map[string]recovery.Refund{}
	list, _, _ := o.List("refunds", maxItems)
	for _, r := range list {
		if id, refund := readRefund(w, r, currency); refund != nil && id != "" {
			refunds[id] = *refund
		}
	}
	if w.topic == "orders/cancelled" || dated(o, "cancelled_at") {
		refunds[recovery.Cancelled] = recovery.Refund{At: firstInstant(o, w.now, "cancelled_at")}
	}
	return w.recordOrder(ctx, n, refunds)
}

// shopCurrency is the currency of the shop, in which an order's own amounts are; what the
// shopper saw may be in another.
func shopCurrency(o lenient.Object) string {
	return firstText(usableCurrency(o, "currency"), usableCurrency(o.Sub("total_price_set").Sub("shop_money"), "currency_code"))
}

// shopifyRefund takes back what was refunded of an order, which may come later.
func shopifyRefund(ctx context.Context, w webhook) (response, error) {
	n := recovery.OrderNews{OrderID: usableID(w.body, "order_id")}
	if n.OrderID == "" {
		return ignored(noID), nil
	}
	known, err := w.Service.KnownOrder(ctx, w.store.ID, n.OrderID)
	if err != nil {
		return response{}, err
	}
	currency := ""
	if known != nil && known.Total != nil {
		currency = known.Total.Currency
	}
	id, refund := readRefund(w, w.body, currency)
	switch {
	case id == "":
		return ignored(noID), nil
	case refund == nil:
		return ignored(noAmount), nil
	}
	return w.recordOrder(ctx, n, map[string]recovery.Refund{id: *refund})
}

// readRefund reads a refund, of an order in the currency; "" if that is not known. It is
// nil where no money went back, such as where goods were only put back into stock.
func readRefund(w webhook, r lenient.Object, currency string) (id string, refund *recovery.Refund) {
	id = usableID(r, "id", "admin_graphql_api_id")
	paid, failed := paidBack(r, currency)
	total := sum{currency: paid[currency]}
	switch {
	case failed:
		return id, nil
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
