package console

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/emulators/sendgrid"
)

// still is a clock, a mailbox and a part to break that only note what they are told.
type still struct {
	now   time.Time
	fault *Fault
}

func (s *still) Now() time.Time { return s.now }

func (s *still) Advance(_ context.Context, target time.Time) error {
	s.now = target
	return nil
}

func (s *still) Messages() []sendgrid.Message { return nil }
func (s *still) Delete() error                { return nil }

func (s *still) Event(string, string, map[string]any) error { return sendgrid.ErrNoEvent }

func (s *still) SetFault(f Fault) error {
	s.fault = &f
	return nil
}

func (s *still) Heal() { s.fault = nil }

// FuzzAPI looks for a request that is neither refused by a 400 nor within the limits.
func FuzzAPI(f *testing.F) {
	paths := []string{"/api/clock", "/api/faults", "/api/messages/x/events"}
	for i := range paths {
		for _, body := range []string{
			`{"advance":"1d12h"}`, `{"advance":"-1d"}`, `{"advance":"99999d2562047h"}`, `{"advance":"9223372036854775807ns"}`, `{"set":"2026-11-23T10:00:00Z"}`,
			`{"set":"9999-12-31T23:59:59Z"}`, `{"advance":"1h","set":null}`, `{"target":"sendgrid","mode":"slow","rate":1e-300,"latency":"1d"}`,
			`{"target":"sendgrid","mode":"unavailable","rate":1e999}`, `{"target":"sendgrid","mode":"slow","latency":"-99999d2562047h"}`, `{"event":"click","url":{}}`, `{"event":7}`,
			`{}{}`, `null`, `[]`, ``, `{"advance":1}`, strings.Repeat(`{"a":`, 11_000), "{\"advance\":\"\xff\"}",
		} {
			f.Add(uint8(i), []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, path uint8, body []byte) {
		now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
		s := &still{now: now}
		c := New(Options{Clock: s, Mailbox: s, Faults: map[string]Breakable{"sendgrid": s}})
		r := httptest.NewRequest(http.MethodPost, paths[int(path)%len(paths)], strings.NewReader(string(body)))
		r.Host = "localhost"
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		var answer map[string]json.RawMessage
		isJSON := json.Unmarshal(w.Body.Bytes(), &answer) == nil
		switch w.Code {
		case http.StatusOK:
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
			if isJSON = isJSON && len(answer["error"]) > 0; s.now != now || s.fault != nil {
				t.Errorf("refused, and done: %s", body)
			}
		default:
			t.Errorf("got %d for %q", w.Code, body)
		}
		if !isJSON {
			t.Errorf("%d: got %s", w.Code, w.Body)
		}
		if d := s.now.Sub(now); d < 0 || d > farthest {
			t.Errorf("%s moved the clock by %v", body, d)
		}
		if s.fault != nil && (s.fault.Rate <= 0 || s.fault.Rate > 1 || s.fault.Latency < 0) {
			t.Errorf("%s made the fault %+v", body, *s.fault)
		}
	})
}
