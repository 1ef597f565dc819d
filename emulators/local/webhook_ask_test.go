package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// restShop is a shop on this machine that tells of its order by REST; its webhooks come
// from there too.
func restShop(t *testing.T, answer http.HandlerFunc) (w *world, asked *atomic.Int32) {
	t.Helper()
	asked = new(atomic.Int32)
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if user, password, _ := r.BasicAuth(); user != "ck_1" || password != "cs_1" || r.URL.Path != "/wp-json/wc/v3/orders/7781" {
			t.Errorf("asked for %s by %s", r.URL, user)
		}
		answer(w, r)
	}))
	t.Cleanup(shop.Close)
	yaml := teeladen("woocommerce: {url: " + shop.URL + ", secrets: [env:WOOCOMMERCE_SECRET], rest: {key: env:WOO_KEY, secret: env:WOO_KEY_SECRET}}")
	w = newWorld(t, withShops(yaml), from("2026-11-20T17:02:13Z"), func(o *Options) { o.Deadlines.Ask = 100 * time.Millisecond })
	text := sample(t, "woocommerce/order_pending.json")
	w.post(http.StatusOK, "/webhooks/woocommerce", text, append(headersOf(t, "woocommerce/order_pending"),
		"X-WC-Webhook-Source", shop.URL+"/", "X-WC-Webhook-Signature", hmacOf(wooSigns, text))...)
	return w, asked
}

// The payment's webhook was lost, and WooCommerce does not repeat it: Remind asks, and no
// mail goes out. Promise 1.
func TestLostPayment(t *testing.T) {
	t.Parallel()
	paid := sample(t, "woocommerce/order_processing.json")
	w, asked := restShop(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(paid)) })
	w.advance(29 * time.Minute)
	if asked.Load() != 0 {
		t.Error("asked before the reminder is due")
	}
	w.advance(80 * time.Hour)
	w.wantMails()
	if o := w.orderOf("7781"); o.Total.Minor != 6490 || asked.Load() != 1 {
		t.Errorf("the order is %+v, asked %d times", o, asked.Load())
	}
	if c := w.stored("7781"); c.Status != recovery.StatusOrdered {
		t.Errorf("the checkout is %s", c.Status)
	}
}

// Whatever else the shop answers, or does not, changes nothing.
func TestShopTellsNothing(t *testing.T) {
	t.Parallel()
	unpaid := sample(t, "woocommerce/order_pending.json")
	for name, answer := range map[string]http.HandlerFunc{
		"not paid":  func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(unpaid)) },
		"not found": http.NotFound,
		"away":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example.net/", http.StatusFound)
		},
		"hanging": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"another's": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(strings.ReplaceAll(unpaid, "7781", "7782")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, asked := restShop(t, answer)
			w.advance(80 * time.Hour)
			w.wantMails(lena, lena, lena)
			if asked.Load() != 3 {
				t.Errorf("asked %d times, want once a mail", asked.Load())
			}
		})
	}
}
