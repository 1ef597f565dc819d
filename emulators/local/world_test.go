package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/emulators/cloudtasks"
	"github.com/comeback-checkout/comeback/emulators/sendgrid"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// abandonedAt is T of testdata/checkout.json, and where every test's clock starts.
var abandonedAt = time.Date(2026, 11, 20, 17, 30, 0, 0, time.UTC)

// world is a System with a test's view on it: real functions, real clients, real
// sockets; only time is virtual.
type world struct {
	t testing.TB
	*System
}

func newWorld(t *testing.T, change ...func(*Options)) *world {
	t.Helper()
	o := DefaultOptions()
	o.Data = ""
	o.Functions, o.Console, o.Firestore, o.CloudTasks, o.SendGrid = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	o.Now = abandonedAt
	o.Lookup = func(string) (string, bool) { return "", false }
	o.Log = slog.New(slog.DiscardHandler)
	// However busy the machine is, no limit ends what could be done, and what a test does
	// takes next to no time by the clock. Outages are short all the same: see outages.
	o.Deadlines = recovery.Deadlines{Claim: time.Minute, Send: time.Minute, Outcome: time.Minute, Mark: time.Minute}
	o.QueueTimeout, o.CallerDeadline, o.Slow = 25*time.Second, time.Minute, 1000
	for _, f := range change {
		f(&o)
	}
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if s.App != nil {
		shortenOutages(s.App.Service)
	}
	return &world{t, s}
}

// withConfig replaces the configuration.
func withConfig(yaml string) func(*Options) {
	return func(o *Options) { o.Config, o.ConfigName = []byte(yaml), "the test's configuration" }
}

// storeYAML is the example store with further keys, each a line of YAML.
func storeYAML(lines ...string) string {
	yaml := `stores:
  default:
    name: Example Shop
    url: https://shop.example.com
    cart_url: https://shop.example.com/cart
    from: {name: Example Shop, email: shop@example.com}
    postal_address: "1 Pier Road, Bristol, UK"
`
	for _, line := range lines {
		yaml += "    " + line + "\n"
	}
	return yaml
}

func sample(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// body is a JSON object, for requests and answers.
type body map[string]any

// sampleBody reads a sample and changes some of its fields; nil removes one.
func sampleBody(t testing.TB, name string, changes body) string {
	t.Helper()
	var b body
	if err := json.Unmarshal([]byte(sample(t, name)), &b); err != nil {
		t.Fatal(err)
	}
	for k, v := range changes {
		if b[k] = v; v == nil {
			delete(b, k)
		}
	}
	return toJSON(t, b)
}

func toJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

type answer struct {
	Status int
	Header http.Header
	Raw    string
	Body   body
}

// try sends a POST with the store's key, and reports what came back.
func (w *world) try(path, requestBody string, headers ...string) (answer, error) {
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.FunctionsURL+path, strings.NewReader(requestBody))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Authorization", "Bearer local")
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		if req.Header.Set(headers[i], headers[i+1]); headers[i+1] == "" {
			req.Header.Del(headers[i])
		}
	}
	return do(req)
}

func do(req *http.Request) (answer, error) { return doWith(http.DefaultClient, req) }

func doWith(client *http.Client, req *http.Request) (answer, error) {
	res, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{Status: res.StatusCode, Header: res.Header, Raw: string(raw)}
	if bytes.HasPrefix(raw, []byte("{")) {
		err = json.Unmarshal(raw, &a.Body)
	}
	return a, err
}

// post is try for a request that must be answered with the status.
func (w *world) post(want int, path, requestBody string, headers ...string) answer {
	w.t.Helper()
	a, err := w.try(path, requestBody, headers...)
	if err != nil {
		w.t.Fatal(err)
	}
	if a.Status != want {
		w.t.Fatalf("POST %s: got %d %s, want %d", path, a.Status, a.Raw, want)
	}
	return a
}

// advance moves the clock through the console, as a user would.
func (w *world) advance(d time.Duration) {
	w.t.Helper()
	w.console(http.StatusOK, http.MethodPost, "/api/clock", fmt.Sprintf(`{"advance":%q}`, d))
}

// settle lets everything that is due now come to its end.
func (w *world) settle() {
	w.t.Helper()
	w.advance(time.Millisecond)
}

func (w *world) console(want int, method, path, requestBody string) answer {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.ConsoleURL+path, strings.NewReader(requestBody))
	if err != nil {
		w.t.Fatal(err)
	}
	a, err := do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	if a.Status != want {
		w.t.Fatalf("%s %s: got %d %s, want %d", method, path, a.Status, a.Raw, want)
	}
	return a
}

func (w *world) fault(target, mode string, rate float64) {
	w.t.Helper()
	w.console(http.StatusOK, http.MethodPost, "/api/faults", toJSON(w.t, body{"target": target, "mode": mode, "rate": rate}))
	w.shorten(target, mode, rate)
}

func (w *world) heal() {
	w.t.Helper()
	for _, target := range []string{"firestore", "cloudtasks", "sendgrid"} {
		w.shorten(target, "", 0)
	}
	w.console(http.StatusNoContent, http.MethodDelete, "/api/faults", "")
}

// mails lists what was accepted, through the console.
func (w *world) mails() []sendgrid.Message {
	w.t.Helper()
	var list []sendgrid.Message
	w.list("/api/messages", &list)
	return list
}

func (w *world) pending() []cloudtasks.Task {
	w.t.Helper()
	var list []cloudtasks.Task
	w.list("/api/tasks", &list)
	return list
}

func (w *world) list(path string, into any) {
	w.t.Helper()
	a := w.console(http.StatusOK, http.MethodGet, path, "")
	if err := json.Unmarshal([]byte(a.Raw), into); err != nil {
		w.t.Fatal(err)
	}
}

// wantMails checks how many mails each recipient got in all.
func (w *world) wantMails(want ...string) {
	w.t.Helper()
	got := []string{}
	for _, m := range w.mails() {
		got = append(got, m.To)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		w.t.Fatalf("mails went to %q, want %q", got, want)
	}
}

// states are the reminders of an answer, "state" or "state:reason" by step.
func (a answer) states() []string {
	var list []string
	reminders, _ := a.Body["reminders"].([]any)
	for _, r := range reminders {
		r := r.(map[string]any)
		s := r["state"].(string)
		if reason, ok := r["reason"].(string); ok {
			s += ":" + reason
		}
		list = append(list, s)
	}
	return list
}

func (w *world) wantStates(a answer, want ...string) {
	w.t.Helper()
	if got := a.states(); !slices.Equal(got, want) {
		w.t.Fatalf("reminders are %q, want %q", got, want)
	}
}

// checkoutNow asks how a checkout stands by sending it again, which changes nothing.
func (w *world) checkoutNow(requestBody string) answer {
	w.t.Helper()
	return w.post(http.StatusOK, "/checkout", requestBody)
}

// stored is a checkout as the database has it, with all generations.
func (w *world) stored(id string) *recovery.Checkout {
	w.t.Helper()
	c := w.find(id)
	if c == nil {
		w.t.Fatalf("checkout %q is not stored", id)
	}
	return c
}

// find is stored, or nil where there is no such checkout.
func (w *world) find(id string) *recovery.Checkout {
	w.t.Helper()
	k, err := w.App.Service.DB.FindForOrder(w.t.Context(), recovery.OrderQuery{
		Store: "default", Order: "none", Checkout: recovery.CheckoutKey("default", id),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return k.Checkout
}
