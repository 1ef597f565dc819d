package contract

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/grpc"

	"github.com/comeback-checkout/comeback/emulators/clock"
	"github.com/comeback-checkout/comeback/emulators/cloudtasks"
	"github.com/comeback-checkout/comeback/emulators/firestore"
	"github.com/comeback-checkout/comeback/emulators/sendgrid"
	"github.com/comeback-checkout/comeback/functions"
	"github.com/comeback-checkout/comeback/internal/app"
	"github.com/comeback-checkout/comeback/internal/config"
	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/terraform"
)

// start is where the virtual clock starts.
var start = time.Date(2026, 11, 20, 17, 30, 0, 0, time.UTC)

const stores = `stores:
  default:
    name: Example Shop
    url: https://shop.example.com
    cart_url: https://shop.example.com/cart
    from: {name: Example Shop, email: shop@example.com}
    postal_address: "1 Pier Road, Bristol, UK"
    consent: any
    retention: 30d
    link_hosts: [shop.example.com, northwind.myshopify.com, teeladen.example.de]
    shopify: {shop: northwind.myshopify.com, secrets: [env:SHOPIFY_SECRET]}
    woocommerce: {url: https://teeladen.example.de/, secrets: [env:WOOCOMMERCE_SECRET]}
  second:
    name: Second Shop
    url: https://second.example.com
    cart_url: https://second.example.com/cart
    from: {name: Second Shop, email: second@example.com}
    postal_address: "2 Pier Road, Bristol, UK"
    consent: any
    api_keys: [env:SECOND_API_KEY]
`

// system is all of Comeback in this process, whose functions are reached over HTTP, and
// what its surroundings answered while a play went on.
type system struct {
	t         *testing.T
	clock     *clock.Clock
	firestore *firestore.Server
	tasks     *cloudtasks.Server
	mails     *sendgrid.Server
	gate      gate // in front of the mails
	recorder  *recorder

	// url is where the functions are. Those at hurried wait for nobody, those at strange
	// have a Firestore that understands nothing, and those at keyless no key of SendGrid's.
	url, hurried, strange, keyless string
	events                         *ecdsa.PrivateKey // by which SendGrid would sign
	env                            map[string]string
	cfg                            *config.Config
}

func newSystem(t *testing.T) *system {
	t.Helper()
	s := &system{t: t, clock: clock.NewSlow(time.Until(start), 1000), recorder: &recorder{}}
	t.Cleanup(s.clock.Close)
	front := s.startFunctions()
	s.startFirestore()
	s.startTasks()
	s.startMails()
	front.set(s.recorder.around(functions.Handler(s.newApp(nil, time.Minute))))
	s.serveOthers()
	return s
}

// startFunctions opens the address that everything else is told; its handler comes later.
func (s *system) startFunctions() *later {
	front := &later{keys: "/keys"}
	srv := httptest.NewServer(front)
	s.t.Cleanup(srv.Close)
	s.url = srv.URL
	s.env = map[string]string{
		"COMEBACK_REMIND_URL": s.url + "/tasks/remind", "COMEBACK_SWEEP_URL": s.url + "/tasks/sweep",
		"COMEBACK_RECOVER_URL": s.url + "/r", "COMEBACK_UNSUBSCRIBE_URL": s.url + "/u",
		"COMEBACK_OIDC_ISSUER": issuer, "COMEBACK_OIDC_KEYS_URL": s.url + front.keys,
		"SHOPIFY_SECRET": shopifySecret, "WOOCOMMERCE_SECRET": wooSecret, "SECOND_API_KEY": "second's",
	}
	s.t.Cleanup(func() { front.set(http.NotFoundHandler()) })
	front.jwks = func() http.Handler { return s.tasks.JWKSHandler() }
	return front
}

const (
	issuer        = "http://tasks.comeback.local"
	shopifySecret = "shpss_5e1f"
	wooSecret     = "wc_77"
)

