package console_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/emulators/clock"
	"github.com/comeback-checkout/comeback/emulators/console"
)

func TestMovesTheClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	start := w.clock.Now()
	w.clock.AfterFunc(start.Add(10*time.Minute), func() { w.dispatched.Add(2) })
	w.dispatched.Add(5) // before
	var got struct {
		Now        time.Time
		Dispatched int
	}
	for _, step := range []struct {
		body       string
		atLeast    time.Duration
		dispatched int
	}{
		{`{"advance":"30m"}`, 30 * time.Minute, 2},
		{`{"advance":"1d"}`, 24*time.Hour + 30*time.Minute, 0},
		{`{"advance":"1d12h"}`, 60*time.Hour + 30*time.Minute, 0},
		{`{"advance":"0s"}`, 60*time.Hour + 30*time.Minute, 0},
		{`{"set":"` + start.Add(100*time.Hour).Format(time.RFC3339Nano) + `"}`, 100 * time.Hour, 0},
	} {
		w.want(t, http.StatusOK, "POST", "/api/clock", step.body, &got)
		if got.Now.Before(start.Add(step.atLeast)) || got.Dispatched != step.dispatched {
			t.Errorf("%s: got %s and %d, want start+%s or a little more and %d", step.body, got.Now.Sub(start), got.Dispatched, step.atLeast, step.dispatched)
		}
	}
	before := got.Now
	w.want(t, http.StatusOK, "GET", "/api/clock", "", &got)
	if got.Now.Before(before) || got.Now.After(w.clock.Now()) {
		t.Errorf("got %s, want the clock's time", got.Now)
	}
}

func TestAdvancesAtOnceAddUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	start := w.clock.Now()
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			resp, err := http.Post(w.URL+"/api/clock", "application/json", strings.NewReader(`{"advance":"1h"}`))
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
		})
	}
	all.Wait()
	if got := w.clock.Now().Sub(start); got < 5*time.Hour {
		t.Errorf("the clock moved by %s, want 5h", got)
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var got []map[string]any
	w.want(t, http.StatusOK, "GET", "/api/messages", "", &got)
	if got == nil || len(got) != 0 {
		t.Errorf("got %v, want an empty list", got)
	}
	id := w.send(t, "ana@example.net", "First", "<p>A</p>")
	w.send(t, "ben@example.net", "Second", "<p>B</p>")
	w.want(t, http.StatusOK, "GET", "/api/messages", "", &got)
	if len(got) != 2 || got[0]["id"] != id || got[1]["to"] != "ben@example.net" {
		t.Fatalf("got %v, want two mails, the oldest first", got)
	}
	for name, want := range map[string]any{"to": "ana@example.net", "from": "shop@example.com", "subject": "First", "text": "The text part", "html": "<p>A</p>"} {
		if got[0][name] != want {
			t.Errorf("%s: got %v, want %v", name, got[0][name], want)
		}
	}
	for _, name := range []string{"headers", "custom_args", "sent_at"} {
		if got[0][name] == nil {
			t.Errorf("a mail has no %s", name)
		}
	}
	w.want(t, http.StatusNoContent, "DELETE", "/api/messages", "", nil)
	if n := len(w.mail.Messages()); n != 0 {
		t.Errorf("got %d mails, want none", n)
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.send(t, "ana@example.net", "First", `<a href="https://shop.example.com/c">Back</a>`)
	if err := w.clock.Advance(t.Context(), w.clock.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"processed", "delivered"} {
		if got := <-w.events; got != want {
			t.Errorf("got event %s, want %s", got, want)
		}
	}
	path := "/api/messages/" + id + "/events"
	var got struct {
		Event, Message string
		Delivered      bool
	}
	for body, want := range map[string]string{
		`{"event":"click"}`: "click https://shop.example.com/c", `{"event":"blocked"}`: "bounce blocked",
		`{"event":"click","url":"https://other.example.com"}`: "click https://other.example.com",
	} {
		w.want(t, http.StatusOK, "POST", path, body, &got)
		if event := <-w.events; !got.Delivered || event != want {
			t.Errorf("%s: got %+v and event %q, want it delivered as %q", body, got, event, want)
		}
	}
	w.refuse.Store(true)
	w.want(t, http.StatusOK, "POST", path, `{"event":"open"}`, &got)
	if got.Delivered || !strings.Contains(got.Message, "503") {
		t.Errorf("got %+v, want the receiver's refusal", got)
	}
}

func TestTasks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var got []console.Task
	w.want(t, http.StatusOK, "GET", "/api/tasks", "", &got)
	if got == nil || len(got) != 0 {
		t.Errorf("got %v, want an empty list", got)
	}
	task := console.Task{Name: "h-1-0", Queue: "reminders", ScheduleTime: w.clock.Now(), Attempts: 2, URL: "http://x/", Body: `{"v":1}`}
	w.queue.put(task)
	w.want(t, http.StatusOK, "GET", "/api/tasks", "", &got)
	if len(got) != 1 || got[0] != task {
		t.Errorf("got %v, want %v", got, task)
	}
	w.want(t, http.StatusNoContent, "POST", "/api/queues/purge", "", nil)
	if n := len(w.queue.Pending()); n != 0 {
		t.Errorf("got %d tasks, want none", n)
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	var got map[string]any
	newWorld(t).want(t, http.StatusOK, "GET", "/api/health", "", &got)
	if got["overdue"] != 7.0 {
		t.Errorf("got %v, want the report", got)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	type fault struct {
		Target, Mode, Latency string
		Rate                  float64
	}
	list := func() (all []fault) {
		t.Helper()
		w.want(t, http.StatusOK, "GET", "/api/faults", "", &all)
		return all
	}
	if got := list(); got == nil || len(got) != 0 {
		t.Errorf("got %v, want an empty list", got)
	}
	var got fault
	w.want(t, http.StatusOK, "POST", "/api/faults", `{"target":"sendgrid","mode":"slow"}`, &got)
	w.want(t, http.StatusOK, "POST", "/api/faults", `{"target":"firestore","mode":"slow","rate":0.5,"latency":"20ms"}`, &got)
	w.want(t, http.StatusOK, "POST", "/api/faults", `{"target":"sendgrid","mode":"unavailable"}`, &got)
	all := list()
	if len(all) != 2 || all[0] != (fault{"firestore", "slow", "20ms", 0.5}) || all[1] != (fault{"sendgrid", "unavailable", "0s", 1}) {
		t.Errorf("got %v, want the newest of each target", all)
	}
	resp, err := http.Post(w.mailURL+"/v3/mail/send", "application/json", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("got %d, want the emulator to fail", resp.StatusCode)
	}
	w.want(t, http.StatusNoContent, "DELETE", "/api/faults?target=sendgrid", "", nil)
	if all := list(); len(all) != 1 || all[0].Target != "firestore" {
		t.Errorf("got %v, want firestore's", all)
	}
	w.send(t, "a@example.net", "A", "<p>") // works again
	w.want(t, http.StatusNoContent, "DELETE", "/api/faults", "", nil)
	if all := list(); len(all) != 0 {
		t.Errorf("got %v, want none", all)
	}
}

func TestBadRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.send(t, "a@example.net", "A", "<p>")
	tests := []struct {
		method, path, body string
		status             int
		field              string
	}{
		{"POST", "/api/clock", ``, 400, ""},
		{"POST", "/api/clock", `advance`, 400, ""},
		{"POST", "/api/clock", `[]`, 400, ""},
		{"POST", "/api/clock", `{"advance":"1m"} x`, 400, ""},
		{"POST", "/api/clock", `{}`, 400, "advance"},
		{"POST", "/api/clock", `{"advance":"1m","set":"2099-01-01T00:00:00Z"}`, 400, "advance"},
		{"POST", "/api/clock", `{"advance":30}`, 400, "advance"},
		{"POST", "/api/clock", `{"advance":""}`, 400, "advance"},
		{"POST", "/api/clock", `{"advance":"1w"}`, 400, "advance"},
		{"POST", "/api/clock", `{"advance":"1h1d"}`, 400, "advance"},
		{"POST", "/api/clock", `{"advance":"-1s"}`, 400, "advance"},
		{"POST", "/api/clock", `{"advance":"-1d"}`, 400, "advance"},
		{"POST", "/api/clock", `{"advance":"99999d"}`, 400, "advance"},
		{"POST", "/api/clock", `{"set":"yesterday"}`, 400, "set"},
		{"POST", "/api/clock", `{"set":"2001-01-01T00:00:00Z"}`, 400, "set"},
		{"POST", "/api/clock", `{"set":"9999-01-01T00:00:00Z"}`, 400, "set"},
		{"POST", "/api/clock", `{"set":"` + strings.Repeat("x", 65<<10) + `"}`, 413, ""},
		{"POST", "/api/messages/nobody/events", `{"event":"open"}`, 404, ""},
		{"POST", "/api/messages/" + id + "/events", `{"event":"party"}`, 400, "event"},
		{"POST", "/api/messages/" + id + "/events", `{}`, 400, "event"},
		{"POST", "/api/messages/" + id + "/events", `7`, 400, ""},
		{"POST", "/api/faults", `{"mode":"slow"}`, 400, "target"},
		{"POST", "/api/faults", `{"target":"moon","mode":"slow"}`, 400, "target"},
		{"POST", "/api/faults", `{"target":"cloudtasks","mode":"slow"}`, 400, "target"}, // not run here
		{"POST", "/api/faults", `{"target":"firestore","mode":"duplicate"}`, 400, "mode"},
		{"POST", "/api/faults", `{"target":"sendgrid"}`, 400, "mode"},
		{"POST", "/api/faults", `{"target":"sendgrid","mode":"slow","rate":0}`, 400, "rate"},
		{"POST", "/api/faults", `{"target":"sendgrid","mode":"slow","rate":1.5}`, 400, "rate"},
		{"POST", "/api/faults", `{"target":"sendgrid","mode":"slow","latency":"soon"}`, 400, "latency"},
		{"POST", "/api/faults", `{"target":"sendgrid","mode":"slow","latency":"-1s"}`, 400, "latency"},
		{"DELETE", "/api/faults?target=moon", "", 400, "target"},
		{"PUT", "/api/clock", `{}`, 405, ""},
		{"POST", "/api/messages", `{}`, 405, ""},
		{"GET", "/api/queues/purge", "", 405, ""},
		{"GET", "/api/nothing", "", 404, ""},
	}
	for _, test := range tests {
		resp, body := w.call(t, test.method, test.path, test.body)
		var got struct {
			Error struct{ Code, Message, Field string }
		}
		if err := json.Unmarshal([]byte(body), &got); err != nil || resp.StatusCode != test.status || got.Error.Code == "" || got.Error.Message == "" || got.Error.Field != test.field {
			t.Errorf("%s %s %.60s: got %d %s, want %d for field %q", test.method, test.path, test.body, resp.StatusCode, body, test.status, test.field)
		}
		if (resp.Header.Get("Allow") != "") != (test.status == http.StatusMethodNotAllowed) {
			t.Errorf("%s %s: Allow is %q", test.method, test.path, resp.Header.Get("Allow"))
		}
	}
	if len(w.mail.Messages()) != 1 {
		t.Error("a bad request changed the mailbox")
	}
}

func TestPartsThatAreOff(t *testing.T) {
	t.Parallel()
	c := clock.New(0)
	t.Cleanup(c.Close)
	w := &world{Server: httptest.NewServer(console.New(console.Options{Clock: c}))}
	t.Cleanup(w.Close)
	for _, path := range []string{"/api/messages", "/api/tasks", "/api/health"} {
		var got map[string]any
		w.want(t, http.StatusNotFound, "GET", path, "", &got)
	}
	resp, body := w.call(t, "GET", "/", "")
	if resp.StatusCode != http.StatusOK || !strings.Contains(body, "not run here") {
		t.Errorf("got %d %s, want a page that says so", resp.StatusCode, body)
	}
}
