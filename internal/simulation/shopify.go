package simulation

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/comeback-checkout/comeback/internal/callerauth"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// The shop of Shopify that the first store is in one of a hundred histories, too.
const (
	shopDomain    = "shop.myshopify.com"
	shopifySecret = "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"
)

// shopifyCallers are the shops that may call, of the stores that the configuration knows.
func shopifyCallers(present []string) *callerauth.Webhooks {
	w := &callerauth.Webhooks{}
	if slices.Contains(present, storeIDs[0]) {
		w.Add(storeIDs[0], callerauth.ShopifySource(shopDomain), shopifySecret)
	}
	return w
}

// shopifyRecord is what can be seen of the shop from outside.
type shopifyRecord struct {
	sales    []*sale
	keys     map[string]*sale // by checkout's key
	attempts []*attempt
}

func (r *shopifyRecord) has(checkout string) bool { return r.keys[checkout] != nil }

// sale is one checkout of the shop, and what became of it.
type sale struct {
	*world
	n         int
	email     string
	order     int // its ID; 0: there is none
	total     int // in euros
	refunds   int
	failed    int // of the refunds, the last
	cancelled bool
	ordered   moment // when an order's delivery was first answered
	toRedact  bool
	redacted  moment // when that was first answered
	pending   int    // deliveries that were not answered yet
}

const (
	price  = 100 // of a sale, in euros
	refund = 30  // of one of its refunds
)

// playShopify plans what the shop's shoppers do, and when Shopify tells of it: up to a day
// late, in any order, and often twice.
func (w *world) playShopify() {
	if !w.plan.real || w.plan.second {
		return
	}
	shop := &w.record.shopify
	shop.keys = map[string]*sale{}
	for n := range 3 {
		s := &sale{world: w, n: n, email: "shopper-" + strconv.Itoa(n) + "@example.net"}
		shop.sales = append(shop.sales, s)
		shop.keys[recovery.CheckoutKey(storeIDs[0], s.token())] = s
		s.redact(s.play())
	}
}

func (s *sale) token() string { return "5d2f7a1be3f04c9d8a6b1c2d3e4f5a6" + strconv.Itoa(s.n) }

// play says when the checkout was left.
func (s *sale) play() (left time.Duration) {
	dice := s.throw("shopify", s.n)
	at := time.Duration(dice.n(int(2*day/time.Millisecond))) * time.Millisecond
	left = at
	s.tellOf(&dice, "checkouts/create", at, s.checkout(at, 1))
	if dice.chance(2) {
		later := at + time.Duration(1+dice.n(3600))*time.Second
		s.tellOf(&dice, "checkouts/update", later, s.checkout(later, 2))
	}
	if dice.chance(4) {
		later := at + time.Duration(1+dice.n(7200))*time.Second
		s.tellOf(&dice, "checkouts/delete", later, fmt.Appendf(nil, `{"token":%q,"id":%d}`, s.token(), 100+s.n))
	}
	if dice.chance(4) {
		return left
	}
	s.order, s.total = 1000+s.n, price
	at += time.Duration(1+dice.n(int(2*day/time.Second))) * time.Second
	s.tellOf(&dice, "orders/create", at, s.orderBody(at, ""))
	later := func() { at += time.Duration(1+dice.n(7200)) * time.Second }
	for range dice.n(3) {
		later()
		s.refunds++
		s.tellOf(&dice, "refunds/create", at, s.refundBody(at))
	}
	if dice.chance(3) { // a line of it was taken out, or what went back did not arrive
		later()
		s.total -= 10
		s.failed = min(s.refunds, dice.n(2))
		s.tellOf(&dice, "orders/updated", at, s.orderBody(at, `,"refunds":[`+s.refundsTold()+`]`))
	}
	if dice.chance(3) {
		later()
		s.cancelled = true
		s.tellOf(&dice, "orders/cancelled", at, s.orderBody(at, fmt.Sprintf(`,"cancelled_at":%q`, instant(at))))
	}
	return left
}

func (s *sale) checkout(at time.Duration, version int) []byte {
	return fmt.Appendf(nil, `{"token":%q,"id":%d,"email":%q,"updated_at":%q,"currency":"EUR","total_price":"%d.00","completed_at":null,`+
		`"abandoned_checkout_url":null,"line_items":[{"title":"v%d","variant_id":%d,"quantity":1}]}`, s.token(), 100+s.n, s.email, instant(at), price, version, version)
}

func (s *sale) orderBody(at time.Duration, more string) []byte {
	return fmt.Appendf(nil, `{"id":%d,"checkout_token":%q,"email":%q,"processed_at":%q,"updated_at":%q,"currency":"EUR","total_price":"%d.00"%s}`,
		s.order, s.token(), s.email, instant(at), instant(at), s.total, more)
}

// refundsTold are those of an order, as it tells of them.
func (s *sale) refundsTold() string {
	list := make([]string, s.refunds)
	for i := range list {
		status := "success"
		if i >= s.refunds-s.failed {
			status = "failure"
		}
		list[i] = fmt.Sprintf(`{"id":%d,"transactions":[{"kind":"refund","status":%q,"amount":"%d.00","currency":"EUR"}]}`, 10*s.order+i+1, status, refund)
	}
	return strings.Join(list, ",")
}

