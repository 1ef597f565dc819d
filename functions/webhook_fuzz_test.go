package functions

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// FuzzShopify looks for a signed body that is not answered 200, that is kept beyond the
// limits, or that tells the log of its shopper.
func FuzzShopify(f *testing.F) {
	topics := []string{"other"}
	for topic := range shopifyTopics {
		topics = append(topics, topic)
	}
	slices.Sort(topics)
	for i := range topics {
		for _, name := range []string{"checkouts_create", "checkouts_update", "orders_create", "customers_redact"} {
			f.Add(uint8(i), []byte(sampleOf(f, "shopify/"+name+".json", nil)))
		}
		for _, body := range oddJSON() {
			f.Add(uint8(i), []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, topic uint8, body []byte) {
		checkWebhook(t, topics[int(topic)%len(topics)], body)
	})
}

// FuzzWooCommerce does the same with WooCommerce's.
func FuzzWooCommerce(f *testing.F) {
	topics := []string{"order.created", "order.updated", "order.deleted", "product.updated"}
	for i := range topics {
		for _, name := range []string{"order_pending", "order_processing"} {
			f.Add(uint8(i), []byte(sampleOf(f, "woocommerce/"+name+".json", nil)))
		}
		for _, body := range oddJSON() {
			f.Add(uint8(i), []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, topic uint8, body []byte) {
		checkWebhook(t, topics[int(topic)%len(topics)], body)
	})
}

// webhookLine is a log line of a webhook with nothing in it but words, hashes and counts.
var webhookLine = regexp.MustCompile(`^(\{("[a-z]+":("[A-Za-z]+"|"[a-z_.]+(/[a-z_]+)?"|"[a-z2-7]{26}"|\d+),?)+\}\n)+$`)

func checkWebhook(t *testing.T, topic string, body []byte) {
	t.Helper()
	s := northwind()
	s.deliver(t, topic, string(body))
	first := s.db.Checkouts()
	s.deliver(t, topic, string(body))
	for _, c := range s.db.Checkouts() {
		if c.Generation > 0 {
			withinHosts(t, c)
		}
		if c.Generation > 1 {
			t.Error("the same again restarted it")
		}
	}
	if again := s.db.Checkouts(); len(again) != len(first) || len(again) > 2 {
		t.Errorf("%d checkouts, then %d", len(first), len(again))
	}
	lines := s.take()
	if topic != "customers/data_request" && !webhookLine.MatchString(lines) {
		t.Errorf("the log holds more than words and hashes: %s", lines)
	}
}

// withinHosts checks a stored checkout's limits; its links lead to the samples' shops.
func withinHosts(t *testing.T, c *recovery.Checkout) {
	t.Helper()
	if host := browserHost(c.RecoverURL); c.RecoverURL != "" && host != "northwind.example.com" && host != "teeladen.example.de" {
		t.Errorf("%q leads to %q", c.RecoverURL, host)
	}
	d := c.Clone()
	d.RecoverURL, d.T = "", noon // those of this shop are earlier
	d.ExpiresAt = noon.AddDate(1, 0, 0)
	withinLimits(t, d)
	if c.T.After(s0) || strings.ContainsAny(c.Customer.FirstName+c.Customer.LastName, "\r\n") {
		t.Errorf("T %v, name %q", c.T, c.Customer.Name())
	}
}

// s0 is when the samples' shop opens.
var s0 = northwind().clock.Now()

// Whoever is not the shop gets nowhere, and learns nothing of why. Promise 8.
func TestWebhooksUnsigned(t *testing.T) {
	t.Parallel()
	shopifyBody, wooBody := sampleOf(t, "shopify/checkouts_create.json", nil), sampleOf(t, "woocommerce/order_pending.json", nil)
	for name, tc := range map[string]struct {
		path, body string
		headers    map[string]string
	}{
		"nothing":               {"/webhooks/shopify", shopifyBody, nil},
		"a key":                 {"/webhooks/shopify", shopifyBody, map[string]string{"Authorization": "Bearer key", "X-Shopify-Shop-Domain": "northwind.myshopify.com"}},
		"no shop":               {"/webhooks/shopify", shopifyBody, map[string]string{"X-Shopify-Hmac-Sha256": signature(shopifyBody)}},
		"another shop":          {"/webhooks/shopify", shopifyBody, map[string]string{"X-Shopify-Hmac-Sha256": signature(shopifyBody), "X-Shopify-Shop-Domain": "other.myshopify.com"}},
		"another body":          {"/webhooks/shopify", shopifyBody + " ", map[string]string{"X-Shopify-Hmac-Sha256": signature(shopifyBody), "X-Shopify-Shop-Domain": "northwind.myshopify.com"}},
		"WooCommerce's headers": {"/webhooks/shopify", wooBody, map[string]string{"X-WC-Webhook-Signature": signature(wooBody), "X-WC-Webhook-Source": "https://teeladen.example.de/"}},
		"WooCommerce, nothing":  {"/webhooks/woocommerce", wooBody, nil},
		"WooCommerce, no shop":  {"/webhooks/woocommerce", wooBody, map[string]string{"X-WC-Webhook-Signature": signature(wooBody)}},
		"another source":        {"/webhooks/woocommerce", wooBody, map[string]string{"X-WC-Webhook-Signature": signature(wooBody), "X-WC-Webhook-Source": "https://www.teeladen.example.de/"}},
		"a host with more":      {"/webhooks/woocommerce", wooBody, map[string]string{"X-WC-Webhook-Signature": signature(wooBody), "X-WC-Webhook-Source": "https://teeladen.example.de.evil.example/"}},
	} {
		s := northwind()
		w := s.webhook(tc.path, tc.body, tc.headers)
		if w.Code != http.StatusUnauthorized || len(s.db.Checkouts()) > 0 || strings.Contains(w.Body.String(), "myshopify") {
			t.Errorf("%s: got %d %s", name, w.Code, w.Body)
		}
	}
}
