package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/comeback-checkout/comeback/internal/config"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	const twoStores = `
  other:
    from: {email: shop@other.example.com}
    postal_address: "2 Pier Road, Bristol, UK"
    consent: any
`
	for _, tc := range []struct {
		name, file string
		want       []string // the faults' beginnings
	}{
		{"nothing wrong", store(""), nil},
		{"secrets of any name, and events", "queues: 4" + store("api_keys: [env:A, env:B]\nwhen_unknown: resend"), nil},
		{"no consent, which the cloud wants", strings.Replace(store(""), "    consent: opt_in\n", "", 1), []string{
			"stores.default.consent: missing: want any, opt_in or customers",
		}},
		{"one API key for two stores", store("") + twoStores, []string{
			"stores.other.api_keys: (not shown): want a key of its own: store default has the same",
		}},
		{"a key of its own", store("") + twoStores + "    api_keys: [env:OTHER]\n", nil},
		{
			"one shop for two stores",
			store("shopify: {shop: a.myshopify.com}\nwoocommerce: {url: https://w.example.com/}") + twoStores + "    api_keys: [env:OTHER]\n" +
				"    shopify: {shop: a.myshopify.com}\n    woocommerce: {url: http://w.example.com}\n",
			[]string{
				`stores.other.shopify.shop: "a.myshopify.com": want a shop of its own: store default has the same`,
				`stores.other.woocommerce.url: "w.example.com": want a shop of its own: store default has the same`,
			},
		},
		{"a secret in the file", store("id_key: hunter2"), []string{"stores.default.id_key: (not shown): want a reference"}},
		{"nothing", "", []string{"stores: missing: want at least one store"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			if err := config.Check([]byte(tc.file)); err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			begins := func(got, want string) bool { return strings.HasPrefix(got, want) }
			if diff := cmp.Diff(tc.want, got, cmp.Comparer(func(a, b string) bool { return begins(a, b) || begins(b, a) })); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}