func (s *sale) refundBody(at time.Duration) []byte {
	return fmt.Appendf(nil, `{"id":%d,"order_id":%d,"created_at":%q,"transactions":[{"kind":"refund","status":"pending","amount":"%d.00","currency":"EUR"}]}`,
		10*s.order+s.refunds, s.order, instant(at), refund)
}

// tellOf plans the deliveries of one event.
func (s *sale) tellOf(dice *dice, topic string, at time.Duration, body []byte) {
	for range 1 + dice.n(3)/2 {
		late := []time.Duration{0, time.Second, time.Minute, 5 * time.Hour, day}[dice.n(5)]
		s.pending++
		s.at(at+late, func() { s.deliver(topic, body, 1) })
	}
}

// deliver posts a webhook, and again until it is taken.
func (s *sale) deliver(topic string, body []byte, try int) {
	mac := hmac.New(sha256.New, []byte(shopifySecret))
	mac.Write(body)
	inst, dice := s.choose(label(topic, s.n), try+int(s.now/time.Second))
	s.serve(inst, dice, "", call{
		path: "/webhooks/shopify", body: body, header: "X-Shopify-Hmac-Sha256", value: base64.StdEncoding.EncodeToString(mac.Sum(nil)),
		more: [2]string{"X-Shopify-Topic", topic}, last: [2]string{"X-Shopify-Shop-Domain", shopDomain},
	}, func(a reply) {
		s.tell("Shopify tells of %s: %s: answered %d %s", topic, body, a.status, a.body)
		switch {
		case a.status == http.StatusOK:
			s.pending--
			if isOrder := strings.HasPrefix(topic, "orders/"); isOrder && s.ordered.seq == 0 {
				s.ordered = s.moment()
			}
			if topic == "customers/redact" && s.redacted.seq == 0 {
				s.redacted = s.moment()
			}
		case try < 60:
			s.after(5*time.Second<<min(try, 9), func() { s.deliver(topic, body, try+1) })
		}
	})
}

// checkShopify holds what can be seen of the shop against the promises.
func (w *world) checkShopify() {
	shop, r := &w.record.shopify, &w.record
	if len(shop.sales) == 0 {
		return
	}
	taken := map[reminderKey]int{}
	for _, a := range shop.attempts {
		s := shop.keys[a.checkout]
		if a.to != s.email {
			r.violate(7, "a mail of Shopify's checkout %d went to %s", s.n, a.to)
		}
		if s.ordered.seq > 0 && s.ordered.before(a.dispatch.begun) {
			r.violate(1, "reminder %s of Shopify's checkout %d was mailed in a run that began after its order was told of", a.reminderKey, s.n)
		}
		if s.redacted.seq > 0 && s.redacted.before(a.dispatch.begun) {
			r.violate(9, "reminder %s of Shopify's checkout %d was mailed in a run that began after its shopper was redacted", a.reminderKey, s.n)
		}
		if a.verdict.kind == nil && a.dispatch.status == http.StatusOK {
			taken[a.reminderKey]++
		}
		if taken[a.reminderKey] > 1 {
			r.violate(2, "reminder %s of Shopify's checkout %d was accepted %d times", a.reminderKey, s.n, taken[a.reminderKey])
		}
	}
	for _, c := range w.db.Checkouts() {
		isOpen := func(id recovery.ReminderID) bool { return c.Reminders[id].Open() }
		if s := shop.keys[c.Key]; s != nil && (c.Status == recovery.StatusOpen || slices.ContainsFunc(c.Current(), isOpen)) {
			r.violate(4, "Shopify's checkout %d is %s in the end", s.n, c.Status)
		}
	}
	for _, s := range shop.sales {
		s.keeps()
	}
}

// keeps: what is kept of an order is its newest total without its refunds, each counted
// once and only if it did not fail, and nothing of one that was cancelled.
func (s *sale) keeps() {
	if s.pending > 0 {
		s.record.violate(4, "%d of Shopify's deliveries of checkout %d were never taken", s.pending, s.n)
		return
	}
	if s.toRedact {
		s.forgotten()
		return
	}
	if s.order == 0 {
		return
	}
	want := int64(100 * (s.total - (s.refunds-s.failed)*refund))
	if s.cancelled {
		want = 0
	}
	key := recovery.OrderKey(storeIDs[0], strconv.Itoa(s.order))
	k, err := s.db.FindForOrder(context.Background(), recovery.OrderQuery{Store: storeIDs[0], Order: key})
	if err != nil || k.Order == nil || k.Order.Kept() == nil || k.Order.Kept().Minor != want {
		s.record.violate(7, "of Shopify's order %d, with %d refunds, %d of which failed, and cancelled: %t, there is %+v, %v; want %d cents kept", s.order, s.refunds, s.failed, s.cancelled, k.Order, err, want)
	}
}
