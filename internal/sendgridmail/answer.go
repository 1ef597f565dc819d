package sendgridmail

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/sendgrid/rest"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// judge says what an answer means for the mail; nil if SendGrid took it. 400, 413 and
// 422 are about this mail; other refusals are about us, and would meet every mail.
// A 5xx other than 503 does not say whether it was taken.
func (s *Mailer) judge(r *rest.Response) *recovery.SendError {
	e := &recovery.SendError{Detail: detail(r)}
	switch code := r.StatusCode; {
	case code >= 200 && code < 300: // 202, or 200 in the sandbox
		return nil
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable,
		code == http.StatusRequestTimeout, code == http.StatusMisdirectedRequest, code == http.StatusTooEarly:
		e.Kind, e.RetryAfter = recovery.ErrOverload, retryAfter(http.Header(r.Headers), s.now())
	case code == http.StatusBadRequest, code == http.StatusRequestEntityTooLarge, code == http.StatusUnprocessableEntity:
		e.Kind = recovery.ErrRejected
	case code >= 300 && code < 500: // 3xx: a wrong host
		e.Kind = recovery.ErrDeployment
	default:
		e.Kind = recovery.ErrUnknown
	}
	return e
}

// lost says what a request without an answer means: before there was a connection
// no byte was written, afterwards SendGrid may have taken the mail.
func lost(err error, connected bool) *recovery.SendError {
	if connected {
		return &recovery.SendError{Kind: recovery.ErrUnknown, Detail: presentable("no answer: " + err.Error())}
	}
	return &recovery.SendError{Kind: recovery.ErrOverload, Detail: presentable("no connection: " + err.Error())}
}

// The waits that we obey: less is no wait, and more than 10 min is a faulty clock,
// since SendGrid's limits are per minute.
const (
	minWait = time.Second
	maxWait = 10 * time.Minute
)

// retryAfter is how long SendGrid asks us to wait; 0 if it does not say.
// X-RateLimit-Reset (an epoch second) is what it documents; Retry-After (seconds,
// or a date) is what proxies in front of it send.
func retryAfter(h http.Header, now time.Time) time.Duration {
	after, reset := h.Get("Retry-After"), h.Get("X-RateLimit-Reset")
	var wait time.Duration
	if seconds, err := strconv.ParseUint(after, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(after); err == nil {
		wait = at.Sub(now)
	} else if at, err := strconv.ParseUint(reset, 10, 40); err == nil {
		wait = time.Unix(int64(at), 0).Sub(now)
	} else {
		return 0
	}
	return min(max(wait, minWait), maxWait)
}

// detail is the status and SendGrid's first message.
func detail(r *rest.Response) string {
	status := strings.TrimSpace(fmt.Sprintf("%d %s", r.StatusCode, http.StatusText(r.StatusCode)))
	var body struct {
		Errors []struct{ Message, Field string }
	}
	if err := json.Unmarshal([]byte(r.Body), &body); err != nil || len(body.Errors) == 0 {
		return status
	}
	e := body.Errors[0]
	if e.Field != "" {
		return presentable(fmt.Sprintf("%s: %s: %s", status, e.Field, e.Message))
	}
	return presentable(status + ": " + e.Message)
}

const maxDetail = 200 // characters

var addresses = regexp.MustCompile(`[^\s<>"'(),:;\[\]]+@[^\s<>"'(),:;\[\]]+`)

// presentable makes a message fit to be stored and logged: one line, not long, and
// no e-mail address in it.
func presentable(s string) string {
	s = oneLine(addresses.ReplaceAllString(s, "[address]"))
	if runes := []rune(s); len(runes) > maxDetail {
		return string(runes[:maxDetail-1]) + "…"
	}
	return s
}
