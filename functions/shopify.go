package functions

import (
	"context"
	"strings"

	"github.com/comeback-checkout/comeback/internal/app"
	"github.com/comeback-checkout/comeback/internal/callerauth"
	"github.com/comeback-checkout/comeback/internal/lenient"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// shopifyTopics are the webhooks of Shopify that are taken. Of an order, whatever changes
// it brings all of it.
var shopifyTopics = map[string]func(context.Context, webhook) (response, error){
	"checkouts/create":           shopifyCheckout,
	"checkouts/update":           shopifyCheckout,
	"checkouts/delete":           shopifyCheckoutGone,
	"orders/create":              shopifyOrder,
	"orders/updated":             shopifyOrder,
	"orders/paid":                shopifyOrder,
	"orders/fulfilled":           shopifyOrder,
	"orders/partially_fulfilled": shopifyOrder,
	"orders/cancelled":           shopifyOrder,
	"refunds/create":             shopifyRefund,
	"customers/data_request":     shopifyDataRequest,
	"customers/redact":           shopifyCustomerRedact,
	"shop/redact":                shopifyShopRedact,
}

// shopify is POST /webhooks/shopify: what happened in a shop of Shopify. Nothing of the
// body is looked at before its signature is verified.
func shopify(ctx context.Context, a *app.App, r *request) (response, error) {
	body, err := r.raw()
	if err != nil {
		return response{}, err
	}
	shop := callerauth.ShopifySource(shopifyHeader(r, "Shop-Domain"))
	store, err := a.Shopify.Store(shop, shopifyHeader(r, "Hmac-Sha256"), body)
	if err != nil {
		return response{}, err
	}
	r.store = store
	w := webhook{App: a, store: a.Service.Stores[store], topic: "other", now: recovery.Instant(a.Service.Clock.Now())}
	topic := strings.ToLower(strings.TrimSpace(shopifyHeader(r, "Topic")))
	take := func(context.Context, webhook) (response, error) { return ignored(otherTopic), nil }
	if known := shopifyTopics[topic]; known != nil {
		w.topic, take = topic, known
	}
	var ok bool
	if w.body, ok = lenient.Parse(body); !ok {
		take = func(context.Context, webhook) (response, error) { return ignored(notJSON), nil }
	} else if mustNameShop(topic) && callerauth.ShopifySource(w.body.Text("shop_domain", maxAddress)) != shop {
		take = func(context.Context, webhook) (response, error) { return ignored(otherShop), nil }
	}
	return w.hear(ctx, r, take)
}

// shopifyHeader is a header of Shopify's, also as its newer webhooks name it.
func shopifyHeader(r *request, name string) string {
	return firstText(r.Header.Get("X-Shopify-"+name), r.Header.Get("Shopify-"+name))
}

// mustNameShop says whether the topic's body has to name the shop itself: the headers are
// not signed, so whoever saw another webhook could send it again as one that erases.
func mustNameShop(topic string) bool {
	return strings.HasPrefix(topic, "customers/") || strings.HasPrefix(topic, "shop/")
}

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
	cart := usableID(o, "cart_token")
	if o.Text("completed_at", maxShort) != "" {
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
		Total:            recovery.Given(usableAmount(o, "total_price", usableCurrency(o, "currency"))),
		RecoverURL:       recovery.Given(usableLink(linkOf(o, "abandoned_checkout_url"), w.store.LinkHosts)),
		UpdatedAt:        firstInstant(o, w.now, "updated_at", "created_at"),
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

// shopifyItems are the lines of a checkout, and how many were cut. Where there is no list
// of them, what is recorded stays.
func shopifyItems(o lenient.Object) (recovery.Field[[]recovery.Item], int) {
	lines, cut, there := o.List("line_items", maxItems)
	currency := usableCurrency(o, "currency")
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
	// It was kept by its number where it came without a token.
	err := w.Service.StopAlias(ctx, w.store.ID, id)
	if err == nil {
		err = w.Service.StopCheckout(ctx, w.store.ID, id)
	}
	return did("stopped"), err
}
