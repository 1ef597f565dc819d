// Package gcplog writes slog records as Cloud Logging reads them: one line of JSON
// each, with severity, message and time under the names that it knows, and the
// request's trace, so that the lines of one request are shown together
// (https://cloud.google.com/logging/docs/structured-logging).
package gcplog

import (
	"context"
	"io"
	"log/slog"
	"slices"
)

// New is a logger that writes records of at least level to w, one line each.
func New(w io.Writer, level slog.Leveler) *slog.Logger {
	base := slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: rename})
	return slog.New(&handler{base: base, built: base})
}

type traceKey struct{}

// WithTrace is ctx with the trace that every line logged with it carries. Without
// a project or a trace ID it is ctx itself.
func WithTrace(ctx context.Context, project, traceID string) context.Context {
	if project == "" || traceID == "" {
		return ctx
	}
	return context.WithValue(ctx, traceKey{}, "projects/"+project+"/traces/"+traceID)
}

// handler adds the trace at the top level of a line. Inside an open group Cloud
// Logging would not find it, so the trace goes in first, and what With and
// WithGroup added is repeated after it.
type handler struct {
	base  slog.Handler                      // nothing added
	added []func(slog.Handler) slog.Handler // by With and WithGroup, in order
	built slog.Handler                      // base with all that was added, for lines without a trace
}

func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.base.Enabled(ctx, level)
}

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	trace, ok := ctx.Value(traceKey{}).(string)
	if !ok {
		return h.built.Handle(ctx, r)
	}
	next := h.base.WithAttrs([]slog.Attr{slog.String("logging.googleapis.com/trace", trace)})
	for _, add := range h.added {
		next = add(next)
	}
	return next.Handle(ctx, r)
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.with(func(next slog.Handler) slog.Handler { return next.WithAttrs(attrs) })
}

func (h *handler) WithGroup(name string) slog.Handler {
	return h.with(func(next slog.Handler) slog.Handler { return next.WithGroup(name) })
}

func (h *handler) with(add func(slog.Handler) slog.Handler) slog.Handler {
	// Cloned, since two loggers made from one must not write into each other's list.
	return &handler{base: h.base, added: append(slices.Clone(h.added), add), built: add(h.built)}
}

// rename gives slog's own keys the names and forms that Cloud Logging reads.
func rename(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.MessageKey:
		a.Key = "message"
	case slog.TimeKey:
		if a.Value.Kind() == slog.KindTime {
			a.Value = slog.TimeValue(a.Value.Time().UTC())
		}
	case slog.LevelKey:
		if level, ok := a.Value.Any().(slog.Level); ok {
			a = slog.String("severity", severity(level))
		}
	}
	return a
}

// severity is Cloud Logging's name of a level; slog's WARN is none of them.
func severity(level slog.Level) string {
	switch {
	case level < slog.LevelInfo:
		return "DEBUG"
	case level < slog.LevelWarn:
		return "INFO"
	case level < slog.LevelError:
		return "WARNING"
	}
	return "ERROR"
}
