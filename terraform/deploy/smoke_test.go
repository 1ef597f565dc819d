package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/comeback-checkout/comeback/internal/config"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

const mailed = "test_recipients: [you@example.com, team@example.com]"

// TestSmoke tries the command against the local system.
func TestSmoke(t *testing.T) {
	t.Parallel()
	path := buildLocal(t)
	for name, test := range map[string]func(t *testing.T, path string){
		"mails": smokeMails, "tells why not": smokeTellsWhyNot, "interrupted": smokeInterrupted, "not public": smokeNotPublic,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, path)
		})
	}
}

// The mail comes, everything of the test is gone afterwards, and so are its reminders.
func smokeMails(t *testing.T, path string) {
	for name, keys := range map[string][]string{
		"the default schedule":       {mailed},
		"a closed window and spread": {mailed, `send_window: {from: "03:00", to: "05:00"}`, "reminders: [{after: 2d}, {after: 4d}]", "spread: 1h"},
		"strict rules":               {mailed, "holdout_percent: 100", "cap: {messages: 1, per: 7d}", "active_from: 2026-11-20T10:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLocal(t, path, keys...)
			code, text := l.smoke(t.Context())
			l.want(code, text, exitDone, "first reminder is due at 17:30:1", "the mail was handed to SendGrid ", "s after it was due; it is for you@example.com, team@example.com",
				"erased the test checkout")
			want := []string{"you@example.com", "team@example.com"}
			if diff := cmp.Diff(want, l.mails()); diff != "" {
				t.Error(diff)
			}
			if n := l.left(); n > 0 {
				t.Errorf("%d documents are left", n)
			}
			l.advance(30 * 24 * time.Hour)
			if diff := cmp.Diff(want, l.mails()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Whatever keeps the mail back is told, and the test is erased all the same.
func smokeTellsWhyNot(t *testing.T, path string) {
	for _, tc := range []struct {
		name  string
		keys  []string // of the deployed store
		hurt  func(*local)
		want  []string
		mails int
	}{
		{
			"SendGrid refuses for now",
			[]string{mailed},
			func(l *local) {
				l.ask(http.MethodPost, "/api/faults", `{"target":"sendgrid","mode":"unavailable"}`, nil)
			},
			[]string{"no mail within 2m0s: the reminder is still scheduled: ", "503", "deploy doctor"},
			0,
		},
		{
			"an outcome that is lost",
			[]string{mailed},
			func(l *local) {
				l.ask(http.MethodPost, "/api/faults", `{"target":"sendgrid","mode":"accept_then_drop"}`, nil)
			},
			[]string{"the reminder ended as unknown", "look whether the mail came"},
			2,
		},
		{
			"other test recipients",
			nil,
			func(l *local) { l.config = storeFile(l.T, mailed) },
			[]string{"the reminder ended as skipped (shadow)", "Apply it first"},
			0,
		},
		{
			"a wrong key",
			[]string{mailed},
			func(l *local) { l.env["COMEBACK_API_KEY"] = "other" },
			[]string{"Checkout answered 401", "the API key is not the deployed one"},
			0,
		},
		{
			"another function",
			[]string{mailed},
			func(l *local) { l.path = "/nowhere" },
			[]string{"Checkout answered 404", "is the address right"},
			0,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			l := newLocal(t, path, tc.keys...)
			tc.hurt(l)
			code, text := l.smoke(t.Context())
			l.want(code, text, exitError, append(tc.want, "erased the test checkout")...)
			if n := l.left(); n > 0 {
				t.Errorf("%d documents are left", n)
			}
			l.ask(http.MethodDelete, "/api/faults", "", nil)
			l.advance(30 * 24 * time.Hour)
			if got := l.mails(); len(got) != tc.mails {
				t.Errorf("mails went to %q, want %d", got, tc.mails)
			}
		})
	}
}

// An interrupt erases the test too.
func smokeInterrupted(t *testing.T, path string) {
	l := newLocal(t, path, mailed)
	ctx, cancel := context.WithCancel(t.Context())
	relay := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req, _ := http.NewRequestWithContext(r.Context(), r.Method, l.functions+"/checkout", r.Body)
		req.Header = r.Header
		cancel() // while the function works
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Error(err)
			return
		}
		defer res.Body.Close()
		w.WriteHeader(res.StatusCode)
		_ = res.Write(w)
	}))
	t.Cleanup(relay.Close)
	code, text := l.smoke(ctx, "-url", relay.URL)
	l.want(code, text, exitInterrupted, "erased the test checkout")
	if n := l.left(); n > 0 {
		t.Errorf("%d documents are left", n)
	}
	l.advance(30 * 24 * time.Hour)
	if got := l.mails(); len(got) > 0 {
		t.Errorf("mails went to %q", got)
	}
}

// A function that Cloud Run keeps to itself is waited for, since a grant takes time,
// and told from one whose key is wrong.
func smokeNotPublic(t *testing.T, path string) {
	l := newLocal(t, path, mailed)
	run := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte("<html><title>403 Forbidden</title></html>"))
	}))
	t.Cleanup(run.Close)
	code, text := l.smoke(t.Context(), "-url", run.URL, "-timeout", "20s")
	l.want(code, text, exitError, "no mail within 20s", "the answer is 403, and not from the function itself", "public = []")
}

// What the configuration rules out is told before anything is asked of anybody.
func TestSmokeRefusesAtOnce(t *testing.T) {
	t.Parallel()
	for want, tc := range map[string]struct {
		keys, args []string
	}{
		"want one of the test_recipients of store default (team@example.com)": {[]string{"test_recipients: [team@example.com]"}, nil},
		"(it has none)":                  {nil, nil},
		"shadow: true":                   {[]string{mailed, "shadow: true"}, nil},
		"active_from, 2026-12-01":        {[]string{mailed, "active_from: 2026-12-01T00:00:00Z"}, nil},
		"-store other: want one of def":  {[]string{mailed}, []string{"-store", "other"}},
		"want -project, -config and -to": {[]string{mailed}, []string{"-to", ""}},
	} {
		l := &local{T: t, config: storeFile(t, tc.keys...)}
		var out strings.Builder
		p := &program{out: &out, errOut: &out, now: func() time.Time { return time.Date(2026, 11, 20, 17, 30, 0, 0, time.UTC) }}
		args := append([]string{"-project", "my-shop-123", "-config", l.config, "-to", "you@example.com"}, tc.args...)
		code := p.status(t.Context(), p.smoke(t.Context(), args))
		l.want(code, out.String(), exitError, want)
	}
}

// A checkout's first reminder is due in 10 s, whatever the store's rules and the hour.
func TestNewTestCheckout(t *testing.T) {
	t.Parallel()
	store := &config.Store{Store: recovery.Store{
		ID: "default", Steps: []recovery.Step{{After: 45 * time.Minute}}, Spread: 30 * time.Minute,
		Window: &recovery.SendWindow{From: 22 * time.Hour, To: 7 * time.Hour / 2}, TimeZone: time.UTC, // over midnight
	}}
	for hour := range 24 {
		now := time.Date(2026, 11, 20, hour, 59, 55, 0, time.UTC)
		c, err := newTestCheckout(store, now)
		if err != nil {
			t.Fatal(err)
		}
		due := recovery.Due(&store.Store, &recovery.Checkout{Key: c.key, T: c.AbandonedAt, TimeZone: c.TimeZone}, store.Steps[0].After)
		if want := now.Add(dueIn); !due.Equal(want) {
			t.Errorf("at %v in %q: due at %v, want %v", now, c.TimeZone, due, want)
		}
	}
}
