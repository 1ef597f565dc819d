package simulation

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// exportAnswer is what POST /privacy/export answers, as far as it can be told from outside
// what has to be in it.
type exportAnswer struct {
	Store     string             `json:"store"`
	Email     string             `json:"email"`
	Checkouts []exportedCheckout `json:"checkouts"`
	Orders    []exportedOrder    `json:"orders"`
	Messages  []exportedMessage  `json:"messages"`
}

type exportedCheckout struct {
	ID    string `json:"checkout_id"`
	Email string `json:"email"`
	Items []struct {
		ID string `json:"id"`
	} `json:"items"`
}

type exportedOrder struct {
	ID string `json:"order_id"`
}

type exportedMessage struct {
	Checkout   string `json:"checkout_id"`
	Generation int    `json:"generation"`
	Step       int    `json:"step"`
	Email      string `json:"email"`
	State      string `json:"state"`
}

// askWhatIsKept has a shopper ask in the end what is kept, in one of twenty histories:
// one who was erased, where there is one, and then always.
func (w *world) askWhatIsKept() {
	var who *op
	n := int(w.plan.seed/20) % max(1, len(w.plan.ops))
	for i := range w.plan.ops {
		o := &w.plan.ops[i]
		if o.do == postErase || o.do == postCheckout && (i <= n || who == nil) && w.plan.seed%20 == 7 {
			who = o
		}
		if o.do == postErase {
			break
		}
	}
	if who == nil {
		return
	}
	w.request(&op{
		id: -1, at: w.now, do: postExport, body: fmt.Appendf(nil, `{"email":%q}`, who.about.email), about: about{store: who.about.store, email: who.about.email},
	}, 1)
	w.runAll()
}

// export is an answer to a shopper who asked what is kept.
type export struct {
	*evidence
	asked  *request
	answer exportAnswer
}

// exported holds each export against what was told by then.
func (e *evidence) exported() {
	for _, q := range e.requests {
		if q.do != postExport || q.status != http.StatusOK {
			continue
		}
		x := &export{evidence: e, asked: q}
		if err := json.Unmarshal(q.body, &x.answer); err != nil {
			continue // said already
		}
		if x.answer.Store != q.about.store || x.answer.Email != q.about.email {
			x.violate("is of %s of %s", x.answer.Email, x.answer.Store)
		}
		x.ofNobodyElse()
		switch {
		case !x.erasedBefore(func(*request) bool { return true }):
			x.whole()
		case x.forgotten():
			if n := len(x.answer.Checkouts) + len(x.answer.Orders) + len(x.answer.Messages); n > 0 {
				x.violate("holds %d documents, though the shopper was erased", n)
			}
		}
	}
}

func (x *export) violate(format string, args ...any) {
	x.evidence.violate(9, "the export of %s %s", x.asked.about.email, fmt.Sprintf(format, args...))
}

// erasedBefore says whether such an erasure may have begun before the export was answered.
func (x *export) erasedBefore(is func(*request) bool) bool {
	return slices.ContainsFunc(x.requests, func(q *request) bool {
		return q.do == postErase && q.begun.before(x.asked.ended) && is(q)
	})
}

// forgotten says whether nothing can be kept of the shopper: the erasure was answered
// before, and nothing was told since.
func (x *export) forgotten() bool {
	return slices.ContainsFunc(x.erasures, func(erased *request) bool {
		if erased.about.email != x.asked.about.email || !erased.ended.before(x.asked.begun) {
			return false
		}
		return !slices.ContainsFunc(x.requests, func(q *request) bool {
			told := q.do == postOrder || q.do == postCheckout && slices.Contains(x.visits[x.keys[q.about.checkout]].emails, erased.about.email)
			return told && (q.ended.seq == 0 || !q.ended.before(erased.begun))
		})
	})
}

// whole: what was told of the shopper, and sent, is in it.
func (x *export) whole() {
	email := x.asked.about.email
	told := func(q *request) bool { return q.ended.before(x.asked.begun) }
	for key, k := range x.visits {
		if k.test || len(k.emails) != 1 || k.emails[0] != email {
			continue // it is somebody else's at times, or was gone after a day
		}
		if slices.ContainsFunc(k.accepted, told) && !slices.ContainsFunc(x.answer.Checkouts, func(c exportedCheckout) bool { return c.ID == k.id }) {
			x.violate("lacks the checkout %s", k.id)
		}
		x.hasMails(key, k)
	}
	for _, o := range x.orders {
		if o.email == email && !o.test && slices.ContainsFunc(o.certain, told) && !slices.ContainsFunc(x.answer.Orders, func(other exportedOrder) bool { return other.ID == o.order }) {
			x.violate("lacks the order %s", o.order)
		}
	}
}

// hasMails: what was sent of the visit by then is in it.
func (x *export) hasMails(key string, k *known) {
	for _, a := range x.record.attempts {
		if a.checkout != key || a.verdict.kind != nil || a.dispatch.status != http.StatusOK || !a.dispatch.ended.before(x.asked.begun) {
			continue
		}
		want := exportedMessage{k.id, a.generation, a.step, a.to, string(recovery.Sent)}
		if !slices.Contains(x.answer.Messages, want) {
			x.violate("lacks the mail %s of %s, or says something else of it", a.reminderKey, k.id)
		}
	}
}

// ofNobodyElse: whatever is in it is the shopper's own, and the store's.
func (x *export) ofNobodyElse() {
	email := x.asked.about.email
	theirs := func(checkout string) *known {
		if k := x.visits[x.keys[checkout]]; k != nil && slices.Contains(k.emails, email) {
			return k
		}
		return nil
	}
	for _, c := range x.answer.Checkouts {
		k := theirs(c.ID)
		item := func(o *op) bool { return len(c.Items) == 1 && c.Items[0].ID == o.about.item() }
		if k == nil || c.Email != email || !slices.ContainsFunc(k.ops, item) {
			x.violate("holds a checkout %s of %s with items %v, which is somebody else's", c.ID, c.Email, c.Items)
		}
	}
	for _, listed := range x.answer.Orders {
		o := x.orders[listed.ID]
		own := o != nil && (o.email == email || o.email == "" && slices.ContainsFunc(x.byEmail(email), func(k *known) bool { return x.related(o, k) }))
		if !own {
			x.violate("holds an order %s, which is somebody else's", listed.ID)
		}
	}
	for _, m := range x.answer.Messages {
		if k := theirs(m.Checkout); k == nil || m.Email != email && !k.test {
			x.violate("holds a mail of %s-%s to %s, which is somebody else's", m.Checkout, strconv.Itoa(m.Step), m.Email)
		}
	}
}

// byEmail are the visits that had the address at some time.
func (e *evidence) byEmail(email string) (list []*known) {
	for _, k := range e.visits {
		if slices.Contains(k.emails, email) {
			list = append(list, k)
		}
	}
	return list
}
