package sendgridmail

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sendgrid/rest"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// FuzzParseEvents looks for an event that names no message of ours, or is counted
// twice or not at all.
func FuzzParseEvents(f *testing.F) {
	id := recovery.MessageID("default", recovery.CheckoutKey("default", "c"), recovery.ReminderID{Generation: 1})
	for _, body := range []string{
		`[{"event":"delivered","email":"ana@example.net","timestamp":1795521600,"message_id":"` + id + `","sg_message_id":"abc.0"}]`,
		`[{"event":"open","message_id":"` + id + `","sg_machine_open":true,"timestamp":"1e400"},{"event":"click","message_id":"` + id + `","timestamp":-1}]`,
		`[{"event":"dropped","reason":"Bounced Address","message_id":"a/b.` + id + `"},null,7,[],{"event":["open"]}]`,
		`[{"Event":"bounce","MESSAGE_ID":"` + id + `"}]`, `[{"event":"open","event":"bounce","type":"bounce","message_id":"` + id + `"}]`,
		`[]`, `{}`, `null`, `[`, `[[[[`, "[{\"event\":\"\xff\"}]", `[{"message_id":"..-1-0"}]`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		events, ignored, err := ParseEvents(body)
		var list []json.RawMessage
		isArray := json.Unmarshal(body, &list) == nil && list != nil
		if isArray != (err == nil) || err != nil && !errors.Is(err, ErrNotEvents) || err == nil && len(events)+ignored != len(list) {
			t.Errorf("%d events, %d ignored of %d, %v", len(events), ignored, len(list), err)
		}
		for _, e := range events {
			id := recovery.MessageID(e.Store, e.Checkout, e.Reminder)
			if store, checkout, reminder, err := recovery.ParseMessageID(id); err != nil || store != e.Store || checkout != e.Checkout || reminder != e.Reminder {
				t.Errorf("the event is of message %q: %v", id, err)
			}
			if e.Kind == "" || strings.Contains(e.Provider, ".") || !e.At.IsZero() && (e.At.Before(time.Unix(0, 0)) || e.At != recovery.Instant(e.At)) {
				t.Errorf("got %+v", e)
			}
		}
	})
}

// FuzzAnswer looks for an answer of SendGrid's that is no outcome, asks for an
// endless wait, or whose words do not fit into a log.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{`{"errors":[{"message":"Bad: ana@example.net","field":"from\n"}]}`, `{"errors":[]}`, `{"errors":{}}`, "", "<html>", `{"errors":[{"message":"` + strings.Repeat("\u202e", 300) + `"}]}`} {
		for _, header := range []string{"", "7", "-1", "99999999999", "Tue, 24 Nov 2026 12:00:09 GMT", "1795521609", "1e9", "\x00"} {
			f.Add(429, body, header, header)
			f.Add(500, body, header, "")
		}
	}
	s := New(nil, func() time.Time { return noon })
	f.Fuzz(func(t *testing.T, code int, body, after, reset string) {
		header := map[string][]string{"Retry-After": {after}, http.CanonicalHeaderKey("X-RateLimit-Reset"): {reset}}
		e := s.judge(&rest.Response{StatusCode: code, Body: body, Headers: header})
		if accepted := code >= 200 && code < 300; accepted || e == nil {
			if !accepted || e != nil {
				t.Errorf("%d: got %v", code, e)
			}
			return
		}
		kinds := 0
		for _, kind := range []error{recovery.ErrOverload, recovery.ErrRejected, recovery.ErrDeployment, recovery.ErrUnknown} {
			if errors.Is(e, kind) {
				kinds++
			}
		}
		if kinds != 1 || e.RetryAfter < 0 || e.RetryAfter > maxWait || e.RetryAfter > 0 && e.RetryAfter < minWait {
			t.Errorf("%d: got %v, wait %v", code, e, e.RetryAfter)
		}
		text := e.Error()
		if strings.ContainsFunc(text, unicode.IsControl) || utf8.RuneCountInString(e.Detail) > maxDetail || addresses.MatchString(text) {
			t.Errorf("%d: the detail is %q", code, text)
		}
	})
}
