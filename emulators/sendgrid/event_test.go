package sendgrid_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sendgrid/sendgrid-go/helpers/eventwebhook"

	"github.com/comeback-checkout/comeback/emulators/clock"
	"github.com/comeback-checkout/comeback/emulators/disk"
	"github.com/comeback-checkout/comeback/emulators/sendgrid"
)

// receiver is an events webhook that verifies as a customer's does.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex
	key     string
	status  int // to answer
	batches [][]map[string]any
	tries   []string // the timestamp of each attempt
}

func receive(t *testing.T) *receiver {
	t.Helper()
	rc := &receiver{status: http.StatusOK}
	rc.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rc.mu.Lock()
		defer rc.mu.Unlock()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		rc.tries = append(rc.tries, r.Header.Get(eventwebhook.TimestampHTTPHeader))
		rc.verify(t, r, body)
		if rc.status == http.StatusOK {
			var batch []map[string]any
			if err := json.Unmarshal(body, &batch); err != nil {
				t.Errorf("the body is no array: %v", err)
			}
			rc.batches = append(rc.batches, batch)
		}
		w.WriteHeader(rc.status)
	}))
	t.Cleanup(rc.Close)
	return rc
}

func (rc *receiver) verify(t *testing.T, r *http.Request, body []byte) {
	key, err := eventwebhook.ConvertPublicKeyBase64ToECDSA(rc.key)
	if err != nil {
		t.Errorf("PublicKey: %v", err)
		return
	}
	signature, timestamp := r.Header.Get(eventwebhook.VerificationHTTPHeader), r.Header.Get(eventwebhook.TimestampHTTPHeader)
	if ok, err := eventwebhook.VerifySignature(key, body, signature, timestamp); err != nil || !ok {
		t.Errorf("the signature does not verify: %v", err)
	}
	if ok, _ := eventwebhook.VerifySignature(key, append(body, ' '), signature, timestamp); ok {
		t.Error("the signature verifies another body too")
	}
}

func (rc *receiver) answer(status int) {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	rc.status = status
}

// take gives what arrived since the last take.
func (rc *receiver) take() (batches [][]map[string]any, tries []string) {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	batches, tries = rc.batches, rc.tries
	rc.batches, rc.tries = nil, nil
	return batches, tries
}

// startWithEvents serves an emulator that posts to a new receiver.
func startWithEvents(t *testing.T, o sendgrid.Options) (*sendgrid.Server, string, *receiver, *clock.Clock) {
	t.Helper()
	rc := receive(t)
	o.EventsURL = rc.URL
	if o.Clock == nil {
		o.Clock = clock.New(0)
		t.Cleanup(o.Clock.Close)
	}
	s, err := sendgrid.New(o)
	if err != nil {
		t.Fatal(err)
	}
	rc.mu.Lock()
	rc.key = s.PublicKey()
	rc.mu.Unlock()
	t.Cleanup(func() { _ = s.Close() })
	addr, err := s.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return s, "http://" + addr.String(), rc, o.Clock
}

func advance(t *testing.T, c *clock.Clock, d time.Duration) {
	t.Helper()
	if err := c.Advance(t.Context(), c.Now().Add(d)); err != nil {
		t.Fatal(err)
	}
}

