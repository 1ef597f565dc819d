package functions

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/recovery/recoverytest"
)

// anyone believes every token.
type anyone struct{}

func (anyone) Check(context.Context, string, string, string) error { return nil }

// FuzzRemind looks for a task's body that is repeated for ever, or mails what is not due.
func FuzzRemind(f *testing.F) {
	key := recovery.CheckoutKey("default", "c1")
	for _, body := range append(
		oddJSON(), `{"v":1,"store":"default","checkout":"`+key+`","generation":1,"step":1}`, `{"v":1,"store":"default","checkout":"`+key+`","generation":1,"step":7}`,
		`{"v":1,"store":"gone","checkout":"`+key+`","generation":1,"step":0}`, `{"v":2,"store":"default","checkout":"x"}`, `{"v":1,"store":"a/b","checkout":"../x","generation":-1}`,
	) {
		f.Add([]byte(body), "x-1-0-s1")
	}
	f.Fuzz(func(t *testing.T, body []byte, name string) {
		s, mailer := open(), &recoverytest.Mailer{}
		s.Tokens, s.Service.Mailer, s.Service.Renderer = anyone{}, mailer, recoverytest.Renderer{}
		s.Service.Deadlines = recovery.DefaultDeadlines()
		s.post("/checkout", "key", `{"checkout_id":"c1","email":"ana@example.net"}`)
		s.clock.Set(noon.Add(31 * time.Minute)) // the first is due
		r := httptest.NewRequest(http.MethodPost, "/tasks/remind", strings.NewReader(string(body)))
		r.Header["X-Cloudtasks-Taskname"] = []string{name}
		w := httptest.NewRecorder()
		Handler(s.App).ServeHTTP(w, r)
		var task struct {
			V, Generation, Step int
			Checkout            string
		}
		readable := json.Unmarshal(body, &task) == nil
		switch w.Code {
		case http.StatusOK:
		case http.StatusInternalServerError: // it waits for its release
			if readable && task.V == 1 {
				t.Errorf("a task of ours is repeated: %s", body)
			}
		case http.StatusTooEarly:
			if task.Checkout != key || task.Step < 1 {
				t.Errorf("%s is too early", body)
			}
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge: // not UTF-8, or no task of ours
		default:
			t.Errorf("got %d %s", w.Code, w.Body)
		}
		if n := len(mailer.Sent()); n > 1 || n == 1 && (task.Checkout != key || task.Generation != 1 || task.Step != 0) {
			t.Errorf("%s sent %d mails", body, n)
		}
	})
}

// FuzzSendGridEvents looks for a signed body that is refused though nobody could mend
// it, or changes something for a shopper whom it does not name.
func FuzzSendGridEvents(f *testing.F) {
	one := eventOf("default", "bounce")
	for _, body := range append(
		oddJSON(), "["+one+"]", "["+one+","+one+"]", "["+strings.Replace(one, "bounce", "spamreport", 1)+",{}]", "["+strings.Replace(one, "ana@", "bo@", 1)+"]",
		"["+eventOf("second", "unsubscribe")+"]", `[{"event":"open","message_id":"default.x-1-0","timestamp":1e308}]`, "["+strings.Replace(one, `"timestamp":`, `"timestamp":-`, 1)+"]",
	) {
		f.Add([]byte(body))
	}
	s := openEvents(f, "default")
	verifier, store := s.Events, s.Service.Stores["default"]
	bo, other := recovery.ShopperKey(store.IDKey, "default", "bo@example.net"), recovery.ShopperKey(nil, "second", "ana@example.net")
	f.Fuzz(func(t *testing.T, body []byte) {
		s := &sendGrid{shop: open(), keys: s.keys}
		s.Events = verifier
		s.post("/checkout", "key", `{"checkout_id":"c1","email":"ana@example.net"}`)
		before := s.db.Checkouts()
		s.lines.Reset()
		w := s.serve(s.request("default", string(body)))
		if lines := s.take(); strings.Count(lines, "\n") != 1 || !harmless.MatchString(lines) {
			t.Errorf("the log holds more than one line of words and hashes: %s", lines)
		}
		var list []json.RawMessage
		isArray := json.Unmarshal(body, &list) == nil && list != nil
		if isArray && w.Code != http.StatusOK || !isArray && w.Code != http.StatusBadRequest {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
		if !strings.Contains(string(body), `bo@`) && s.db.Suppression("default", bo) != nil || s.db.Suppression("second", other) != nil {
			t.Errorf("a shopper is suppressed whom the events do not name: %s", body)
		}
		if !isArray {
			if diff := cmp.Diff(before, s.db.Checkouts()); diff != "" {
				t.Errorf("refused, and stored (-before +after):\n%s", diff)
			}
		}
	})
}
