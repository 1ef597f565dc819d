package main

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Secrets as the test's stores have them.
const (
	shopifySecret = "shpss_5e1f"
	wooSecret     = "a&amp;b" // of which WordPress makes another to sign with
	wooSigns      = "a&b"
)

// northwind and teeladen are the stores of the samples.
var northwind = strings.ReplaceAll(strings.ReplaceAll(storeYAML(
	"shopify: {shop: northwind.myshopify.com, secrets: [env:NEW_SHOPIFY_SECRET, env:SHOPIFY_SECRET]}",
), "shop.example.com/cart", "northwind.example.com/cart"), "url: https://shop.example.com\n", "url: https://northwind.example.com\n")

func teeladen(more ...string) string {
	return strings.ReplaceAll(strings.ReplaceAll(storeYAML(append([]string{"locale: de", "max_late: 12h"}, more...)...),
		"shop.example.com/cart", "teeladen.example.de/warenkorb"), "url: https://shop.example.com\n", "url: https://teeladen.example.de\n")
}

const wooStore = "woocommerce: {url: https://teeladen.example.de/, secrets: [env:WOOCOMMERCE_SECRET]}"

// withShops replaces the configuration, and knows its secrets.
func withShops(yaml string) func(*Options) {
	return func(o *Options) {
		withConfig(yaml)(o)
		vars := map[string]string{
			"NEW_SHOPIFY_SECRET": "the next one", "SHOPIFY_SECRET": shopifySecret, "WOOCOMMERCE_SECRET": wooSecret,
			"WOO_KEY": "ck_1", "WOO_KEY_SECRET": "cs_1",
		}
		o.Lookup = func(name string) (string, bool) { v, ok := vars[name]; return v, ok }
	}
}

func hmacOf(secret, text string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// headersOf are the headers that come with a sample, without its signature.
func headersOf(t testing.TB, name string) []string {
	t.Helper()
	list := []string{"Authorization", ""}
	lines := bufio.NewScanner(strings.NewReader(sample(t, name+".headers")))
	for lines.Scan() {
		if key, value, ok := strings.Cut(lines.Text(), ": "); ok && !strings.HasPrefix(value, "base64(") {
			list = append(list, key, value)
		}
	}
	return list
}

// deliver posts a sample as its shop system does, with changes to its body, and returns
// the outcome.
func (w *world) deliver(name string, changes body) string {
	w.t.Helper()
	text := sample(w.t, name+".json")
	if changes != nil {
		text = sampleBody(w.t, name+".json", changes)
	}
	path, signature := "/webhooks/shopify", []string{"X-Shopify-Hmac-Sha256", hmacOf(shopifySecret, text)}
	if strings.HasPrefix(name, "woocommerce/") {
		path, signature = "/webhooks/woocommerce", []string{"X-WC-Webhook-Signature", hmacOf(wooSigns, text), "User-Agent", "WooCommerce/10.3.1 Hookshot (WordPress/6.9)"}
	}
	a := w.post(http.StatusOK, path, text, append(headersOf(w.t, name), signature...)...)
	outcome, _ := a.Body["outcome"].(string)
	return outcome
}

// back follows the link of the n-th mail.
func (w *world) back(n int) string {
	w.t.Helper()
	mails := w.mails()
	if n >= len(mails) {
		w.t.Fatalf("%d mails, want more than %d", len(mails), n)
	}
	link, _ := linksOf(w.t, mails[n])
	return w.click(link)
}

// orderOf is the order as the database has it.
func (w *world) orderOf(id string) *recovery.Order {
	w.t.Helper()
	k, err := w.App.Service.DB.FindForOrder(w.t.Context(), recovery.OrderQuery{Store: "default", Order: recovery.OrderKey("default", id)})
	if err != nil || k.Order == nil {
		w.t.Fatalf("order %s: got %v, %v", id, k.Order, err)
	}
	return k.Order
}

const (
	jo   = "jo.martin@example.com"
	lena = "lena.vogt@example.de"

	joToken = "5d2f7a1be3f04c9d8a6b1c2d3e4f5a6b"
)

func from(instant string) func(*Options) {
	return func(o *Options) {
		t, err := time.Parse(time.RFC3339, instant)
		if err != nil {
			panic(err)
		}
		o.Now = t
	}
}

// Each of Shopify's samples, from the webhook to the mail, the click, the order, its
// attribution, its refund and the erasure.
func TestShopifySamples(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withShops(northwind), from("2026-11-20T17:30:05Z"))
	for range 2 {
		w.deliver("shopify/checkouts_create", nil)
	}
	w.advance(22*time.Minute + 10*time.Second)
	if got := w.deliver("shopify/checkouts_update", nil); got != "restarted" {
		t.Fatalf("the update: got %s", got)
	}
	w.deliver("shopify/checkouts_create", nil) // late, and older
	w.advance(29 * time.Minute)
	w.wantMails() // the update's clock counts
	w.advance(2 * time.Minute)
	w.wantMails(jo)
	if m := w.mails()[0]; !strings.Contains(m.Text, "Whetstone 1000/6000") || !strings.Contains(m.Text, "Linen apron & mitt") || !strings.Contains(m.Text, "185,00") {
		t.Errorf("the mail is not in Canadian French, of three items:\n%s", m.Text)
	}
	if to := w.back(0); !strings.HasPrefix(to, "https://northwind.example.com/cart?utm_source=comeback") {
		t.Errorf("without an address of its own it leads to %s", to)
	}
	w.advance(18*time.Hour + 40*time.Minute)
	if got := w.deliver("shopify/orders_create", nil); got != "recorded" {
		t.Errorf("the order: got %s", got)
	}
	o := w.orderOf("6120044556677")
	if o.Attribution.Kind != recovery.AttributedClick || o.Attribution.Checkout != recovery.CheckoutKey("default", joToken) || o.Kept().Minor != 21271 {
		t.Errorf("the order is %+v", o)
	}
	w.deliver("shopify/checkouts_update", body{"completed_at": "2026-11-21T08:03:19-05:00", "updated_at": "2026-11-21T08:03:25-05:00"})
	w.deliver("shopify/orders_create", nil)
	if c := w.stored(joToken); c.Status != recovery.StatusRecovered {
		t.Errorf("the checkout is %s", c.Status)
	}
	w.advance(80 * time.Hour)
	w.wantMails(jo)

	refund := `{"id":8070,"order_id":6120044556677,"transactions":[{"kind":"refund","status":"success","amount":"54.24","currency":"CAD"}]}`
	headers := append(headersOf(t, "shopify/orders_create"), "X-Shopify-Topic", "refunds/create", "X-Shopify-Hmac-Sha256", hmacOf("the next one", refund))
	w.post(http.StatusOK, "/webhooks/shopify", refund, headers...)
	if o := w.orderOf("6120044556677"); o.Kept().Minor != 15847 {
		t.Errorf("after the refund %d is kept", o.Kept().Minor)
	}

	if got := w.deliver("shopify/customers_redact", nil); got != "erased" {
		t.Errorf("the erasure: got %s", got)
	}
	w.deliver("shopify/orders_create", nil)
	w.deliver("shopify/checkouts_update", nil)
	kept := w.kept()
	for _, trace := range []string{jo, "martin", "Whetstone", "8400112233", "6120044556677", joToken} {
		if strings.Contains(strings.ToLower(kept), strings.ToLower(trace)) {
			t.Errorf("%q is still there:\n%s", trace, kept)
		}
	}
}

