package config_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/comeback-checkout/comeback/internal/config"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// env is a lookup in a fixed environment.
type env map[string]string

func (e env) lookup(name string) (string, bool) {
	v, ok := e[name]
	return v, ok
}

// with is e and more; a value of "" unsets.
func (e env) with(more env) env {
	all := maps.Clone(e)
	maps.Copy(all, more)
	return all
}

// eventsKey is the key of SendGrid's own documentation.
const eventsKey = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="

// cloud is the environment of a deployment that lacks nothing.
var cloud = env{
	"K_SERVICE":                  "comeback",
	"COMEBACK_PROJECT":           "my-shop-1",
	"COMEBACK_QUEUES":            "projects/my-shop-1/locations/europe-west1/queues/reminders",
	"COMEBACK_REMIND_URL":        "https://europe-west1-my-shop-1.cloudfunctions.net/Remind",
	"COMEBACK_SWEEP_URL":         "https://europe-west1-my-shop-1.cloudfunctions.net/Sweep",
	"COMEBACK_RECOVER_URL":       "https://europe-west1-my-shop-1.cloudfunctions.net/Recover",
	"COMEBACK_UNSUBSCRIBE_URL":   "https://europe-west1-my-shop-1.cloudfunctions.net/Unsubscribe",
	"COMEBACK_TASKS_ACCOUNT":     "tasks@my-shop-1.iam.gserviceaccount.com",
	"COMEBACK_SCHEDULER_ACCOUNT": "scheduler@my-shop-1.iam.gserviceaccount.com",
	"COMEBACK_CALLER_CHECK":      "iam",
	"COMEBACK_API_KEY":           "api-key-1\n",
	"COMEBACK_LINK_KEY":          "link-key-1",
	"COMEBACK_ID_KEY":            "id-key-1",
	"SENDGRID_API_KEY":           "SG.1",
	"SHOPIFY_SECRET":             "shopify-1",
	"WOOCOMMERCE_SECRET":         "woo-1",
	"SENDGRID_EVENTS_PUBLIC_KEY": eventsKey,
}

// store is a file with one store of the least keys, and more.
func store(more string) string {
	least := `
stores:
  default:
    from: {email: shop@northwind.example.com}
    postal_address: "1 Pier Road, Bristol, UK"
    consent: opt_in
`
	if more == "" {
		return least
	}
	if strings.HasPrefix(more, "consent:") {
		least = strings.Replace(least, "    consent: opt_in\n", "", 1)
	}
	return least + "    " + strings.ReplaceAll(strings.TrimSpace(more), "\n", "\n    ") + "\n"
}

func load(t *testing.T, file string, e env, function string) *config.Config {
	t.Helper()
	c, err := config.Load([]byte(file), e.lookup, function)
	if err != nil {
		t.Fatalf("got these faults, want none:\n%v", err)
	}
	return c
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c := load(t, store(""), env{}, "")
	want := &config.Store{
		Store: recovery.Store{
			ID: "default", Name: "default", LinkHosts: []string{}, Locale: "en", TimeZone: time.UTC,
			From:          recovery.Address{Name: "default", Email: "shop@northwind.example.com"},
			PostalAddress: "1 Pier Road, Bristol, UK",
			Steps: []recovery.Step{
				{After: 30 * time.Minute, Template: "first"},
				{After: 24 * time.Hour, Template: "second"},
				{After: 72 * time.Hour, Template: "last"},
			},
			Consent:     recovery.ConsentOptIn,
			Cooldown:    recovery.Cooldown{SameStep: 24 * time.Hour},
			Cap:         recovery.Cap{Messages: 10, Per: 7 * 24 * time.Hour},
			Attribution: recovery.AttributionRule{Window: 5 * 24 * time.Hour},
			MaxLate:     6 * time.Hour, Retention: 90 * 24 * time.Hour,
			IDKey: []byte(config.LocalIDKey),
		},
		APIKeys:   []config.Secret{"local"},
		LinkKeys:  []config.Secret{config.LocalLinkKey},
		SendGrid:  config.SendGrid{APIKey: config.LocalSendGridKey, Region: "global"},
		OrderFrom: recovery.Address{Name: "default", Email: "shop@northwind.example.com"},
	}
	zones := cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })
	if diff := cmp.Diff(want, c.Stores["default"], zones); diff != "" {
		t.Errorf("store (-want +got):\n%s", diff)
	}
	if c.Queues != 1 || c.RecoveryStores()["default"] != &c.Stores["default"].Store {
		t.Errorf("got %d queues and stores %v", c.Queues, c.RecoveryStores())
	}
}

