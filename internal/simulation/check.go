package simulation

import (
	"slices"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// check holds the record against the promises.
func (w *world) check() {
	r := &w.record
	if r.endless {
		r.violate(4, "the history does not end: something is tried for ever")
	}
	w.checkStores()
	slices.SortFunc(r.violations, func(a, b Violation) int {
		if a.Promise != b.Promise {
			return a.Promise - b.Promise
		}
		return slices.Compare([]byte(a.What), []byte(b.What))
	})
}

// check holds what is known of one store against the promises.
func (e *evidence) check() {
	r := e.record
	for _, q := range r.requests {
		if q.status != 0 && q.status/100 != 2 && q.status != 503 && q.status != 429 && !r.refusedRightly(q) {
			r.violate(6, "POST %s was answered %d: %s", q.do.path(), q.status, q.body)
		}
	}
	for _, d := range r.dispatches {
		if !slices.Contains([]int{0, 200, 409, 425, 500, 503}, d.status) || d.status == 500 && !r.tainted[d.key.checkout] {
			r.violate(4, "the task %s was answered %d", d.name, d.status)
		}
	}
	e.neverTwice()
	for _, list := range e.attempts {
		for _, a := range list {
			e.goesTo(a)
			e.whileMissing(a)
			e.neverAfterTheOrder(a)
			e.inTime(a)
			e.newestNews(a)
			e.answeredRight(a)
			e.allowed(a)
			e.inWindow(a)
			e.theNewestSpeaks(a)
			e.heldBack(a)
			e.withConsent(a)
			e.afterLeaving(a)
			e.afterErasure(a)
			e.withinTheHour(a)
		}
	}
	e.rowsAreRight()
	for id, key := range e.keys {
		e.ends(id, key)
		e.dueAsAsked(id, key)
		e.ordered(id, key)
	}
	for _, d := range r.dispatches {
		e.told(d)
	}
	for _, q := range r.requests {
		e.matched(q)
	}
	e.attributed()
	e.nothingReadable()
	e.exported()
}

// resendAfter is how long SendGrid's events have to tell what became of a mail, before
// a store that accepts a second one sends it.
const resendAfter = 10 * time.Minute

// neverTwice is promise 2: after SendGrid has or may have accepted a reminder it gets
// it no more, but once where a second mail is accepted, and not at once.
func (e *evidence) neverTwice() {
	for key, list := range e.attempts {
		certain, unsure, last := 0, 0, (*attempt)(nil)
		for _, a := range list {
			if certain > 0 || unsure > 0 && !e.resends() || unsure > 1 {
				e.violate(2, "reminder %s of %s went to SendGrid again, after it was accepted %d times and perhaps %d times", key, e.visits[key.checkout].id, certain, unsure)
				break
			}
			if last != nil && a.clock-last.clock < resendAfter {
				e.violate(2, "reminder %s of %s went to SendGrid again after %s, before events could tell of the first mail", key, e.visits[key.checkout].id, a.clock-last.clock)
			}
			switch recorded := a.dispatch.status/100 == 2; {
			case a.verdict.kind == nil && recorded:
				certain++
			case a.verdict.kind == nil, a.verdict.kind == recovery.ErrUnknown: // or its run died
				unsure++
				last = a
			}
		}
	}
}

func (e *evidence) resends() bool {
	return slices.ContainsFunc(e.plan.configs, func(c config) bool { return c.resend })
}

// neverAfterTheOrder is promise 1, of runs that began when the order was recorded.
func (e *evidence) neverAfterTheOrder(a *attempt) {
	k := e.visits[a.checkout]
	for _, o := range e.orders {
		recorded := slices.ContainsFunc(o.accepted, func(q *request) bool { return e.before(q.ended, a) })
		if !recorded {
			continue
		}
		same := o.checkout != "" && o.checkout == k.id
		close := o.email != "" && o.email == e.addressee(a) || e.formerly(o, k) || o.cart != "" && o.cart == k.cart
		if t, ok := e.latestT(a.reminderKey); same || close && ok && o.placed >= t-5*time.Second {
			e.violate(1, "reminder %s of %s was mailed in a run that began after order %s was recorded", a.reminderKey, k.id, o.order)
		}
	}
}

// formerly says whether the order names an address that the checkout had when the order
// was recorded, and that was replaced only later.
func (e *evidence) formerly(o *order, k *known) bool {
	if len(k.emails) < 2 || !slices.Contains(k.emails, o.email) {
		return false
	}
	moved := moment{seq: 1 << 62}
	for _, q := range e.requests {
		if q.do == postCheckout && q.about.checkout == k.id && q.about.email != o.email && q.begun.before(moved) {
			moved = q.begun
		}
	}
	before := func(q *request) bool { return q.ended.before(moved) }
	return slices.ContainsFunc(o.accepted, before) && slices.ContainsFunc(k.accepted, func(q *request) bool { return q.about.email == o.email && before(q) })
}

// latestT is the latest that T of the reminder's generation can be.
func (e *evidence) latestT(key reminderKey) (time.Duration, bool) {
	due, ok := e.due[key]
	after := time.Duration(-1)
	for _, c := range e.plan.configs {
		if key.step < len(c.steps) && (after < 0 || c.steps[key.step] < after) {
			after = c.steps[key.step]
		}
	}
	return due - after, ok && after >= 0
}

// runTime is how long after its judgement a run may still hand a mail over.
const runTime = 30 * time.Second

// inTime is promises 3 and 5: neither early by the sender's clock nor stale, and not
// when something newer speaks.
func (e *evidence) inTime(a *attempt) {
	id := e.visits[a.checkout].id
	for g, at := range e.begun {
		if g.checkout == a.checkout && g.generation > a.generation && e.before(at, a) {
			e.violate(5, "reminder %s of %s was mailed after generation %d was answered", a.reminderKey, id, g.generation)
		}
	}
	due, ok := e.due[a.reminderKey]
	if !ok {
		return
	}
	if a.clock < due {
		e.violate(3, "reminder %s of %s was mailed %s early", a.reminderKey, id, due-a.clock)
	}
	if late := a.clock - due; late > e.maxLate()+runTime {
		e.violate(5, "reminder %s of %s was mailed %s late", a.reminderKey, id, late)
	}
	for key, other := range e.due {
		if key.checkout == a.checkout && key.generation == a.generation && key.step > a.step && other <= a.dispatch.clock {
			e.violate(5, "reminder %s of %s was mailed when step %d was due too", a.reminderKey, id, key.step)
		}
	}
	e.punctual(a, due, id)
}

// punctual says that what no fault touched comes on the second, and within two minutes
// where only the queue lost tasks.
func (e *evidence) punctual(a *attempt, due time.Duration, id string) {
	begun, ok := e.begun[generationKey{a.checkout, a.generation}]
	if !ok || e.windowed() {
		return
	}
	from := max(due, begun.at)
	most := 5 * time.Second
	if len(e.plan.configs) > 1 { // one request may make the task that another, of another configuration, needs: the sweep is there
		most = 2 * time.Minute
	}
	if late := a.at.at - from; !e.tainted[a.checkout] && late > most {
		e.violate(4, "nothing went wrong, and reminder %s of %s was mailed %s late", a.reminderKey, id, late)
	}
	most, ok = e.onlyTasksLost()
	if !ok {
		return
	}
	for _, at := range e.purged {
		if at <= a.at.at {
			from = max(from, at)
		}
	}
	if late := a.at.at - from; late > most {
		e.violate(4, "only tasks were lost, and reminder %s of %s was mailed %s late", a.reminderKey, id, late)
	}
}

// onlyTasksLost says whether nothing but losses of tasks went wrong, and how late a
// reminder may come then: the sweep is there within two minutes, and for each of its own
// tasks that is lost it waits for twice as long as before, and for the full minute.
func (e *evidence) onlyTasksLost() (most time.Duration, ok bool) {
	for k := range e.hits {
		if k != purge && k != taskLost && k != taskVanishes {
			return 0, false
		}
	}
	lost := e.hits[taskVanishes] + e.sweptLost
	most = time.Duration(lost+1)*time.Minute + time.Minute<<min(lost, 20)
	if e.hits[purge] > 1 { // of what the sweep had made: it looks again after a minute by one clock, and comes each minute by another
		most += 2 * maxSkew
	}
	return most, lost < 8
}

func (e *evidence) maxLate() time.Duration {
	most := time.Duration(0)
	for _, c := range e.plan.configs {
		most = max(most, c.maxLate)
	}
	return most
}

// newestNews is promise 6: a mail says what the newest news said that was accepted
// before its run began, or newer.
func (e *evidence) newestNews(a *attempt) {
	k := e.visits[a.checkout]
	if !k.timed {
		return
	}
	newest := time.Duration(-1 << 62)
	for _, q := range k.accepted {
		if e.before(q.ended, a) {
			newest = max(newest, q.about.news)
		}
	}
	if !slices.ContainsFunc(k.ops, func(o *op) bool {
		return o.about.news >= newest && o.about.item() == a.version && (k.test || o.about.email == a.to)
	}) {
		e.violate(6, "reminder %s of %s went to %s with items %s, which newer news had replaced", a.reminderKey, k.id, a.to, a.version)
	}
}

// answeredRight says that Cloud Tasks is asked to come again where a mail was refused
// for now.
func (e *evidence) answeredRight(a *attempt) {
	again := a.verdict.kind == recovery.ErrOverload || a.verdict.kind == recovery.ErrDeployment
	if again && a.dispatch.status/100 == 2 {
		e.violate(4, "SendGrid refused reminder %s of %s for now, and Cloud Tasks was told %d: done", a.reminderKey, e.visits[a.checkout].id, a.dispatch.status)
	}
}