// A cart of 250 items with the longest texts is more than a document of Firestore holds: its
// first items are kept, and whatever comes later still finds room.
func TestVeryLargeCart(t *testing.T) {
	t.Parallel()
	lines := make([]body, 250)
	for i := range lines {
		lines[i] = body{
			"id": i, "variant_id": 1000 + i, "name": strings.Repeat("磨", 600), "title": strings.Repeat("磨", 600), "variant_title": strings.Repeat("石", 600), "quantity": 1, "price": "1.00",
			"image_url": "https://cdn.example.com/" + strings.Repeat("x", 2000), "image": body{"src": "https://cdn.example.com/" + strings.Repeat("x", 2000)},
		}
	}
	w := newWorld(t, withShops(northwind), from("2026-11-20T17:30:05Z"))
	if got := w.deliver("shopify/checkouts_create", body{"line_items": lines}); got != "created" {
		t.Fatalf("the checkout: got %s", got)
	}
	w.advance(31 * time.Minute)
	w.wantMails(jo)
	w.back(0)
	if got := w.deliver("shopify/orders_create", nil); got != "recorded" {
		t.Errorf("the order: got %s", got)
	}
	if got := w.deliver("shopify/customers_redact", nil); got != "erased" {
		t.Errorf("the erasure: got %s", got)
	}

	w = newWorld(t, withShops(teeladen(wooStore)), from("2026-11-21T08:10:00Z"))
	if got := w.deliver("woocommerce/order_pending", body{"line_items": lines}); got != "created" {
		t.Fatalf("the checkout: got %s", got)
	}
	if got := w.deliver("woocommerce/order_processing", body{"line_items": lines}); got != "recorded" {
		t.Errorf("the order: got %s", got)
	}
}

// The link leads to the checkout where Shopify tells its address, with the coupon as
// Shopify wants it.
func TestShopifyRecovery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withShops(northwind+"    reminders: [{after: 30m, template: last, coupon: BACK10}]\n"), from("2026-11-20T17:30:05Z"))
	w.deliver("shopify/checkouts_create", nil)
	w.advance(30 * time.Minute)
	const want = "https://northwind.example.com/70011223/checkouts/ac/Z2NwLWV1cm9wZS13ZXN0MTowMUo5/recover?key=4be1d0a2&locale=fr-CA&utm_source=comeback"
	if to := w.back(0); !strings.HasPrefix(to, want) || !strings.HasSuffix(to, "&discount=BACK10") {
		t.Errorf("it leads to %s", to)
	}
}

