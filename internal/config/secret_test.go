package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/comeback-checkout/comeback/internal/config"
)

func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	c := load(t, store(""), cloud, "")
	s := c.Stores["default"]
	if s.APIKeys[0].Reveal() != "api-key-1" || string(s.IDKey) != "id-key-1" {
		t.Fatalf("got %q and %q, want the variables' values without white space around", s.APIKeys[0].Reveal(), s.IDKey)
	}
	var out bytes.Buffer
	for _, v := range []any{s.APIKeys[0], s.APIKeys, s.SendGrid, s, *s, c, c.Stores} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		if err := json.NewEncoder(&out).Encode(v); err != nil {
			t.Fatal(err)
		}
	}
	for _, secret := range []string{"api-key-1", "link-key-1", "id-key-1", "SG.1"} {
		for _, form := range []string{secret, fmt.Sprintf("%x", secret), strings.Trim(fmt.Sprint([]byte(secret)), "[]")} {
			if strings.Contains(out.String(), form) {
				t.Errorf("%q is shown", form)
			}
		}
	}
	if got := fmt.Sprint(s.APIKeys[0]); got != "[redacted]" {
		t.Errorf("got %s", got)
	}
}

// TestFaultsShowNoSecret writes secrets where references belong.
func TestFaultsShowNoSecret(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for _, more := range []string{
		"api_keys: [hunter2]", "api_keys: hunter2", "api_keys: {a: hunter2}", "api_keys: [[hunter2]]", "link_keys: ['env:hunter2!']",
		"link_keys_retired: [hunter2]", "id_key: hunter2", "sendgrid: hunter2", "sendgrid: {api_key: hunter2, key: hunter2}",
		"sendgrid: {events_public_key: hunter2}", "shopify: hunter2", "shopify: {shop: a.myshopify.com, secrets: [hunter2], secret: hunter2}",
		"woocommerce: [hunter2]", "woocommerce: {url: https://w.example.com, rest: {key: hunter2, secret: hunter2}}", "api_key: hunter2",
	} {
		for _, fault := range faults(t, store(more), cloud, "") {
			if strings.Contains(fault, secret) {
				t.Errorf("%s: the secret is shown: %s", more, fault)
			}
		}
	}
}

func TestSecretsOfAFunction(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		function string
		want     []string
	}{
		{"Checkout", []string{"api_keys", "id_key"}},
		{"Order", []string{"api_keys", "id_key"}},
		{"Remind", []string{"sendgrid.api_key", "link_keys", "id_key", "woocommerce.rest.key", "woocommerce.rest.secret"}},
		{"WooCommerce", []string{"woocommerce.secrets", "id_key"}},
		{"Sweep", nil},
		{"Unsubscribe", []string{"link_keys", "link_keys_retired"}},
		{"Nothing", nil},
	} {
		if got := config.Secrets(tc.function); !slices.Equal(got, tc.want) {
			t.Errorf("%s: got %q, want %q", tc.function, got, tc.want)
		}
	}
	s := load(t, store(""), cloud, "Checkout").Stores["default"]
	if len(s.APIKeys) != 1 || string(s.IDKey) != "id-key-1" || len(s.LinkKeys) > 0 || s.SendGrid.APIKey != "" {
		t.Error("Checkout's secrets are not those of its work")
	}
	s = load(t, store(""), cloud, "Sweep").Stores["default"]
	if len(s.APIKeys)+len(s.IDKey)+len(s.LinkKeys) > 0 || s.SendGrid.APIKey != "" {
		t.Error("Sweep was given a secret")
	}
}

func TestMissingSecrets(t *testing.T) {
	t.Parallel()
	missing := cloud.with(env{"COMEBACK_API_KEY": " ", "COMEBACK_LINK_KEY": "", "COMEBACK_ID_KEY": "", "SENDGRID_API_KEY": "", "SENDGRID_EVENTS_PUBLIC_KEY": ""})
	for _, tc := range []struct {
		function, more string
		e              env
		want           []string
	}{
		{function: "Checkout", e: missing, want: []string{
			"stores.default.api_keys: the variable COMEBACK_API_KEY is not set: want it filled from Secret Manager",
			"stores.default.id_key: the variable COMEBACK_ID_KEY is not set: ",
		}},
		{function: "Remind", e: missing, want: []string{
			"stores.default.link_keys: the variable COMEBACK_LINK_KEY is not set: ",
			"stores.default.id_key: the variable COMEBACK_ID_KEY is not set: ",
			"stores.default.sendgrid.api_key: the variable SENDGRID_API_KEY is not set: ",
		}},
		{function: "Coupons", more: "api_keys: [env:COMEBACK_API_KEY, env:SECOND]", e: cloud, want: []string{
			"stores.default.api_keys[1]: the variable SECOND is not set: ",
		}},
		{function: "Coupons", e: cloud.with(env{"COMEBACK_API_KEY": "local"}), want: []string{
			"stores.default.api_keys: the variable COMEBACK_API_KEY holds the value for development: ",
		}},
		{function: "SendGridEvents", more: "when_unknown: resend", e: cloud.with(env{"SENDGRID_EVENTS_PUBLIC_KEY": ""}), want: []string{
			`stores.default.when_unknown: "resend": want leave, or the variable of sendgrid.events_public_key set`,
		}},
	} {
		got := faults(t, store(tc.more), tc.e, tc.function)
		if !slices.EqualFunc(got, tc.want, strings.HasPrefix) {
			t.Errorf("%s: got\n%s\nwant\n%s", tc.function, strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
		}
	}
	load(t, store(""), missing, "Sweep") // which needs none
}

func TestEventsKey(t *testing.T) {
	t.Parallel()
	none := cloud.with(env{"SENDGRID_EVENTS_PUBLIC_KEY": ""})
	if got := load(t, store(""), none, "SendGridEvents").Stores["default"].SendGrid.EventsPublicKey; got != "" {
		t.Errorf("got %q, want none", got.Reveal())
	}
	// The emulator signs, also where SendGrid's own key is at hand.
	for _, own := range []string{"", "the service's"} {
		emulator := env{"COMEBACK_SENDGRID_EVENTS_KEY": eventsKey, "SENDGRID_EVENTS_PUBLIC_KEY": own}
		if got := load(t, store(""), emulator, "").Stores["default"].SendGrid.EventsPublicKey; got != eventsKey {
			t.Errorf("with SendGrid's own key %q: got %q, want the emulator's", own, got.Reveal())
		}
	}
}
