package simulation

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// erase draws a shopper who wants to be forgotten, often while mails are in flight, and
// sometimes to know first what is kept.
func (v *visit) erase() {
	a := about{store: v.store, email: v.about.email}
	body := fmt.Appendf(nil, `{"email":%q}`, a.email)
	at := v.moment()
	if v.chance(3) {
		v.add(op{do: postExport, at: v.moment(), body: body, about: a})
	}
	v.add(op{do: postErase, at: at, body: body, about: a})
}

// read notes which documents hold an address that was to be erased.
func (w *world) read() {
	for _, o := range w.plan.ops {
		if o.do == postErase {
			w.record.readable[[2]string{o.about.store, o.about.email}] = w.db.Holding(o.about.store, o.about.email)
		}
	}
}

// asked notes what a shopper has asked for.
func (e *evidence) asked(q *request) {
	switch {
	case q.status != http.StatusOK:
	case q.do == postErase:
		e.erasures = append(e.erasures, q)
	case !json.Valid(q.body):
		e.violate(9, "POST %s was answered what is no JSON: %s", q.do.path(), q.body)
	}
}

// isErased says whether one of the visit's addresses is erased at some time: then part of
// what was known of it is gone.
func (e *evidence) isErased(k *known) bool {
	return k != nil && slices.ContainsFunc(e.erased, func(email string) bool { return slices.Contains(k.emails, email) })
}

// mayBeGone says whether the order goes, or was never recorded, as somebody who belongs to
// it is erased.
func (e *evidence) mayBeGone(o *order) bool {
	if len(e.erased) == 0 {
		return false
	}
	if slices.Contains(e.erased, o.email) {
		return true
	}
	for _, k := range e.visits {
		if e.isErased(k) && e.related(o, k) {
			return true
		}
	}
	return false
}

// afterErasure: who was erased gets no mail, in a run that began after that was answered.
func (e *evidence) afterErasure(a *attempt) {
	for _, q := range e.erasures {
		if q.about.email == e.addressee(a) && e.before(q.ended, a) {
			e.violate(9, "reminder %s of %s was mailed in a run that began after %s was erased", a.reminderKey, e.visits[a.checkout].id, q.about.email)
		}
	}
}

// endsErased: what has ended stays so, and nothing is still to come.
func (e *evidence) endsErased(id, key string) {
	last := e.last[key]
	if last.Status == "open" {
		e.violate(4, "%s is open in the end", id)
	}
	for _, r := range last.Reminders {
		if r.State == string(recovery.Scheduled) || r.State == string(recovery.Claimed) {
			e.violate(4, "reminder %d-%d of %s is %s in the end", last.Generation, r.Step, id, r.State)
		}
	}
}

// nothingReadable is promise 9: of who was erased no document says anything in the end,
// whatever came late. Checkouts that come afterwards go with their next run, or with what
// ends them before it.
func (e *evidence) nothingReadable() {
	for _, q := range e.erasures {
		for _, name := range e.readable[[2]string{q.about.store, q.about.email}] {
			e.violate(9, "%s was erased after %s, and in the end %s holds the address", q.about.email, q.ended.at.Round(time.Second), name)
		}
	}
}
