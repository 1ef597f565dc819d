package console_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sendgrid/sendgrid-go"
	"github.com/sendgrid/sendgrid-go/helpers/mail"

	"github.com/comeback-checkout/comeback/emulators/clock"
	"github.com/comeback-checkout/comeback/emulators/console"
	mailserver "github.com/comeback-checkout/comeback/emulators/sendgrid"
)

// queue is a Tasks with tasks put into it.
type queue struct {
	mu  sync.Mutex
	all []console.Task
}

func (q *queue) Pending() []console.Task {
	q.mu.Lock()
	defer q.mu.Unlock()
	return append([]console.Task(nil), q.all...)
}

func (q *queue) Purge(context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.all = nil
	return nil
}

func (q *queue) put(all ...console.Task) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.all = append(q.all, all...)
}

// world is a console over real emulators.
type world struct {
	*httptest.Server
	clock      *clock.Clock
	mail       *mailserver.Server
	mailURL    string
	queue      *queue
	dispatched atomic.Uint64
	events     chan string // the kinds that the events webhook got
	refuse     atomic.Bool // the events webhook answers 503
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{clock: clock.New(0), queue: &queue{}, events: make(chan string, 100)}
	t.Cleanup(w.clock.Close)
	hook := httptest.NewServer(http.HandlerFunc(w.receive))
	t.Cleanup(hook.Close)
	var err error
	if w.mail, err = mailserver.New(mailserver.Options{Clock: w.clock, EventsURL: hook.URL}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.mail.Close() })
	addr, err := w.mail.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.mailURL = "http://" + addr.String()
	w.Server = httptest.NewServer(console.New(console.Options{
		Clock: w.clock, Mailbox: w.mail, Tasks: w.queue, Dispatched: w.dispatched.Load,
		Health: func(context.Context) (any, error) {
			return map[string]any{"overdue": 7, "state": "<fine>", "sweep": map[string]int{"runs": 3}}, nil
		},
		Faults: map[string]console.Breakable{"sendgrid": console.Break(w.mail), "firestore": console.Break(&broken{})},
	}))
	t.Cleanup(w.Server.Close)
	return w
}

func (w *world) receive(rw http.ResponseWriter, r *http.Request) {
	var batch []struct{ Event, URL, Type string }
	if err := json.NewDecoder(r.Body).Decode(&batch); err != nil || w.refuse.Load() {
		rw.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	for _, e := range batch {
		w.events <- strings.TrimSpace(e.Event + " " + e.Type + e.URL)
	}
}

// broken is an emulator with a Fault type of its own.
type broken struct{ now ownFault }

type ownFault struct {
	Mode    string
	Rate    float64
	Latency time.Duration
}

func (b *broken) SetFault(f ownFault) error { b.now = f; return nil }
func (b *broken) Heal()                     { b.now = ownFault{} }

// send mails and gives the mail's ID.
func (w *world) send(t *testing.T, to, subject, html string) string {
	t.Helper()
	r := sendgrid.GetRequest("local", "/v3/mail/send", w.mailURL)
	r.Method = "POST"
	m := mail.NewSingleEmail(mail.NewEmail("Shop", "shop@example.com"), subject, mail.NewEmail("", to), "The text part", html)
	resp, err := (&sendgrid.Client{Request: r}).SendWithContext(t.Context(), m)
	if err != nil || resp.StatusCode != http.StatusAccepted {
		t.Fatalf("got %v, %v, want 202", resp, err)
	}
	return resp.Headers["X-Message-Id"][0]
}

// call makes one request; a header of "Host" sets the request's host.
func (w *world) call(t *testing.T, method, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
	}
	resp, err := w.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(got)
}

// want makes a request and decodes its answer into v (nil: there must be none).
func (w *world) want(t *testing.T, status int, method, path, body string, v any) {
	t.Helper()
	resp, got := w.call(t, method, path, body)
	if resp.StatusCode != status {
		t.Fatalf("%s %s %s: got %d %s, want %d", method, path, body, resp.StatusCode, got, status)
	}
	if v == nil {
		if got != "" {
			t.Errorf("%s %s: got %s, want no body", method, path, got)
		}
		return
	}
	if err := json.Unmarshal([]byte(got), v); err != nil {
		t.Errorf("%s %s: %v in %s", method, path, err, got)
	}
}
