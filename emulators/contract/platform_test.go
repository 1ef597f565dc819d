package contract

import (
	"net/http"
	"time"
)

func shopify(topic, body string) headers {
	return headers{"X-Shopify-Topic": topic, "X-Shopify-Shop-Domain": "northwind.myshopify.com", "X-Shopify-Hmac-Sha256": sign(shopifySecret, body)}
}

func woocommerce(topic, body string) headers {
	return headers{"X-WC-Webhook-Topic": topic, "X-WC-Webhook-Source": "https://teeladen.example.de/", "X-WC-Webhook-Signature": sign(wooSecret, body)}
}

// platforms plays what Shopify and WooCommerce post.
func (s *system) platforms() {
	s.t.Helper()
	for _, d := range []struct{ topic, body string }{
		{"checkouts/create", s.sample("shopify/checkouts_create.json")},
		{"checkouts/create", s.sample("shopify/checkouts_create.json")},
		{"checkouts/update", s.sample("shopify/checkouts_update.json")},
		{"checkouts/create", `{"token":"t2","updated_at":"2026-11-20T17:30:00Z"}`},
		{"checkouts/create", `{"email":"dan@example.net"}`},
		{"checkouts/create", `{"token":"t3","email":"dan@example.net","completed_at":"2026-11-20T17:30:00Z"}`},
		{"checkouts/delete", `{"id":1,"token":"t3"}`},
		{"orders/create", s.sample("shopify/orders_create.json")},
		{"refunds/create", `{"id":1,"order_id":6120044556677,"transactions":[{"id":1,"kind":"refund","status":"success","amount":"1.00","currency":"CAD"}]}`},
		{"refunds/create", `{"id":2,"order_id":6120044556677}`},
		{"customers/data_request", `{"shop_domain":"northwind.myshopify.com","data_request":{"id":9}}`},
		{"customers/redact", s.sample("shopify/customers_redact.json")},
		{"customers/redact", `{"shop_domain":"other.myshopify.com"}`},
		{"products/create", `{"id":1}`},
	} {
		s.post(http.StatusOK, s.url+"/webhooks/shopify", d.body, shopify(d.topic, d.body))
		if d.topic == "customers/data_request" { // the merchant answers it
			s.post(http.StatusOK, s.url+"/privacy/export", `{"email":"jo.martin@example.com"}`, key)
		}
	}
	for _, d := range []struct{ topic, body string }{
		{"order.created", s.sample("woocommerce/order_pending.json")},
		{"order.updated", `{"id":5,"status":"trash"}`},
		{"order.updated", `{"id":5,"status":"cancelled","billing":{"email":"dan@example.net"}}`},
		{"order.updated", s.sample("woocommerce/order_processing.json")},
		{"order.deleted", `{"id":7781}`},
		{"order.updated", `{}`},
		{"product.created", `{"id":1}`},
	} {
		s.post(http.StatusOK, s.url+"/webhooks/woocommerce", d.body, woocommerce(d.topic, d.body))
	}
	s.send(http.StatusOK, http.MethodPost, s.url+"/webhooks/woocommerce", "webhook_id=12", headers{"Content-Type": "application/x-www-form-urlencoded"})
	s.advance(time.Hour)
}
