package simulation

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// before says whether something happened before the mail was claimed: before its run
// began, or before it was due by the clock of the instance, since nothing is claimed
// before that.
func (e *evidence) before(m moment, a *attempt) bool {
	due, ok := e.due[a.reminderKey]
	return m.before(a.dispatch.begun) || ok && m.at+(a.clock-a.at.at) < due
}

// only is the configuration of all the history; nil if it changed.
func (e *evidence) only() *config {
	if len(e.plan.configs) > 1 {
		return nil
	}
	return &e.plan.configs[0]
}

// answeredSelf checks what those who are neither storefront nor Cloud Tasks are told:
// SendGrid and the scheduler. Nothing of theirs is ever wrong.
func (w *world) answeredSelf(who string, status int) {
	if status == 401 && w.record.hits[storeMissing] > 0 && who != "Sweep" {
		return
	}
	if status == 0 || status == 200 || status == 503 || status == 500 && len(w.record.hits) > 0 && who == "Sweep" {
		return
	}
	w.record.violate(4, "%s was answered %d", who, status)
}

// inWindow: no mail goes out while the store's send window is closed.
func (e *evidence) inWindow(a *attempt) {
	c, k := e.only(), e.visits[a.checkout]
	due, ok := e.due[a.reminderKey]
	if c == nil || !c.window || !ok || k.inside(a.clock) || a.clock-due <= afterClosing+runTime || k.inside(a.clock-runTime) {
		return
	}
	e.violate(5, "reminder %s of %s was mailed at %s, when the send window was closed", a.reminderKey, k.id, k.local(a.clock).Format("15:04:05 MST"))
}

// dueAsAsked: each due instant is T plus the offset, by one T for all steps, which is
// an instant that news told, or its arrival.
func (e *evidence) dueAsAsked(id, key string) {
	c, k := e.only(), e.visits[key]
	if c == nil {
		return
	}
	for g := range e.begun {
		if g.checkout != key {
			continue
		}
		if !slices.ContainsFunc(e.times(k), func(t [2]time.Duration) bool { return e.fits(c, k, g, t) }) {
			e.violate(3, "the reminders of generation %d of %s are due at instants that follow from no T", g.generation, id)
		}
	}
}

// times are the ranges in which a T of the visit may lie.
func (e *evidence) times(k *known) (list [][2]time.Duration) {
	for _, o := range k.ops {
		if o.about.news != 0 {
			list = append(list, [2]time.Duration{o.about.news, o.about.news})
		}
		if o.about.abandoned {
			list = append(list, [2]time.Duration{o.about.abandonedAt, o.about.abandonedAt})
		}
	}
	for _, q := range e.requests {
		if q.do == postCheckout && q.about.checkout == k.id && q.about.news == 0 {
			list = append(list, [2]time.Duration{q.clock, q.clock + handlerTime + time.Second})
		}
	}
	return list
}

// fits says whether all reminders of the generation follow from one T of the range.
func (e *evidence) fits(c *config, k *known, g generationKey, t [2]time.Duration) bool {
	from, to := t[0], t[1]+c.spread
	for step, after := range c.steps {
		due, ok := e.due[reminderKey{g.checkout, g.generation, step}]
		if !ok {
			return false
		}
		if c.window && !k.inside(due) {
			return false
		}
		if lo, hi := from+after, to+after; due >= lo && due <= hi && (!c.window || k.inside(due)) {
			continue
		} else if !c.window {
			return false
		} else if k.inside(lo) && k.inside(hi) || due < k.opening(lo) || due > k.opening(hi)+c.spread {
			return false
		}
	}
	return true
}

// theNewestSpeaks: where the newest checkout of a shopper speaks for all, an older one
// is silent once the newer was answered. One that its shopper left speaks for none.
func (e *evidence) theNewestSpeaks(a *attempt) {
	c, k := e.only(), e.visits[a.checkout]
	if c == nil || c.each || c.window || k.test || len(k.emails) > 1 {
		return
	}
	mine, ok := e.due[reminderKey{a.checkout, a.generation, 0}]
	for g, at := range e.begun {
		other := e.visits[g.checkout]
		due, known := e.due[reminderKey{g.checkout, g.generation, 0}]
		if g.checkout == a.checkout || !ok || !known || other.test || len(other.emails) > 1 || other.emails[0] != a.to || !e.before(at, a) || e.wasLeft(g.checkout) {
			continue
		}
		if due-c.spread > mine {
			e.violate(5, "reminder %s of %s was mailed after %s, which is newer, was answered", a.reminderKey, k.id, other.id)
		}
	}
}

// heldBack: who is held out, or has just ordered where that counts, gets nothing.
func (e *evidence) heldBack(a *attempt) {
	c, k := e.only(), e.visits[a.checkout]
	if c == nil {
		return
	}
	if c.holdout > 0 {
		for key, last := range e.last {
			for _, r := range last.Reminders {
				if emails := e.visits[key].emails; r.Reason == "holdout" && len(emails) == 1 && emails[0] == a.to {
					e.violate(7, "reminder %s of %s was mailed to %s, who is held out", a.reminderKey, k.id, a.to)
				}
			}
		}
	}
	for _, o := range e.orders {
		recorded := slices.ContainsFunc(o.accepted, func(q *request) bool { return e.before(q.ended, a) })
		if c.afterOrder > 0 && recorded && o.email != "" && o.email == e.addressee(a) && a.clock < o.placed+c.afterOrder {
			e.violate(7, "reminder %s of %s was mailed within the cool-down after order %s", a.reminderKey, k.id, o.order)
		}
	}
}

