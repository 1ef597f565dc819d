package simulation

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// callerTime is how long a storefront waits for an answer.
const callerTime = 10 * time.Second

// perform does what the op says.
func (w *world) perform(o *op) {
	if o.do == configure {
		w.tell("the configuration changes to: %s", w.plan.configs[o.config])
		w.setConfig(w.plan.configs[o.config])
		w.spread()
		return
	}
	w.request(o, 1)
}

// request sends the op's request, and again until it is accepted or refused for good.
func (w *world) request(o *op, try int) {
	inst, dice := w.choose(label("op", o.id), try)
	q := &request{op: o, begun: w.moment(), clock: w.now + inst.skew}
	w.record.requests = append(w.record.requests, q)
	w.tell("POST %s to %s, whose clock is off by %s: %s", o.do.path(), inst.name, inst.skew, o.body)
	answered := false
	answer := func(a reply) {
		if answered {
			return
		}
		answered = true
		q.status, q.ended, q.body = a.status, w.moment(), a.body
		w.tell("POST %s of %s is answered %d %s", o.do.path(), o.about.checkout+o.about.order, a.status, a.body)
		switch {
		case a.status == 0 || a.status == 429 || a.status >= 500:
			w.after(5*time.Second<<min(try-1, 6), func() { w.request(o, try+1) })
		case w.record.refusedRightly(q): // somebody sends again what was refused for good
			w.after(20*time.Minute, func() { w.request(o, try+1) })
		}
	}
	w.serve(inst, dice, w.keys(o.about), call{path: o.do.path(), token: "Bearer " + apiKey(o.about.store), body: o.body}, func(a reply) {
		if a.status != 0 && w.take(callAnswer).kind == loseAnswer {
			w.taint(w.keys(o.about))
			a = reply{}
		}
		answer(a)
	})
	if !answered {
		w.after(callerTime, func() { answer(reply{}) })
	}
}

// finish asks how each checkout stands, as a storefront can at any time: by sending
// news that is older than any other, and so changes nothing.
func (w *world) finish() {
	w.armed, w.ending = map[class][]fault{}, nil
	clear(w.away)
	w.record.rows = w.db.Messages()
	w.read()
	w.checkShopify()
	w.checkWooCommerce()
	w.gotNowhere()
	w.askWhatIsKept()
	seen := map[string]bool{} // by key
	for i := range w.plan.ops {
		o := &w.plan.ops[i]
		if o.do != postCheckout || o.about.test || seen[w.keys(o.about)] {
			continue
		}
		seen[w.keys(o.about)] = true
		w.ask(o, func(a reply) {
			w.record.violate(6, "asked again, the checkout %s answers %d %s", o.about.checkout, a.status, a.body)
		})
		w.runAll()
	}
}

// planLook plans to ask how a test stands shortly before it is forgotten.
func (w *world) planLook(c *recovery.Checkout) {
	if !c.Test {
		return
	}
	at, key := c.ExpiresAt.Sub(begin)-5*time.Minute, c.Key
	if w.looks[key] == at {
		return
	}
	w.looks[key] = at
	i := slices.IndexFunc(w.plan.ops, func(o op) bool { return o.do == postCheckout && w.keys(o.about) == key })
	var look func()
	look = func() {
		if o := &w.plan.ops[i]; w.looks[key] == at && w.now < at+time.Minute {
			w.ask(o, func(reply) { w.after(5*time.Second, look) })
		}
	}
	w.at(at, look)
}

// ask sends the op's request and keeps the answer as the last word on the checkout.
func (w *world) ask(o *op, failed func(reply)) {
	body := fmt.Appendf(nil, `{"checkout_id":%q,"email":%q,"updated_at":%q}`, o.about.checkout, o.about.email, instant(-day))
	w.serve(w.instances[0], w.throw(label("ask", o.id), 0), "", call{path: o.do.path(), token: "Bearer " + apiKey(o.about.store), body: body}, func(a reply) {
		var c checkoutAnswer
		if err := json.Unmarshal(a.body, &c); err != nil || a.status/100 != 2 {
			failed(a)
			return
		}
		w.tell("in the end %s stands so: %s", o.about.checkout, a.body)
		c.asked = w.moment()
		w.record.last[w.keys(o.about)] = c
	})
}
