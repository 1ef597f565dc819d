package functions

import (
	"context"
	"slices"

	"github.com/comeback-checkout/comeback/internal/lenient"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// shopifyOrder records an order, with what was refunded of it so far. One from a draft
// or a till has no checkout, and is found by its cart or address.
func shopifyOrder(ctx context.Context, w webhook) (response, error) {
	o := w.body
	n := recovery.OrderNews{
		OrderID:    usableID(o, "id", "admin_graphql_api_id"),
		CheckoutID: usableID(o, "checkout_token"),
		CartID:     cartToken(o),
		CustomerID: usableID(o.Sub("customer"), "id"),
		PlacedAt:   firstInstant(o, w.now, "processed_at", "created_at"),
		UpdatedAt:  firstInstant(o, w.now, "updated_at"),
		Refunds:    map[string]recovery.Refund{},
	}
	if n.OrderID == "" {
		return ignored(noID), nil
	}
	if number := usableID(o, "checkout_id"); n.CheckoutID == "" && number != "" {
		token, err := w.Service.ByAlias(ctx, w.store.ID, number)
		if err != nil {
			return response{}, err
		}
		n.CheckoutID = firstText(token, number)
	}
	for _, text := range []string{emailOf(o, "email"), emailOf(o, "contact_email"), emailOf(o.Sub("customer"), "email")} {
		switch email := usableEmail(text); {
		case n.Email == "":
			n.Email = email
		case email != "" && email != n.Email && !slices.Contains(n.Also, email):
			n.Also = append(n.Also, email)
		}
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
	taxed := o.Bool("taxes_included")
	list, _, _ := o.List("refunds", maxItems)
	for _, r := range list {
		if id, refund := readRefund(w, r, currency, taxed != nil && *taxed); refund != nil && id != "" {
			n.Refunds[id] = *refund
		}
	}
	if w.topic == "orders/cancelled" || dated(o, "cancelled_at") { // which Shopify never undoes
		n.Refunds[recovery.Cancelled] = recovery.Refund{At: firstInstant(o, w.now, "cancelled_at")}
	}
	return w.recordOrder(ctx, n)
}

// shopCurrency is the currency of the shop, in which an order's own amounts are; what the
// shopper saw may be in another.
func shopCurrency(o lenient.Object) string {
	return firstText(usableCurrency(o, "currency"), usableCurrency(o.Sub("total_price_set").Sub("shop_money"), "currency_code"))
}

// shopifyRefund takes back what was refunded of an order, which may come later.
func shopifyRefund(ctx context.Context, w webhook) (response, error) {
	order := usableID(w.body, "order_id")
	if order == "" {
		return ignored(noID), nil
	}
	known, err := w.Service.KnownOrder(ctx, w.store.ID, order)
	if err != nil {
		return response{}, err
	}
	currency := refundCurrency(w.body)
	if known != nil && known.Total != nil {
		currency = known.Total.Currency
	}
	id, refund := readRefund(w, w.body, currency, false)
	switch {
	case id == "":
		return ignored(noID), nil
	case refund == nil || refund.Total.Minor == 0:
		return ignored(noAmount), nil
	}
	err = w.Service.RefundOrder(ctx, w.store.ID, order, map[string]recovery.Refund{id: *refund})
	return did("reversed", "order", recovery.OrderKey(w.store.ID, order), "refunds", 1), err
}
