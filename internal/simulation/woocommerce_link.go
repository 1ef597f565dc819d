package simulation

import (
	"net/http"
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

// droppedBefore says whether it was told before the moment that a checkout that was known
// by then cannot be paid.
func (p *purchase) droppedBefore(m moment) bool {
	for _, gone := range p.tellings {
		if !gone.isExpired() || !gone.taken() || !gone.ended.before(m) {
			continue
		}
		for _, t := range p.tellings {
			if t.isCheckout() && t.taken() && t.ended.before(gone.begun) {
				return true
			}
		}
	}
	return false
}
