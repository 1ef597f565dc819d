package functions

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/comeback-checkout/comeback/internal/app"
	"github.com/comeback-checkout/comeback/internal/callerauth"
	"github.com/comeback-checkout/comeback/internal/gcplog"
	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/recovery/recoverytest"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// shop is the functions on fakes, with their log.
type shop struct {
	*app.App
	clock *recoverytest.Clock
	db    *recoverytest.DB
	lines *bytes.Buffer
}

func open() *shop { return openAt(noon) }

func openAt(now time.Time) *shop {
	clock, lines := recoverytest.NewClock(now), &bytes.Buffer{}
	s := &shop{clock: clock, db: recoverytest.NewDB(clock), lines: lines}
	log := gcplog.New(lines, slog.LevelInfo)
	store := func(id string) *recovery.Store {
		return &recovery.Store{ID: id, Steps: recovery.DefaultSteps(), Consent: recovery.ConsentAny, Retention: time.Hour, MaxLate: time.Hour}
	}
	s.App = &app.App{Keys: &callerauth.Keys{}, Shopify: &callerauth.Webhooks{}, WooCommerce: &callerauth.Webhooks{}, Log: log, Service: &recovery.Service{
		DB: s.db, Queue: &recoverytest.Queue{}, Clock: clock, Log: log, NewID: func() string { return "random" },
		Deadlines: recovery.Deadlines{Mark: time.Minute},
		Stores:    map[string]*recovery.Store{"default": store("default"), "second": store("second")},
	}}
	s.Keys.Add("default", "key")
	s.Keys.Add("default", "shared")
	s.Keys.Add("second", "shared")
	s.Shopify.Add("default", "northwind.myshopify.com", "secret")
	s.WooCommerce.Add("default", callerauth.WooCommerceSource("https://teeladen.example.de/"), "secret")
	return s
}

func (s *shop) post(path, key, body string) {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+key)
	Handler(s.App).ServeHTTP(httptest.NewRecorder(), r)
}

// take returns the lines since the last call, without what differs from run to run.
func (s *shop) take() string {
	defer s.lines.Reset()
	return stable(s.lines.String())
}

var moving = regexp.MustCompile(`"time":"[^"]*",|"latency_ms":\d+,`)

func stable(lines string) string { return moving.ReplaceAllString(lines, "") }

