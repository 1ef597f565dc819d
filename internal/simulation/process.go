package simulation

import (
	"iter"
	"time"
)

// thread carries one run of a handler, which it can leave half-way and go on with
// later: of all threads one runs at a time, so a history is the same each time.
type thread struct {
	exchange
	next  func() (time.Duration, bool)
	stop  func()
	yield func(time.Duration) bool
	work  func()
	dead  bool // its process has died
	wrong any  // what the work panicked with, if it did
}

// done is what a thread yields when its work is done.
const done = time.Duration(-1)

// died is what a thread panics with when its process dies: nothing of ours recovers
// it on the way, as nothing survives a kill -9.
type died struct{}

func newThread() *thread {
	t := &thread{}
	t.next, t.stop = iter.Pull(func(yield func(time.Duration) bool) {
		t.yield = yield
		for {
			t.do()
			if !yield(done) {
				return
			}
		}
	})
	return t
}

func (t *thread) do() {
	defer func() {
		if p := recover(); p != any(died{}) {
			t.wrong = p
		}
	}()
	t.work()
}

// pause gives the word to others for a while.
func (t *thread) pause(d time.Duration) {
	if !t.yield(d) || t.dead {
		panic(died{})
	}
}

// run is one request while an instance works on it.
type run struct {
	*thread
	instance *instance
	started  time.Duration
	deadline time.Duration
	slow     bool
	effects  int
	dice     dice
	checkout string    // that it is about; "" for several or none
	dispatch *dispatch // that it answers, if one
	finished func(reply)
}

// start begins a run of work on the instance, and goes on with it until it ends,
// pauses or dies.
func (w *world) start(r *run, work func()) {
	r.thread = w.thread()
	r.dead = false
	r.started, r.effects = w.now, 0
	r.slow = r.dice.chance(3)
	r.work = work
	r.instance.runs = append(r.instance.runs, r)
	w.step(r)
}

// step lets a run go on.
func (w *world) step(r *run) {
	before := w.run
	w.run = r
	d, _ := r.next()
	w.run = before
	if d != done {
		w.after(d, func() {
			if r.thread != nil { // it has not died meanwhile
				w.step(r)
			}
		})
		return
	}
	if r.wrong != nil {
		w.record.violate(4, "a function panicked: %v", r.wrong)
		r.wrong, r.dead = nil, true
	}
	var answer reply
	if !r.dead {
		answer = r.answer
	}
	w.idle = append(w.idle, r.thread)
	r.thread = nil
	r.instance.forget(r)
	r.finished(answer)
}

func (w *world) thread() *thread {
	if n := len(w.idle); n > 0 {
		t := w.idle[n-1]
		w.idle = w.idle[:n-1]
		return t
	}
	return newThread()
}

// maxEffects bounds a run, in which no time need pass: no request has as much to do.
const maxEffects = 2_000

// boundary stands between two effects: here processes die, stand still, or are slow.
func (w *world) boundary() {
	r := w.run
	if r.effects++; r.effects > maxEffects {
		w.record.endless = true
		w.kill(r)
	}
	if len(w.ending) > 0 {
		f := &w.ending[0]
		if f.n > 0 {
			f.n--
		} else {
			f := *f
			w.ending = w.ending[1:]
			w.hit(f.kind)
			if f.kind == die {
				w.kill(r)
			}
			w.taint(r.checkout)
			r.pause(f.last)
			return
		}
	}
	if r.slow && r.dice.chance(4) {
		r.pause(time.Duration(r.dice.n(100_000)) * time.Microsecond)
	}
}

// kill ends the process that r runs in, with all else that runs there.
func (w *world) kill(r *run) {
	w.tell("%s dies, with %d requests", r.instance.name, len(r.instance.runs))
	others := r.instance.runs
	r.instance.runs = nil
	r.dead = true
	w.taint(r.checkout)
	for _, o := range others {
		if o != r && o.thread != nil {
			w.taint(o.checkout)
			o.dead = true
			w.step(o)
		}
	}
	panic(died{})
}

func (i *instance) forget(r *run) {
	for k, o := range i.runs {
		if o == r {
			i.runs = append(i.runs[:k], i.runs[k+1:]...)
			return
		}
	}
}

// dice are quick random numbers: a SplitMix64 (Steele, Lea, Flood 2014) of their own
// for each run, so that what is taken out of a plan leaves the rest as it was.
type dice uint64

func (d *dice) next() uint64 {
	*d += 0x9e3779b97f4a7c15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (d *dice) n(n int) int { return int(d.next() % uint64(n)) }

func (d *dice) chance(n int) bool { return d.n(n) == 0 }

// throw makes the dice of one run, by what it is.
func (w *world) throw(what string, n int) dice {
	h := uint64(14695981039346656037) ^ w.plan.seed // FNV-1a
	for i := range len(what) {
		h = (h ^ uint64(what[i])) * 1099511628211
	}
	d := dice(h + uint64(n))
	d.next()
	return d
}
