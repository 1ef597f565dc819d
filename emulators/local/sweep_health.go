package main

import "time"

// Health is what GET /api/health tells of the sweep.
type Health struct {
	Now        time.Time  `json:"now"`
	LastMinute *time.Time `json:"last_minute,omitempty"` // the last one that was swept or left out; nil before the first
	Sweeps     int        `json:"sweeps"`                // calls of Sweep
	LeftOut    int        `json:"left_out"`              // minutes whose sweep would have found nothing
	Failed     int        `json:"failed"`                // sweeps not answered 200

	LastSweep    *time.Time `json:"last_sweep,omitempty"`       // nil before the first
	LastSweepAgo *int64     `json:"last_sweep_ago_s,omitempty"` // whole seconds
	LastStatus   int        `json:"last_status,omitempty"`
	LastError    string     `json:"last_error,omitempty"`

	// Of the last sweep that was answered 200.
	LagMS         int64 `json:"lag_ms"` // how overdue the first was that it looked at
	More          bool  `json:"more"`   // it ran out of time: the next one goes on
	LastCheckouts int   `json:"last_checkouts"`
	LastEnqueued  int   `json:"last_enqueued"`

	// Of all sweeps together.
	Checkouts int   `json:"checkouts"` // that they looked at
	Enqueued  int   `json:"enqueued"`  // tasks that they made
	Pages     int   `json:"pages"`     // that they read
	MaxLagMS  int64 `json:"max_lag_ms"`
}

// leaveOut counts a minute whose sweep would have found nothing.
func (w *sweeper) leaveOut(minute time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.health.LeftOut++
	w.health.LastMinute = &minute
}

// note writes down how a sweep went, and how much real time it took.
func (w *sweeper) note(status int, result sweepResult, err error, took time.Duration) {
	now := w.s.Clock.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	h := &w.health
	h.Sweeps++
	h.LastMinute, h.LastSweep, h.LastStatus, h.LastError = &now, &now, status, ""
	if err != nil {
		h.Failed++
		h.LastError = err.Error()
		if w.broken() && took > slowFailure {
			w.lookFrom = now.Add(lookAgain)
		}
		return
	}
	h.LagMS, h.More, h.LastCheckouts, h.LastEnqueued = result.LagMS, result.More, result.Checkouts, result.Enqueued
	h.Checkouts += result.Checkouts
	h.Enqueued += result.Enqueued
	h.Pages += result.Pages
	h.MaxLagMS = max(h.MaxLagMS, result.LagMS)
}

// report is the health as it is now.
func (w *sweeper) report() Health {
	w.mu.Lock()
	defer w.mu.Unlock()
	h := w.health
	h.Now = w.s.Clock.Now()
	if h.LastSweep != nil {
		ago := int64(h.Now.Sub(*h.LastSweep) / time.Second)
		h.LastSweepAgo = &ago
	}
	return h
}