func TestEveryKey(t *testing.T) {
	t.Parallel()
	file := `
queues: 3
stores:
  default:
    name: Northwind
    url: https://northwind.example.com
    cart_url: https://cart.northwind.example.com/cart
    link_hosts: [Northwind.example.com, "*.example.net"]
    from: {name: Northwind Shop, email: shop@northwind.example.com}
    reply_to: help@northwind.example.com
    postal_address: |
      1 Pier Road
      Bristol, UK
    locale: pt-br
    timezone: Europe/London
    reminders:
      - {after: 30m}
      - {after: 1d12h, template: second, coupon: COMEBACK10}
      - {after: 45d}
    send_window: {from: 08:00, to: "21:30"}
    consent: customers
    several_checkouts: each
    cooldown: {between_messages: 1h, after_order: 2d, same_step: 0s}
    cap: {messages: 0, per: 1d}
    max_late: 3h
    spread: 10m
    when_unknown: resend
    attribution: {window: 7d, by: any_message}
    active_from: 2026-11-22T01:00:00+01:00
    order_confirmation: false
    order_from: {email: orders@northwind.example.com}
    holdout_percent: 10
    retention: 120d
    shadow: true
    test_recipients: [QA@northwind.example.com]
    api_keys: [env:NEW_KEY, env:OLD_KEY]
    link_keys: [env:COMEBACK_LINK_KEY]
    link_keys_retired: [env:OLD_LINK_KEY]
    id_key: env:COMEBACK_ID_KEY
    sendgrid: {api_key: env:SENDGRID_API_KEY, region: eu, events_public_key: env:SENDGRID_EVENTS_PUBLIC_KEY}
    shopify: {shop: northwind.myshopify.com, secrets: [env:SHOPIFY_SECRET]}
    woocommerce: {url: "https://northwind.example.com/", secrets: [env:WOOCOMMERCE_SECRET], rest: {key: env:CK, secret: env:CS}}
`
	e := cloud.with(env{
		"NEW_KEY": "new", "OLD_KEY": "old", "OLD_LINK_KEY": "old-link", "CK": "ck", "CS": "cs",
		"COMEBACK_QUEUES": "projects/p/locations/l/queues/a, projects/p/locations/l/queues/b,projects/p/locations/l/queues/c",
	})
	c := load(t, file, e, "")
	want := &config.Store{
		Store: recovery.Store{
			ID: "default", Name: "Northwind", URL: "https://northwind.example.com", CartURL: "https://cart.northwind.example.com/cart",
			Platform: recovery.Shopify, LinkHosts: []string{"northwind.example.com", "*.example.net"},
			From:    recovery.Address{Name: "Northwind Shop", Email: "shop@northwind.example.com"},
			ReplyTo: "help@northwind.example.com", PostalAddress: "1 Pier Road\nBristol, UK", Locale: "pt-BR",
			Steps: []recovery.Step{
				{After: 30 * time.Minute, Template: "first"},
				{After: 36 * time.Hour, Template: "second", Coupon: "COMEBACK10"},
				{After: 45 * 24 * time.Hour, Template: "last"},
			},
			Window:  &recovery.SendWindow{From: 8 * time.Hour, To: 21*time.Hour + 30*time.Minute},
			Consent: recovery.ConsentCustomers, EachCheckout: true,
			Cooldown:    recovery.Cooldown{BetweenMessages: time.Hour, AfterOrder: 48 * time.Hour},
			Cap:         recovery.Cap{Per: 24 * time.Hour},
			Attribution: recovery.AttributionRule{Window: 7 * 24 * time.Hour, AnyMessage: true},
			MaxLate:     3 * time.Hour, Spread: 10 * time.Minute, ResendUnknown: true,
			ActiveFrom:     time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC),
			HoldoutPercent: 10, Retention: 120 * 24 * time.Hour, Shadow: true,
			TestRecipients: []string{"qa@northwind.example.com"}, IDKey: []byte("id-key-1"),
		},
		APIKeys: []config.Secret{"new", "old"}, LinkKeys: []config.Secret{"link-key-1"}, LinkKeysRetired: []config.Secret{"old-link"},
		SendGrid:    config.SendGrid{APIKey: "SG.1", Region: "eu", EventsPublicKey: eventsKey},
		Shopify:     &config.Shopify{Shop: "northwind.myshopify.com", Secrets: []config.Secret{"shopify-1"}},
		WooCommerce: &config.WooCommerce{URL: "https://northwind.example.com/", Secrets: []config.Secret{"woo-1"}, RESTKey: "ck", RESTSecret: "cs"},
		OrderFrom:   recovery.Address{Name: "Northwind Shop", Email: "orders@northwind.example.com"},
	}
	if diff := cmp.Diff(want, c.Stores["default"], cmpopts.IgnoreFields(recovery.Store{}, "TimeZone")); diff != "" {
		t.Errorf("store (-want +got):\n%s", diff)
	}
	if got := c.Stores["default"].TimeZone.String(); got != "Europe/London" {
		t.Errorf("got time zone %s", got)
	}
	if len(c.Env.Queues) != 3 || c.Env.Queues[1] != "projects/p/locations/l/queues/b" {
		t.Errorf("got queues %q", c.Env.Queues)
	}
}

