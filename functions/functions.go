// Package functions holds Comeback's HTTP functions. Each is registered by name and
// deployed as a Cloud Function of its own; [Handler] serves all of them on one
// address. A function only decodes, authenticates, calls and encodes.
package functions

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync/atomic"

	"github.com/GoogleCloudPlatform/functions-framework-go/functions"
	"golang.org/x/sync/singleflight"

	"github.com/comeback-checkout/comeback/internal/app"
	"github.com/comeback-checkout/comeback/internal/gcplog"
)

// endpoints are all functions, in the order of the documentation.
func endpoints() []endpoint {
	return []endpoint{
		{name: "Checkout", paths: []string{"/checkout", "/api/checkout"}, deadline: callerDeadline, limit: callerLimit, serve: checkout, outside: true},
		{name: "Order", paths: []string{"/order", "/api/order"}, deadline: callerDeadline, limit: callerLimit, serve: order, outside: true},
		{name: "Remind", paths: []string{"/tasks/remind"}, deadline: taskDeadline, limit: taskLimit, serve: remind, task: true},
		{name: "Sweep", paths: []string{"/tasks/sweep"}, deadline: taskDeadline, limit: taskLimit, serve: sweep, task: true},
		{name: "SendGridEvents", paths: []string{"/webhooks/sendgrid"}, deadline: callerDeadline, limit: webhookLimit, serve: sendGridEvents, outside: true},
		{name: "Shopify", paths: []string{"/webhooks/shopify"}, deadline: shopifyDeadline, limit: webhookLimit, serve: shopify, outside: true},
		{name: "WooCommerce", paths: []string{"/webhooks/woocommerce"}, deadline: callerDeadline, limit: webhookLimit, serve: wooCommerce, outside: true},
		{name: "Privacy", paths: privacyPaths, deadline: callerDeadline, limit: callerLimit, serve: privacy},
		{name: "Recover", paths: []string{"/r"}, deadline: followDeadline, limit: linkLimit, serve: follow, methods: readMethods, token: true},
		{name: "Unsubscribe", paths: []string{"/u"}, deadline: callerDeadline, limit: linkLimit, serve: unsubscribe, methods: append(readMethods, http.MethodPost), token: true},
	}
}

func init() {
	if _, cloud := os.LookupEnv("K_SERVICE"); cloud {
		refuseFaults()
	}
	var deployed instance
	deployed.build = func(ctx context.Context) (*app.App, error) {
		return app.FromEnvironment(ctx, os.LookupEnv)
	}
	for _, e := range endpoints() {
		functions.HTTP(e.name, e.handler(deployed.get))
	}
}

// refuseFaults ends the process where its configuration is at fault: the deployment
// fails then, and the revision before it goes on serving.
func refuseFaults() {
	if err := app.CheckEnvironment(os.LookupEnv); err != nil {
		startLog.Error("cannot start", "error", err)
		os.Exit(1)
	}
}

// startLog is for what happens before there is an app.
var startLog = gcplog.New(os.Stderr, slog.LevelInfo)

// Names lists the names that the functions are registered under.
func Names() []string {
	var names []string
	for _, e := range endpoints() {
		names = append(names, e.name)
	}
	return names
}

// sources lists the names of the functions whose callers' silence is measured.
func sources() []string {
	var names []string
	for _, e := range endpoints() {
		if e.outside {
			names = append(names, e.name)
		}
	}
	return names
}

// Handler serves every function of a on its local path, under any prefix, and under
// its name.
func Handler(a *app.App) http.Handler {
	get := func(context.Context) (*app.App, error) { return a, nil }
	routes, links := map[string]http.HandlerFunc{}, map[string]http.HandlerFunc{}
	for _, e := range endpoints() {
		h := e.handler(get)
		for _, path := range append(e.paths, "/"+e.name) {
			routes[path] = h
			if e.token {
				links[path] = h
			}
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimSuffix(r.URL.Path, "/")
		if h, ok := routes[lastSegments(path, routes)]; ok {
			h(w, r)
			return
		}
		before, _ := cutToken(path)
		if h, ok := links[lastSegments(before, links)]; ok {
			h(w, r)
			return
		}
		writeError(w, &requestError{status: http.StatusNotFound, code: "not_found", message: "no function answers at " + r.URL.Path})
	})
}

// lastSegments is the longest end of the path that is a key of routes, or "".
func lastSegments(path string, routes map[string]http.HandlerFunc) string {
	for i := range len(path) {
		if path[i] == '/' && routes[path[i:]] != nil {
			return path[i:]
		}
	}
	return ""
}

// instance builds the app when the first request needs it, once for all that wait,
// and keeps it only if that worked.
type instance struct {
	app      atomic.Pointer[app.App]
	building singleflight.Group
	build    func(context.Context) (*app.App, error)
}

func (i *instance) get(ctx context.Context) (*app.App, error) {
	if a := i.app.Load(); a != nil {
		return a, nil
	}
	built := i.building.DoChan("", func() (any, error) {
		if a := i.app.Load(); a != nil {
			return a, nil
		}
		a, err := i.build(context.WithoutCancel(ctx)) // the clients outlive this request
		if err == nil {
			i.app.Store(a)
		}
		return a, err
	})
	select {
	case r := <-built:
		a, _ := r.Val.(*app.App)
		return a, r.Err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
