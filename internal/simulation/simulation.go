// Package simulation proves the promises by playing them: histories of a shop over
// weeks, each drawn from a seed, in which shoppers leave, come back and order while
// processes die, calls fail, answers get lost and clocks differ. The core and the
// function handlers are the product's own; the database, the queue, the mail service
// and time are fakes that go wrong on purpose. All of a history runs on one thread at a
// time, so a seed tells the same history each time. Afterwards the promises are checked
// on what could be seen from outside.
package simulation

import (
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// History is what came of one history.
type History struct {
	Seed       uint64
	Violations []Violation
	// Requests, Dispatches, Sweeps and Mails count what happened: mails are those that
	// reached SendGrid.
	Requests, Dispatches, Sweeps, Mails int
	Faults                              map[string]int // that took effect, by kind
	Outcomes                            map[string]int // of the reminders, by state and reason
}

// Run plays the history of a seed.
func (r *Runner) Run(seed uint64) History { return r.play(newPlan(seed), nil) }

func (r *Runner) play(p plan, story *[]string) History {
	w := r.newWorld(p, story)
	w.live()
	w.check()
	rec := &w.record
	h := History{
		Seed: p.seed, Violations: rec.violations, Requests: len(rec.requests), Dispatches: len(rec.dispatches), Sweeps: rec.sweeps,
		Mails: len(rec.attempts), Faults: map[string]int{}, Outcomes: map[string]int{},
	}
	for k, n := range rec.hits {
		h.Faults[string(k)] += n
	}
	for _, c := range rec.last {
		for _, r := range c.Reminders {
			h.Outcomes[r.State+suffix(" ", r.Reason)]++
		}
	}
	return h
}

func suffix(before, s string) string {
	if s == "" {
		return ""
	}
	return before + s
}

// keys is the key of the checkout that is told about, made once; "" if none is.
func (w *world) keys(a about) string {
	if a.checkout == "" {
		return ""
	}
	name := [2]string{a.store, a.checkout}
	k, ok := w.keyCache[name]
	if !ok {
		k = recovery.CheckoutKey(a.store, a.checkout)
		w.keyCache[name] = k
	}
	return k
}
