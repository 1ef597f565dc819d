package simulation

import "time"

// planSweep plans Cloud Scheduler's next call of Sweep: each minute, but for those
// minutes in which there is nothing to do, which are left out since they change nothing.
func (w *world) planSweep() {
	first, any := w.overdue()
	if !any {
		return
	}
	at := max(first-maxSkew, w.swept+time.Second, w.now)
	at = (at + time.Minute - 1).Truncate(time.Minute)
	if w.nextRun > w.swept && w.nextRun <= at {
		return
	}
	w.nextRun = at
	w.at(at, func() {
		if w.nextRun != at || w.swept >= at {
			return
		}
		w.swept = at
		if first, any := w.overdue(); any && first <= at+maxSkew {
			w.sweep(1)
		}
	})
}

// overdue is when Sweep is first to look at a checkout.
func (w *world) overdue() (first time.Duration, any bool) {
	for _, at := range w.checks {
		if at.IsZero() {
			continue
		}
		if d := at.Sub(begin); !any || d < first {
			first, any = d, true
		}
	}
	return first, any
}

func (w *world) sweep(n int) {
	if w.away[sweepAway] > w.now {
		w.record.hits[sweepAway]++
		return
	}
	inst, dice := w.choose(label("sweep", n), int(w.now/time.Minute))
	w.tell("the scheduler calls Sweep at %s", inst.name)
	w.record.sweeps++
	w.serve(inst, dice, "", call{path: "/tasks/sweep", token: w.signer.token, body: []byte("{}")}, func(a reply) {
		w.tell("Sweep answers %d %s", a.status, a.body)
		w.answeredSelf("Sweep", a.status)
	})
	if n == 1 && w.take(callSweep).kind == sweepTwice {
		w.sweep(2)
	}
}
