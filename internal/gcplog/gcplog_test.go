package gcplog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/gcplog"
)

// write hands h a record of a fixed instant, in a zone that is not UTC.
func write(ctx context.Context, t *testing.T, h slog.Handler, level slog.Level, message string, args ...any) {
	t.Helper()
	at := time.Date(2026, 11, 22, 13, 30, 0, 123456789, time.FixedZone("BRT", -3*3600))
	r := slog.NewRecord(at, level, message, 0)
	r.Add(args...)
	if err := h.Handle(ctx, r); err != nil {
		t.Fatal(err)
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	traced := gcplog.WithTrace(t.Context(), "shop-1", "4bf92f35")
	const trace = `"logging.googleapis.com/trace":"projects/shop-1/traces/4bf92f35"`
	for _, tc := range []struct {
		name  string
		ctx   context.Context
		with  func(*slog.Logger) *slog.Logger
		level slog.Level
		args  []any
		want  string // from the severity on
	}{
		{name: "plain", args: []any{"task", "a-1-0"}, want: `"INFO","message":"request","task":"a-1-0"`},
		{name: "warning", level: slog.LevelWarn, want: `"WARNING","message":"request"`},
		{name: "between two levels", level: slog.LevelWarn + 1, want: `"WARNING","message":"request"`},
		{name: "error", level: slog.LevelError, args: []any{"error", errors.New("no")}, want: `"ERROR","message":"request","error":"no"`},
		{name: "debug", level: slog.LevelDebug, want: `"DEBUG","message":"request"`},
		{name: "trace", ctx: traced, args: []any{"status", 200}, want: `"INFO","message":"request",` + trace + `,"status":200`},
		{
			name: "trace after With", ctx: traced, args: []any{"status", 200},
			with: func(l *slog.Logger) *slog.Logger { return l.With("store", "default") },
			want: `"INFO","message":"request",` + trace + `,"store":"default","status":200`,
		},
		{
			name: "trace outside of a group", ctx: traced, args: []any{"level", 2},
			with: func(l *slog.Logger) *slog.Logger {
				return l.With("store", "default").WithGroup("http").With("msg", "x")
			},
			want: `"INFO","message":"request",` + trace + `,"store":"default","http":{"msg":"x","level":2}`,
		},
		{
			name: "no trace, group", args: []any{"status", 200},
			with: func(l *slog.Logger) *slog.Logger { return l.WithGroup("http") },
			want: `"INFO","message":"request","http":{"status":200}`,
		},
		{name: "no project", ctx: gcplog.WithTrace(t.Context(), "", "4bf92f35"), want: `"INFO","message":"request"`},
		{name: "no trace ID", ctx: gcplog.WithTrace(t.Context(), "shop-1", ""), want: `"INFO","message":"request"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			log := gcplog.New(&out, slog.LevelDebug)
			if tc.with != nil {
				log = tc.with(log)
			}
			ctx := tc.ctx
			if ctx == nil {
				ctx = t.Context()
			}
			write(ctx, t, log.Handler(), tc.level, "request", tc.args...)
			want := `{"time":"2026-11-22T16:30:00.123456789Z","severity":` + tc.want + "}\n"
			if out.String() != want {
				t.Errorf("got  %swant %s", out.String(), want)
			}
			if !json.Valid(out.Bytes()) {
				t.Error("not JSON")
			}
		})
	}
}

func TestLoggersFromOneDoNotMix(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	ctx := gcplog.WithTrace(t.Context(), "p", "t")
	parent := gcplog.New(&out, slog.LevelInfo).With("a", 1).With("b", 2).With("c", 3)
	one := parent.With("one", true)
	parent.With("two", true)
	one.InfoContext(ctx, "x")
	if got := out.String(); !bytes.Contains(out.Bytes(), []byte(`"one":true`)) || bytes.Contains(out.Bytes(), []byte("two")) {
		t.Errorf("got %s, want only the attributes of its own logger", got)
	}
}

func TestLevel(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	level := new(slog.LevelVar)
	log := gcplog.New(&out, level)
	log.Debug("x")
	if out.Len() > 0 {
		t.Errorf("a line below the level was written: %s", out.String())
	}
	level.Set(slog.LevelDebug)
	log.Debug("x")
	if out.Len() == 0 {
		t.Error("the level's change was not seen")
	}
}
