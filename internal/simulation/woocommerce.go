package simulation

import (
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

// The shop of WooCommerce that the first store is in one of a hundred histories, too.
const (
	wooAddress = "https://shop.example.net"
	wooSecret  = "wc secret of the first store"
)

// linkHosts are to where a shop's own links lead.
var linkHosts = []string{"shop.example.net"}

// isShops says whether the checkout, by its key, is of a shop of Shopify or WooCommerce,
// which are checked by rules of their own.
func (r *record) isShops(checkout string) bool {
	return r.shopify.has(checkout) || r.woo.keys[checkout] != nil
}

// attemptsOf is the list that the checkout's mails belong in.
func (r *record) attemptsOf(checkout string) *[]*attempt {
	switch {
	case r.shopify.has(checkout):
		return &r.shopify.attempts
	case r.woo.keys[checkout] != nil:
		return &r.woo.attempts
	}
	return &r.attempts
}

// wooRecord is what can be seen of the shop from outside.
type wooRecord struct {
	purchases []*purchase
	keys      map[string]*purchase // by checkout's key
	attempts  []*attempt
}

// purchase is one order of the shop from its first step at the checkout on.
type purchase struct {
	*world
	n         int
	changes   []change
	tellings  []*telling
	questions []*question
	clicks    []*visitBack
}

// change is what the order became at an instant, which is a whole second.
type change struct {
	at      time.Duration
	status  string
	paid    bool
	total   int // in euros
	refunds int // that were made by then, and not deleted
	items   int // their version
}

// kinds of changes, by what they make of the order.
func (c change) isCheckout() bool {
	return c.status == "pending" || c.status == "failed" || c.status == "checkout-draft"
}
func (c change) isExpired() bool { return c.status == "cancelled" && !c.paid }
func (c change) isBought() bool  { return !c.isCheckout() && !c.isExpired() }

// kept is what is left of the order's amount.
func (c change) kept() int {
	if c.status == "refunded" || c.status == "cancelled" {
		return 0
	}
	return c.total - c.refunds*refund
}

// telling is one delivery of a webhook, of which WooCommerce makes no second where the
// first is not answered well.
type telling struct {
	change
	begun, ended moment
	answered     int
}

func (t *telling) taken() bool { return t.answered == http.StatusOK }

// openShop makes the first store a shop of WooCommerce, where the plan says so.
func (w *world) openShop(inst *instance, present []string) {
	if !w.plan.woo || w.plan.second {
		return
	}
	inst.app.WooCommerce, inst.app.Service.Orders = &callerauth.Webhooks{}, nil
	if !slices.Contains(present, storeIDs[0]) {
		return
	}
	inst.app.WooCommerce.Add(storeIDs[0], callerauth.WooCommerceSource(wooAddress), wooSecret)
	inst.app.Service.Orders = map[string]recovery.OrderSource{storeIDs[0]: w.orderSource()}
}

// playWooCommerce plans what the shop's shoppers do, and when WooCommerce tells of it: up
// to a day late, in any order, twice, or never.
func (w *world) playWooCommerce() {
	if !w.plan.woo || w.plan.second {
		return
	}
	shop := &w.record.woo
	shop.keys = map[string]*purchase{}
	for n := range 4 {
		p := &purchase{world: w, n: n}
		shop.purchases = append(shop.purchases, p)
		shop.keys[p.key()] = p
		p.play()
	}
}

func (p *purchase) id() string    { return strconv.Itoa(7000 + p.n) }
func (p *purchase) key() string   { return recovery.CheckoutKey(storeIDs[0], p.id()) }
func (p *purchase) email() string { return "buyer-" + strconv.Itoa(p.n) + "@example.net" }

// payment is where the order can be paid as long as it waits for that.
func (p *purchase) payment() string { return wooAddress + "/checkout/order-pay/" + p.id() + "/" }

func (p *purchase) play() {
	dice := p.throw("woocommerce", p.n)
	c := change{at: time.Duration(dice.n(2*86400)) * time.Second, total: price}
	become := func(status string, paid bool, within time.Duration) {
		c.status, c.paid, c.items = status, paid, len(p.changes)+1
		c.at += time.Duration(1+dice.n(int(within/time.Second))) * time.Second
		p.changes = append(p.changes, c)
		p.tell(&dice, c)
	}
	waits := []string{"pending", "failed", "checkout-draft"}
	for range 1 + dice.n(3)/2 {
		become(waits[dice.n(3)], false, time.Hour)
	}
	switch dice.n(7) {
	case 0:
		return
	case 1:
		become("cancelled", false, 2*time.Hour)
		return
	case 2: // paid on delivery
		become("processing", false, 2*day)
		if dice.chance(2) {
			become("cancelled", false, day)
			become("processing", false, day)
		}
	case 3:
		become("on-hold", false, 2*day)
		if dice.chance(2) { // the transfer never came
			become("cancelled", false, 2*day)
			return
		}
	}
	become("processing", true, 2*day)
	for range dice.n(3) {
		c.refunds++
		become("processing", true, 2*time.Hour)
	}
	if c.refunds > 0 && dice.chance(3) { // one is deleted, and the order edited
		c.refunds--
		c.total -= 10
		become("processing", true, 2*time.Hour)
	}
	switch dice.n(5) {
	case 0:
		become("completed", true, day)
	case 1:
		become("refunded", true, day)
	case 2:
		become("cancelled", true, day)
	case 3:
		become("cancelled", true, day)
		become("processing", true, day)
	}
}

// body is the order as WooCommerce tells of it after the change.
func (p *purchase) body(c change) []byte {
	const gmt = "2006-01-02T15:04:05"
	paid, payment := "null", ""
	if c.paid {
		i := slices.IndexFunc(p.changes, func(c change) bool { return c.paid })
		paid = strconv.Quote(begin.Add(p.changes[i].at).Format(gmt))
	}
	if c.isCheckout() {
		payment = fmt.Sprintf(`,"payment_url":%q`, p.payment())
	}
	refunds := make([]string, c.refunds)
	for i := range refunds {
		refunds[i] = fmt.Sprintf(`{"id":%d,"total":"-%d.00"}`, 10*p.n+i+1, refund)
	}
	return fmt.Appendf(nil, `{"id":%s,"status":%q,"currency":"EUR","total":"%d.00","date_created_gmt":%q,"date_modified_gmt":%q,"date_paid_gmt":%s,`+
		`"billing":{"email":%q},"line_items":[{"name":"v%d","product_id":%d,"quantity":1}],"refunds":[%s]%s}`,
		p.id(), c.status, c.total, begin.Add(p.changes[0].at).Format(gmt), begin.Add(c.at).Format(gmt), paid,
		p.email(), c.items, c.items, strings.Join(refunds, ","), payment)
}

// tell plans the deliveries of one change: one of four is lost.
func (p *purchase) tell(dice *dice, c change) {
	if dice.chance(4) {
		return
	}
	for range 1 + dice.n(3)/2 {
		late := []time.Duration{0, time.Second, time.Minute, 5 * time.Hour, day}[dice.n(5)]
		p.at(c.at+late, func() { p.deliver(c) })
	}
}

// deliver posts a webhook, once.
func (p *purchase) deliver(c change) {
	body := p.body(c)
	mac := hmac.New(sha256.New, []byte(wooSecret))
	mac.Write(body)
	topic := "order.updated"
	if c.at == p.changes[0].at {
		topic = "order.created"
	}
	t := &telling{change: c, begun: p.moment()}
	p.tellings = append(p.tellings, t)
	inst, dice := p.choose(label("woocommerce tells of "+p.id(), len(p.tellings)), 0)
	p.serve(inst, dice, p.key(), call{
		path: "/webhooks/woocommerce", body: body, header: "X-Wc-Webhook-Signature", value: base64.StdEncoding.EncodeToString(mac.Sum(nil)),
		more: [2]string{"X-Wc-Webhook-Topic", topic}, last: [2]string{"X-Wc-Webhook-Source", wooAddress},
	}, func(a reply) {
		p.world.tell("WooCommerce tells that an order is %s: %s: answered %d %s", c.status, body, a.status, a.body)
		t.answered, t.ended = a.status, p.moment()
	})
}
