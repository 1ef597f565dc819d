// Package app puts Comeback together: it is the one place that knows every part.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"
	_ "time/tzdata" // the functions' base image has no time zones

	"github.com/comeback-checkout/comeback/internal/callerauth"
	"github.com/comeback-checkout/comeback/internal/config"
	"github.com/comeback-checkout/comeback/internal/firestoredb"
	"github.com/comeback-checkout/comeback/internal/gcplog"
	"github.com/comeback-checkout/comeback/internal/link"
	"github.com/comeback-checkout/comeback/internal/message"
	"github.com/comeback-checkout/comeback/internal/page"
	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/sendgridmail"
)

// App is Comeback, ready to serve.
type App struct {
	Service *recovery.Service
	Keys    *callerauth.Keys
	// Tokens checks the callers of Remind and Sweep, Events those of SendGridEvents.
	Tokens TokenChecker
	Events EventVerifier
	// Shopify and WooCommerce know who signs the shop systems' webhooks.
	Shopify, WooCommerce *callerauth.Webhooks

	Project string
	Log     *slog.Logger
	// Links makes and reads the links in mails, Pages writes what stands behind them.
	Links *link.Links
	Pages *page.Pages
	// CallerDeadline replaces the deadline of a storefront's request; 0: 8 s.
	CallerDeadline time.Duration

	env   config.Env
	close []func() error
}

// TokenChecker checks identity tokens; *callerauth.OIDC is one.
type TokenChecker interface {
	// Check returns nil if the Authorization header holds a valid token for the
	// audience, issued to the service account; else a callerauth.ErrUnauthorized.
	Check(ctx context.Context, authorization, audience, account string) error
}

// EventVerifier checks the signatures of SendGrid's event webhooks.
type EventVerifier interface {
	// Stores returns the stores whose key signed the body at the timestamp, sorted; or
	// a callerauth.ErrUnauthorized if it is none's.
	Stores(signature, timestamp string, body []byte) ([]string, error)
}

// Options replace what a deployment takes from its surroundings.
type Options struct {
	Clock recovery.Clock // nil: the machine's
	Log   *slog.Logger   // nil: Cloud Logging's form on standard error
	// Deadlines of a reminder's run; zero: recovery.DefaultDeadlines.
	Deadlines recovery.Deadlines
	// QueueTimeout bounds the creation of one task with its retries; 0: 3 s.
	QueueTimeout time.Duration
	// CallerDeadline bounds a storefront's request; 0: 8 s.
	CallerDeadline time.Duration
}

// FromEnvironment builds the App of a deployed function, from the embedded
// configuration and the environment.
func FromEnvironment(ctx context.Context, lookup func(string) (string, bool)) (*App, error) {
	cfg, err := load(lookup)
	if err != nil {
		return nil, err
	}
	return New(ctx, cfg, Options{})
}

// CheckEnvironment returns the faults of a deployed function's configuration.
func CheckEnvironment(lookup func(string) (string, bool)) error {
	_, err := load(lookup)
	return err
}

func load(lookup func(string) (string, bool)) (*config.Config, error) {
	function, _ := lookup("FUNCTION_TARGET")
	cfg, err := config.Load(config.Default(), lookup, function)
	if err != nil {
		return nil, fmt.Errorf("configuration:\n%w", err)
	}
	return cfg, nil
}

// New builds an App. Its clients dial when they are first used.
func New(ctx context.Context, cfg *config.Config, o Options) (a *App, err error) {
	if o.Clock == nil {
		o.Clock = systemClock{}
	}
	if o.Log == nil {
		o.Log = gcplog.New(os.Stderr, cfg.Env.LogLevel)
	}
	if o.Deadlines == (recovery.Deadlines{}) {
		o.Deadlines = recovery.DefaultDeadlines()
	}
	a = &App{
		Keys: &callerauth.Keys{}, Shopify: &callerauth.Webhooks{}, WooCommerce: &callerauth.Webhooks{},
		Project: cfg.Env.Project, Log: o.Log, CallerDeadline: o.CallerDeadline, env: cfg.Env,
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	events := callerauth.NewSendGrid(o.Clock.Now)
	a.Events = events
	for id, s := range cfg.Stores {
		if err := a.callers(id, s, events); err != nil {
			return nil, err
		}
	}
	a.Tokens = callerauth.NewOIDC(callerauth.OIDCOptions{
		Issuer: cfg.Env.OIDCIssuer, KeysURL: cfg.Env.OIDCKeysURL, IAM: cfg.Env.CallerCheckIAM(), Now: o.Clock.Now,
	})
	a.Links = links(cfg)
	if a.Pages, err = page.New(); err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	a.Service, err = a.service(ctx, cfg, o)
	return a, err
}

func links(cfg *config.Config) *link.Links {
	reveal := func(secrets []config.Secret) (keys [][]byte) {
		for _, s := range secrets {
			keys = append(keys, []byte(s.Reveal()))
		}
		return keys
	}
	stores := map[string]link.Keys{}
	for id, s := range cfg.Stores {
		stores[id] = link.Keys{Current: reveal(s.LinkKeys), Retired: reveal(s.LinkKeysRetired)}
	}
	return link.New(cfg.Env.RecoverURL, cfg.Env.UnsubscribeURL, stores)
}

func (a *App) service(ctx context.Context, cfg *config.Config, o Options) (*recovery.Service, error) {
	db, err := a.firestore(ctx, cfg.Env)
	if err != nil {
		return nil, err
	}
	queue, err := a.queue(ctx, cfg.Env, o.QueueTimeout)
	if err != nil {
		return nil, err
	}
	renderer, err := message.New(o.Log)
	if err != nil {
		return nil, fmt.Errorf("message templates: %w", err)
	}
	orders, err := orderSources(cfg)
	if err != nil {
		return nil, err
	}
	return &recovery.Service{
		DB: firestoredb.New(db, o.Clock), Queue: queue, Renderer: renderer, Linker: a.Links, Orders: orders,
		Mailer: sendgridmail.New(accounts(cfg), o.Clock.Now),
		Clock:  o.Clock, Stores: cfg.RecoveryStores(), NewID: newID, Log: o.Log, Deadlines: o.Deadlines,
	}, nil
}

func accounts(cfg *config.Config) map[string]sendgridmail.Account {
	list := map[string]sendgridmail.Account{}
	for id, s := range cfg.Stores {
		host := sendgridmail.GlobalHost
		switch {
		case cfg.Env.SendGridHost != "":
			host = cfg.Env.SendGridHost
		case s.SendGrid.Region == "eu":
			host = sendgridmail.EUHost
		}
		list[id] = sendgridmail.Account{Key: s.SendGrid.APIKey.Reveal(), Host: host}
	}
	return list
}

// CheckTask returns nil if the Authorization header proves that Cloud Tasks calls
// Remind.
func (a *App) CheckTask(ctx context.Context, authorization string) error {
	return a.Tokens.Check(ctx, authorization, a.env.RemindURL, a.env.TasksAccount)
}

// CheckScheduler returns nil if the Authorization header proves that Cloud Scheduler
// calls Sweep.
func (a *App) CheckScheduler(ctx context.Context, authorization string) error {
	return a.Tokens.Check(ctx, authorization, a.env.SweepURL, a.env.SchedulerAccount)
}

// Close closes the clients.
func (a *App) Close() error {
	var errs []error
	for _, c := range a.close {
		errs = append(errs, c())
	}
	a.close = nil
	return errors.Join(errs...)
}
