package simulation

import (
	"fmt"
	"strings"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// news is an event as SendGrid words it, and the standing decision that follows from it;
// "" where its shopper is mailed as before.
type news struct {
	event, kind, reason string // kind is the type of a bounce, reason that of a drop
	follows             recovery.Reason
}

// refusals are the events after which a mail does not arrive.
var refusals = []news{
	{event: "bounce", kind: "bounce", follows: recovery.ReasonBounced},
	{event: "bounce", kind: "blocked"}, // the mailbox is full, the server is wary of us
	{event: "dropped", reason: "Bounced Address", follows: recovery.ReasonBounced},
	{event: "dropped", reason: "Invalid", follows: recovery.ReasonBounced},
	{event: "dropped", reason: "Unsubscribed Address", follows: recovery.ReasonUnsubscribed},
	{event: "dropped", reason: "Spam Reporting Address", follows: recovery.ReasonComplained},
	{event: "dropped", reason: "Invalid SMTPAPI header"},
}

// answers are the events by which a shopper answers a mail that has arrived.
var answers = []news{
	{event: "open"},
	{event: "click"},
	{event: "unsubscribe", follows: recovery.ReasonUnsubscribed},
	{event: "group_unsubscribe", follows: recovery.ReasonUnsubscribed},
	{event: "spamreport", follows: recovery.ReasonComplained},
}

// happen draws what becomes of an accepted mail, and lets SendGrid tell of it.
func (w *world) happen(message, to, id string) {
	dice := w.throw(message, 0)
	m := mailed{world: w, message: message, to: to, id: id}
	if dice.chance(12) { // the store need not ask for it
		m.event(news{event: "processed"}, time.Second)
	}
	if i := dice.n(12 * len(refusals)); i < len(refusals) {
		m.event(refusals[i], time.Duration(1+dice.n(90))*time.Second)
		return
	}
	after := time.Duration(2+dice.n(60)) * time.Second
	if dice.chance(20) { // the server wants it later
		m.event(news{event: "deferred"}, after)
		after += time.Duration(dice.n(7200)) * time.Second
	}
	m.event(news{event: "delivered"}, after)
	if i := dice.n(12 * len(answers)); i < len(answers) {
		m.event(answers[i], time.Duration(dice.n(7200))*time.Second)
	}
}

// mailed is a mail that SendGrid has accepted.
type mailed struct {
	*world
	message, to, id string
}

// event lets SendGrid tell of one event.
func (m mailed) event(n news, in time.Duration) {
	w, at := m.world, m.now+in
	more := ""
	if n.kind != "" {
		more = fmt.Sprintf(`,"type":%q`, n.kind)
	}
	if n.reason != "" {
		more += fmt.Sprintf(`,"reason":%q`, n.reason)
	}
	body := fmt.Appendf(nil, `[{"event":%q,"email":%q,"timestamp":%d,"message_id":%q,"sg_message_id":"%s.filter1","sg_event_id":"%s-%s"%s}]`,
		n.event, m.to, begin.Add(at).Unix(), m.message, m.id, m.id, n.event, more)
	store, _, _ := strings.Cut(m.message, ".")
	e := &happening{store: store, what: n.event + suffix(" ", n.kind+n.reason), follows: n.follows, to: m.to, key: keyOfMessage(m.message), at: at}
	f := w.take(callEvent)
	switch f.kind {
	case eventMissing:
		return
	case eventLate:
		in += f.last
	case eventTwice:
		w.after(in+time.Second, func() { w.postEvent(e, body, 100) })
	}
	w.after(in, func() { w.postEvent(e, body, 1) })
}