func (s *system) startFirestore() {
	var err error
	s.firestore, err = firestore.New(firestore.Options{Clock: s.clock, Indexes: [][]byte{terraform.Indexes}})
	s.must(err)
	s.closeLater(s.firestore.Close)
	addr, err := s.firestore.Listen("127.0.0.1:0")
	s.must(err)
	s.env["FIRESTORE_EMULATOR_HOST"] = addr.String()
}

func (s *system) startTasks() {
	var err error
	s.tasks, err = cloudtasks.New(cloudtasks.Options{Clock: s.clock, Issuer: issuer, Log: slog.New(slog.DiscardHandler)})
	s.must(err)
	s.closeLater(s.tasks.Close)
	addr, err := s.tasks.Listen("127.0.0.1:0")
	s.must(err)
	s.env["CLOUD_TASKS_EMULATOR_HOST"] = addr.String()
}

func (s *system) startMails() {
	var err error
	s.mails, err = sendgrid.New(sendgrid.Options{Clock: s.clock})
	s.must(err)
	s.closeLater(s.mails.Close)
	srv := httptest.NewServer(s.gate.around(s.mails.Handler()))
	s.t.Cleanup(srv.Close)
	s.env["COMEBACK_SENDGRID_HOST"] = srv.URL
	s.events, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	s.must(err)
	public, err := x509.MarshalPKIXPublicKey(s.events.Public())
	s.must(err)
	s.env["COMEBACK_SENDGRID_EVENTS_KEY"] = base64.StdEncoding.EncodeToString(public)
}

// newApp puts a Comeback together, which waits for others so long; changes are of its
// environment.
func (s *system) newApp(changes map[string]string, wait time.Duration) *app.App {
	s.t.Helper()
	lookup := func(name string) (string, bool) {
		if v, ok := changes[name]; ok {
			return v, v != ""
		}
		v, ok := s.env[name]
		return v, ok
	}
	cfg, err := config.Load([]byte(stores), lookup, "")
	s.must(err)
	if s.cfg == nil {
		s.cfg = cfg
		for _, q := range cfg.Env.Queues {
			s.must(s.tasks.EnsureQueue(q, &cloudtaskspb.RateLimits{MaxDispatchesPerSecond: 500, MaxConcurrentDispatches: 100}, nil))
		}
	}
	a, err := app.New(s.t.Context(), cfg, app.Options{
		Clock: s.clock, Log: slog.New(slog.DiscardHandler), QueueTimeout: 20 * time.Second, CallerDeadline: wait,
		Deadlines: recovery.Deadlines{Claim: wait, Send: wait, Outcome: wait, Mark: wait},
	})
	s.must(err)
	s.closeLater(a.Close)
	return a
}

// serveOthers serves the Comebacks that something is wrong with.
func (s *system) serveOthers() {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err)
	nothing := grpc.NewServer() // answers each call that it does not know it
	go func() { _ = nothing.Serve(lis) }()
	s.t.Cleanup(nothing.Stop)
	serve := func(changes map[string]string, wait time.Duration) string {
		srv := httptest.NewServer(s.recorder.around(functions.Handler(s.newApp(changes, wait))))
		s.t.Cleanup(srv.Close)
		return srv.URL
	}
	s.strange = serve(map[string]string{"FIRESTORE_EMULATOR_HOST": lis.Addr().String()}, time.Minute)
	s.keyless = serve(map[string]string{"COMEBACK_SENDGRID_EVENTS_KEY": ""}, time.Minute)
	s.hurried = serve(nil, 200*time.Millisecond)
}

// advance moves the clock, and returns when all that was due has ended.
func (s *system) advance(d time.Duration) {
	s.t.Helper()
	s.must(s.clock.Advance(s.t.Context(), s.clock.Now().Add(d)))
}

func (s *system) token(account, audience string) string {
	s.t.Helper()
	token, err := s.tasks.Token(account, audience)
	s.must(err)
	return "Bearer " + token
}

func (s *system) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *system) closeLater(f func() error) {
	s.t.Cleanup(func() {
		if err := f(); err != nil {
			s.t.Error(err)
		}
	})
}
