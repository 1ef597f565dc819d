package simulation

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"time"
)

// day is 24 hours.
const day = 24 * time.Hour

// begin is when every history begins: a few days before the clocks change in Europe,
// and a few more in America.
var begin = time.Date(2026, 10, 21, 9, 0, 0, 0, time.UTC)

// plan is what a history is made of, drawn from its seed. Whatever is taken out of it
// leaves a plan, which is how a failing one is made small.
type plan struct {
	seed    uint64
	real    bool // signatures are made and checked
	second  bool // there is a second store
	woo     bool // the first store is a shop of WooCommerce, too
	least   int  // requests and dispatches
	configs []config
	ops     []op
	faults  []fault
}

// action is what an op does.
type action string

const (
	postCheckout action = "checkout"
	postOrder    action = "order"
	configure    action = "configuration"
	postErase    action = "privacy/erase"
	postExport   action = "privacy/export"
)

// op is something that happens to the shop: a request of the storefront, which it
// repeats until it is accepted, or another configuration.
type op struct {
	id     int
	at     time.Duration // since begin
	do     action
	config int // of configure
	body   []byte
	about  about
}

// about is what the body of a request says, for those who check.
type about struct {
	store                        string
	checkout, cart, email, order string
	version                      int           // of the items; each is a set of its own
	news                         time.Duration // updated_at, or else abandoned_at; 0: not given
	placed                       time.Duration
	hasPlaced                    bool
	abandoned                    bool // abandoned_at is given
	abandonedAt                  time.Duration
	optIn, refused               bool   // accepts_marketing is given, as true or as false
	test                         bool   // it is about a test checkout
	zone                         string // the shopper's; "" where none is told
}

// item is the ID of the one item of a version.
func (a about) item() string { return "v" + strconv.Itoa(a.version) }

func (a action) path() string { return "/" + string(a) }

// newPlan draws a plan.
func newPlan(seed uint64) plan {
	d := drawing{Rand: random(seed, 1)}
	p := plan{seed: seed, real: seed%100 == 0, woo: seed%100 == 50, least: 20}
	d.span = time.Duration(2+d.IntN(14)) * day
	if p.second = d.chance(8); p.second { // both as small as the only one mostly is
		d.shop(&p, storeIDs[0], 2)
		d.shop(&p, storeIDs[1], 2)
	} else {
		d.shop(&p, storeIDs[0], 5)
	}
	for len(d.ops) < 7 {
		d.repeat()
	}
	p.ops = d.ops
	p.faults = d.faultsOf(1 + d.IntN(4))
	slices.SortStableFunc(p.ops, func(a, b op) int { return int(a.at - b.at) })
	return p
}

// shop draws what happens to one store: others have checkouts, carts, orders and
// addresses of the same names.
func (d *drawing) shop(p *plan, store string, most int) {
	d.store, d.checkouts, d.orders = store, 0, 0
	c := d.config()
	d.windows = c.window
	p.configs = append(p.configs, c)
	for range 1 + min(d.IntN(most), d.IntN(most), d.IntN(most), d.IntN(most), d.IntN(most)) { // few shoppers that do much find most
		d.shopper()
	}
	if d.chance(8) {
		d.add(op{do: configure, config: len(p.configs), at: d.moment(), about: about{store: store}})
		p.configs = append(p.configs, d.config())
	}
}

func random(seed, stream uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, stream)) }

// drawing is a plan while it is drawn.
type drawing struct {
	*rand.Rand
	store     string
	span      time.Duration
	ops       []op
	checkouts int
	orders    int
	versions  int
	windows   bool // the store has a send window, so time zones count
}

// chance is true in one of n cases.
func (d *drawing) chance(n int) bool { return d.IntN(n) == 0 }

func (d *drawing) pick(list ...time.Duration) time.Duration { return list[d.IntN(len(list))] }

// moment is some instant of the history, often one at which something else happens
// or a default reminder of it is due.
func (d *drawing) moment() time.Duration {
	if len(d.ops) == 0 || d.chance(4) {
		return time.Duration(d.Int64N(int64(d.span)))
	}
	at := d.ops[d.IntN(len(d.ops))].at
	at += d.pick(0, 0, 30*time.Minute, 30*time.Minute, day, 3*day, time.Hour, 10*time.Second)
	switch d.IntN(4) {
	case 0:
		at += time.Duration(d.IntN(400)-200) * time.Millisecond
	case 1:
		at += time.Duration(d.IntN(20)-10) * time.Second
	case 2:
		at += time.Duration(d.IntN(600)) * time.Second
	}
	return max(0, at)
}

// shopper leaves one or two checkouts, comes back to them, and may order.
func (d *drawing) shopper() {
	email := []string{"ana", "bo", "cy", "dee", "eve", "flo"}[d.IntN(6)] + "@example.net"
	for range 1 + d.IntN(4)/3 {
		d.checkouts++
		v := visit{drawing: d, about: about{store: d.store, checkout: "c" + strconv.Itoa(d.checkouts), email: email}}
		if d.chance(2) {
			v.about.cart = "cart" + strconv.Itoa(1+d.IntN(3))
		}
		v.timed = !d.chance(4)
		v.about.test = len(d.ops) > 0 && d.chance(10)
		if d.windows && d.chance(2) || d.chance(50) {
			v.about.zone = zoneNames[d.IntN(len(zoneNames))]
		}
		v.play()
		if !v.about.test && d.chance(25) {
			v.erase()
		}
	}
}

