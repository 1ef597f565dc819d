package functions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"

	"github.com/comeback-checkout/comeback/internal/app"
	"github.com/comeback-checkout/comeback/internal/gcplog"
)

// Deadlines and body limits. A run of a reminder waits up to 5 s, claims within 8 s,
// sends within 10 s and records within 5 s, below the dispatch deadline of 30 s.
const (
	callerDeadline = 8 * time.Second
	taskDeadline   = 29 * time.Second
	// Shopify waits 5 s at most.
	shopifyDeadline = 4 * time.Second

	callerLimit  = 256 << 10
	taskLimit    = 32 << 10
	webhookLimit = 8 << 20
	linkLimit    = 16 << 10
)

// endpoint is one function.
type endpoint struct {
	name     string
	paths    []string // local paths, each answered under any prefix too
	deadline time.Duration
	limit    int64
	// methods are those that it answers; nil for POST alone.
	methods []string
	// token says that a segment follows the path, which says who may do what.
	token bool
	// serve answers a request. The body is within the limit and, unless it is read raw, of
	// valid UTF-8.
	serve func(ctx context.Context, a *app.App, r *request) (response, error)
	// task says that Cloud Tasks or Cloud Scheduler calls, whose reading of a
	// status is another than a person's.
	task bool
	// outside says that somebody beyond Comeback calls, whose silence is measured: an
	// accepted call leaves a mark, and Sweep reads the marks.
	outside bool
}

type request struct {
	*http.Request
	function string                 // its name
	auth     string                 // the Authorization header
	body     func() ([]byte, error) // reads the body, after the caller is known
	raw      func() ([]byte, error) // reads it as it came, of a caller who is known by it
	store    string                 // for the log line: set as soon as it is known
}

type response struct {
	status int
	body   any
	// header, if there is one, stands for an answer to a person: it goes with the page, and
	// both stand also beside an error, which then gives the status alone.
	header http.Header
	page   []byte
	// outcome is the word for the request's log line; attrs stand beside it.
	outcome string
	attrs   []any
	// level is how loudly the line is logged at least, where there is no error.
	level slog.Level
}

// handler wraps the endpoint: method, app, deadline, answer and log line.
func (e endpoint) handler(get func(context.Context) (*app.App, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		ctx, cancel := context.WithTimeout(r.Context(), e.deadline)
		defer cancel()
		a, err := get(ctx)
		if err != nil {
			startLog.ErrorContext(ctx, "cannot start", "function", e.name, "error", err)
			writeError(w, &requestError{
				status: http.StatusInternalServerError, code: "not_configured",
				message: "the service cannot start; its log says why", retryAfter: defaultRetryAfter,
			})
			return
		}
		limit := e.deadlineIn(a)
		if limit != e.deadline {
			ctx, cancel = context.WithDeadline(r.Context(), start.Add(limit))
			defer cancel()
		}
		// A body that dribbles in is cut off too; a recorder in a test cannot. Without a body
		// the server reads on already, and would take the deadline for the connection's end:
		// every later request on it would come with a context that has ended.
		if r.Body != http.NoBody {
			_ = http.NewResponseController(w).SetReadDeadline(start.Add(limit))
		}
		ctx = gcplog.WithTrace(ctx, a.Project, funcframework.TraceIDFromContext(ctx))
		req := e.request(w, r)
		res, err := e.answer(ctx, a, w, req)
		switch {
		case res.header != nil:
			res.status = e.writePage(w, res, err)
		case err != nil:
			res.status = e.fail(w, err)
		default:
			writeJSON(w, res.status, res.body)
		}
		e.log(ctx, a.Log, req, res, err, time.Since(start))
	}
}

func (e endpoint) request(w http.ResponseWriter, r *http.Request) *request {
	limit := e.limit // or the closures would keep a copy of e
	return &request{
		Request: r, function: e.name, auth: r.Header.Get("Authorization"),
		body: func() ([]byte, error) { return readBody(w, r, limit) },
		raw:  func() ([]byte, error) { return readRaw(w, r, limit) },
	}
}

func (e endpoint) deadlineIn(a *app.App) time.Duration {
	if !e.task && a.CallerDeadline > 0 {
		return a.CallerDeadline
	}
	return e.deadline
}