func TestDerivedDefaults(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, more string
		check      func(*config.Store) bool
	}{
		{"cart_url is url", "url: https://a.example.com/x", func(s *config.Store) bool { return s.CartURL == "https://a.example.com/x" }},
		{
			"link_hosts are those of url, cart_url and shop", "url: https://A.example.com:8443/\ncart_url: https://b.example.com/\nshopify: {shop: c.myshopify.com}",
			func(s *config.Store) bool {
				return slices.Equal(s.LinkHosts, []string{"a.example.com", "b.example.com", "c.myshopify.com"})
			},
		},
		{
			"link_hosts are those of WooCommerce too", "url: https://a.example.com\nwoocommerce: {url: https://www.a.example.com/laden/}",
			func(s *config.Store) bool {
				return slices.Equal(s.LinkHosts, []string{"a.example.com", "www.a.example.com"})
			},
		},
		{"url is Shopify's", "shopify: {shop: c.myshopify.com}", func(s *config.Store) bool { return s.URL == "https://c.myshopify.com" && s.CartURL == s.URL }},
		{"url is WooCommerce's", "woocommerce: {url: https://w.example.com/}", func(s *config.Store) bool { return s.URL == "https://w.example.com/" }},
		{"name is the URL's host", "url: https://a.example.com/", func(s *config.Store) bool { return s.Name == "a.example.com" && s.From.Name == s.Name }},
		{"sender's name is the store's", "name: Northwind", func(s *config.Store) bool { return s.From.Name == "Northwind" }},
		{"empty order_from is from", "order_from: {}", func(s *config.Store) bool { return s.OrderFrom == s.From }},
		{"one reminder is the first", "reminders: [{after: 2h}]", func(s *config.Store) bool { return s.Steps[0].Template == "first" }},
		{"a long schedule is kept as long", "reminders: [{after: 200d}]", func(s *config.Store) bool { return s.Retention == 201*24*time.Hour+6*time.Hour }},
		{"null is the default", "max_late: ~\ncap:\nreminders: null", func(s *config.Store) bool {
			return s.MaxLate == 6*time.Hour && s.Cap.Messages == 10 && len(s.Steps) == 3
		}},
		{"an alias is what it names", "cap: {per: &d 2h}\ncooldown: {same_step: *d}", func(s *config.Store) bool {
			return s.Cooldown.SameStep == 2*time.Hour
		}},
		{"a window over midnight", `send_window: {from: "20:00", to: "00:00"}`, func(s *config.Store) bool { return s.Window.From == 20*time.Hour && s.Window.To == 0 }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if s := load(t, store(tc.more), env{}, "").Stores["default"]; !tc.check(s) {
				t.Errorf("got url %s, cart %s, hosts %v, name %s, from %v, steps %v, retention %s, window %v, cap %v",
					s.URL, s.CartURL, s.LinkHosts, s.Name, s.From, s.Steps, s.Retention, s.Window, s.Cap)
			}
		})
	}
}

func TestExampleStore(t *testing.T) {
	t.Parallel()
	c := load(t, string(config.Default()), env{}, "")
	s := c.Stores["default"]
	if len(c.Stores) != 1 || s.URL != "https://shop.example.com" || s.CartURL != "https://shop.example.com/cart" ||
		s.From.Email != "shop@example.com" || !slices.Equal(s.LinkHosts, []string{"shop.example.com"}) {
		t.Errorf("got %+v", s.Store)
	}
	want := recovery.DefaultSteps()
	if diff := cmp.Diff(want, s.Steps); diff != "" {
		t.Errorf("reminders (-want +got):\n%s", diff)
	}
}
