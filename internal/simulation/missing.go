package simulation

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/comeback-checkout/comeback/internal/callerauth"
)

// span is a part of a history.
type span struct{ from, to time.Duration }

func (s span) holds(at time.Duration) bool { return at >= s.from && at <= s.to }

// leaveOut takes a store out of the configuration for a while, and its keys with it.
func (w *world) leaveOut(f fault) {
	store := storeIDs[0]
	if w.plan.second && f.n > 1 {
		store = storeIDs[1]
	}
	if w.isMissing(store) {
		return
	}
	w.hit(f.kind)
	w.tell("the store %s is missing from the configuration, for %s", store, f.last)
	for _, o := range w.plan.ops {
		if o.do == postCheckout && o.about.store == store {
			w.taint(w.keys(o.about))
		}
	}
	w.record.missing[store] = append(w.record.missing[store], span{w.now, w.now + f.last})
	w.spread()
	w.after(f.last+time.Microsecond, func() {
		w.tell("the configuration has the store %s again", store)
		w.spread()
	})
}

// isMissing says whether the configuration does not know the store now.
func (w *world) isMissing(store string) bool { return w.record.wasMissing(store, w.now) }

func (r *record) wasMissing(store string, at time.Duration) bool {
	return slices.ContainsFunc(r.missing[store], func(s span) bool { return s.holds(at) })
}

// refusedRightly says whether a call of a storefront whose store was missing was answered
// as that of a stranger.
func (r *record) refusedRightly(q *request) bool {
	return q.status == http.StatusUnauthorized && (r.wasMissing(q.about.store, q.begun.at) || r.wasMissing(q.about.store, q.ended.at))
}

// present are the stores that the configuration knows.
func (w *world) present() []string {
	if len(w.record.missing) == 0 {
		return storeIDs
	}
	return slices.DeleteFunc(slices.Clone(storeIDs), w.isMissing)
}

// keysOf are the keys of the storefronts that may call, made once.
func (r *Runner) keysOf(stores []string) *callerauth.Keys {
	name := strings.Join(stores, " ")
	keys := r.keys[name]
	if keys == nil {
		keys = &callerauth.Keys{}
		for _, store := range stores {
			keys.Add(store, apiKey(store))
		}
		r.keys[name] = keys
	}
	return keys
}

// whileMissing: nothing is mailed for a store that the configuration does not know.
func (e *evidence) whileMissing(a *attempt) {
	for _, s := range e.missing[a.store] {
		if s.holds(a.at.at) && s.holds(a.dispatch.begun.at) {
			e.violate(5, "reminder %s of %s was mailed while its store was missing from the configuration", a.reminderKey, e.visits[a.checkout].id)
		}
	}
}
