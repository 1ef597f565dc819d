package simulation

import (
	"net/http"
	"slices"
	"strings"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// visitBack is where the link of a mail led.
type visitBack struct {
	begun moment
	to    string
}

// comeBack has the shopper follow the link of a mail, in one of two cases.
func (p *purchase) comeBack(mail recovery.Mail) {
	dice := p.throw(mail.MessageID, 3)
	if dice.chance(2) {
		return
	}
	l := &links{back: tokenOf(mail.Text)}
	p.after(soon(&dice), func() {
		v := &visitBack{begun: p.moment()}
		inst, dice := p.choose("back "+mail.MessageID, 0)
		p.serve(inst, dice, "", l.call(click, &dice), func(a reply) {
			p.world.tell("the link of a mail about order %s is answered %d, to %s", p.id(), a.status, a.location)
			if a.status == http.StatusFound {
				v.to = a.location
				p.clicks = append(p.clicks, v)
			}
		})
	})
}

// leads: a link leads to where the order is paid, but never once the shop has told that
// it cannot be paid any more.
func (p *purchase) leads() {
	for _, v := range p.clicks {
		pays := strings.HasPrefix(v.to, p.payment())
		if !pays && !strings.HasPrefix(v.to, shopURL(storeIDs[0])) {
			p.record.violate(8, "the link of a mail about order %s leads to %s", p.id(), v.to)
		}
		if pays && p.droppedBefore(v.begun) {
			p.record.violate(6, "the link of a mail about order %s leads to its payment, though it was told to be cancelled", p.id())
		}
	}
}

// droppedBefore says whether it was known before the moment that the order cannot be paid:
// by a webhook, also one that came before any other, or by what a run was told that asked.
func (p *purchase) droppedBefore(m moment) bool {
	told := func(t *telling) bool { return t.isExpired() && t.taken() && t.ended.before(m) }
	asked := func(q *question) bool {
		return q.told != nil && q.told.isExpired() && (q.dispatch.status == http.StatusOK && q.dispatch.ended.before(m) || p.mailedBy(q.dispatch, m))
	}
	return slices.ContainsFunc(p.tellings, told) || slices.ContainsFunc(p.questions, asked)
}

// mailedBy says whether the run had handed its mail over before the moment: it had heeded
// what it was told then.
func (p *purchase) mailedBy(run *dispatch, m moment) bool {
	return slices.ContainsFunc(p.record.woo.attempts, func(a *attempt) bool { return a.dispatch == run && a.at.before(m) })
}
