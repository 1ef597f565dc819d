package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/comeback-checkout/comeback/functions"
	"github.com/comeback-checkout/comeback/internal/app"
)

// serveFunctions serves the real functions as Google does: each below its name, which it
// does not see. A front may answer before them.
func serveFunctions(t *testing.T, front func(w http.ResponseWriter, name string) bool) string {
	t.Helper()
	env := map[string]string{"FIRESTORE_EMULATOR_HOST": "127.0.0.1:1", "CLOUD_TASKS_EMULATOR_HOST": "127.0.0.1:1", "LOG_LEVEL": "ERROR"}
	a, err := app.FromEnvironment(t.Context(), func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	names := map[string]string{}
	for _, name := range functions.Names() {
		names[strings.ToLower(name)] = name
	}
	handler := functions.Handler(a)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/comeback-"), "/")
		name := names[strings.ReplaceAll(first, "-", "")]
		if front != nil && front(w, name) {
			return
		}
		r.URL.Path = strings.TrimSuffix("/"+name+"/"+rest, "/")
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestDoctorAsksFunctions(t *testing.T) {
	t.Parallel()
	answer := func(status int, only string) func(http.ResponseWriter, string) bool {
		return func(w http.ResponseWriter, name string) bool {
			if only == "" || name == only {
				w.Header().Set("Content-Type", "text/html; charset=UTF-8")
				w.WriteHeader(status)
			}
			return only == "" || name == only
		}
	}
	for _, tc := range []struct {
		name  string
		front func(http.ResponseWriter, string) bool
		code  int
		want  []string
	}{
		{"all of them", nil, 0, []string{"ok functions 8 of 8 at", "answer, and refuse who proves nothing"}},
		{"before the first apply", answer(404, ""), 0, []string{"warning functions not there yet, at", "→ apply makes them"}},
		{"one is not there", answer(404, "Shopify"), 0, []string{"warning function shopify", "/comeback-shopify is not there", "ok functions 7 of 8"}},
		{"nobody is let in", answer(403, ""), 1, []string{"FAIL function recover", "is not public: Google answers 403", "public = [] keeps out webhooks"}},
		{"somebody else's", answer(200, "WooCommerce"), 1, []string{"FAIL function woocommerce", "answers 200 to a request that proves nothing"}},
		{"away", answer(502, "Unsubscribe"), 0, []string{"warning function unsubscribe", "answers 502, want 404", "gcloud functions logs read comeback-unsubscribe"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newPatient(t)
			if tc.front != nil {
				p.host = serveFunctions(t, tc.front)
			}
			p.want(tc.code, tc.want...)
		})
	}
	t.Run("nobody", func(t *testing.T) {
		t.Parallel()
		p := newPatient(t)
		p.host = "http://127.0.0.1:1"
		p.want(0, "warning function checkout", "is not reached")
	})
}

// Where they are in the cloud.
func TestFunctionsAddress(t *testing.T) {
	t.Parallel()
	x := &examination{program: &program{}, project: "my-shop-123", region: "europe-west1"}
	if got, want := x.function("shopify"), "https://europe-west1-my-shop-123.cloudfunctions.net/comeback-shopify"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