// visit is one checkout while its requests are drawn.
type visit struct {
	*drawing
	about about
	timed bool // every request says when its news was
	optIn bool
	asked bool // accepts_marketing is given, whatever it says
}

func (v *visit) play() {
	at := time.Duration(v.Int64N(int64(v.span)))
	if v.chance(3) && len(v.ops) > 0 {
		at = v.moment()
	}
	v.optIn = v.chance(2)
	if v.chance(6) {
		v.order(max(0, at-v.pick(0, time.Second, 4*time.Second, 10*time.Second, time.Hour)))
	}
	v.checkout(at, true)
	if v.about.test { // it is forgotten a day after its last reminder
		v.checkout(at+v.pick(time.Second, time.Minute, 30*time.Minute), v.chance(2))
		if v.chance(3) {
			v.order(at + v.pick(0, time.Minute, 30*time.Minute))
		}
		return
	}
	for range v.IntN(3) {
		later := at + v.pick(time.Second, time.Minute, 30*time.Minute, 30*time.Minute, time.Hour, day, 3*day) + time.Duration(v.IntN(2000)-1000)*time.Millisecond
		v.checkout(max(at+time.Second, later), v.chance(2))
	}
	if v.chance(3) {
		v.order(max(0, at+v.pick(-3*time.Second, 0, time.Minute, 30*time.Minute, 30*time.Minute, time.Hour, day, 2*day, 3*day)+time.Duration(v.IntN(400)-200)*time.Millisecond))
	}
}

func instant(at time.Duration) string { return begin.Add(at).Format(time.RFC3339Nano) }

// checkout draws a request that reports the checkout, with other items if it is told.
func (v *visit) checkout(at time.Duration, changed bool) {
	a := v.about
	if changed || v.about.version == 0 {
		v.versions++
		v.about.version = v.versions
	}
	a.version, a.news = v.about.version, 0
	if v.chance(12) {
		v.about.email = "moved-" + v.about.email
	}
	a.email = v.about.email
	b := fields{'{'}
	b.text("checkout_id", a.checkout)
	b.text("email", a.email)
	b.raw("items", `[{"id":"`+a.item()+`","title":"`+a.item()+`"}]`)
	b.text("cart_id", a.cart)
	b.text("timezone", v.about.zone)
	if a.test {
		b.raw("test", "true")
	}
	b = append(b, v.consent(&a)...)
	if v.timed {
		// The storefront's clock differs a little from ours, its requests arrive late,
		// and no two of its news are of one instant.
		a.news = at.Truncate(time.Microsecond) - time.Duration(v.IntN(3000))*time.Millisecond + time.Duration(len(v.ops))*time.Microsecond
		if v.chance(10) {
			a.news -= v.pick(time.Minute, time.Hour)
		}
		b.text("updated_at", instant(a.news))
		if v.chance(4) {
			a.abandoned, a.abandonedAt = true, a.news-time.Duration(v.IntN(2000))*time.Microsecond
			b.text("abandoned_at", instant(a.abandonedAt))
		}
	}
	v.add(op{do: postCheckout, at: at, body: append(b, '}'), about: a})
}

// order draws an order that names its checkout, its cart, its shopper or several.
func (v *visit) order(at time.Duration) {
	v.orders++
	a := about{store: v.store, order: "o" + strconv.Itoa(v.orders), test: v.about.test}
	if v.chance(2) {
		a.checkout = v.about.checkout
	}
	if v.about.cart != "" && v.chance(2) {
		a.cart = v.about.cart
	}
	if a.checkout == "" && a.cart == "" || v.chance(2) {
		a.email = v.about.email
	}
	b := fields{'{'}
	b.text("order_id", a.order)
	b.text("checkout_id", a.checkout)
	b.text("cart_id", a.cart)
	b.text("email", a.email)
	if v.chance(2) {
		a.hasPlaced, a.placed = true, at-v.pick(0, time.Second, 3*time.Second, 5*time.Second, 6*time.Second, time.Minute, time.Hour)
		b.text("placed_at", instant(a.placed))
	}
	v.add(op{do: postOrder, at: at, body: append(b, '}'), about: a})
}

// fields are a JSON object's while it is written.
type fields []byte

func (f *fields) raw(name, value string) {
	if len(*f) > 1 {
		*f = append(*f, ',')
	}
	*f = append(append(append(append(*f, '"'), name...), `":`...), value...)
}

// text adds a text that needs no escapes, unless it is empty.
func (f *fields) text(name, value string) {
	if value != "" {
		f.raw(name, `"`+value+`"`)
	}
}

// repeat draws a request that is sent once more, later or at the same time.
func (d *drawing) repeat() {
	o := d.ops[d.IntN(len(d.ops))]
	if o.do == configure {
		return
	}
	later := d.pick(0, time.Millisecond, 30*time.Minute, time.Hour, day, 3*day, 30*time.Second)
	if o.about.test {
		later = min(later, 30*time.Minute)
	}
	o.at += later
	d.add(o)
}

func (d *drawing) add(o op) {
	o.id, o.at = len(d.ops), o.at.Truncate(time.Microsecond)
	d.ops = append(d.ops, o)
}
