package simulation

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

// evidence is the record, in the order in which the promises ask for it.
type evidence struct {
	*record
	plan     plan
	keys     map[string]string // of the checkouts, by ID
	visits   map[string]*known // by checkout's key
	orders   map[string]*order // by order's ID
	due      map[reminderKey]time.Duration
	attempts map[reminderKey][]*attempt
	begun    map[generationKey]moment // when it was first answered
	erased   []string                 // addresses that were to be erased at some time
	erasures []*request               // that were answered
}

type generationKey struct {
	checkout   string
	generation int
}

// known is what requests said of one checkout, by key.
type known struct {
	id        string
	cart      string
	emails    []string
	timed     bool // every request says when its news was
	abandoned bool // one of them says abandoned_at
	optIn     bool
	test      bool
	zone      *time.Location
	ops       []*op
	accepted  []*request
}

// order is an order by what its requests said.
type order struct {
	about
	placed   time.Duration // the earliest that it may have been recorded with
	accepted []*request
	certain  []*request // accepted, whatever was erased later
}

func (w *world) evidence(p plan, r *record) *evidence {
	e := &evidence{
		record: r, plan: p, keys: map[string]string{}, visits: map[string]*known{}, orders: map[string]*order{},
		due: map[reminderKey]time.Duration{}, attempts: map[reminderKey][]*attempt{}, begun: map[generationKey]moment{},
	}
	for i := range p.ops {
		switch o := &p.ops[i]; o.do {
		case postCheckout:
			e.hear(o, w.keys(o.about))
		case postErase:
			e.erased = append(e.erased, o.about.email)
		}
	}
	for _, q := range r.requests {
		switch {
		case q.do == postOrder:
			e.hearOrder(q)
		case q.do == postErase || q.do == postExport:
			e.asked(q)
		case q.status/100 == 2:
			key := w.keys(q.about)
			e.answered(key, q)
		}
	}
	for _, o := range e.orders {
		if e.mayBeGone(o) {
			o.accepted = nil // nothing is certain about it
		}
	}
	for key, last := range r.last {
		e.dues(key, last)
	}
	for _, a := range r.attempts {
		e.attempts[a.reminderKey] = append(e.attempts[a.reminderKey], a)
	}
	return e
}

func (e *evidence) hear(o *op, key string) {
	k := e.visits[key]
	if k == nil {
		k = &known{id: o.about.checkout, cart: o.about.cart, timed: true, test: o.about.test, zone: zones[o.about.zone]}
		e.visits[key], e.keys[o.about.checkout] = k, key
	}
	k.ops = append(k.ops, o)
	k.timed = k.timed && o.about.news != 0
	k.abandoned = k.abandoned || o.about.abandoned
	k.optIn = k.optIn || o.about.optIn
	if !slices.Contains(k.emails, o.about.email) {
		k.emails = append(k.emails, o.about.email)
	}
}

func (e *evidence) hearOrder(q *request) {
	o := e.orders[q.about.order]
	placed := q.clock
	if q.about.hasPlaced {
		placed = min(placed, q.about.placed)
	}
	if o == nil {
		o = &order{about: q.about, placed: placed}
		e.orders[q.about.order] = o
	}
	o.placed = min(o.placed, placed)
	if q.status/100 == 2 {
		o.accepted = append(o.accepted, q)
		o.certain = o.accepted
	}
}

func (e *evidence) answered(key string, q *request) {
	k := e.visits[key]
	k.accepted = append(k.accepted, q)
	// Each generation is read once: its due instants stay, and requests come in order.
	if g, ok := generationOf(q.body); ok {
		if was, known := e.begun[generationKey{key, g}]; known {
			if q.ended.before(was) {
				e.begun[generationKey{key, g}] = q.ended
			}
			return
		}
	}
	if err := json.Unmarshal(q.body, &q.answer); err != nil {
		e.violate(6, "POST /checkout of %s answered %d %s", q.about.checkout, q.status, q.body)
		return
	}
	e.dues(key, q.answer)
	e.begun[generationKey{key, q.answer.Generation}] = q.ended
}

// generationOf finds the generation in an answer, without reading all of it.
func generationOf(body []byte) (int, bool) {
	const name = `"generation":`
	i := bytes.Index(body, []byte(name))
	if i < 0 {
		return 0, false
	}
	g, rest := 0, body[i+len(name):]
	for len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9' {
		g, rest = 10*g+int(rest[0]-'0'), rest[1:]
	}
	return g, g > 0
}

func (e *evidence) dues(key string, c checkoutAnswer) {
	for _, r := range c.Reminders {
		e.due[reminderKey{key, c.Generation, r.Step}] = r.DueAt.Sub(begin)
	}
}

// generations is how many generations the news of a visit can have begun at most: each
// needs other items than the news before.
func (k *known) generations() int {
	news := slices.SortedStableFunc(slices.Values(k.ops), func(a, b *op) int { return int(a.about.news - b.about.news) })
	n := 1
	for i := 1; i < len(news); i++ {
		if news[i].about.version != news[i-1].about.version {
			n++
		}
	}
	return n
}
