package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/comeback-checkout/comeback/internal/gcplog"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// logBuffer takes lines from many requests at once.
type logBuffer struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

// withLog keeps the functions' lines as Cloud Logging would get them.
func withLog(b *logBuffer) func(*Options) {
	return func(o *Options) { o.Log = gcplog.New(b, slog.LevelInfo) }
}

// lines are the lines with the message, of the function if one is named, each cut to
// the fields.
func (b *logBuffer) lines(t *testing.T, message, function string, fields ...string) []body {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []body
	for line := range strings.Lines(b.all.String()) {
		var whole body
		if err := json.Unmarshal([]byte(line), &whole); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if whole["message"] != message || function != "" && whole["function"] != function {
			continue
		}
		cut := body{}
		for _, f := range fields {
			if v, ok := whole[f]; ok {
				cut[f] = v
			}
		}
		list = append(list, cut)
	}
	return list
}

func (w *world) wantLines(what string, got []body, want ...body) {
	w.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// The lines of Remind's runs, each of which tells what an alert wants to know.
func TestRemindsLines(t *testing.T) {
	t.Parallel()
	var log logBuffer
	w := newWorld(t, withLog(&log))
	w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	w.SendGrid.Answer(http.StatusServiceUnavailable)
	w.advance(time.Hour)
	w.SendGrid.Answer(http.StatusBadRequest)
	w.advance(24 * time.Hour)
	w.post(http.StatusOK, orderPath, sample(t, "order.json"))
	w.post(http.StatusCreated, checkoutPath, `{"checkout_id":"b","email":"bo@example.net"}`)
	w.fault("sendgrid", "accept_then_drop", 1)
	w.advance(30 * time.Minute)

	got := log.lines(t, "request", "Remind", "severity", "store", "status", "outcome", "state", "reason", "mail", "late_ms")
	for _, line := range got {
		if late, ok := line["late_ms"].(float64); !ok || late < 0 {
			t.Errorf("late_ms is %v, want a number that is not negative: %v", line["late_ms"], line)
		}
		delete(line, "late_ms")
	}
	w.wantLines(
		"Remind", got,
		body{"severity": "WARNING", "store": "default", "status": 503.0, "outcome": "send", "state": "scheduled", "mail": "overload"},
		body{"severity": "INFO", "store": "default", "status": 200.0, "outcome": "send", "state": "sent", "mail": "accepted"},
		body{"severity": "ERROR", "store": "default", "status": 200.0, "outcome": "send", "state": "failed", "reason": "rejected", "mail": "rejected"},
		body{"severity": "WARNING", "store": "default", "status": 200.0, "outcome": "send", "state": "unknown", "mail": "unknown"},
	)
}

// Calls leave marks in Firestore, and a sweep tells how long each caller has been
// silent: also one by another store's name, and none that was refused.
func TestSilencesAreTold(t *testing.T) {
	t.Parallel()
	var log logBuffer
	w := newWorld(t, withLog(&log), func(o *Options) { o.NoSweep = true })
	w.post(http.StatusUnauthorized, orderPath, sample(t, "order.json"), "Authorization", "Bearer guessed")
	w.post(http.StatusBadRequest, orderPath, `{}`)
	w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	from := recovery.Source{Store: "default", Name: "Checkout"}
	heard, err := w.App.Service.DB.LastHeard(t.Context(), []recovery.Source{from, {Store: "default", Name: "Order"}})
	if err != nil {
		t.Fatal(err)
	}
	if at, ok := heard[from]; !ok || len(heard) != 1 || at.Before(abandonedAt) {
		t.Fatalf("the marks are %v, want Checkout's alone, not before %v", heard, abandonedAt)
	}
	w.advance(2 * time.Hour)
	w.post(http.StatusOK, orderPath, sample(t, "order.json"))

	token, err := w.Tasks.Token(w.Config.Env.SchedulerAccount, w.Config.Env.SweepURL)
	if err != nil {
		t.Fatal(err)
	}
	w.post(http.StatusOK, "/tasks/sweep", "", "Authorization", "Bearer "+token)
	got := log.lines(t, "heard", "", "severity", "store", "source", "silent_ms")
	silent := map[any]time.Duration{}
	for _, line := range got {
		ms, _ := line["silent_ms"].(float64)
		silent[line["source"]] = time.Duration(ms) * time.Millisecond
		delete(line, "silent_ms")
	}
	w.wantLines(
		"heard", got,
		body{"severity": "INFO", "store": "default", "source": "Checkout"},
		body{"severity": "INFO", "store": "default", "source": "Order"},
		body{"severity": "INFO", "store": "default", "source": "SendGridEvents"},
	)
	if silent["Checkout"] < 2*time.Hour || silent["Order"] >= 2*time.Hour {
		t.Errorf("silent for %v, want Checkout for two hours and Order for less", silent)
	}
}

// A sweep without marks to be read does its work, and says what is wrong.
func TestSweepWithoutMarks(t *testing.T) {
	t.Parallel()
	var log logBuffer
	w := newWorld(t, withLog(&log), func(o *Options) { o.NoSweep = true })
	w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	w.App.Service.DB = deafDB{w.App.Service.DB}
	token, err := w.Tasks.Token(w.Config.Env.SchedulerAccount, w.Config.Env.SweepURL)
	if err != nil {
		t.Fatal(err)
	}
	w.post(http.StatusOK, "/tasks/sweep", "", "Authorization", "Bearer "+token)
	w.wantLines("the sweep", log.lines(t, "request", "Sweep", "severity", "status", "outcome"), body{"severity": "INFO", "status": 200.0, "outcome": "swept"})
	w.wantLines("its complaint", log.lines(t, "silence of callers not measured", "", "severity"), body{"severity": "WARNING"})
}

// deafDB cannot read marks.
type deafDB struct{ recovery.DB }

func (deafDB) LastHeard(context.Context, []recovery.Source) (map[recovery.Source]time.Time, error) {
	return nil, recovery.ErrOverload
}