// withinTheHour: where no part was away for long, whatever else went wrong, a mail goes
// out soon: Cloud Tasks tries again within minutes, and the sweep looks within a quarter
// of an hour.
func (e *evidence) withinTheHour(a *attempt) {
	for _, k := range []kind{dbAway, mailAway, sweepAway, dispatchLate, storeMissing} {
		if e.hits[k] > 0 {
			return
		}
	}
	refused := 0
	for _, k := range []kind{mail429, mail503, mailUnconnected, mail401, dbUnavailable, dbTimeout, dbContended, dbLost, createAway, createLost} {
		refused += e.hits[k]
	}
	if refused > 4 { // each time Cloud Tasks waits for longer
		return
	}
	due, ok := e.due[a.reminderKey]
	begun, answered := e.begun[generationKey{a.checkout, a.generation}]
	if !ok || !answered || e.windowed() || e.resends() { // a second mail waits for events first
		return
	}
	lost := e.hits[taskVanishes] + e.hits[taskLost] + e.hits[purge]
	most := 20*time.Minute + time.Duration(lost)*time.Minute + time.Minute<<min(lost, 10)
	from := max(due, begun.at)
	for _, at := range e.purged {
		from = max(from, min(at, a.at.at))
	}
	if late := a.at.at - from; late > most {
		e.violate(4, "nothing was away for long, and reminder %s of %s was mailed %s late", a.reminderKey, e.visits[a.checkout].id, late)
	}
}

// ordered: an order that names its checkout ends it for good, and no checkout is said
// to be ordered without one.
func (e *evidence) ordered(id, key string) {
	last, ok := e.last[key]
	if !ok || e.isErased(e.visits[key]) {
		return
	}
	related := false
	for _, o := range e.orders {
		if o.checkout == id && len(o.accepted) > 0 && last.Status != "ordered" && last.Status != "recovered" && !e.wasLeft(key) {
			e.violate(1, "%s is %s in the end, though order %s named it", id, last.Status, o.order)
		}
		related = related || e.related(o, e.visits[key])
	}
	if last.Status == "recovered" && len(e.erased) == 0 && !e.brought(key) {
		e.violate(7, "%s is recovered in the end, and no order was said to come of a message", id)
	}
	if last.Status == "ordered" && !related {
		e.violate(7, "%s is ordered in the end, without an order", id)
	}
}

// matched: an order's answer names the checkout that the order named.
func (e *evidence) matched(q *request) {
	if q.do != postOrder || q.status != 200 || q.about.checkout == "" || e.mayBeGone(e.orders[q.about.order]) {
		return
	}
	var answer struct{ Matched []string }
	if err := json.Unmarshal(q.body, &answer); err != nil {
		e.violate(6, "POST /order of %s answered %d %s", q.about.order, q.status, q.body)
		return
	}
	k := e.visits[e.keys[q.about.checkout]]
	known := k != nil && slices.ContainsFunc(k.accepted, func(p *request) bool { return p.ended.before(q.begun) })
	if known && !slices.Contains(answer.Matched, q.about.checkout) {
		e.violate(6, "order %s names %s, and its answer does not: %s", q.about.order, q.about.checkout, q.body)
	}
}

// rank is the order in which reasons count.
var rank = []recovery.Reason{
	recovery.ReasonErased, recovery.ReasonOrdered, recovery.ReasonStopped, recovery.ReasonUnsubscribed, recovery.ReasonComplained,
	recovery.ReasonBounced, recovery.ReasonInvalidAddress, recovery.ReasonNoConsent, recovery.ReasonInactive, recovery.ReasonSuperseded,
	recovery.ReasonStale, recovery.ReasonHoldout, recovery.ReasonCooldown, recovery.ReasonCoupon, recovery.ReasonShadow,
}