// A guest leaves a checkout on the phone, logs in on the laptop with another spelling of
// the address, and orders there: no mail comes after, also where all is told late and out
// of order.
func TestPhoneThenLaptop(t *testing.T) {
	t.Parallel()
	laptop := body{
		"token": "laptop", "cart_token": "laptop-cart", "email": " JO.Martin@EXAMPLE.com ", "abandoned_checkout_url": nil,
		"created_at": "2026-11-20T12:40:00-05:00", "updated_at": "2026-11-20T12:41:00-05:00",
		"customer": body{"id": 8400112233, "email": "Jo.Martin@example.com"},
	}
	order := body{
		"checkout_token": "laptop", "cart_token": "laptop-cart", "email": "Jo.Martin@Example.COM", "contact_email": nil, "customer": nil,
		"processed_at": "2026-11-20T12:45:00-05:00", "created_at": "2026-11-20T12:45:00-05:00",
	}
	phone := func(w *world) { w.deliver("shopify/checkouts_create", nil) }
	onLaptop := func(w *world) { w.deliver("shopify/checkouts_create", laptop) }
	orders := func(w *world) { w.deliver("shopify/orders_create", order) }
	for name, told := range map[string][]func(*world){
		"in order":            {phone, onLaptop, orders},
		"doubled":             {phone, phone, onLaptop, onLaptop, orders, orders},
		"the order first":     {orders, phone, onLaptop},
		"the laptop last":     {phone, orders, onLaptop},
		"the laptop not told": {phone, orders},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, withShops(northwind), from("2026-11-20T17:46:00Z"))
			for _, tell := range told {
				tell(w)
			}
			w.advance(80 * time.Hour)
			w.wantMails()
		})
	}
	t.Run("as it happens", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, withShops(northwind), from("2026-11-20T17:30:05Z"))
		phone(w)
		w.advance(11 * time.Minute)
		onLaptop(w)
		w.advance(5 * time.Minute)
		orders(w)
		w.advance(80 * time.Hour)
		w.wantMails()
	})
}

// Both of WooCommerce's samples, from the webhook to the mail, the click, the payment and
// its attribution, and a refund of a part.
func TestWooCommerceSamples(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withShops(teeladen(wooStore)), from("2026-11-20T17:02:13Z"))
	w.post(http.StatusOK, "/webhooks/woocommerce", "webhook_id=12", "Authorization", "", "Content-Type", "application/x-www-form-urlencoded")
	w.deliver("woocommerce/order_pending", body{"status": "checkout-draft", "billing": body{"email": ""}})
	w.deliver("woocommerce/order_pending", nil)
	w.advance(30 * time.Minute)
	w.wantMails(lena)
	if m := w.mails()[0]; !strings.Contains(m.Text, `Teapot "Oslo"`) || !strings.Contains(m.Text, "64,90") {
		t.Errorf("the mail is\n%s", m.Text)
	}
	if to := w.back(0); !strings.HasPrefix(to, "https://teeladen.example.de/checkout/order-pay/7781/?pay_for_order=true&key=wc_order_8QfYx3Kd&utm_source=comeback") {
		t.Errorf("it leads to %s", to)
	}
	w.advance(15*time.Hour + 8*time.Minute)
	for range 2 {
		w.deliver("woocommerce/order_processing", nil)
	}
	o := w.orderOf("7781")
	if o.Attribution.Kind != recovery.AttributedClick || o.Kept().Minor != 6490 || len(o.Matched) != 1 {
		t.Errorf("the order is %+v", o)
	}
	w.deliver("woocommerce/order_processing", body{"refunds": []body{{"id": 9, "total": "-10.00"}}})
	if o := w.orderOf("7781"); o.Kept().Minor != 5490 {
		t.Errorf("after the refund %d is kept", o.Kept().Minor)
	}
	w.advance(80 * time.Hour)
	w.wantMails(lena)
}

// WooCommerce's "hold stock" cancels what is not paid after an hour: the shopper is still
// reminded, and led to the cart.
func TestWooCommerceHoldStock(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withShops(teeladen(wooStore)), from("2026-11-20T17:02:13Z"))
	w.deliver("woocommerce/order_pending", nil)
	w.advance(time.Hour)
	w.wantMails(lena)
	if got := w.deliver("woocommerce/order_pending", body{"status": "cancelled", "date_modified_gmt": "2026-11-20T18:02:12"}); got != "unlinked" {
		t.Errorf("got %s", got)
	}
	w.deliver("woocommerce/order_pending", nil) // late
	if to := w.back(0); !strings.HasPrefix(to, "https://teeladen.example.de/warenkorb?") {
		t.Errorf("it leads to %s", to)
	}
	w.advance(80 * time.Hour)
	w.wantMails(lena, lena, lena)
}
