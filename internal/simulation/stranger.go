package simulation

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// stranger is the address that somebody would like the shop's mails to go to.
const stranger = "stranger@example.org"

// playStrangers has somebody call who knows everything of a shop but its keys, in the
// histories in which tokens are checked.
func (w *world) playStrangers() {
	if !w.plan.real {
		return
	}
	dice := w.throw("strangers", 0)
	for n := range 8 {
		victim := &w.plan.ops[dice.n(len(w.plan.ops))]
		at := victim.at + time.Duration(dice.n(7200_000)-3600_000)*time.Millisecond
		w.at(max(0, at), func() { w.intrude(n, victim.about, dice.n(1000)) })
	}
}

// intrude tries one way in, which is to be refused and to have no effect. What it says
// is in no record, so an effect breaks other promises, too.
func (w *world) intrude(n int, about about, salt int) {
	c := w.forge(about, salt)
	inst, dice := w.choose(label("stranger", n), salt)
	w.serve(inst, dice, "", c, func(a reply) {
		w.tell("a stranger's POST %s: %s: answered %d %s", c.path, c.body, a.status, a.body)
		switch a.status {
		case 0, http.StatusUnauthorized, http.StatusForbidden: // 0: the process died
		default:
			w.record.violate(8, "a stranger's POST %s was answered %d: %s", c.path, a.status, a.body)
		}
		if bytes.Contains(a.body, []byte("@")) {
			w.record.violate(8, "a stranger's POST %s was told an address: %s", c.path, a.body)
		}
	})
}

// forge makes a request that would hurt, with what a stranger may have: no proof at all, a
// guess, or the proof of somebody else.
func (w *world) forge(a about, salt int) call {
	if a.checkout == "" {
		a.checkout = "c1"
	}
	if a.email == "" {
		a.email = "ana@example.net"
	}
	switch salt % 8 {
	case 0:
		return w.forgeTask(a, salt)
	case 1:
		return call{path: "/tasks/sweep", body: []byte(`{}`), token: w.notGoogles(salt)}
	case 2:
		return forgeRedact(a)
	case 3:
		return w.forgeEvent(a)
	default:
		return forgeStorefront(a, salt)
	}
}

// forgeStorefront makes a call as of a storefront, without a key, with a guessed one, or
// with the key of the other store.
func forgeStorefront(a about, salt int) call {
	paths := []action{postCheckout, postOrder, postErase, postExport}
	c := call{path: paths[salt%4].path()}
	switch paths[salt%4] {
	case postCheckout:
		c.body = fmt.Appendf(nil, `{"store":%q,"checkout_id":%q,"email":%q}`, a.store, a.checkout, stranger)
	case postOrder:
		c.body = fmt.Appendf(nil, `{"store":%q,"order_id":"%d","checkout_id":%q,"email":%q}`, a.store, 9000+salt, a.checkout, stranger)
	default:
		c.body = fmt.Appendf(nil, `{"store":%q,"email":%q}`, a.store, a.email)
	}
	switch salt / 8 % 3 {
	case 0:
		c.token = "Bearer guessed"
	case 1:
		other := storeIDs[1]
		if a.store == other {
			other = storeIDs[0]
		}
		c.token = "Bearer " + apiKey(other)
	}
	return c
}

// forgeTask makes a call as of Cloud Tasks.
func (w *world) forgeTask(a about, salt int) call {
	key := w.keys(a)
	return call{
		path: "/tasks/remind", body: fmt.Appendf(nil, `{"v":1,"store":%q,"checkout":%q,"generation":1,"step":0}`, a.store, key), token: w.notGoogles(salt),
		header: "X-Cloudtasks-Taskname", value: "guessed", dispatch: &dispatch{key: reminderKey{key, 1, 0}, begun: w.moment()},
	}
}

// notGoogles is no token, a storefront's key, or a token whose signature was changed.
func (w *world) notGoogles(salt int) string {
	switch salt / 8 % 3 {
	case 0:
		return ""
	case 1:
		return "Bearer " + apiKey(storeIDs[0])
	}
	return w.signer.token[:len(w.signer.token)-8] + "AAAAAAAA"
}

// forgeRedact has a shopper erased as Shopify would, signed with a guess.
func forgeRedact(a about) call {
	body := fmt.Appendf(nil, `{"shop_id":1,"shop_domain":%q,"customer":{"id":1,"email":%q},"orders_to_redact":[]}`, shopDomain, a.email)
	mac := hmac.New(sha256.New, []byte("a guess"))
	mac.Write(body)
	return call{
		path: "/webhooks/shopify", body: body, header: "X-Shopify-Hmac-Sha256", value: base64.StdEncoding.EncodeToString(mac.Sum(nil)),
		more: [2]string{"X-Shopify-Topic", "customers/redact"}, last: [2]string{"X-Shopify-Shop-Domain", shopDomain},
	}
}

// forgeEvent has a shopper bounce as SendGrid would, under a signature of nobody.
func (w *world) forgeEvent(a about) call {
	body := fmt.Appendf(nil, `[{"event":"bounce","type":"bounce","email":%q,"timestamp":%d,"sg_event_id":"s","store":%q,"message_id":"%s.%s-1-0"}]`,
		a.email, begin.Unix(), a.store, a.store, w.keys(a))
	return call{
		path: "/webhooks/sendgrid", body: body, header: "X-Twilio-Email-Event-Webhook-Signature", value: base64.StdEncoding.EncodeToString(make([]byte, 70)),
		more: [2]string{"X-Twilio-Email-Event-Webhook-Timestamp", strconv.FormatInt(begin.Add(w.now).Unix(), 10)},
	}
}

// gotNowhere is promise 8, in the end: nothing that a stranger told is kept.
func (w *world) gotNowhere() {
	if !w.plan.real {
		return
	}
	for _, store := range storeIDs {
		for _, name := range w.db.Holding(store, stranger) {
			w.record.violate(8, "%s holds what a stranger told", name)
		}
	}
}
