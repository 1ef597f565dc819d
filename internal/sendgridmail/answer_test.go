package sendgridmail

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// noon is what the clock says in these tests: Unix time 1795521600.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// answering starts a server that always gives the same answer.
func answering(t *testing.T, status int, body string, header ...string) *Mailer {
	t.Helper()
	return sendingTo(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
}

func sendingTo(t *testing.T, h http.Handler) *Mailer {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return toHost(server.URL)
}

func toHost(host string) *Mailer {
	return New(map[string]Account{"default": {Key: "SG.key", Host: host}}, func() time.Time { return noon })
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	const body = `{"errors":[{"message":"Does not look like <ana.lima@example.net>.","field":"personalizations.0.to","help":null},{"message":"second","field":null}]}`
	for _, c := range []struct {
		status int
		kind   error
		detail string
	}{
		{400, recovery.ErrRejected, "400 Bad Request: personalizations.0.to: Does not look like <[address]>."},
		{401, recovery.ErrDeployment, "401 Unauthorized: "},
		{403, recovery.ErrDeployment, "403 Forbidden: "},
		{404, recovery.ErrDeployment, "404 Not Found: "},
		{405, recovery.ErrDeployment, "405 Method Not Allowed: "},
		{413, recovery.ErrRejected, "413 Request Entity Too Large: "},
		{408, recovery.ErrOverload, "408 Request Timeout: "},
		{415, recovery.ErrDeployment, "415 Unsupported Media Type: "},
		{421, recovery.ErrOverload, "421 Misdirected Request: "},
		{422, recovery.ErrRejected, "422 Unprocessable Entity: "},
		{429, recovery.ErrOverload, "429 Too Many Requests: "},
		{500, recovery.ErrUnknown, "500 Internal Server Error: "},
		{501, recovery.ErrUnknown, "501 Not Implemented: "},
		{502, recovery.ErrUnknown, "502 Bad Gateway: "},
		{503, recovery.ErrOverload, "503 Service Unavailable: "},
		{504, recovery.ErrUnknown, "504 Gateway Timeout: "},
		{301, recovery.ErrDeployment, "301 Moved Permanently: "},
		{599, recovery.ErrUnknown, "599: "},
	} {
		_, err := answering(t, c.status, body).Send(t.Context(), example())
		e := sendError(t, err)
		if e.Kind != c.kind || !strings.HasPrefix(e.Detail, c.detail) || e.RetryAfter != 0 {
			t.Errorf("%d: got %v (retry after %v), want %v: %s…", c.status, e, e.RetryAfter, c.kind, c.detail)
		}
	}
}

func TestAccepted(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 202} {
		id, err := answering(t, status, "", "X-Message-Id", "abc").Send(t.Context(), example())
		if id != "abc" || err != nil {
			t.Errorf("%d: got %q, %v; want abc", status, id, err)
		}
	}
}

// A status that came counts, even if the body behind it breaks off.
func TestAnswerThatBreaksOff(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		want   error
	}{{202, nil}, {400, recovery.ErrRejected}, {500, recovery.ErrUnknown}} {
		m := sendingTo(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(`{"err`))
		}))
		if _, err := m.Send(t.Context(), example()); !errors.Is(err, c.want) {
			t.Errorf("%d: got %v, want %v", c.status, err, c.want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		header []string
		want   time.Duration
	}{
		{"nothing", nil, 0},
		{"seconds", []string{"Retry-After", "7"}, 7 * time.Second},
		{"zero seconds", []string{"Retry-After", "0"}, time.Second},
		{"a day", []string{"Retry-After", "86400"}, 10 * time.Minute},
		{"a date", []string{"Retry-After", "Tue, 24 Nov 2026 12:00:30 GMT"}, 30 * time.Second},
		{"a date that is past", []string{"Retry-After", "Tue, 24 Nov 2026 11:00:30 GMT"}, time.Second},
		{"reset", []string{"X-RateLimit-Reset", "1795521642"}, 42 * time.Second},
		{"reset that is past", []string{"X-RateLimit-Reset", "1795521000"}, time.Second},
		{"reset far ahead", []string{"X-RateLimit-Reset", "4102444800"}, 10 * time.Minute},
		{"Retry-After before reset", []string{"Retry-After", "5", "X-RateLimit-Reset", "1795521642"}, 5 * time.Second},
		{"reset after an odd Retry-After", []string{"Retry-After", "soon", "X-RateLimit-Reset", "1795521642"}, 42 * time.Second},
		{"nonsense", []string{"Retry-After", "-3", "X-RateLimit-Reset", "soon"}, 0},
		{"beyond all time", []string{"X-RateLimit-Reset", "9223372036854775807"}, 0},
	} {
		for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
			_, err := answering(t, status, "", c.header...).Send(t.Context(), example())
			if e := sendError(t, err); e.RetryAfter != c.want {
				t.Errorf("%s, %d: wait %v, want %v", c.name, status, e.RetryAfter, c.want)
			}
		}
	}
}

func TestDetail(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, body, want string }{
		{"no body", "", "400 Bad Request"},
		{"not JSON", "<html>ana.lima@example.net</html>", "400 Bad Request"},
		{"no errors", `{"errors":[]}`, "400 Bad Request"},
		{"null field", `{"errors":[{"message":"Bad","field":null}]}`, "400 Bad Request: Bad"},
		{"addresses", `{"errors":[{"message":"a.b+c@example.net,\"d@e.example\";f@g"}]}`, `400 Bad Request: [address],"[address]";[address]`},
		{"lines", `{"errors":[{"message":"one\r\ntwo"}]}`, "400 Bad Request: one  two"},
		{"long", `{"errors":[{"message":"` + strings.Repeat("é", 300) + `"}]}`, "400 Bad Request: " + strings.Repeat("é", 182) + "…"},
	} {
		_, err := answering(t, http.StatusBadRequest, c.body).Send(t.Context(), example())
		got := sendError(t, err).Detail
		if diff := cmp.Diff(c.want, got); diff != "" || utf8.RuneCountInString(got) > 200 {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func sendError(t *testing.T, err error) *recovery.SendError {
	t.Helper()
	var e *recovery.SendError
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a *recovery.SendError", err)
	}
	return e
}
