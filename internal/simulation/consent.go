package simulation

import (
	"slices"
	"time"
)

// consent draws whether the shopper accepts marketing, who now and then thinks better of
// it, and returns what the request says of that.
func (v *visit) consent(a *about) string {
	if v.chance(8) {
		v.optIn, v.asked = !v.optIn, true
	}
	a.optIn, a.refused = v.optIn, v.asked && !v.optIn
	switch {
	case a.optIn:
		return `,"accepts_marketing":true`
	case a.refused:
		return `,"accepts_marketing":false`
	}
	return ""
}

// clocksDiffer is how far an instant that a storefront tells may be from the one that is
// recorded: none is after its arrival, by our clock.
const clocksDiffer = 5 * time.Second

// withConsent: nobody is mailed in a run that began after the withdrawal of a consent was
// answered, whichever of the shopper's checkouts it came with, unless it was given again.
func (e *evidence) withConsent(a *attempt) {
	k := e.visits[a.checkout]
	if !k.test && e.withdrew(a.to, a.at.at, func(m moment) bool { return e.before(m, a) }) {
		e.violate(7, "reminder %s of %s was mailed in a run that began after %s had withdrawn consent", a.reminderKey, k.id, a.to)
	}
}

// withdrew says whether the address had for certain consented and then withdrawn that
// before something; what was given until then, or may have been, counts.
func (e *evidence) withdrew(email string, until time.Duration, before func(moment) bool) bool {
	given, certain, refused := time.Duration(-1<<62), false, time.Duration(-1<<62)
	for _, k := range e.visits {
		if k.test || !slices.Contains(k.emails, email) {
			continue
		}
		for _, q := range k.accepted {
			if q.about.email == email && before(q.ended) && e.applied(k, q) {
				certain = certain || q.about.optIn
				if q.about.refused {
					refused = max(refused, q.about.news)
				}
			}
		}
		for _, o := range k.ops {
			if o.about.email != email || !o.about.optIn || o.at > until {
				continue
			}
			if o.about.news == 0 { // at any of its arrivals
				given = max(given, until)
			}
			given = max(given, o.about.news)
		}
	}
	return certain && given+clocksDiffer < refused
}

// applied says whether the news was for certain the newest of its checkout, which took it.
func (e *evidence) applied(k *known, q *request) bool {
	if !k.timed {
		return false
	}
	for _, o := range e.orders {
		if e.related(o, k) {
			return false
		}
	}
	return !slices.ContainsFunc(k.ops, func(o *op) bool {
		return o != q.op && o.at <= q.ended.at && o.about.news >= q.about.news && !sameNews(o, q.op)
	})
}

// sameNews says whether one op repeats the other.
func sameNews(a, b *op) bool { return string(a.body) == string(b.body) }

// mayHaveWithdrawn says whether somebody with one of the visit's addresses told once that
// marketing is not accepted.
func (e *evidence) mayHaveWithdrawn(k *known) bool {
	return slices.ContainsFunc(e.plan.ops, func(o op) bool { return o.about.refused && slices.Contains(k.emails, o.about.email) })
}
