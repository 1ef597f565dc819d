package simulation

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// mails is the port to SendGrid.
type mails struct{ w *world }

// verdict is what SendGrid makes of a mail under a fault.
type verdict struct {
	accepted bool
	kind     error // of the SendError; nil: 202
}

var verdicts = map[kind]verdict{
	"":              {true, nil},
	mail429:         {false, recovery.ErrOverload},
	mail503:         {false, recovery.ErrOverload},
	mailUnconnected: {false, recovery.ErrOverload},
	mailAway:        {false, recovery.ErrOverload},
	mail500Before:   {false, recovery.ErrUnknown},
	mail500After:    {true, recovery.ErrUnknown},
	mailTimeout:     {false, recovery.ErrUnknown},
	mailLost:        {true, recovery.ErrUnknown},
	mail401:         {false, recovery.ErrDeployment},
	mail400:         {false, recovery.ErrRejected},
}

// Send implements recovery.Mailer.
func (m mails) Send(_ context.Context, mail recovery.Mail) (string, error) {
	w, entry := m.w, m.w.now
	w.boundary()
	if w.lateFor(entry, mailLimit) || w.now > w.run.deadline { // its context has ended
		w.tell("the mail %s is given up before it is sent", mail.MessageID)
		w.record.givenUp[keyOfMessage(mail.MessageID)] = true
		return "", &recovery.SendError{Kind: recovery.ErrOverload, Detail: "no connection in time"}
	}
	f := w.take(callMail).kind
	if f == "" && w.isAway(mailAway) {
		f = mailAway
	}
	v := verdicts[f]
	id := "p" + strconv.Itoa(len(w.record.attempts)+len(w.record.shopify.attempts)+len(w.record.woo.attempts))
	a := &attempt{
		reminderKey: keyOfMessage(mail.MessageID), version: mail.Subject, store: mail.Store, from: mail.From.Email, at: w.moment(),
		clock: w.now + w.run.instance.skew, dispatch: w.run.dispatch, verdict: v,
	}
	for _, to := range mail.To {
		a.all = append(a.all, to.Email)
	}
	a.to = a.all[0]
	list := w.record.attemptsOf(a.checkout)
	*list = append(*list, a)
	w.tell("SendGrid gets %s for %s, items %s: accepted %t, answer %v", mail.MessageID, a.to, a.version, v.accepted, v.kind)
	w.discreetMail(mail)
	if v.accepted {
		w.happen(mail.MessageID, a.to, id)
		if p := w.record.woo.keys[a.checkout]; p != nil {
			p.comeBack(mail)
		} else if !w.record.isShops(a.checkout) {
			w.follow(a, mail)
		}
	}
	w.boundary()
	if v.kind == nil && (w.lateFor(entry, mailLimit) || w.now > w.run.deadline) {
		v.kind = recovery.ErrUnknown
		a.verdict = v
	}
	if v.kind != nil {
		return "", &recovery.SendError{Kind: v.kind, Detail: "simulated"}
	}
	return id, nil
}

// keyOfMessage reads "{store}.{h}-{generation}-{step}".
func keyOfMessage(id string) reminderKey {
	_, rest, _ := strings.Cut(id, ".")
	parts := strings.Split(rest, "-")
	g, _ := strconv.Atoi(parts[1])
	s, _ := strconv.Atoi(parts[2])
	return reminderKey{parts[0], g, s}
}

// postEvent posts an event, and again until it is taken or almost 24 h have passed.
func (w *world) postEvent(e *happening, body []byte, try int) {
	inst, dice := w.choose(e.key.checkout+e.what, try)
	signature, timestamp := w.signer.sign(w.plan.real, e.store, begin.Add(w.now), body)
	w.serve(inst, dice, "", call{
		path: "/webhooks/sendgrid", body: body, header: "X-Twilio-Email-Event-Webhook-Signature", value: signature,
		more: [2]string{"X-Twilio-Email-Event-Webhook-Timestamp", timestamp},
	}, func(a reply) {
		w.tell("SendGrid tells that %s of %s: answered %d %s", e.what, e.key, a.status, a.body)
		w.answeredSelf("an event", a.status)
		if a.status/100 == 2 {
			e.told = append(e.told, w.moment())
			w.record.happenings = append(w.record.happenings, e)
			return
		}
		if pause := 10 * time.Second << min(try, 20); pause < day/2 {
			w.after(pause, func() { w.postEvent(e, body, try+1) })
		}
	})
}
