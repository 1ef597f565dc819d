package functions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/comeback-checkout/comeback/internal/callerauth"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// requestError is an answer other than success: a status, a code for programs, a
// message for people, and the field of the request that is at fault, if one is.
type requestError struct {
	status               int
	code, message, field string
	retryAfter           time.Duration
}

func (e *requestError) Error() string {
	if e.field != "" {
		return e.field + ": " + e.message
	}
	return e.message
}

// errIncomplete says that a request did not come whole.
var errIncomplete = errors.New("the request is incomplete")

func invalid(field, format string, args ...any) *requestError {
	return &requestError{status: http.StatusBadRequest, code: "invalid", message: fmt.Sprintf(format, args...), field: field}
}

// defaultRetryAfter is what a 503 asks for where the cause does not say.
const defaultRetryAfter = 5 * time.Second

// statusOf is the one place where an error becomes a status. Callers repeat a 5xx;
// Cloud Tasks repeats everything but 2xx, and slows the whole queue on 503, which is
// therefore kept for services that are overloaded or away.
func (e endpoint) statusOf(err error) *requestError {
	var re *requestError
	switch {
	case errors.As(err, &re):
		return re
	case errors.Is(err, callerauth.ErrUnauthorized):
		message := err.Error()
		if e.task { // what a token should hold is nobody's business
			message = callerauth.ErrUnauthorized.Error()
		}
		return &requestError{status: http.StatusUnauthorized, code: "unauthorized", message: message}
	case errors.Is(err, callerauth.ErrNoEventsKey):
		return &requestError{status: http.StatusServiceUnavailable, code: "not_configured", message: err.Error(), retryAfter: time.Hour}
	case errors.Is(err, recovery.ErrBusy):
		return &requestError{status: http.StatusConflict, code: "busy", message: err.Error()}
	case errors.Is(err, recovery.ErrEarly):
		return &requestError{status: http.StatusTooEarly, code: "too_early", message: err.Error()}
	case overloaded(err), !e.task && errors.Is(err, recovery.ErrConflict):
		return &requestError{
			status: http.StatusServiceUnavailable, code: "unavailable",
			message: "not done; send it again", retryAfter: retryAfter(err),
		}
	}
	return &requestError{status: http.StatusInternalServerError, code: "internal", message: "not done; send it again later"}
}

func overloaded(err error) bool {
	return errors.Is(err, recovery.ErrOverload) || errors.Is(err, errIncomplete) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

func retryAfter(err error) time.Duration {
	var se *recovery.SendError
	if errors.As(err, &se) && se.RetryAfter > 0 {
		return se.RetryAfter
	}
	return defaultRetryAfter
}

// levelOf is how loudly an error is logged: what asks for the task again is normal,
// what a caller did wrong is the caller's, the rest wants a person.
func (e endpoint) levelOf(err error) slog.Level {
	switch status := e.statusOf(err).status; {
	case status == http.StatusConflict, status == http.StatusTooEarly:
		return slog.LevelInfo
	case errors.Is(err, callerauth.ErrNoEventsKey): // allowed; and anybody may post
		return slog.LevelWarn
	case status >= 500 && !overloaded(err):
		return slog.LevelError
	}
	return slog.LevelWarn
}

func writeError(w http.ResponseWriter, e *requestError) {
	if e.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(e.retryAfter.Seconds()))))
	}
	if e.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	type body struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Field   string `json:"field,omitempty"`
	}
	writeJSON(w, e.status, map[string]body{"error": {e.code, e.message, e.field}})
}