// told is promise 7, of each run that said why it did not mail: it is the first of the
// reasons that hold for certain, and what it said stays said.
func (e *evidence) told(d *dispatch) {
	var answer struct {
		Outcome string
		Reason  recovery.Reason
	}
	if d.status != 200 || !bytes.Contains(d.body, []byte(recovery.Skip)) || json.Unmarshal(d.body, &answer) != nil || answer.Outcome != string(recovery.Skip) {
		return
	}
	k := e.visits[d.key.checkout]
	if e.isErased(k) {
		return
	}
	said := slices.Index(rank, answer.Reason)
	first := e.certainly(d, k)
	if i := slices.Index(rank, first); i >= 0 && said > i {
		e.violate(7, "a run of reminder %s of %s said %q, though %q held", d.key, k.id, answer.Reason, first)
	}
	// A run may decide not to send again what is unknown, and an event tell that it was sent.
	if last := e.last[d.key.checkout]; last.Generation == d.key.generation && !e.tried(d) {
		for _, r := range last.Reminders {
			if r.Step == d.key.step && r.State != string(recovery.Unknown) && r.Reason != string(answer.Reason) && !(answer.Reason == recovery.ReasonStopped && e.wasLeft(d.key.checkout)) {
				e.violate(7, "a run of reminder %s of %s said %q, and it ended as %s %q", d.key, k.id, answer.Reason, r.State, r.Reason)
			}
		}
	}
	if answer.Reason == recovery.ReasonUnsubscribed && len(k.emails) == 1 && e.mailsAgain(k.emails[0], d) {
		e.violate(7, "a run of reminder %s of %s said %q, though that had been undone", d.key, k.id, answer.Reason)
	}
	due, ok := e.due[d.key]
	if answer.Reason == recovery.ReasonStale && ok && !e.windowed() && d.ended.at+d.skew <= due+e.leastLate() {
		e.violate(5, "reminder %s of %s ended as stale %s after it was due", d.key, k.id, d.ended.at+d.skew-due)
	}
	if ok && d.ended.at+d.skew < due {
		e.violate(3, "reminder %s of %s ended as %s before it was due", d.key, k.id, answer.Reason)
	}
	if answer.Reason == recovery.ReasonCooldown && !e.coolsDown(d, k) {
		e.violate(7, "reminder %s of %s ended as cooldown, without a reason for it", d.key, k.id)
	}
}

// tried says whether the reminder went to SendGrid before the run began.
func (e *evidence) tried(d *dispatch) bool {
	return slices.ContainsFunc(e.attempts[d.key], func(a *attempt) bool { return a.at.before(d.begun) })
}

// certainly is the first reason that held for certain when the run began.
func (e *evidence) certainly(d *dispatch, k *known) recovery.Reason {
	if e.last[d.key.checkout].Generation != d.key.generation || e.wasLeft(d.key.checkout) {
		return "" // an order may count by the T of its time, and not by the later one
	}
	for _, o := range e.orders {
		recorded := slices.ContainsFunc(o.accepted, func(q *request) bool { return q.ended.before(d.begun) })
		close := len(k.emails) == 1 && o.email == k.emails[0] || o.cart != "" && o.cart == k.cart
		t, ok := e.latestT(d.key)
		if recorded && (o.checkout == k.id || close && ok && o.placed >= t-5*time.Second) {
			return recovery.ReasonOrdered
		}
	}
	for _, reason := range []recovery.Reason{recovery.ReasonUnsubscribed, recovery.ReasonComplained, recovery.ReasonBounced} {
		for _, h := range e.happenings {
			if h.follows == reason && !e.tookBack(h, d.ended) && len(k.emails) == 1 && h.to == k.emails[0] && slices.ContainsFunc(h.told, func(m moment) bool { return m.before(d.begun) }) {
				return reason
			}
		}
	}
	c := e.only()
	switch {
	case c == nil, len(e.missing[k.ops[0].about.store]) > 0: // then nobody knew the rules
		return ""
	case c.consent == recovery.ConsentOptIn && !k.optIn, c.consent == recovery.ConsentCustomers && !k.optIn && len(e.orders) == 0:
		return recovery.ReasonNoConsent
	case len(k.emails) == 1 && !k.test && e.withdrew(k.emails[0], d.ended.at, func(m moment) bool { return m.before(d.begun) }):
		return recovery.ReasonNoConsent
	case c.activeFromDay > 0 && e.dueBefore(d.key, time.Duration(c.activeFromDay)*day):
		return recovery.ReasonInactive
	}
	for key, due := range e.due {
		if key.checkout == d.key.checkout && key.generation == d.key.generation && key.step > d.key.step && due <= d.clock {
			return recovery.ReasonSuperseded
		}
	}
	if due, ok := e.due[d.key]; ok && d.clock > due+c.maxLate {
		return recovery.ReasonStale
	}
	return ""
}

// coolsDown says whether another mail, or an order, may have held the reminder back.
func (e *evidence) coolsDown(d *dispatch, k *known) bool {
	c := e.only()
	if c == nil || e.hits[die]+e.hits[stall]+e.hits[dbAway]+e.hits[dbLost] > 0 || len(k.emails) > 1 {
		return true
	}
	const slack = runTime + 2*maxSkew
	inWeek := map[reminderKey]bool{}
	for _, b := range e.record.attempts {
		ago := d.ended.at - b.at.at
		sameTo := slices.Contains(k.emails, b.to)
		switch {
		case ago < -runTime || b.reminderKey == d.key: // a claim comes before its mail
		case b.checkout == d.key.checkout && b.step == d.key.step && ago < c.sameStep+slack,
			sameTo && (b.checkout != d.key.checkout || b.generation != d.key.generation) && ago < c.between+slack && c.between > 0:
			return true
		case sameTo && ago < 7*day+slack:
			inWeek[b.reminderKey] = true
		}
	}
	for _, o := range e.orders {
		if c.afterOrder > 0 && e.related(o, k) {
			return true
		}
	}
	return c.cap > 0 && len(inWeek) >= c.cap
}
