package simulation

import (
	"slices"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// ends is promises 4 and 7: each reminder of an accepted checkout has ended, SendGrid
// has what is said to be sent and nothing else, and the reason of a skipped one holds.
func (e *evidence) ends(id, key string) {
	k := e.visits[key]
	last, ok := e.last[key]
	if !ok {
		return // said already
	}
	if e.isErased(k) {
		e.endsErased(id, key)
		return
	}
	lost := k.test && e.hits[sweepAway]+e.hits[dbAway] > 0 // a test is forgotten before the end of that
	if last.Status == "open" && !lost {
		e.violate(4, "%s is open in the end", id)
	}
	if most := k.generations(); k.timed && !k.abandoned && last.Generation > most {
		e.violate(6, "%s is of generation %d, though its items changed %d times", id, last.Generation, most-1)
	}
	if n := len(last.Reminders); !slices.ContainsFunc(e.plan.configs, func(c config) bool { return len(c.steps) == n }) {
		e.violate(4, "%s has %d reminders in the end", id, n)
	}
	for _, r := range last.Reminders {
		rk := reminderKey{key, last.Generation, r.Step}
		f := fate{evidence: e, key: rk, id: id, state: recovery.State(r.State), reason: recovery.Reason(r.Reason), visit: k}
		if f.state == recovery.Scheduled && lost {
			continue
		}
		f.check()
	}
}

// fate is how one reminder ended.
type fate struct {
	*evidence
	key    reminderKey
	id     string
	state  recovery.State
	reason recovery.Reason
	visit  *known
}

func (f *fate) violate(promise int, what string) {
	f.evidence.violate(promise, "reminder %s of %s ended as %s %s: %s", f.key, f.id, f.state, f.reason, what)
}

// among says whether an attempt of the reminder had such a verdict.
func (f *fate) among(is func(verdict) bool) bool {
	return slices.ContainsFunc(f.attempts[f.key], func(a *attempt) bool { return is(a.verdict) })
}

func accepted(v verdict) bool { return v.accepted }
func refused(v verdict) bool {
	return v.kind == recovery.ErrOverload || v.kind == recovery.ErrDeployment
}
func maybe(v verdict) bool    { return v.kind == nil || v.kind == recovery.ErrUnknown }
func rejected(v verdict) bool { return v.kind == recovery.ErrRejected }

func (f *fate) check() {
	if f.state != recovery.Sent && slices.ContainsFunc(f.attempts[f.key], func(a *attempt) bool { return a.verdict.kind == nil && a.dispatch.status == 200 }) {
		f.violate(4, "SendGrid took it, and the task was answered as done")
	}
	switch f.state {
	case recovery.Sent:
		if !f.among(accepted) {
			f.violate(4, "SendGrid never accepted it")
		}
	case recovery.Unknown:
		f.unknown()
	case recovery.Failed:
		f.failed()
	case recovery.Skipped:
		if f.among(maybe) {
			f.violate(4, "SendGrid has it, or may have")
		}
		if !f.holds() {
			f.violate(7, "nothing shows that the reason holds")
		}
	default:
		f.violate(4, "it is still to come")
	}
}

func (f *fate) unknown() {
	if !f.tainted[f.key.checkout] {
		f.violate(4, "nothing went wrong")
	}
	if !f.among(maybe) && f.hits[die]+f.hits[stall]+f.hits[dbAway] == 0 {
		f.violate(4, "it never went to SendGrid, and no run of it died")
	}
	if slices.ContainsFunc(f.happenings, func(h *happening) bool { return h.key == f.key && h.told[0].before(f.last[f.key.checkout].asked) }) {
		f.violate(2, "an event of it was taken")
	}
}

func (f *fate) failed() {
	switch {
	case f.among(maybe) && f.reason == recovery.ReasonProvider, f.among(accepted):
		f.violate(4, "SendGrid has it, or may have")
	case f.reason == recovery.ReasonRejected && !f.among(rejected):
		f.violate(7, "SendGrid never rejected it")
	case f.reason == recovery.ReasonProvider && !f.among(refused) && !f.givenUp[f.key]:
		f.violate(7, "SendGrid never refused it, and no mail was given up before it was sent")
	}
}

// holds says whether what can be seen from outside allows the reason.
func (f *fate) holds() bool {
	configured := func(is func(config) bool) bool { return slices.ContainsFunc(f.plan.configs, is) }
	switch f.reason {
	case recovery.ReasonErased:
		return false
	case recovery.ReasonOrdered:
		for _, o := range f.orders {
			if f.related(o, f.visit) {
				return true
			}
		}
		return false
	case recovery.ReasonStopped:
		return f.wasLeft(f.key.checkout)
	case recovery.ReasonUnsubscribed:
		return f.toldOf() || f.leftFor(f.visit)
	case recovery.ReasonComplained, recovery.ReasonBounced:
		return f.toldOf()
	case recovery.ReasonNoConsent:
		return configured(func(c config) bool { return c.consent != recovery.ConsentAny }) || f.mayHaveWithdrawn(f.visit)
	case recovery.ReasonInactive:
		return configured(func(c config) bool { return c.activeFromDay > 0 })
	case recovery.ReasonSuperseded:
		return f.superseded(configured(func(c config) bool { return !c.each }))
	case recovery.ReasonStale:
		return f.stale()
	case recovery.ReasonHoldout:
		return !f.visit.test && configured(func(c config) bool { return c.holdout > 0 })
	case recovery.ReasonCooldown:
		// What was claimed by a run that died, or whose outcome was lost, may have been sent.
		return len(f.record.attempts) > 0 || len(f.orders) > 0 || f.hits[die]+f.hits[stall]+f.hits[dbAway]+f.hits[dbLost] > 0
	case recovery.ReasonShadow:
		return configured(func(c config) bool { return c.shadow || f.visit.test && c.recipients == 0 })
	}
	return false
}

// toldOf says whether the reason follows from an event of a mail to one of the visit's
// addresses.
func (f *fate) toldOf() bool {
	return slices.ContainsFunc(f.happenings, func(h *happening) bool {
		return h.follows == f.reason && slices.Contains(f.visit.emails, h.to)
	})
}

// superseded: a later step was due by the time, which needs a delay or steps that came
// late; or another checkout of the shopper is newer.
func (f *fate) superseded(newest bool) bool {
	for key := range f.due {
		if key.checkout == f.key.checkout && key.generation == f.key.generation && key.step > f.key.step {
			return true
		}
	}
	if !newest || f.visit.test {
		return false
	}
	for key, k := range f.visits {
		shared := slices.ContainsFunc(k.emails, func(email string) bool { return slices.Contains(f.visit.emails, email) })
		if key != f.key.checkout && shared && !k.test {
			return true
		}
	}
	return false
}

// stale: something kept it, and nobody tried.
func (f *fate) stale() bool {
	if f.among(func(verdict) bool { return true }) {
		return false
	}
	due := f.due[f.key]
	begun, ok := f.begun[generationKey{f.key.checkout, f.key.generation}]
	lateFrom := ok && begun.at > due
	toldLate := time.Duration(0)
	if lateFrom {
		toldLate = begun.at - due
	}
	if most, ok := f.onlyTasksLost(); ok && !f.windowed() && toldLate+most < f.leastLate() {
		return false
	}
	return f.tainted[f.key.checkout] || lateFrom || f.windowed() || !ok && due > -day*time.Duration(365)
}

func (e *evidence) windowed() bool {
	return slices.ContainsFunc(e.plan.configs, func(c config) bool { return c.window })
}

func (e *evidence) leastLate() time.Duration {
	least := e.plan.configs[0].maxLate
	if e.hits[storeMissing] > 0 {
		least = min(least, defaults().maxLate) // which holds for a store that is not known
	}
	for _, c := range e.plan.configs {
		least = min(least, c.maxLate)
	}
	return least
}
