package demo

import (
	"strings"
	"time"
)

// story is a way in which a checkout can go.
type story struct {
	cards     int // how often it is in the deck
	checkouts int // how many it takes
	tell      func(*teller)
}

// stories are all of them. The first needs one checkout. About a third of the
// checkouts are ordered. What must not meet by chance is kept apart by minutes: an
// order and a reminder of the default schedule (30 minutes, 1 and 3 days).
var stories = []story{
	{24, 1, leavesForGood},
	{9, 1, reportedAgain},
	{8, 1, reportedAtOnce},
	{5, 1, reportedLate},
	{9, 1, changesCart},
	{5, 1, olderNewsAfterNewer},
	{3, 1, firstNewsOvertaken},
	{3, 2, leavesTwo},
	{4, 1, orderedEarlier},
	{7, 1, orders(4*time.Minute, 25*time.Minute)},
	{6, 1, orders(time.Hour, 22*time.Hour)},
	{4, 1, orders(25*time.Hour, 70*time.Hour)},
	{3, 1, orders(73*time.Hour, 90*time.Hour)},
	{4, 1, orderComesFirst},
	{4, 1, ordersByEmail},
	{3, 1, ordersByCart},
	{2, 2, ordersByOtherCheckout},
	{2, 1, ordersAgainAndAgain},
	{3, 1, comesBackAfterOrder},
}

func leavesForGood(t *teller) { t.leave() }

// reportedAgain: the storefront repeats its call, as after a lost answer.
func reportedAgain(t *teller) {
	c := t.leave()
	t.repeat(c, c.t().Add(t.between(time.Second, 20*time.Minute)))
	t.repeat(c, c.t().Add(t.between(time.Hour, 60*time.Hour)))
}

func reportedAtOnce(t *teller) {
	t.leave()
	t.atOnce()
}

// reportedLate: the first reminder is due already, or nearly.
func reportedLate(t *teller) {
	at := t.moment()
	c := t.newCheckout(t.newShopper(), at.Add(-t.between(20*time.Minute, 3*time.Hour)))
	t.report(c, at)
}

// changesCart: the clock starts anew, before the first reminder or after it.
func changesCart(t *teller) {
	c := t.leave()
	pause := t.between(5*time.Minute, 20*time.Minute)
	if t.rng.IntN(2) == 0 {
		pause = t.between(time.Hour, 6*time.Hour)
	}
	changed := t.changed(c, c.t().Add(pause))
	t.report(changed, changed.t())
	if t.rng.IntN(3) == 0 {
		t.atOnce()
	}
}

// olderNewsAfterNewer: a call that was held up tells of a cart that is no more.
func olderNewsAfterNewer(t *teller) {
	c := t.leave()
	changed := t.changed(c, c.t().Add(t.between(10*time.Minute, 20*time.Minute)))
	t.report(changed, changed.t())
	stale := t.changed(c, changed.t().Add(-t.between(time.Minute, 9*time.Minute)))
	t.repeat(stale, changed.t().Add(t.between(time.Second, 20*time.Hour)))
	t.repeat(c, changed.t().Add(t.between(time.Second, 60*time.Hour)))
}

// firstNewsOvertaken: the second call arrives before the first.
func firstNewsOvertaken(t *teller) {
	at := t.moment()
	c := t.newCheckout(t.newShopper(), at.Add(-t.between(time.Minute, 20*time.Minute)))
	changed := t.changed(c, at)
	t.report(changed, at)
	t.repeat(c, at.Add(t.between(time.Second, time.Hour)))
}

// leavesTwo: two checkouts of one shopper; the newer speaks for both.
func leavesTwo(t *teller) { t.leaveTwo() }

func (t *teller) leaveTwo() (older, newer *checkout) {
	older = t.leave()
	at := older.t().Add(t.between(time.Hour, 4*time.Hour))
	newer = t.newCheckout(t.again(older), at)
	t.report(newer, at)
	return older, newer
}

// orderedEarlier: an order from before the checkout stops nothing.
func orderedEarlier(t *teller) {
	c := t.leave()
	o := t.newOrder(c, c.t().Add(-t.between(time.Minute, 24*time.Hour)))
	o.CheckoutID = ""
	if t.rng.IntN(2) == 0 {
		o.CartID = ""
	}
	t.buy(o, c.t().Add(t.between(time.Minute, 20*time.Minute)))
}

// orders: the checkout is ordered by its ID, some time after it was left.
func orders(from, to time.Duration) func(*teller) {
	return func(t *teller) {
		c := t.leave()
		at := c.t().Add(t.between(from, to))
		t.buy(t.newOrder(c, at), at)
		if t.rng.IntN(4) == 0 {
			t.atOnce()
		}
	}
}

// orderComesFirst: the order's call overtakes that of its checkout.
func orderComesFirst(t *teller) {
	at := t.moment()
	c := t.newCheckout(t.newShopper(), at)
	placed := at.Add(t.between(10*time.Second, time.Minute))
	o := t.newOrder(c, placed)
	if t.rng.IntN(2) == 0 {
		o.CheckoutID = ""
	}
	t.buy(o, placed)
	t.report(c, placed.Add(t.between(time.Second, 15*time.Minute)))
}

// ordersByEmail: the order names the address only, in another spelling of case.
func ordersByEmail(t *teller) {
	c := t.leave()
	at := c.t().Add(t.between(time.Hour, 22*time.Hour))
	t.buy(t.orderByEmail(c, at), at)
}

func (t *teller) orderByEmail(c *checkout, placed time.Time) *order {
	o := t.newOrder(c, placed)
	o.CheckoutID, o.CartID, o.Email = "", "", strings.ToUpper(c.Email)
	return o
}

func ordersByCart(t *teller) {
	c := t.leave()
	c.CartID = "cart_" + c.ID
	at := c.t().Add(t.between(time.Hour, 22*time.Hour))
	o := t.newOrder(c, at)
	o.CheckoutID, o.Email = "", ""
	t.buy(o, at)
}

// ordersByOtherCheckout: the order names the older of a shopper's two checkouts; the
// newer stops too.
func ordersByOtherCheckout(t *teller) {
	older, newer := t.leaveTwo()
	at := newer.t().Add(t.between(time.Hour, 18*time.Hour))
	o := t.newOrder(older, at)
	o.CartID, o.Email = "", ""
	t.buy(o, at)
}

func ordersAgainAndAgain(t *teller) {
	c := t.leave()
	at := c.t().Add(t.between(4*time.Minute, 25*time.Minute))
	o := t.newOrder(c, at)
	if t.rng.IntN(2) == 0 {
		o.PlacedAt = nil // when it is recorded; the repeats do not move that
	}
	t.buy(o, at)
	t.buy(o, at.Add(t.between(time.Second, time.Minute)))
	t.buy(o, at.Add(t.between(time.Hour, 60*time.Hour)))
	t.atOnce()
}

// comesBackAfterOrder: an order by e-mail ends the checkout, another cart reopens it,
// and the same order reported once more does not end it again.
func comesBackAfterOrder(t *teller) {
	c := t.leave()
	placed := c.t().Add(t.between(time.Hour, 3*time.Hour))
	o := t.orderByEmail(c, placed)
	t.buy(o, placed)
	back := t.changed(c, placed.Add(t.between(4*time.Hour, 16*time.Hour)))
	t.report(back, back.t())
	t.buy(o, back.t().Add(t.between(time.Minute, 20*time.Minute)))
}
