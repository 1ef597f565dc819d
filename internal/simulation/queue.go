package simulation

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// queue is Cloud Tasks: at least once, each task at its time or later.
type queue struct {
	names   map[string]time.Duration // of tasks, until when they are taken
	forget  time.Duration            // how long a name is kept when its task is done
	pending []*task
}

type task struct {
	recovery.Task
	name     string
	at       time.Duration // next dispatch
	turn     int           // of the dispatch that is planned
	attempts int
	first    time.Duration // dispatch
	gone     bool
}

const forEver = 1000 * day

// tasks is the port to the queue.
type tasks struct{ w *world }

// Create implements recovery.Queue.
func (q tasks) Create(_ context.Context, t recovery.Task) error {
	w, entry := q.w, q.w.now
	w.boundary()
	f := w.take(callCreate)
	if f.kind == createAway || w.lateFor(entry, createLimit) {
		return unavailable(createAway)
	}
	err := w.enqueue(t)
	if f.kind == taskVanishes && err == nil {
		w.vanish(t)
	}
	w.boundary()
	if err != nil {
		return err
	}
	if f.kind == createLost || w.lateFor(entry, createLimit) {
		return unavailable(createLost)
	}
	return nil
}

func (w *world) enqueue(t recovery.Task) error {
	name := t.Name()
	if f := w.hooks.TaskName; f != nil {
		name = f(t)
	}
	w.discreetTask(t, name)
	if w.queue.names[name] > w.now {
		return w.hooks.TaskExists
	}
	w.queue.names[name] = forEver
	k := &task{Task: t, name: name}
	w.queue.pending = append(w.queue.pending, k)
	w.planDispatch(k, t.At.Sub(begin))
	return nil
}

// planDispatch plans the task's next dispatch.
func (w *world) planDispatch(t *task, at time.Duration) {
	t.at = max(at, w.now)
	t.turn++
	turn := t.turn
	w.at(t.at, func() {
		if !t.gone && t.turn == turn {
			w.dispatch(t)
		}
	})
}

func (w *world) drop(t *task) {
	t.gone = true
	w.queue.names[t.name] = w.now + w.queue.forget
	w.queue.pending = slices.DeleteFunc(w.queue.pending, func(o *task) bool { return o == t })
}

// Retries of the queue, as Terraform configures it.
const (
	firstPause = 10 * time.Second
	mostPause  = 10 * time.Minute
	retryFor   = 24 * time.Hour
	// dispatchTime is how long Cloud Tasks waits for an answer.
	dispatchTime = 30 * time.Second
)

func (w *world) dispatch(t *task) {
	if t.attempts++; t.attempts == 1 {
		t.first = w.now
	}
	if f := w.take(callDispatch); f.kind == dispatchTwice {
		w.taint(t.Checkout)
		d := w.throw(t.name, 1000+t.attempts)
		w.after(time.Duration(d.n(3000)-500)*time.Millisecond, func() { w.remind(t, 500+t.attempts, func(int) {}) })
	}
	answered, turn := false, t.turn
	answer := func(status int) {
		if answered || t.gone || t.turn != turn {
			return
		}
		answered = true
		pause := min(firstPause<<min(t.attempts-1, 10), mostPause)
		switch {
		case status/100 == 2:
			w.drop(t)
		case w.now+pause-t.first > retryFor: // Cloud Tasks drops it silently
			w.taint(t.Checkout)
			w.drop(t)
		default:
			w.planDispatch(t, w.now+pause)
		}
	}
	w.remind(t, t.attempts, answer)
	if !answered {
		w.after(dispatchTime, func() { answer(0) })
	}
}

// remind hands the task to one of the instances.
func (w *world) remind(t *task, attempt int, answer func(status int)) {
	inst, dice := w.choose(t.name, attempt)
	d := &dispatch{name: t.name, key: keyOf(t.Task), begun: w.moment(), clock: w.now + inst.skew, skew: inst.skew}
	if !w.record.isShops(t.Checkout) {
		w.record.dispatches = append(w.record.dispatches, d)
	}
	w.tell("task %s goes to %s, whose clock is off by %s", t, inst.name, inst.skew)
	w.serve(inst, dice, t.Checkout, call{
		path: "/tasks/remind", token: w.signer.token, header: "X-Cloudtasks-Taskname", value: t.name, body: t.body(), dispatch: d,
	}, func(a reply) {
		d.status, d.ended, d.body = a.status, w.moment(), a.body
		w.tell("task %s is answered %d %s", t, a.status, a.body)
		answer(a.status)
	})
}

// body is what Cloud Tasks sends. Keys need no escapes.
func (t *task) body() []byte {
	return []byte(`{"v":1,"store":"` + t.Store + `","checkout":"` + t.Checkout +
		`","generation":` + strconv.Itoa(t.Reminder.Generation) + `,"step":` + strconv.Itoa(t.Reminder.Step) + `}`)
}

// String is asked for only if a story is told.
func (t *task) String() string {
	return t.Reminder.String() + suffix("-", t.Suffix) + " of " + t.Checkout[:6]
}

// strike lets a fault begin.
func (w *world) strike(f fault) {
	switch f.kind {
	case die, stall:
		w.ending = append(w.ending, f)
	case dbAway, mailAway, sweepAway:
		w.tell("begins: %s, for %s", f.kind, f.last)
		w.away[f.kind] = max(w.away[f.kind], w.now+f.last)
	case storeMissing:
		w.leaveOut(f)
	case purge:
		w.hit(f.kind)
		for _, t := range slices.Clone(w.queue.pending) {
			w.taint(t.Checkout)
			w.drop(t)
		}
		w.record.purged = append(w.record.purged, w.now)
		if f.n--; f.n > 0 {
			w.after(90*time.Second, func() { w.strike(f) })
		}
	case taskLost, dispatchEarly, dispatchLate:
		w.misplace(f)
	default:
		w.armed[classes[f.kind]] = append(w.armed[classes[f.kind]], f)
	}
}

// vanish loses the task that was just made.
func (w *world) vanish(t recovery.Task) {
	w.taint(t.Checkout)
	if n := len(w.queue.pending); n > 0 && w.queue.pending[n-1].Task == t {
		w.drop(w.queue.pending[n-1])
	}
}

// misplace hits the tasks that are next.
func (w *world) misplace(f fault) {
	next := slices.SortedFunc(slices.Values(w.queue.pending), func(a, b *task) int { return int(a.at - b.at) })
	for _, t := range next[:min(f.n, len(next))] {
		w.taint(t.Checkout)
		w.hit(f.kind)
		switch f.kind {
		case taskLost:
			if strings.HasPrefix(t.Suffix, "s") {
				w.record.sweptLost++
			}
			w.drop(t)
		case dispatchEarly:
			w.planDispatch(t, t.at-f.last)
		case dispatchLate:
			w.planDispatch(t, t.at+f.last)
		}
	}
}

func keyOf(t recovery.Task) reminderKey {
	return reminderKey{t.Checkout, t.Reminder.Generation, t.Reminder.Step}
}

func (w *world) choose(what string, n int) (*instance, dice) {
	dice := w.throw(what, n)
	return w.instances[dice.n(instances)], dice
}

// label of a run's number, for dice.
func label(prefix string, n int) string { return prefix + strconv.Itoa(n) }
