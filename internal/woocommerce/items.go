package woocommerce

import (
	"html"
	"slices"

	"github.com/comeback-checkout/comeback/internal/lenient"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Items are the order's lines, at most limit, and how many more there are. It reports
// whether there is a list of them.
func (o Order) Items(limit int) (items []recovery.Item, more int, there bool) {
	lines, more, there := o.Lines("line_items", limit)
	for _, l := range lines {
		quantity := l.Int("quantity", 1, 99_999, 1)
		items = append(items, recovery.Item{
			ID:       itemID(l),
			Title:    html.UnescapeString(l.Text("name", maxTitle)), // WordPress keeps some names as HTML
			Quantity: quantity,
			Price:    o.price(l, quantity),
			ImageURL: l.Sub("image").Text("src", 10_000),
		})
	}
	return items, more, there
}

func itemID(line lenient.Object) string {
	for _, name := range []string{"variation_id", "product_id", "sku"} {
		if id := line.ID(name); id != "" && len(id) <= maxID {
			return id
		}
	}
	return ""
}

// price is what the shopper pays for one piece. WooCommerce's own "price" is without tax,
// also where the shop shows prices with it.
func (o Order) price(line lenient.Object, quantity int) *recovery.Money {
	total := o.amount(line.Decimal("total"))
	if total == nil {
		return o.amount(line.Decimal("price"))
	}
	if withTax := o.Bool("prices_include_tax"); withTax != nil && *withTax {
		if tax := o.amount(line.Decimal("total_tax")); tax != nil {
			total.Minor += tax.Minor
		}
	}
	total.Minor = (total.Minor + int64(quantity)/2) / int64(quantity)
	return total
}

// Meta is the order's metadata under the keys, each with its "value".
func (o Order) Meta(keys ...string) (found []lenient.Object) {
	list, _, _ := o.List("meta_data", maxMeta)
	for _, m := range list {
		if slices.Contains(keys, m.Text("key", maxShort)) {
			found = append(found, m)
		}
	}
	return found
}
