package functions

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// sampleOf is a body in the shape that a shop system documents, with changes; nil removes
// a field.
func sampleOf(t testing.TB, name string, changes map[string]any) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "emulators", "local", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if changes == nil {
		return string(text)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	for field, value := range changes {
		if value == nil {
			delete(fields, field)
			continue
		}
		raw, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		fields[field] = raw
	}
	changed, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(changed)
}

// null is a field that is there and null.
var null = json.RawMessage("null")

func signature(body string) string {
	mac := hmac.New(sha256.New, []byte("secret"))
	mac.Write([]byte(body))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// deliver posts a signed webhook of the shop of Shopify, or, where the topic is one of
// WooCommerce's, of that shop, and wants it to be answered 200. It returns the answer's
// outcome, with its reason after a colon.
func (s *shop) deliver(t testing.TB, topic, body string) string {
	t.Helper()
	path, headers := "/webhooks/shopify", map[string]string{
		"X-Shopify-Topic": topic, "X-Shopify-Shop-Domain": "northwind.myshopify.com", "X-Shopify-Hmac-Sha256": signature(body),
	}
	if strings.Contains(topic, ".") {
		path, headers = "/webhooks/woocommerce", map[string]string{
			"X-WC-Webhook-Topic": topic, "X-WC-Webhook-Source": "https://teeladen.example.de/", "X-WC-Webhook-Signature": signature(body),
		}
	}
	w := s.webhook(path, body, headers)
	var answer struct{ Outcome, Reason string }
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%s: got %d %s", topic, w.Code, w.Body)
	}
	if answer.Reason != "" {
		answer.Outcome += ":" + answer.Reason
	}
	return answer.Outcome
}

func (s *shop) webhook(path, body string, headers map[string]string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	Handler(s.App).ServeHTTP(w, r)
	return w
}

// northwind is the shop of the samples, when the first of them comes.
func northwind() *shop {
	s := openAt(time.Date(2026, 11, 20, 17, 30, 5, 0, time.UTC))
	s.Service.Stores["default"].LinkHosts = []string{"northwind.example.com", "teeladen.example.de"}
	s.Service.Stores["default"].MaxLate = 100 * time.Hour
	s.Service.Stores["default"].Retention = 1000 * time.Hour
	return s
}

// only is the one checkout that is recorded.
func (s *shop) only(t testing.TB) *recovery.Checkout {
	t.Helper()
	all := s.db.Checkouts()
	if len(all) != 1 {
		t.Fatalf("%d checkouts are recorded, want one", len(all))
	}
	return all[0]
}

// orderOf is the order as it is recorded; nil for none.
func (s *shop) orderOf(t testing.TB, id string) *recovery.Order {
	t.Helper()
	k, err := s.db.FindForOrder(t.Context(), recovery.OrderQuery{Store: "default", Order: recovery.OrderKey("default", id)})
	if err != nil {
		t.Fatal(err)
	}
	return k.Order
}

// However the shopper's address is written, in the checkout and in the order, it is one
// shopper (promise 1), and it is mailed in the form that every mail server takes.
func TestAddressesHoweverWritten(t *testing.T) {
	t.Parallel()
	for checkout, order := range map[string]string{
		"Ana@Example.net":               " ana@example.net",
		"ana@b\u00fccher.example":       "ana@xn--bcher-kva.example",
		"ana@XN--BCHER-KVA.example":     "Ana@bu\u0308cher.example",
		"jos\u00e9@example.net":         "jose\u0301@example.net",
		"Ana Lima <ana@example.net>":    "ana@example.net.",
		"mailto:ana@example.net":        "\u200bana@exa\u200bmple.net",
		"\"Lima, Ana\" <a@example.net>": "a@example.net;",
	} {
		for _, way := range []string{"shopify", "woocommerce", "backend"} {
			s := northwind()
			s.deliver(t, "checkouts/create", sampleOf(t, "shopify/checkouts_create.json", map[string]any{"email": checkout}))
			switch way {
			case "shopify":
				s.deliver(t, "orders/create", sampleOf(t, "shopify/orders_create.json", map[string]any{"email": order, "checkout_token": null, "cart_token": null}))
			case "woocommerce":
				s.deliver(t, "order.updated", sampleOf(t, "woocommerce/order_processing.json", map[string]any{"billing": map[string]any{"email": order}, "date_paid_gmt": "2026-11-20T17:30:05"}))
			case "backend":
				if strings.ContainsAny(order, ";\u200b") || strings.HasSuffix(order, ".") {
					continue // which a backend is told to mend
				}
				s.post("/order", "key", fmt.Sprintf(`{"order_id":"1","email":%q}`, order))
			}
			all := s.db.Checkouts() // WooCommerce's order leaves a mark of its own
			c := all[slices.IndexFunc(all, func(c *recovery.Checkout) bool { return c.ID == shopifyToken })]
			if c.Status != recovery.StatusOrdered || strings.ContainsAny(c.Email, " <>\u200b\u00fc:") {
				t.Errorf("%s: %q, and the order of %q: it is %s, of %q", way, checkout, order, c.Status, c.Email)
			}
		}
	}
}
