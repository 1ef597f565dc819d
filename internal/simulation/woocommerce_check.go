package simulation

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// checkWooCommerce holds what can be seen of the shop against the promises.
func (w *world) checkWooCommerce() {
	shop := &w.record.woo
	if len(shop.purchases) == 0 {
		return
	}
	taken := map[reminderKey]int{}
	for _, a := range shop.attempts {
		p := shop.keys[a.checkout]
		p.mailed(a)
		if a.verdict.kind == nil && a.dispatch.status == http.StatusOK {
			taken[a.reminderKey]++
		}
		if taken[a.reminderKey] > 1 {
			w.record.violate(2, "reminder %s of order %s was accepted %d times", a.reminderKey, p.id(), taken[a.reminderKey])
		}
	}
	known := map[string]*recovery.Checkout{}
	for _, c := range w.db.Checkouts() {
		known[c.Key] = c
	}
	for _, p := range shop.purchases {
		p.ends(known[p.key()])
		p.keeps()
		p.leads()
	}
}

// mailed holds one mail against what was told, and what was asked, before it.
func (p *purchase) mailed(a *attempt) {
	if a.to != p.email() {
		p.record.violate(7, "a mail of order %s went to %s", p.id(), a.to)
	}
	asked := false
	for _, q := range p.questions {
		if q.dispatch == a.dispatch {
			asked = true
			if q.told != nil && q.told.isBought() {
				p.record.violate(1, "reminder %s of order %s was mailed in a run that the shop had told: %s", a.reminderKey, p.id(), q.told.status)
			}
		} else if q.recorded() && q.dispatch.ended.before(a.dispatch.begun) {
			p.record.violate(1, "reminder %s of order %s was mailed after the shop told a run before: %s", a.reminderKey, p.id(), q.told.status)
		}
	}
	if !asked {
		p.record.violate(1, "reminder %s of order %s was mailed without the shop being asked", a.reminderKey, p.id())
	}
	gone, newest := false, 0
	for _, t := range p.tellings {
		if !t.taken() || !t.ended.before(a.dispatch.begun) {
			continue
		}
		switch {
		case t.isBought():
			p.record.violate(1, "reminder %s of order %s was mailed in a run that began after it was told to be %s", a.reminderKey, p.id(), t.status)
		case t.isExpired():
			gone = true // news, though not of what is in the cart
		default:
			newest = max(newest, t.items)
		}
	}
	current := func(c change) bool { return c.items >= newest && strconv.Itoa(c.items) == a.version }
	if !gone && !slices.ContainsFunc(p.changes, current) {
		p.record.violate(6, "reminder %s of order %s was mailed with items %s, after version %d was told", a.reminderKey, p.id(), a.version, newest)
	}
}

// recorded says whether the run that asked has certainly recorded an order that it was
// told of.
func (q *question) recorded() bool {
	return q.told != nil && q.told.isBought() && q.dispatch.status == http.StatusOK
}

// ends: what was told of ends, and as ordered only where it was.
func (p *purchase) ends(c *recovery.Checkout) {
	told := func(t *telling) bool { return t.taken() && t.isCheckout() }
	if c == nil {
		if slices.ContainsFunc(p.tellings, told) && p.now < 80*day {
			p.record.violate(4, "the checkout of order %s was told of, and is not there in the end", p.id())
		}
		return
	}
	if c.Status == recovery.StatusOpen || slices.ContainsFunc(c.Current(), func(id recovery.ReminderID) bool { return c.Reminders[id].Open() }) {
		p.record.violate(4, "the checkout of order %s is %s in the end", p.id(), c.Status)
	}
	for id, r := range c.Reminders {
		if r.Reason == recovery.ReasonOrdered && !p.maybeBought() {
			p.record.violate(7, "reminder %s of order %s ended as ordered, and nobody told that it was bought", id, p.id())
		}
	}
}

// maybeBought says whether anybody told that the order was bought, heard or not.
func (p *purchase) maybeBought() bool {
	return slices.ContainsFunc(p.tellings, func(t *telling) bool { return t.isBought() }) ||
		slices.ContainsFunc(p.questions, func(q *question) bool { return q.told != nil && q.told.isBought() })
}

// keeps: what is kept of an order is what the newest telling leaves of it. What was told
// without a good answer may count or not.
func (p *purchase) keeps() {
	var heard *change // the newest that certainly was
	var all []change
	hear := func(c change, sure bool) {
		if all = append(all, c); sure && c.isBought() && (heard == nil || c.at > heard.at) {
			heard = &c
		}
	}
	for _, t := range p.tellings {
		hear(t.change, t.taken())
	}
	for _, q := range p.questions {
		if q.told != nil {
			hear(*q.told, q.recorded())
		}
	}
	if heard == nil || p.now > 80*day {
		return
	}
	want := []int{heard.kept()}
	for _, c := range all { // one that expired does so where the order was known by then
		if c.at > heard.at && !c.isCheckout() {
			want = append(want, c.kept())
		}
	}
	key := recovery.OrderKey(storeIDs[0], p.id())
	k, err := p.db.FindForOrder(context.Background(), recovery.OrderQuery{Store: storeIDs[0], Order: key})
	if err != nil || k.Order == nil || k.Order.Kept() == nil {
		p.record.violate(7, "of order %s, which was told of, there is %+v, %v", p.id(), k.Order, err)
		return
	}
	if kept := int(k.Order.Kept().Minor / 100); !slices.Contains(want, kept) {
		p.record.violate(7, "of order %s %d euros are kept, want one of %v", p.id(), kept, want)
	}
}