func (e endpoint) answer(ctx context.Context, a *app.App, w http.ResponseWriter, r *request) (response, error) {
	methods := e.methods
	if methods == nil {
		methods = []string{http.MethodPost}
	}
	if !slices.Contains(methods, r.Method) {
		allowed := strings.Join(methods, ", ")
		w.Header().Set("Allow", allowed)
		return response{}, &requestError{status: http.StatusMethodNotAllowed, code: "method_not_allowed", message: "use " + allowed}
	}
	return e.serve(ctx, a, r)
}

// readBody reads one JSON text: the right type, not too large, valid UTF-8 (which
// encoding/json would mend silently).
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if err := checkContentType(r.Header); err != nil {
		return nil, err
	}
	body, err := readRaw(w, r, limit)
	if err == nil && !utf8.Valid(body) {
		err = invalid("", "the body is not valid UTF-8")
	}
	return body, err
}

// readRaw reads a body that is not too large.
func readRaw(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	body, err := readAll(http.MaxBytesReader(w, r.Body, limit), r.ContentLength)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &requestError{status: http.StatusRequestEntityTooLarge, code: "too_large", message: "the body is larger than " + strconv.FormatInt(limit>>10, 10) + " KiB"}
	case err != nil: // it came too slowly, or was cut off: nothing final can be said of it
		return nil, fmt.Errorf("%w: read the body: %w", errIncomplete, err)
	}
	return body, nil
}

// readAll reads a body of the length, or of any where it is not said: -1. Room for it is
// made at once, but what a caller says of it is not believed far.
func readAll(r io.Reader, length int64) ([]byte, error) {
	if length < 0 || length > callerLimit {
		return io.ReadAll(r)
	}
	body := make([]byte, length)
	_, err := io.ReadFull(r, body)
	return body, err
}

// errUnsupported says that the body is no JSON by its own account.
var errUnsupported = &requestError{status: http.StatusUnsupportedMediaType, code: "unsupported_media_type", message: "send JSON: Content-Type: application/json, UTF-8, not compressed"}

// checkContentType refuses what is plainly not JSON. A missing type and the one that
// curl -d sends are let through: the body decides.
func checkContentType(h http.Header) error {
	if enc := h.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return errUnsupported
	}
	content := h.Get("Content-Type")
	if content == "" || content == "application/json" {
		return nil
	}
	kind, params, err := mime.ParseMediaType(content)
	if err != nil {
		return errUnsupported
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return errUnsupported
	}
	switch {
	case kind == "application/json", kind == "text/json", kind == "text/plain", strings.HasSuffix(kind, "+json"),
		kind == "application/x-www-form-urlencoded", kind == "application/octet-stream":
		return nil
	}
	return errUnsupported
}

// fail answers an error and returns the status.
func (e endpoint) fail(w http.ResponseWriter, err error) int {
	re := e.statusOf(err)
	writeError(w, re)
	return re.status
}

// log writes the request's one line, whose fields docs/logs.md lists: metrics and
// alerts are made of them.
func (e endpoint) log(ctx context.Context, log *slog.Logger, r *request, res response, err error, took time.Duration) {
	level := res.level
	if err != nil {
		level = max(level, e.levelOf(err))
	}
	if !log.Enabled(ctx, level) {
		return
	}
	attrs := []any{"function", e.name, "status", res.status, "latency_ms", took.Milliseconds()}
	if r.store != "" {
		attrs = append(attrs, "store", r.store)
	}
	if res.outcome != "" {
		attrs = append(attrs, "outcome", res.outcome)
	}
	attrs = append(attrs, res.attrs...)
	if name := r.Header.Get("X-CloudTasks-TaskName"); e.task && name != "" {
		attrs = append(attrs, "task", short(name), "retry", short(r.Header.Get("X-CloudTasks-TaskRetryCount")))
	}
	var re *requestError
	switch {
	case errors.As(err, &re): // its message may repeat what the caller sent
		attrs = append(attrs, "error", re.code, "field", re.field)
	case err != nil:
		attrs = append(attrs, "error", err.Error())
	}
	log.Log(ctx, level, "request", attrs...)
}

// short is a header's value, cut to what Cloud Tasks sends at most: anybody may call.
func short(value string) string { return value[:min(len(value), 500)] }

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(body) // the caller is gone: nobody is left to tell
}
