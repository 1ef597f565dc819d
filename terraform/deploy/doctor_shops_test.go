package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// onShops is a store on both shop systems, whose WooCommerce answers so.
func onShops(t *testing.T, answer http.HandlerFunc) *patient {
	t.Helper()
	shop := httptest.NewServer(answer)
	t.Cleanup(shop.Close)
	p := newPatient(t)
	p.args[6] = p.config(`stores: {default: {
		from: {email: shop@example.com}, postal_address: "1 Pier Road, Bristol", consent: opt_in,
		shopify: {shop: northwind.myshopify.com},
		woocommerce: {url: "` + shop.URL + `/laden/", rest: {key: env:WOO_KEY, secret: env:WOO_KEY_SECRET}}}}`)
	p.google.PutSecret("SHOPIFY_SECRET", "shpss_1\n")
	for name, value := range map[string]string{"WOOCOMMERCE_SECRET": "any", "WOO_KEY": "ck_1", "WOO_KEY_SECRET": "cs_1"} {
		p.google.PutSecret(name, value)
	}
	return p
}

// wooCommerce lets the key read orders.
func wooCommerce(w http.ResponseWriter, r *http.Request) {
	key, secret, _ := r.BasicAuth()
	switch {
	case r.URL.Path != "/laden/wp-json/wc/v3/orders":
		http.NotFound(w, r)
	case key != "ck_1" || secret != "cs_1":
		w.WriteHeader(http.StatusUnauthorized)
	default:
		_, _ = w.Write([]byte(`[{"id":1}]`))
	}
}

func TestDoctorLooksAtShops(t *testing.T) {
	t.Parallel()
	answering := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	for _, tc := range []struct {
		name   string
		answer http.HandlerFunc
		hurt   func(*patient)
		code   int
		want   []string
	}{
		{"as it should be", wooCommerce, func(*patient) {}, 0, []string{
			"ok Shopify, default SHOPIFY_SECRET has a value", "ok WooCommerce, default WOOCOMMERCE_SECRET has a value",
			"ok WooCommerce REST, default the key may read the orders of",
		}},
		{"a secret that is switched off", wooCommerce, func(p *patient) { p.google.DisableVersions("SHOPIFY_SECRET") }, 0, []string{
			"warning Shopify, default read secret SHOPIFY_SECRET", "is in DISABLED state",
		}},
		{"an access token", wooCommerce, func(p *patient) { p.env["SHOPIFY_SECRET"] = "shpat_1" }, 1, []string{
			"FAIL Shopify, default SHOPIFY_SECRET holds an access token, which signs no webhook", "client secret",
		}},
		{"a key that is switched off", wooCommerce, func(p *patient) { p.google.DisableVersions("WOO_KEY_SECRET") }, 0, []string{
			"warning WooCommerce REST, default read secret WOO_KEY_SECRET",
		}},
		{"a wrong key", wooCommerce, func(p *patient) { p.env["WOO_KEY_SECRET"] = "cs_2" }, 1, []string{
			"FAIL WooCommerce REST, default", "refuses the key: 401", "Advanced → REST API",
		}},
		{"no REST API", answering(404, "not found"), func(*patient) {}, 1, []string{"there is no REST API at", "Permalinks"}},
		{"a page", answering(200, "<html>"), func(*patient) {}, 1, []string{"there is no REST API at"}},
		{"elsewhere", http.RedirectHandler("https://www.example.net/wp-json/?x=1", http.StatusMovedPermanently).ServeHTTP, func(*patient) {}, 1, []string{
			"leads elsewhere: https://www.example.net/wp-json/ → set woocommerce.url",
		}},
		{"no key", wooCommerce, func(p *patient) {
			p.args[6] = p.config("stores: {default: {from: {email: shop@example.com}, postal_address: x, consent: opt_in, woocommerce: {url: 'https://w.example.com/'}}}")
		}, 0, []string{"warning WooCommerce REST, default no key", "give woocommerce.rest"}},
		{"busy", answering(503, ""), func(*patient) {}, 0, []string{"warning WooCommerce REST, default not known:", "answered 503"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := onShops(t, tc.answer)
			tc.hurt(p)
			p.want(tc.code, tc.want...)
		})
	}
}

// The key goes along within the shop, and nowhere else.
func TestRESTRedirects(t *testing.T) {
	t.Parallel()
	p := onShops(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/laden/wp-json/wc/v3/orders" {
			http.Redirect(w, r, "/laden/wp-json/wc/v3/orders/", http.StatusPermanentRedirect)
			return
		}
		if _, _, ok := r.BasicAuth(); ok {
			_, _ = w.Write([]byte(`[]`))
		}
	})
	p.want(0, "ok WooCommerce REST, default")
}
