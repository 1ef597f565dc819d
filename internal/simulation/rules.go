package simulation

import (
	"slices"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// allowed checks a mail against the store's own rules, where they did not change.
func (e *evidence) allowed(a *attempt) {
	k := e.visits[a.checkout]
	for _, h := range e.happenings {
		taken := slices.ContainsFunc(h.told, func(m moment) bool { return e.before(m, a) })
		if taken && h.to == e.addressee(a) && h.follows != "" && !e.tookBack(h, a.at) {
			e.violate(7, "reminder %s of %s was mailed in a run that began after a %s event of %s was taken", a.reminderKey, k.id, h.what, a.to)
		}
	}
	if len(e.plan.configs) > 1 {
		return
	}
	c := e.plan.configs[0]
	broken := ""
	switch {
	case c.shadow:
		broken = "in shadow"
	case c.consent == recovery.ConsentOptIn && !k.optIn:
		broken = "without consent"
	case c.consent == recovery.ConsentCustomers && !k.optIn && len(e.orders) == 0:
		broken = "without consent or an order"
	case c.activeFromDay > 0 && e.dueBefore(a.reminderKey, time.Duration(c.activeFromDay)*day):
		broken = "though it was abandoned before the activation"
	case c.sameStep > 0 && e.tooSoon(a, c.sameStep, sameStep):
		broken = "within the cool-down of the same step"
	case c.between > 0 && !k.test && e.tooSoon(a, c.between, sameShopper):
		broken = "within the cool-down between messages"
	case c.cap > 0 && !k.test && e.inWeek(a) > c.cap:
		broken = "beyond the cap"
	}
	if broken != "" {
		e.violate(7, "reminder %s of %s was mailed %s", a.reminderKey, k.id, broken)
	}
}

// dueBefore says whether the reminder is of a T for certain before the instant.
func (e *evidence) dueBefore(key reminderKey, at time.Duration) bool {
	due, ok := e.due[key]
	return ok && !e.windowed() && due-e.plan.configs[0].steps[key.step] < at-e.plan.configs[0].spread
}

// sameStep and sameShopper say which of two mails hold each other back.
func sameStep(a, b *attempt) bool {
	return a.checkout == b.checkout && a.step == b.step && a.generation != b.generation
}

func sameShopper(a, b *attempt) bool {
	return a.to == b.to && (a.checkout != b.checkout || a.generation != b.generation)
}

// tooSoon says whether another mail that was accepted came within d before a's run, by
// any of the clocks.
func (e *evidence) tooSoon(a *attempt, d time.Duration, related func(a, b *attempt) bool) bool {
	return slices.ContainsFunc(e.record.attempts, func(b *attempt) bool {
		return b.verdict.kind == nil && b.dispatch.status/100 == 2 && b.dispatch.ended.before(a.dispatch.begun) &&
			related(a, b) && a.at.at-b.at.at < d-2*maxSkew-runTime
	})
}

// inWeek counts the mails that the address got in the week up to a, a included.
func (e *evidence) inWeek(a *attempt) int {
	seen := map[reminderKey]bool{a.reminderKey: true} // one that is sent again counts once
	for _, b := range e.record.attempts {
		if b.verdict.kind == nil && b.to == a.to && b.at.before(a.at) && a.at.at-b.at.at < 7*day-2*maxSkew-runTime {
			seen[b.reminderKey] = true
		}
	}
	return len(seen)
}

// related says whether what an order names and the visit hang together, over whatever
// other visits.
func (e *evidence) related(o *order, k *known) bool {
	seen := map[*known]bool{k: true}
	for again := true; again; {
		again = false
		for _, other := range e.visits {
			if seen[other] {
				continue
			}
			for near := range seen {
				if near.near(other) {
					seen[other], again = true, true
					break
				}
			}
		}
	}
	for near := range seen {
		if o.checkout == near.id || o.cart != "" && o.cart == near.cart || slices.Contains(near.emails, o.email) {
			return true
		}
	}
	return false
}

func (k *known) near(o *known) bool {
	return k.cart != "" && k.cart == o.cart || slices.ContainsFunc(k.emails, func(email string) bool { return slices.Contains(o.emails, email) })
}
