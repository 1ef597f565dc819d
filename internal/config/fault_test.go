package config_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/comeback-checkout/comeback/internal/config"
)

// faults loads the file and gives the lines of its error.
func faults(t *testing.T, file string, e env, function string) []string {
	t.Helper()
	c, err := config.Load([]byte(file), e.lookup, function)
	if err == nil {
		t.Fatal("got no fault")
	}
	if c != nil {
		t.Error("got a configuration beside an error")
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("got %T, want joined errors", err)
	}
	var list []string
	for _, err := range joined.Unwrap() {
		list = append(list, err.Error())
	}
	return list
}

// TestFaults has one fault in each file, which must be the only one reported.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ more, want string }{
		{"name: ''", `name: "": want 1 to 100 characters without line breaks`},
		{`name: "a\r\nBcc: b@example.com"`, `name: "a\r\nBcc: b@example.com": want 1 to 100 characters without line breaks`},
		{"name: 12", `name: "12": want text: put it in quotes`},
		{"name: [a]", "name: a list: want a single value"},
		{"url: shop.example.com", `url: "shop.example.com": want an absolute URL such as https://shop.example.com/`},
		{"url: 'javascript:alert(1)'", `url: "javascript:alert(1)": want an absolute URL`},
		{"url: https://user:pass@example.com/", `url: "https://user:pass@example.com/": want an absolute URL`},
		{"cart_url: /cart", `cart_url: "/cart": want an absolute URL`},
		{"link_hosts: []", "link_hosts: 0 items: want 1 to 50"},
		{"link_hosts: a.example.com", `link_hosts: "a.example.com": want a list`},
		{"link_hosts: ['*.com']", `link_hosts[0]: "*.com": want a host`},
		{"link_hosts: [a.example.com, https://b.example.com]", `link_hosts[1]: "https://b.example.com": want a host such as shop.example.com, or *.example.com`},
		{"link_hosts: [~]", "link_hosts[0]: missing: want a host"},
		{"reply_to: 'Help <help@example.com>'", `reply_to: "Help <help@example.com>": want one address`},
		{"reply_to: help@localhost", `reply_to: "help@localhost": want one address`},
		{"locale: english-please", `locale: "english-please": want a BCP 47 tag`},
		{"locale: und", `locale: "und": want a BCP 47 tag`},
		{"timezone: Mars/Olympus", `timezone: "Mars/Olympus": want an IANA time zone`},
		{"timezone: Local", `timezone: "Local": want an IANA time zone`},

		{"reminders: []", "reminders: 0 items: want 1 to 20"},
		{"reminders: 30m", `reminders: "30m": want a list`},
		{"reminders: [30m]", `reminders[0]: "30m": want a mapping`},
		{"reminders: [~]", "reminders[0]: missing: want a reminder"},
		{"reminders: [{template: first}]", "reminders[0].after: missing: want a duration such as"},
		{"reminders: [{after: 0s}]", `reminders[0].after: "0s": want a duration above 0s, up to 365d`},
		{"reminders: [{after: 366d}]", `reminders[0].after: "366d": want a duration above 0s, up to 365d`},
		{"reminders: [{after: -1h}]", `reminders[0].after: "-1h": want a duration such as`},
		{"reminders: [{after: 30}]", `reminders[0].after: "30": want a duration such as`},
		{"reminders: [{after: 1w}]", `reminders[0].after: "1w": want a duration such as`},
		{"reminders: [{after: 99999d99999999h}]", `reminders[0].after: "99999d99999999h": want a duration such as`},
		{"reminders: [{after: 10ns}]", `reminders[0].after: "10ns": want no finer than microseconds`},
		{"reminders: [{after: 30m}, {after: 0s}]", `reminders[1].after: "0s": want a duration longer than the step before (30m)`},
		{"reminders: [{after: 1d}, {after: 24h}]", `reminders[1].after: "24h": want a duration longer than the step before (1d)`},
		{"reminders: [{after: 1h, template: 'First Mail'}]", `reminders[0].template: "First Mail": want`},
		{"reminders: [{after: 1h, coupon: 10}]", `reminders[0].coupon: "10": want text: put it in quotes`},
		{"reminders: [{after: 1h, coupon: {pool: spring}}]", "reminders[0].coupon: a mapping: want a single value"},
		{"reminders: [{after: 1h, coupons: X}]", "reminders[0].coupons: unknown key: did you mean coupon?"},
		{"send_window: {from: '08:00'}", "send_window.to: missing: want a time of day"},
		{"send_window: {from: '08:00', to: '08:00'}", "send_window: a mapping: want two different times"},
		{"send_window: {from: '8am', to: '24:00'}", `send_window.from: "8am": want a time of day from 00:00 to 23:59|send_window.to: "24:00": want a time of day`},
		{"max_late: 30s", `max_late: "30s": want a duration from 1m to 30d`},
		{"max_late: 31d", `max_late: "31d": want a duration from 1m to 30d`},
		{"spread: 2h", `spread: "2h": want a duration from 0s to 1h`},
		{"spread: 1h\nreminders: [{after: 1h}, {after: 2h}]", `spread: "1h": want less than the smallest gap between two reminders (1h)`},
		{"active_from: 2026-11-22", `active_from: "2026-11-22": want an instant such as 2026-11-22T00:00:00Z`},
		{"retention: 1h", `retention: "1h": want a duration from 1d to 3650d`},
		{"retention: 4d", `retention: "4d": want at least 4d6h`},

		{"consent: yes please", `consent: "yes please": want one of any, opt_in, customers`},
		{"consent: true", `consent: "true": want one of any, opt_in, customers`},
		{"several_checkouts: all", `several_checkouts: "all": want one of newest, each`},
		{"when_unknown: retry", `when_unknown: "retry": want one of leave, resend`},
		{"cooldown: 1h", `cooldown: "1h": want a mapping`},
		{"cooldown: {between_messages: soon}", `cooldown.between_messages: "soon": want a duration`},
		{"cooldown: {after_order: -1h}", `cooldown.after_order: "-1h": want a duration`},
		{"cooldown: {same_step: 366d}", `cooldown.same_step: "366d": want a duration from 0s to 365d`},
		{"cap: {messages: -1}", `cap.messages: "-1": want a whole number from 0 to 1000`},
		{"cap: {messages: 1.5}", `cap.messages: "1.5": want a whole number from 0 to 1000`},
		{"cap: {messages: '5'}", `cap.messages: "5": want a whole number from 0 to 1000`},
		{"cap: {per: 0s}", `cap.per: "0s": want a duration from 1s to 365d`},
		{"holdout_percent: 101", `holdout_percent: "101": want a whole number from 0 to 100`},
		{"shadow: maybe", `shadow: "maybe": want true or false`},
		{"test_recipients: [qa]", `test_recipients[0]: "qa": want one address`},
		{"attribution: {window: 0s}", `attribution.window: "0s": want a duration from 1m to 365d`},
		{"attribution: {by: open}", `attribution.by: "open": want one of click, any_message`},
		{"order_confirmation: true", `order_confirmation: "true": want false: confirmations are not available yet`},
		{"order_from: {name: Orders}", "order_from.email: missing: want one address"},

		{"api_keys: env:COMEBACK_API_KEY", "api_keys: (not shown): want a list"},
		{"api_keys: []", "api_keys: 0 items: want 1 to 2"},
		{"api_keys: [env:A, env:B, env:C]", "api_keys: 3 items: want 1 to 2"},
		{"api_keys: [~]", "api_keys[0]: missing: want a reference such as env:COMEBACK_API_KEY"},
		{"link_keys: [env:COMEBACK_LINK_KEY, '$B']", "link_keys[1]: (not shown): want a reference such as env:COMEBACK_LINK_KEY"},
		{"link_keys_retired: [plain]", "link_keys_retired[0]: (not shown): want a reference such as env:NAME"},
		{"id_key: 123", "id_key: (not shown): want a reference such as env:COMEBACK_ID_KEY"},
		{"sendgrid: SG.x", "sendgrid: (not shown): want a mapping"},
		{"sendgrid: {api_key: SG.x}", "sendgrid.api_key: (not shown): want a reference such as env:SENDGRID_API_KEY"},
		{"sendgrid: {region: us}", `sendgrid.region: "us": want one of global, eu`},
		{"sendgrid: {events_public_key: env:COMEBACK_API_KEY}", "sendgrid.events_public_key: the variable's value: want the verification key"},
		{"shopify: {shop: northwind.example.com}", `shopify.shop: "northwind.example.com": want the shop's permanent domain`},
		{"shopify: {secrets: [env:SHOPIFY_SECRET]}", "shopify.shop: missing: want the shop's permanent domain"},
		{"shopify: {shop: a.myshopify.com, secrets: [x]}", "shopify.secrets[0]: (not shown): want a reference"},
		{"woocommerce: {secrets: [env:WOOCOMMERCE_SECRET]}", "woocommerce.url: missing: want an absolute URL"},
		{"woocommerce: {url: http://w.example.com/, rest: {key: env:SENDGRID_API_KEY, secret: env:SENDGRID_API_KEY}}", `woocommerce.url: "http://w.example.com/": want an https URL beside rest`},
		{"woocommerce: {url: https://w.example.com/, rest: {key: env:SENDGRID_API_KEY}}", "woocommerce.rest.secret: missing: want a reference"},

		{"remainders: []", "remainders: unknown key: did you mean reminders?"},
		{"Locale: en", "Locale: unknown key: did you mean locale?"},
		{"frequency: 3", "frequency: unknown key: want one of from, postal_address, url,"},
		{"'a b': 3", `"a b": unknown key`},
		{"name: A\nname: B", "name: given twice, in lines 7 and 8: want it once"},
	} {
		t.Run(tc.more, func(t *testing.T) {
			t.Parallel()
			want := strings.Split(tc.want, "|")
			got := faults(t, store(tc.more), cloud, "")
			if len(got) != len(want) {
				t.Fatalf("got %d faults, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
			}
			for i := range got {
				if !strings.HasPrefix(got[i], "stores.default."+want[i]) {
					t.Errorf("got  %s\nwant stores.default.%s…", got[i], want[i])
				}
			}
		})
	}
}

