package simulation

import (
	"fmt"
	"strconv"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/recovery/recoverytest"
)

// instances is how many processes serve at once; their clocks are up to maxSkew from
// the world's, so up to 2 s from each other.
const (
	instances = 3
	maxSkew   = time.Second
)

// world is one history while it happens.
type world struct {
	*Runner
	plan   plan
	now    time.Duration // since begin
	events timeline
	seq    int

	db      *recoverytest.DB
	checks  map[string]time.Time // when the sweep is to look, by checkout
	queue   queue
	swept   time.Duration
	nextRun time.Duration // of the sweep, 0: none is planned
	ids     int

	run      *run
	ending   []fault                // deaths and standstills that are to come
	armed    map[class][]fault      // what hits the next calls
	away     map[kind]time.Duration // until when
	record   record
	story    *[]string
	stores   map[string]*recovery.Store // that are configured
	looks    map[string]time.Duration   // when a test is looked at for the last time, by checkout
	keyCache map[[2]string]string       // of checkouts, by store and ID
}

func (r *Runner) newWorld(p plan, story *[]string) *world {
	w := &world{
		Runner: r, plan: p, checks: map[string]time.Time{}, armed: map[class][]fault{}, away: map[kind]time.Duration{},
		record: newRecord(), looks: map[string]time.Duration{}, stores: map[string]*recovery.Store{}, story: story, keyCache: map[[2]string]string{},
	}
	w.db = recoverytest.NewDB(worldClock{w})
	w.queue.names = map[string]time.Duration{}
	d := w.throw("world", 0)
	w.queue.forget = []time.Duration{0, time.Hour, day}[d.n(3)]
	for _, inst := range r.instances {
		inst.skew = time.Duration(d.n(int(2*maxSkew/time.Microsecond)))*time.Microsecond - maxSkew
		inst.runs = nil
	}
	for i := len(p.configs) - 1; i >= 0; i-- { // the first of each store holds in the end
		w.setConfig(p.configs[i])
	}
	w.spread()
	return w
}

// furnish gives an instance its service on the fakes.
func (w *world) furnish(inst *instance) {
	var db recovery.DB = database{w}
	var mailer recovery.Mailer = mails{w}
	if f := w.hooks.DB; f != nil {
		db = f(db)
	}
	if f := w.hooks.Mailer; f != nil {
		mailer = f(mailer)
	}
	var clock recovery.Clock = instanceClock{w, inst}
	if f := w.hooks.Clock; f != nil {
		clock = f(clock)
	}
	deadlines := recovery.DefaultDeadlines()
	deadlines.Mark = 0
	inst.app.Log = w.log()
	inst.app.Service = &recovery.Service{
		DB: db, Queue: tasks{w}, Mailer: mailer, Renderer: oneLine{}, Linker: theLinks, Clock: clock, Log: inst.app.Log,
		NewID: func() string {
			w.ids++
			return "run-" + strconv.Itoa(w.ids)
		},
		Deadlines: deadlines, Together: w.together,
	}
}

// together does work in any order: what runs side by side may end in any.
func (w *world) together(work ...func()) {
	if w.run.dice.chance(2) {
		for i := len(work) - 1; i >= 0; i-- {
			work[i]()
		}
		return
	}
	for _, f := range work {
		f()
	}
}

// live lets the history happen, to its end.
func (w *world) live() {
	for i := range w.plan.ops {
		o := &w.plan.ops[i]
		w.at(o.at, func() { w.perform(o) })
	}
	for _, f := range w.plan.faults {
		w.at(f.at, func() { w.strike(f) })
	}
	w.playShopify()
	w.playWooCommerce()
	w.playStrangers()
	w.runAll()
	w.fill()
	w.finish()
}

// fill has requests sent once more, until the history has seen enough: requests,
// dispatches, and at least one fault.
func (w *world) fill() {
	missing := w.plan.least - len(w.record.requests) - len(w.record.dispatches)
	if len(w.record.hits) == 0 && len(w.plan.faults) > 0 && w.plan.least > 0 {
		w.strike(fault{kind: loseAnswer, n: 1})
		missing = max(missing, 1)
	}
	for i := 0; missing > 0; i++ {
		if o := &w.plan.ops[i%len(w.plan.ops)]; o.do != configure && !o.about.test {
			missing--
			w.after(time.Duration(missing)*time.Minute, func() { w.perform(o) })
		}
	}
	w.runAll()
}

// patience bounds a history: what goes on for longer than this stays open for ever.
const (
	patience  = 120 * day
	maxEvents = 8_000
)

func (w *world) runAll() {
	for n := 0; len(w.events) > 0; n++ {
		e := w.events.pop()
		if n > maxEvents || e.at > patience {
			w.record.endless = true
			w.events = w.events[:0]
			return
		}
		w.now = max(w.now, e.at)
		e.do()
		w.planSweep()
	}
}

// tell adds a line to the story, if one is told.
func (w *world) tell(format string, args ...any) {
	if w.story != nil {
		line := fmt.Sprintf(format, args...)
		*w.story = append(*w.story, fmt.Sprintf("%s  %s", begin.Add(w.now).Format("Jan 02 15:04:05.000"), line))
	}
}

// worldClock is the true time.
type worldClock struct{ w *world }

func (c worldClock) Now() time.Time { return begin.Add(c.w.now) }
