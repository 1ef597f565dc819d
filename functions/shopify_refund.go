package functions

import (
	"math/big"
	"strings"

	"github.com/comeback-checkout/comeback/internal/lenient"
	"github.com/comeback-checkout/comeback/internal/money"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// readRefund reads a refund of an order in the currency, whose prices may have their taxes
// in them. What was paid back counts, in the shopper's currency too; where none of it is
// told, what the goods cost. It is nil where no money went back, such as where goods were
// only put back into stock, and of nothing where that was tried and failed.
func readRefund(w webhook, r lenient.Object, currency string, taxed bool) (id string, refund *recovery.Refund) {
	id = usableID(r, "id", "admin_graphql_api_id")
	if currency == "" {
		return id, nil
	}
	paid, failed := paidBack(r, currency)
	goods := goodsBack(r, currency)
	var total int64
	for c, minor := range paid {
		total += goods.inShop(minor, c)
	}
	if total <= 0 && !failed {
		if total = goods.shop; taxed {
			total -= goods.shopTax
		}
	}
	if total <= 0 && !failed {
		return id, nil
	}
	return id, &recovery.Refund{Total: &recovery.Money{Minor: total, Currency: currency}, At: firstInstant(r, w.now, "processed_at", "created_at")}
}

// refundCurrency is the currency of the shop, as far as a refund tells it, of an order that
// is not known yet: of its amounts in the shop's money, or that of all its transactions.
func refundCurrency(r lenient.Object) string {
	known := ""
	eachPart(r, func(of lenient.Object, name string, _ part) {
		known = firstText(known, usableCurrency(of.Sub(name+"_set").Sub("shop_money"), "currency_code"))
	})
	lines, _, _ := r.List("refund_line_items", maxItems)
	for _, l := range lines {
		known = firstText(known, usableCurrency(l.Sub("line_item").Sub("price_set").Sub("shop_money"), "currency_code"))
	}
	if known != "" {
		return known
	}
	back, all := map[string]bool{}, map[string]bool{}
	transactions, _, _ := r.List("transactions", maxItems)
	for _, t := range transactions {
		if c := usableCurrency(t, "currency"); c != "" {
			all[c] = true
			if word(t, "kind") == "refund" {
				back[c] = true
			}
		}
	}
	if len(back) == 0 {
		back = all
	}
	if len(back) > 1 {
		return "" // the shopper's may be one of them
	}
	for c := range back {
		known = c
	}
	return known
}

// word is a field's text in lower case: GraphQL's are in capitals.
func word(o lenient.Object, name string) string { return strings.ToLower(o.Text(name, maxShort)) }

// mostSummed is the largest amount that is summed: far above any order.
const mostSummed = 1_000_000_000_000_000

// minorUnits are a decimal number's, which may be negative; 0 where it is none.
func minorUnits(number, currency string) int64 {
	digits, negative := strings.CutPrefix(number, "-")
	m, err := money.Nearest(digits, currency)
	switch {
	case err != nil || m.Minor > mostSummed:
		return 0
	case negative:
		return -m.Minor
	}
	return m.Minor
}

// paidBack is what went back to the shopper, by currency, of an order in the given one, and
// whether all that was tried has failed. What is pending is on its way, and is not told of
// again; unless its success stands beside it.
func paidBack(r lenient.Object, currency string) (paid map[string]int64, failed bool) {
	paid = map[string]int64{}
	list, _, _ := r.List("transactions", maxItems)
	done := map[string]bool{}
	for _, t := range list {
		if word(t, "status") == "success" {
			done[t.ID("parent_id")] = true
		}
	}
	tried, went := 0, 0
	for _, t := range list {
		if word(t, "kind") != "refund" {
			continue
		}
		tried++
		status, id := word(t, "status"), t.ID("id")
		if status == "failure" || status == "error" || status == "pending" && id != "" && done[id] {
			continue
		}
		went++
		c := firstText(usableCurrency(t, "currency"), currency)
		paid[c] += minorUnits(t.Decimal("amount"), c)
	}
	return paid, tried > 0 && went == 0
}

// goods are what the parts of a refund cost, in minor units of the shop's currency and of
// the one that the shopper saw.
type goods struct {
	currency, seenCurrency string
	shop, seen             int64
	shopTax, seenTax       int64 // among that; prices may have it in them already
	// shopMost and seenMost are of the largest part that is told in both.
	shopMost, seenMost int64
	shopOnly           bool // some part is told in the shop's currency only
}

// part says what a part of a refund is.
type part struct {
	sign int64
	tax  bool
}

// eachPart calls do with each part of a refund, and the name of its amount: "_set" after it
// has that in both currencies. An adjustment, such as of shipping, is negative where more
// went back than the lines tell. Since the API of 2024-10 refunded shipping has a list of
// its own, beside which a payload may still have the adjustment.
//
// https://shopify.dev/docs/api/admin-rest/latest/resources/refund
func eachPart(r lenient.Object, do func(of lenient.Object, name string, p part)) {
	lines, _, _ := r.List("refund_line_items", maxItems)
	for _, l := range lines {
		do(l, "subtotal", part{sign: 1})
		do(l, "total_tax", part{sign: 1, tax: true})
	}
	shipped, _, _ := r.List("refund_shipping_lines", maxItems)
	for _, s := range shipped {
		do(s, "subtotal_amount", part{sign: 1})
	}
	adjustments, _, _ := r.List("order_adjustments", maxItems)
	for _, a := range adjustments {
		if len(shipped) == 0 || word(a, "kind") != "shipping_refund" {
			do(a, "amount", part{sign: -1})
		}
		do(a, "tax_amount", part{sign: -1, tax: true})
	}
	do(r, "total_additional_fees", part{sign: 1})
	if r.Has("total_duties_set") {
		do(r, "total_duties", part{sign: 1})
		return
	}
	duties, _, _ := r.List("duties", maxItems)
	for _, d := range duties {
		do(d, "amount", part{sign: 1})
	}
}

// goodsBack are the parts of a refund of an order in the currency.
func goodsBack(r lenient.Object, currency string) *goods {
	g := &goods{currency: currency}
	eachPart(r, func(of lenient.Object, name string, p part) {
		set := of.Sub(name + "_set")
		shop, number := set.Sub("shop_money"), of.Decimal(name)
		if shop.Has("amount") {
			if number = shop.Decimal("amount"); usableCurrency(shop, "currency_code") != currency {
				return
			}
		}
		seen := set.Sub("presentment_money")
		c := usableCurrency(seen, "currency_code")
		g.add(p, minorUnits(number, currency), minorUnits(seen.Decimal("amount"), c), c)
	})
	return g
}

// add adds a part, in the shop's currency and in the one that was seen.
func (g *goods) add(p part, shop, seen int64, currency string) {
	if shop == 0 {
		return
	}
	g.shop += p.sign * shop
	g.seen += p.sign * seen
	if p.tax {
		g.shopTax += p.sign * shop
		g.seenTax += p.sign * seen
	}
	g.seenCurrency = firstText(g.seenCurrency, currency)
	if seen == 0 || currency != g.seenCurrency {
		g.shopOnly = true
	} else if shop, seen = max(shop, -shop), max(seen, -seen); seen > g.seenMost {
		g.shopMost, g.seenMost = shop, seen
	}
}

// inShop is what was paid back in a currency, in the shop's: by the same refund's goods,
// which are told in both. It is 0 where they are not.
func (g *goods) inShop(minor int64, currency string) int64 {
	switch {
	case currency == g.currency:
		return minor
	case currency != g.seenCurrency || g.seenMost == 0:
		return 0
	case minor == g.seen && !g.shopOnly:
		return g.shop
	case minor == g.seen-g.seenTax && !g.shopOnly:
		return g.shop - g.shopTax
	}
	n, seen := big.NewInt(2*minor), big.NewInt(g.seenMost)
	n.Mul(n, big.NewInt(g.shopMost)).Add(n, seen).Div(n, seen.Lsh(seen, 1)) // a half up
	return n.Int64()
}
