package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// twoShops is the example store on both shop systems, and a second store with shops and
// secrets of its own.
func twoShops() string {
	second := strings.TrimPrefix(storeYAML(
		"shopify: {shop: second.myshopify.com, secrets: [env:SECOND_SHOPIFY]}",
		"woocommerce: {url: https://second.example.de/, secrets: [env:SECOND_WOO]}",
		"api_keys: [env:SECOND_API_KEY]",
	), "stores:\n")
	return storeYAML(
		"shopify: {shop: northwind.myshopify.com, secrets: [env:SHOPIFY_SECRET]}",
		"woocommerce: {url: https://teeladen.example.de/, secrets: [env:WOOCOMMERCE_SECRET]}",
	) + strings.Replace(second, "default:", "second:", 1)
}

// Nobody but the store's own shop tells of checkouts, orders and erasures. Promise 8.
func TestAttacksByWebhooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withConfig(twoShops()), func(o *Options) {
		vars := map[string]string{"SHOPIFY_SECRET": shopifySecret, "SECOND_SHOPIFY": "second's", "WOOCOMMERCE_SECRET": wooSigns, "SECOND_WOO": "second's too", "SECOND_API_KEY": "second's key"}
		o.Lookup = func(name string) (string, bool) { v, ok := vars[name]; return v, ok }
		o.QueueTimeout = 3 * time.Second // a test's may run out where tests compete
	})
	w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	w.advance(40 * time.Minute)
	const shopify, woo = "/webhooks/shopify", "/webhooks/woocommerce"
	checkout, redact := sample(t, "shopify/checkouts_create.json"), strings.ReplaceAll(sample(t, "shopify/customers_redact.json"), jo, ana)
	order := strings.ReplaceAll(sample(t, "woocommerce/order_processing.json"), lena, ana)
	with := func(name, secret string, more ...string) []string {
		text := map[string]string{"checkouts_create": checkout, "customers_redact": redact}[name]
		headers := append(headersOf(t, "shopify/"+name), "X-Shopify-Hmac-Sha256", hmacOf(secret, text))
		return append(headers, more...)
	}
	wooWith := func(secret string, more ...string) []string {
		return append(append(headersOf(t, "woocommerce/order_processing"), "X-WC-Webhook-Signature", hmacOf(secret, order)), more...)
	}
	w.refuse([]attack{
		{name: "not signed", path: shopify, body: redact, headers: headersOf(t, "shopify/customers_redact"), want: 401},
		{name: "by a storefront's key", path: shopify, body: redact, headers: append(headersOf(t, "shopify/customers_redact"), "Authorization", "Bearer local"), want: 401},
		{name: "a guessed secret", path: shopify, body: redact, headers: with("customers_redact", ""), want: 401},
		{name: "the value for development", path: shopify, body: redact, headers: with("customers_redact", "local-shopify-secret"), want: 401},
		{name: "another store's secret", path: shopify, body: redact, headers: with("customers_redact", "second's"), want: 401},
		{name: "another store's shop", path: shopify, body: redact, headers: with("customers_redact", shopifySecret, "X-Shopify-Shop-Domain", "second.myshopify.com"), want: 401},
		{name: "WooCommerce's secret", path: shopify, body: redact, headers: with("customers_redact", wooSigns), want: 401},
		{name: "no shop", path: shopify, body: redact, headers: with("customers_redact", shopifySecret, "X-Shopify-Shop-Domain", ""), want: 401},
		{name: "another body's signature", path: shopify, body: redact, headers: with("checkouts_create", shopifySecret), want: 401},
		{name: "half a megabyte of signature", path: shopify, body: redact, headers: with("customers_redact", shopifySecret, "X-Shopify-Hmac-Sha256", strings.Repeat("A", 500<<10)), want: 401},
		{name: "more than 8 MiB", path: shopify, body: strings.Repeat(" ", 8<<20+1), headers: headersOf(t, "shopify/checkouts_create"), want: 413},
		{name: "an order, not signed", path: woo, body: order, headers: headersOf(t, "woocommerce/order_processing"), want: 401},
		{name: "an order, by another store", path: woo, body: order, headers: wooWith("second's too"), want: 401},
		{name: "an order, of another source", path: woo, body: order, headers: wooWith(wooSigns, "X-WC-Webhook-Source", "https://second.example.de/"), want: 401},
		{name: "an order, of a source that only begins alike", path: woo, body: order, headers: wooWith(wooSigns, "X-WC-Webhook-Source", "https://teeladen.example.de.evil.example.net/"), want: 401},
		{name: "an order as a ping", path: woo, body: "webhook_id=1&" + order, headers: []string{"Authorization", ""}, want: 401},
		{name: "an order of 8 MiB and more", path: woo, body: strings.Repeat(" ", 8<<20+1), headers: headersOf(t, "woocommerce/order_processing"), want: 413},
	})
	before := w.documents()
	for name, a := range map[string]attack{
		"a ping":                        {path: woo, body: "webhook_id=1", headers: []string{"Authorization", ""}},
		"another webhook as an erasure": {path: shopify, body: checkout, headers: with("checkouts_create", shopifySecret, "X-Shopify-Topic", "customers/redact")},
		"one as that of the store":      {path: shopify, body: redact, headers: with("customers_redact", shopifySecret, "X-Shopify-Topic", "shop/redact")},
		"a topic that is none":          {path: shopify, body: checkout, headers: with("checkouts_create", shopifySecret, "X-Shopify-Topic", "../checkouts/create\u00a0")},
	} {
		w.post(http.StatusOK, a.path, a.body, a.headers...)
		if diff := cmp.Diff(before, w.documents()); diff != "" {
			t.Errorf("%s changed (-before +after):\n%s", name, diff)
		}
	}
	w.advance(80 * time.Hour)
	w.wantMails(ana, ana, ana)
}

// A shop whose plugins have gone mad does no harm, and keeps its webhook.
func TestHugeWebhooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withShops(northwind), from("2026-11-20T17:30:05Z"))
	line := body{"title": "<script>alert(1)</script>", "quantity": 1e9, "price": "1.00", "variant_id": 1}
	lines := make([]body, 20_000)
	for i := range lines {
		lines[i] = line
	}
	deep := `{"token":"deep","email":"jo.martin@example.com","x":` + strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000) + "}"
	deeper := `{"token":"deeper","email":"jo.martin@example.com","x":` + strings.Repeat("[", 1<<20) + strings.Repeat("]", 1<<20) + "}"
	for text, want := range map[string]string{
		sampleBody(t, "shopify/checkouts_create.json", body{"line_items": lines, "note": strings.Repeat("x", 5<<20)}): "created",
		deep: "created", deeper: "ignored", "{\"token\":\"odd\xff\",\"email\":\"jo.martin@example.com\",\"total_price\":1e999}": "created",
	} {
		a := w.post(http.StatusOK, "/webhooks/shopify", text, append(headersOf(t, "shopify/checkouts_create"), "X-Shopify-Hmac-Sha256", hmacOf(shopifySecret, text))...)
		if a.Body["outcome"] != want {
			t.Errorf("%.60s: got %s, want %s", text, a.Raw, want)
		}
	}
	if c := w.stored(joToken); len(c.Items) != 250 || c.Items[0].Quantity != 99_999 {
		t.Errorf("%d items are kept, the first %d times", len(c.Items), c.Items[0].Quantity)
	}
	w.advance(31 * time.Minute)
	for _, m := range w.mails() {
		if strings.Contains(m.HTML, "<script>") {
			t.Error("a script is mailed")
		}
	}
}
