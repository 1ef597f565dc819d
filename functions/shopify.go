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
	} else if mustNameShop(topic) && callerauth.ShopifySource(w.body.Text("shop_domain", maxShort)) != shop {
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