func TestLinesOfCallers(t *testing.T) {
	t.Parallel()
	checkoutKey, orderKey := recovery.CheckoutKey("default", "c1"), recovery.OrderKey("default", "o1")
	for _, tc := range []struct {
		name, path, key, body string
		before                func(*shop)
		want                  string
	}{
		{
			name: "a new checkout", path: "/checkout", key: "key", body: `{"checkout_id":"c1","email":"ana@example.net"}`,
			want: `{"severity":"INFO","message":"request","function":"Checkout","status":201,"store":"default","outcome":"created","checkout":"` + checkoutKey + `","generation":1}`,
		},
		{
			name: "the store is named", path: "/checkout", key: "shared", body: `{"checkout_id":"c1","email":"ana@example.net","store":"second"}`,
			want: `{"severity":"INFO","message":"request","function":"Checkout","status":201,"store":"second","outcome":"created","checkout":"` + recovery.CheckoutKey("second", "c1") + `","generation":1}`,
		},
		{
			name: "an order", path: "/order", key: "key", body: `{"order_id":"o1","email":"ana@example.net"}`,
			want: `{"severity":"INFO","message":"request","function":"Order","status":200,"store":"default","outcome":"recorded","order":"` + orderKey + `","matched":0}`,
		},
		{
			name: "a wrong field", path: "/checkout", key: "key", body: `{"email":"ana"}`,
			want: `{"severity":"WARNING","message":"request","function":"Checkout","status":400,"store":"default","error":"invalid","field":"email"}`,
		},
		{
			name: "no JSON", path: "/order", key: "key", body: `<order/>`,
			want: `{"severity":"WARNING","message":"request","function":"Order","status":400,"store":"default","error":"invalid","field":""}`,
		},
		{
			name: "no JSON, by a key of several stores", path: "/order", key: "shared", body: `<order/>`,
			want: `{"severity":"WARNING","message":"request","function":"Order","status":400,"error":"invalid","field":""}`,
		},
		{
			name: "another store's key", path: "/order", key: "key", body: `{"store":"second"}`,
			want: `{"severity":"WARNING","message":"request","function":"Order","status":403,"store":"default","error":"forbidden","field":"store"}`,
		},
		{
			name: "no such key", path: "/checkout", key: "guessed", body: `{"email":"ana@example.net"}`,
			want: `{"severity":"WARNING","message":"request","function":"Checkout","status":401,"error":"not authorized: no store has this API key"}`,
		},
		{
			name: "Firestore is away", path: "/checkout", key: "key", body: `{"email":"ana@example.net"}`,
			before: func(s *shop) { s.db.FailAll(recovery.ErrOverload) },
			want:   `{"severity":"WARNING","message":"request","function":"Checkout","status":503,"store":"default","error":"record checkout: overloaded or away"}`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := open()
			if tc.before != nil {
				tc.before(s)
			}
			s.post(tc.path, tc.key, tc.body)
			if diff := cmp.Diff(tc.want+"\n", s.take()); diff != "" {
				t.Errorf("the line (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLinesOfRemind(t *testing.T) {
	t.Parallel()
	task := recovery.Task{Store: "default", Checkout: "abc", Reminder: recovery.ReminderID{Generation: 1, Step: 2}}
	do := func(a recovery.Action) recovery.Verdict { return recovery.Verdict{Do: a} }
	overload := &recovery.SendError{Kind: recovery.ErrOverload, Detail: "503"}
	deployment := &recovery.SendError{Kind: recovery.ErrDeployment, Detail: "401"}
	for _, tc := range []struct {
		name     string
		run      recovery.Run
		err      error
		severity string
		status   int
		outcome  string
		want     string // after the reminder
	}{
		{
			"sent",
			recovery.Run{Verdict: do(recovery.Send), State: recovery.Sent, Late: 1234567 * time.Microsecond, Mail: recovery.MailAccepted},
			nil,
			"INFO", 200, "send", `"state":"sent","late_ms":1234,"mail":"accepted"`,
		},
		{
			"skipped, in time",
			recovery.Run{Verdict: recovery.Verdict{Do: recovery.Skip, Reason: recovery.ReasonOrdered}, State: recovery.Skipped},
			nil,
			"INFO", 200, "skip", `"state":"skipped","reason":"ordered","late_ms":0`,
		},
		{
			"rejected",
			recovery.Run{Verdict: recovery.Verdict{Do: recovery.Send, Reason: recovery.ReasonRejected}, State: recovery.Failed, Mail: recovery.MailRejected},
			nil,
			"ERROR", 200, "send", `"state":"failed","reason":"rejected","late_ms":0,"mail":"rejected"`,
		},
		{
			"given up",
			recovery.Run{Verdict: recovery.Verdict{Do: recovery.Fail, Reason: recovery.ReasonProvider}, State: recovery.Failed, Late: 6 * time.Hour},
			nil,
			"ERROR", 200, "fail", `"state":"failed","reason":"provider","late_ms":21600000`,
		},
		{
			"unknown",
			recovery.Run{Verdict: do(recovery.Send), State: recovery.Unknown, Mail: recovery.MailUnknown},
			nil,
			"WARNING", 200, "send", `"state":"unknown","late_ms":0,"mail":"unknown"`,
		},
		{"a lost claim", recovery.Run{Verdict: do(recovery.Lose), State: recovery.Unknown}, nil, "WARNING", 200, "lose", `"state":"unknown"`},
		{
			"overload",
			recovery.Run{Verdict: do(recovery.Send), State: recovery.Scheduled, Mail: recovery.MailOverload},
			overload,
			"WARNING", 503, "send", `"state":"scheduled","late_ms":0,"mail":"overload","error":"overloaded or away: 503"`,
		},
		{
			"the key is wrong",
			recovery.Run{Verdict: do(recovery.Send), State: recovery.Scheduled, Mail: recovery.MailDeployment},
			deployment,
			"ERROR", 500, "send", `"state":"scheduled","late_ms":0,"mail":"deployment","error":"` + deployment.Error() + `"`,
		},
		{
			"accepted, not recorded",
			recovery.Run{Verdict: do(recovery.Send), Late: time.Second, Mail: recovery.MailAccepted},
			fmt.Errorf("record outcome: %w", recovery.ErrOverload),
			"WARNING", 503, "send", `"late_ms":1000,"mail":"accepted","error":"record outcome: overloaded or away"`,
		},
		{
			"rejected, not recorded",
			recovery.Run{Verdict: do(recovery.Send), Mail: recovery.MailRejected},
			fmt.Errorf("record outcome: %w", recovery.ErrOverload),
			"ERROR", 503, "send", `"late_ms":0,"mail":"rejected","error":"record outcome: overloaded or away"`,
		},
		{"too early", recovery.Run{Verdict: do(recovery.Wait), State: recovery.Scheduled}, recovery.ErrEarly, "INFO", 425, "wait", `"state":"scheduled","error":"too early"`},
		{"claimed", recovery.Run{Verdict: do(recovery.Busy)}, recovery.ErrBusy, "INFO", 409, "busy", `"error":"claimed by another run"`},
		{"for the opening", recovery.Run{Verdict: do(recovery.Later), State: recovery.Scheduled}, nil, "INFO", 200, "later", `"state":"scheduled"`},
		{"ended before", recovery.Run{Verdict: do(recovery.Nothing)}, nil, "INFO", 200, "nothing", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := open()
			e := endpoint{name: "Remind", deadline: time.Minute, task: true, serve: func(_ context.Context, _ *app.App, r *request) (response, error) {
				r.store = task.Store
				return reminded(task, tc.run), tc.err
			}}
			h := e.handler(func(context.Context) (*app.App, error) { return s.App, nil })
			h(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil))
			want := fmt.Sprintf(`{"severity":%q,"message":"request","function":"Remind","status":%d,"store":"default","outcome":%q,"checkout":"abc","reminder":"1-2"`, tc.severity, tc.status, tc.outcome)
			if tc.want != "" {
				want += "," + tc.want
			}
			if diff := cmp.Diff(want+"}\n", s.take()); diff != "" {
				t.Errorf("the line (-want +got):\n%s", diff)
			}
		})
	}
}

// An accepted call leaves a mark, a refused one does not; the sweep tells each.
func TestLinesOfSilences(t *testing.T) {
	t.Parallel()
	s := open()
	want := func(what string, want ...string) {
		t.Helper()
		s.lines.Reset()
		logSilences(t.Context(), s.App)
		if diff := cmp.Diff(strings.Join(append(want, ""), "\n"), s.take()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	s.post("/checkout", "key", `{"email":"ana"}`)
	s.post("/order", "guessed", `{"order_id":"o1","email":"ana@example.net"}`)
	want("refused")
	s.post("/checkout", "shared", `{"email":"ana@example.net","store":"second"}`)
	s.post("/api/order", "key", `{"order_id":"o1","email_id":"ana@example.net"}`)
	s.clock.Set(noon.Add(90 * time.Minute))
	s.post("/checkout", "key", `{"email":"ana@example.net"}`)
	want(
		"accepted",
		`{"severity":"INFO","message":"heard","store":"default","source":"Checkout","silent_ms":0}`,
		`{"severity":"INFO","message":"heard","store":"default","source":"Order","silent_ms":5400000}`,
		`{"severity":"INFO","message":"heard","store":"second","source":"Checkout","silent_ms":5400000}`,
	)
	s.db.FailNext(recovery.ErrOverload)
	want("away", `{"severity":"WARNING","message":"silence of callers not measured","error":"read when callers were last heard of: overloaded or away"}`)
}
