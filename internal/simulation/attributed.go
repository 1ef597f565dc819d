package simulation

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// attribution is what an order's answer says of what brought it.
type attribution struct {
	Kind recovery.AttributionKind `json:"kind"`
	Step *int                     `json:"step"`
}

// is says whether both say the same.
func (a attribution) is(b attribution) bool {
	return a.Kind == b.Kind && (a.Step == nil) == (b.Step == nil) && (a.Step == nil || *a.Step == *b.Step)
}

func attributionOf(q *request) (a attribution, ok bool) {
	var answer struct{ Attribution attribution }
	if q.do != postOrder || q.status != http.StatusOK || json.Unmarshal(q.body, &answer) != nil {
		return a, false
	}
	return answer.Attribution, true
}

// attributed: each order is attributed as the clicks and mails before it imply, and the
// same however often it is told of.
func (e *evidence) attributed() {
	for id, o := range e.orders {
		first, said := attribution{}, false
		for _, q := range o.accepted {
			a, ok := attributionOf(q)
			switch {
			case !ok:
			case !said:
				first, said = a, true
			case !a.is(first):
				e.violate(7, "order %s was attributed to %s, and later to %s", id, first.Kind, a.Kind)
			}
		}
		if said {
			e.rightly(o, first)
		}
	}
}

// rightly holds the order's attribution against the clicks.
func (e *evidence) rightly(o *order, a attribution) {
	if c, f := e.only(), e.certainClick(o); c != nil && f != nil && a.Kind != recovery.AttributedClick {
		e.violate(7, "order %s is attributed to %s, though reminder %s was clicked before it", o.order, a.Kind, f.key)
	}
	switch a.Kind {
	case recovery.AttributedNone:
	case recovery.AttributedClick:
		if a.Step == nil || !e.clicked(o, *a.Step) {
			e.violate(7, "order %s is attributed to a click that nobody made", o.order)
		}
	case recovery.AttributedMessage:
		if !slices.ContainsFunc(e.plan.configs, func(c config) bool { return c.anyMessage }) {
			e.violate(7, "order %s is attributed to a message, which its store does not count", o.order)
		}
	default:
		e.violate(7, "order %s is attributed to %q", o.order, a.Kind)
	}
}

// placedBetween is when the order may have been recorded as placed.
func (e *evidence) placedBetween(o *order) (from, to time.Duration) {
	from, to = o.placed, o.placed
	for _, q := range e.requests {
		if q.do == postOrder && q.about.order == o.order {
			at := q.clock + handlerTime
			if q.about.hasPlaced {
				at = min(at, q.about.placed)
			}
			to = max(to, at)
		}
	}
	return from, to
}

// clicked says whether a person may have clicked a link of such a step within the window
// before the order, on a checkout that it may belong to.
func (e *evidence) clicked(o *order, step int) bool {
	from, to := e.placedBetween(o)
	window := time.Duration(0)
	for _, c := range e.plan.configs {
		window = max(window, c.attribution)
	}
	return slices.ContainsFunc(e.record.followed, func(f *following) bool {
		k := e.visits[f.key.checkout]
		return f.what == click && f.key.step == step && !k.test && f.clock <= to+clocksDiffer && from-f.clock <= window+handlerTime+clocksDiffer && e.related(o, k)
	})
}

// certainClick is one that the order is to be attributed to, or to a later one; nil where
// there is none for certain.
func (e *evidence) certainClick(o *order) *following {
	c := e.only()
	if c == nil || o.checkout == "" || len(o.accepted) == 0 {
		return nil
	}
	k := e.visits[e.keys[o.checkout]]
	if k == nil || k.test {
		return nil
	}
	for _, other := range e.orders {
		if other != o && e.related(other, k) { // it may have used the click up
			return nil
		}
	}
	from, to := e.placedBetween(o)
	first := slices.MinFunc(e.requestsOf(o), func(a, b *request) int { return a.begun.seq - b.begun.seq })
	for _, f := range e.record.followed {
		ended := f.clock + f.ended.at - f.begun.at
		if f.what == click && f.status == http.StatusFound && f.calm && f.key.checkout == e.keys[o.checkout] && f.ended.before(first.begun) &&
			ended <= from+clocksDiffer-time.Second && to-f.clock <= c.attribution {
			return f
		}
	}
	return nil
}

func (e *evidence) requestsOf(o *order) (list []*request) {
	for _, q := range e.requests {
		if q.do == postOrder && q.about.order == o.order {
			list = append(list, q)
		}
	}
	return list
}

// brought says whether an order was answered as brought by a message of the checkout, or
// of another one.
func (e *evidence) brought(checkout string) bool {
	for _, o := range e.orders {
		for _, q := range o.accepted {
			if a, ok := attributionOf(q); ok && a.Kind != recovery.AttributedNone && e.related(o, e.visits[checkout]) {
				return true
			}
		}
	}
	return false
}