func TestFaultsOfTheFile(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, file, want string }{
		{"empty", "", "stores: missing: want at least one store: start from"},
		{"comments only", "# nothing\n", "stores: missing: want at least one store"},
		{"no stores", "queues: 2\n", "stores: missing: want at least one store"},
		{"no store", "stores: {}\n", "stores: empty: want at least one store"},
		{"a list of stores", "stores: [a]\n", "stores: a list: want a mapping"},
		{"a list", "- a\n", "the file: not a mapping: want the keys queues and stores"},
		{"not YAML", "stores: [", "the file: not YAML: "},
		{"a tab", "stores:\n\tdefault: {}\n", "the file: not YAML: "},
		{"two documents", store("") + "---\n" + store(""), "the file: several YAML documents: want one"},
		{"an empty store", "stores: {default: }\n", "stores.default: missing: want a mapping with from and postal_address"},
		{"a bad ID", strings.Replace(store(""), "default:", "My Shop:", 1), `stores."My Shop": "My Shop": want a store's ID`},
		{"no queues", "queues: 0" + store(""), `queues: "0": want a whole number from 1 to 32`},
		{"too many queues", "queues: 33" + store(""), `queues: "33": want a whole number from 1 to 32`},
		{"an unknown key", "queue: 1" + store(""), "queue: unknown key: did you mean queues? (line 1)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := faults(t, tc.file, env{}, "")
			if len(got) != 1 || !strings.HasPrefix(got[0], tc.want) {
				t.Errorf("got  %s\nwant %s…", strings.Join(got, "\n"), tc.want)
			}
		})
	}
}

