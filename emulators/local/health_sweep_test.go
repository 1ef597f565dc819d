package main

import (
	"net/http"
	"testing"
	"time"
)

// wantHealth asks the console, and wants the figures.
func (w *world) wantHealth(what string, want body) {
	w.t.Helper()
	got := w.console(http.StatusOK, http.MethodGet, "/api/health", "").Body
	for name, value := range want {
		if got[name] != value {
			w.t.Errorf("%s: %s is %v, want %v", what, name, got[name], value)
		}
	}
}

// Health tells what the sweep did, how overdue the first was that it found, and when it
// last ran.
func TestHealthOfSweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.advance(10 * time.Minute)
	w.wantHealth("nothing to do", body{"sweeps": 0.0, "failed": 0.0, "checkouts": 0.0, "last_sweep": nil, "last_sweep_ago_s": nil, "lag_ms": 0.0})
	got := w.console(http.StatusOK, http.MethodGet, "/api/health", "").Body
	if left, _ := got["left_out"].(float64); left < 9 || got["last_minute"] == nil {
		t.Errorf("%v minutes were left out, the last at %v; want ten or so", left, got["last_minute"])
	}

	// Due at 18:00:00, to be looked at at 18:00:30, found by the sweep of 18:01.
	w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	w.console(http.StatusNoContent, http.MethodPost, "/api/queues/purge", "")
	w.advance(22 * time.Minute)
	w.wantMails(ana)
	w.wantHealth("one was overdue", body{
		"sweeps": 1.0, "failed": 0.0, "checkouts": 1.0, "enqueued": 1.0, "pages": 1.0, "more": false,
		"last_status": 200.0, "last_error": nil, "last_checkouts": 1.0, "last_enqueued": 1.0,
	})
	got = w.console(http.StatusOK, http.MethodGet, "/api/health", "").Body
	if lag, _ := got["lag_ms"].(float64); lag < 30_000 || lag > 90_000 || got["max_lag_ms"] != lag {
		t.Errorf("lag_ms is %v and max_lag_ms %v, want half a minute of both", lag, got["max_lag_ms"])
	}
	if ago, _ := got["last_sweep_ago_s"].(float64); ago < 55 || ago > 120 {
		t.Errorf("the last sweep was %v s ago, want a minute", ago)
	}
}

// A sweep that fails is told, with its error, and the figures of the last one that was
// done stay.
func TestHealthOfFailedSweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	w.console(http.StatusNoContent, http.MethodPost, "/api/queues/purge", "")
	w.fault("cloudtasks", "unavailable", 1)
	w.advance(31*time.Minute + 15*time.Second)
	w.wantHealth("the queue is away", body{"failed": 1.0, "last_status": 503.0, "enqueued": 0.0, "lag_ms": 0.0})
	if text, _ := w.console(http.StatusOK, http.MethodGet, "/api/health", "").Body["last_error"].(string); text == "" {
		t.Error("no error is told")
	}
	w.heal()
	w.advance(2 * time.Minute)
	w.wantMails(ana)
	w.wantHealth("it is back", body{"last_status": 200.0, "last_error": nil, "enqueued": 1.0})
}
