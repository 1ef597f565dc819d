package functions

import (
	"context"
	"strings"

	"github.com/comeback-checkout/comeback/internal/lenient"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// shopifyCheckout records a checkout. It is known by its token: since the API of 2026-04
// it has no other ID.
func shopifyCheckout(ctx context.Context, w webhook) (response, error) {
	o := w.body
	id := usableID(o, "token", "id")
	if id == "" {
		return ignored(noID), nil
	}
	email := usableEmail(
		emailOf(o, "email"), emailOf(o.Sub("customer"), "email"), emailOf(o.Sub("shipping_address"), "email"), emailOf(o.Sub("billing_address"), "email"),
	)
	cart := cartToken(o)
	if dated(o, "completed_at") {
		n := recovery.OrderNews{CheckoutID: id, CartID: cart, Email: email, PlacedAt: firstInstant(o, w.now, "completed_at")}
		return did("completed", "checkout", recovery.CheckoutKey(w.store.ID, id)), w.Service.CompleteCheckout(ctx, w.store.ID, n)
	}
	if email == "" {
		return ignored(noEmail), nil
	}
	if number := usableID(o, "id"); number != "" && number != id { // by which an older API tells that it is gone
		if err := w.Service.Alias(ctx, w.store.ID, number, id); err != nil {
			return response{}, err
		}
	}
	n, cut := shopifyNews(w, id, email, cart)
	return w.recordCheckout(ctx, n, cut)
}

// shopifyNews is what a checkout tells, and how many of its items were cut.
func shopifyNews(w webhook, id, email, cart string) (n recovery.News, cut int) {
	o := w.body
	customer := o.Sub("customer")
	first, last := usableName(customer, o.Sub("billing_address"), o.Sub("shipping_address"))
	n = recovery.News{
		CheckoutID: id, Email: email, Platform: recovery.Shopify,
		CartID:           recovery.Field[string]{Given: cart != "", Value: cart},
		CustomerID:       recovery.Given(usableID(customer, "id")),
		FirstName:        recovery.Given(first),
		LastName:         recovery.Given(last),
		Locale:           usableLocale(o.Text("customer_locale", maxShort)),
		AcceptsMarketing: shopifyConsent(o, customer),
		Total:            recovery.Given(usableAmount(o, "total_price", seenCurrency(o))),
		RecoverURL:       recovery.Given(usableLink(linkOf(o, "abandoned_checkout_url"), w.store.LinkHosts)),
		UpdatedAt:        firstInstant(o, w.now, "updated_at", "created_at"),
	}
	if created := firstInstant(o, w.now, "created_at"); !created.IsZero() && n.UpdatedAt.Sub(created) > editedAfter {
		n.AbandonedAt = created
	}
	n.Items, cut = shopifyItems(o)
	return n, cut
}

// shopifyConsent is whether the shopper accepts marketing: by this checkout, or else by
// what the shop knows of the customer.
func shopifyConsent(o, customer lenient.Object) recovery.Field[*bool] {
	yes := o.Bool("buyer_accepts_marketing")
	if yes == nil {
		switch customer.Sub("email_marketing_consent").Text("state", maxShort) {
		case "subscribed":
			yes = new(true)
		case "not_subscribed", "unsubscribed":
			yes = new(false)
		default:
			yes = customer.Bool("accepts_marketing")
		}
	}
	return recovery.Field[*bool]{Given: yes != nil, Value: yes}
}

// cartToken is the cart's token; some tell the cart's secret key behind it.
func cartToken(o lenient.Object) string {
	token, _, _ := strings.Cut(usableID(o, "cart_token"), "?")
	return token
}

// seenCurrency is the currency that the shopper sees, in which a checkout's own amounts
// are; those of an order are in the shop's.
func seenCurrency(o lenient.Object) string {
	if o.Text("presentment_currency", maxShort) != "" {
		return usableCurrency(o, "presentment_currency")
	}
	return usableCurrency(o, "currency")
}

// shopifyItems are the lines of a checkout, and how many were cut. Where there is no list
// of them, what is recorded stays.
func shopifyItems(o lenient.Object) (recovery.Field[[]recovery.Item], int) {
	lines, cut, there := o.Lines("line_items", maxItems)
	currency := seenCurrency(o)
	f := recovery.Field[[]recovery.Item]{Given: there}
	for _, l := range lines {
		f.Value = append(f.Value, recovery.Item{
			ID:       usableID(l, "variant_id", "product_id", "sku"),
			Title:    firstText(l.Text("title", maxTitle), l.Text("presentment_title", maxTitle), l.Text("name", maxTitle)),
			Variant:  l.Text("variant_title", maxTitle),
			Quantity: l.Int("quantity", 1, maxCount, 1),
			Price:    usableAmount(l, "price", currency),
			ImageURL: usablePicture(firstText(linkOf(l, "image_url"), linkOf(l, "image"), linkOf(l.Sub("image"), "src"))),
		})
	}
	return f, cut
}

// shopifyCheckoutGone ends a checkout that the shop has deleted.
func shopifyCheckoutGone(ctx context.Context, w webhook) (response, error) {
	if id := usableID(w.body, "token"); id != "" {
		return did("stopped", "checkout", recovery.CheckoutKey(w.store.ID, id)), w.Service.StopCheckout(ctx, w.store.ID, id)
	}
	id := usableID(w.body, "id")
	if id == "" {
		return ignored(noID), nil
	}
	return did("stopped"), w.Service.StopAlias(ctx, w.store.ID, id)
}