func TestEventsFollowAcceptance(t *testing.T) {
	t.Parallel()
	_, url, rc, c := startWithEvents(t, sendgrid.Options{})
	id := mustSend(t, url, reminder("ana.lima@example.net"))
	mustSend(t, url, reminder("b@example.net"))
	advance(t, c, time.Minute)
	batches, _ := rc.take()
	all := slices.Concat(batches...)
	if len(all) != 4 {
		t.Fatalf("got %d events, want processed and delivered of two mails", len(all))
	}
	got := all[1]
	for _, name := range []string{"sg_event_id", "timestamp", "smtp-id"} {
		if got[name] == nil || got[name] == "" {
			t.Errorf("an event has no %s", name)
		}
		if name == "sg_event_id" && got[name] == all[0][name] {
			t.Error("two events have one sg_event_id")
		}
	}
	if m, _ := got["sg_message_id"].(string); len(m) <= len(id) || m[:len(id)] != id {
		t.Errorf("sg_message_id is %q, want it to begin with %q", m, id)
	}
	for _, name := range []string{"sg_event_id", "sg_message_id", "timestamp", "smtp-id"} {
		delete(got, name)
	}
	want := map[string]any{
		"event": "delivered", "email": "ana.lima@example.net", "response": "250 OK",
		"category": []any{"reminder"}, "message_id": "default.h-1-0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

func TestEventKinds(t *testing.T) {
	t.Parallel()
	s, url, rc, c := startWithEvents(t, sendgrid.Options{})
	id := mustSend(t, url, reminder("ana.lima@example.net"))
	advance(t, c, time.Minute)
	rc.take()
	want := map[string]map[string]any{
		"processed": {"event": "processed"}, "delivered": {"event": "delivered"}, "open": {"event": "open", "sg_machine_open": false},
		"deferred": {"event": "deferred", "attempt": "1"}, "spamreport": {"event": "spamreport"}, "unsubscribe": {"event": "unsubscribe"},
		"bounce": {"event": "bounce", "type": "bounce"}, "blocked": {"event": "bounce", "type": "blocked"}, "dropped": {"event": "dropped", "reason": "Bounced Address"},
		"click": {"event": "click", "url": "https://northwind.example.com/c/1?a=1&b=2"},
	}
	if got := sendgrid.EventKinds(); len(got) != len(want) {
		t.Errorf("got kinds %v, want %d", got, len(want))
	}
	for kind, fields := range want {
		if err := s.Event(id, kind, nil); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		batches, _ := rc.take()
		if len(batches) != 1 || len(batches[0]) != 1 {
			t.Fatalf("%s: got %v, want one event, there when Event returns", kind, batches)
		}
		for name, value := range fields {
			if got := batches[0][0][name]; got != value {
				t.Errorf("%s: %s is %v, want %v", kind, name, got, value)
			}
		}
	}
	if err := s.Event(id, "click", map[string]any{"url": "https://x.example.com", "sg_event_id": "mine"}); err != nil {
		t.Fatal(err)
	}
	batches, _ := rc.take()
	if e := batches[0][0]; e["url"] != "https://x.example.com" || e["sg_event_id"] != "mine" || e["message_id"] != "default.h-1-0" {
		t.Errorf("got %v, want the extra fields in the place of its own", e)
	}
}

func TestEventsThatAreNone(t *testing.T) {
	t.Parallel()
	s, url, _, _ := startWithEvents(t, sendgrid.Options{})
	id := mustSend(t, url, reminder("a@example.net"))
	if err := s.Event("nobody", "open", nil); !errors.Is(err, sendgrid.ErrNoMessage) {
		t.Errorf("got %v, want ErrNoMessage", err)
	}
	if err := s.Event(id, "party", nil); !errors.Is(err, sendgrid.ErrNoEvent) {
		t.Errorf("got %v, want ErrNoEvent", err)
	}
	quiet, url := start(t, sendgrid.Options{})
	id = mustSend(t, url, reminder("a@example.net"))
	if err := quiet.Event(id, "open", nil); !errors.Is(err, sendgrid.ErrNoEventsURL) {
		t.Errorf("got %v, want ErrNoEventsURL", err)
	}
}

func TestRefusedEventsAreTriedAgainForADay(t *testing.T) {
	t.Parallel()
	s, url, rc, c := startWithEvents(t, sendgrid.Options{})
	id := mustSend(t, url, reminder("a@example.net"))
	advance(t, c, time.Minute)
	rc.take()
	rc.answer(http.StatusServiceUnavailable)
	if err := s.Event(id, "click", nil); !errors.Is(err, sendgrid.ErrNotDelivered) {
		t.Fatalf("got %v, want ErrNotDelivered", err)
	}
	advance(t, c, time.Minute)
	if _, tries := rc.take(); len(tries) != 3 { // at once, after 10 s, after 20 s more
		t.Errorf("got %d attempts within a minute, want 3", len(tries))
	}
	advance(t, c, time.Hour)
	rc.answer(http.StatusOK)
	advance(t, c, 12*time.Hour)
	if batches, _ := rc.take(); len(batches) != 1 || batches[0][0]["event"] != "click" {
		t.Errorf("got %v, want the click once", batches)
	}

	rc.answer(http.StatusInternalServerError)
	if err := s.Event(id, "open", nil); !errors.Is(err, sendgrid.ErrNotDelivered) {
		t.Fatalf("got %v, want ErrNotDelivered", err)
	}
	advance(t, c, 25*time.Hour)
	rc.answer(http.StatusOK)
	rc.take()
	advance(t, c, 100*time.Hour)
	if _, tries := rc.take(); len(tries) != 0 {
		t.Errorf("got %d attempts, want none after a day", len(tries))
	}
}

func TestDuplicateEvents(t *testing.T) {
	t.Parallel()
	s, url, rc, c := startWithEvents(t, sendgrid.Options{})
	fault(t, s, sendgrid.Fault{Mode: sendgrid.FaultDuplicate})
	mustSend(t, url, reminder("a@example.net"))
	advance(t, c, time.Minute)
	batches, _ := rc.take()
	if len(batches) != 2 || !cmp.Equal(batches[0], batches[1]) {
		t.Errorf("got %v, want the same batch twice", batches)
	}
	if got := s.Messages(); len(got) != 1 {
		t.Errorf("got %d mails, want 1: only events are doubled", len(got))
	}
}

func TestUnsentEventsSurviveARestart(t *testing.T) {
	t.Parallel()
	db, err := disk.Open(filepath.Join(t.TempDir(), "data.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	first, url, rc, c := startWithEvents(t, sendgrid.Options{Disk: db})
	rc.answer(http.StatusServiceUnavailable)
	mustSend(t, url, reminder("a@example.net"))
	advance(t, c, time.Minute)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if batches, tries := rc.take(); len(batches) != 0 || len(tries) == 0 {
		t.Fatalf("got %v in %d attempts, want attempts refused", batches, len(tries))
	}
	_, _, rc, c = startWithEvents(t, sendgrid.Options{Disk: db})
	advance(t, c, time.Minute)
	batches, _ := rc.take()
	if len(batches) != 1 || len(batches[0]) != 2 {
		t.Errorf("got %v, want processed and delivered", batches)
	}
	_, _, rc, c = startWithEvents(t, sendgrid.Options{Disk: db})
	advance(t, c, time.Minute)
	if batches, _ := rc.take(); len(batches) != 0 {
		t.Errorf("got %v, want nothing once they are taken", batches)
	}
}