func TestRequiredKeys(t *testing.T) {
	t.Parallel()
	file := "stores: {default: {name: A}}"
	want := []string{
		"stores.default.from: missing: want the sender, like {name: Northwind, email: shop@northwind.example.com}, verified with SendGrid (line 1)",
		"stores.default.postal_address: missing: want the postal address that the law asks for at the end of each mail (line 1)",
	}
	if got := faults(t, file, env{}, ""); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("on one machine got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	got := faults(t, file, cloud, "")
	if len(got) != 3 || !strings.HasPrefix(got[2], "stores.default.consent: missing: want any, opt_in or customers") {
		t.Errorf("in the cloud got\n%s\nwant consent too", strings.Join(got, "\n"))
	}
}

// TestAllAtOnce has faults everywhere: none hides another.
func TestAllAtOnce(t *testing.T) {
	t.Parallel()
	file := `
queues: many
stores:
  default:
    from: {email: shop}
    postal_address: ""
    reminders:
      - {after: 30m}
      - {after: 0s}
    colour: red
  other:
    from: {email: other@example.com}
    postal_address: x
    max_late: never
`
	got := faults(t, file, env{"LOG_LEVEL": "loud", "COMEBACK_QUEUES": "reminders"}, "Nothing")
	want := []string{
		`FUNCTION_TARGET: "Nothing": want one of Checkout, Coupons, Dashboard, Order, Privacy, Recover, Remind, SendGridEvents, Shopify, Sweep, Unsubscribe, WooCommerce`,
		`queues: "many": want a whole number from 1 to 32 (line 2)`,
		`stores.default.from.email: "shop": want one address such as shop@example.com (line 5)`,
		`stores.default.postal_address: "": want 1 to 500 characters without control characters (line 6)`,
		`stores.default.reminders[1].after: "0s": want a duration longer than the step before (30m) (line 9)`,
		`stores.default.colour: unknown key: want one of `,
		`stores.other.max_late: "never": want a duration such as 0s, 30m, 12h, 1d or 1d12h (line 14)`,
		`LOG_LEVEL: "loud": want DEBUG, INFO, WARNING or ERROR`,
		`COMEBACK_QUEUES: "reminders": want 1 to 32 different full names like projects/P/locations/L/queues/Q, with commas between`,
	}
	if len(got) != len(want) {
		t.Fatalf("got %d faults, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
	for i := range got {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("got  %s\nwant %s", got[i], want[i])
		}
	}
}

func TestLoadKeepsErrorsApart(t *testing.T) {
	t.Parallel()
	_, err := config.Load(nil, env{}.lookup, "")
	if err == nil || errors.Unwrap(err) != nil || strings.Count(err.Error(), "\n") != 0 {
		t.Errorf("got %v, want one fault on one line", err)
	}
}
