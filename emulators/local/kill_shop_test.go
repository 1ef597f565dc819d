package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// shop is one caller: it repeats each call until it is answered 2xx, as the API asks
// for, and remembers what it was promised.
type shop struct {
	s        *siege
	name     string
	dice     *rand.Rand
	shoppers []*shopper
}

// trade does one thing for each piece of work.
func (sh *shop) trade() {
	for {
		select {
		case <-sh.s.t.Context().Done():
			return
		case _, open := <-sh.s.work:
			if !open {
				sh.changeAgain()
				return
			}
			sh.act()
		}
	}
}

// act is one thing that a shop has to tell: mostly of a shopper who was here just now.
func (sh *shop) act() {
	p := sh.someShopper()
	b := p.latest(sh.dice)
	switch n := sh.dice.IntN(20); {
	case n == 18:
		sh.overtake(p)
	case b == nil && n < 2: // the order comes before its checkout
		b = sh.newBasket(p)
		sh.order(p, b, "checkout_id")
		sh.checkout(p, b)
	case b == nil || n < 3:
		sh.checkout(p, sh.newBasket(p))
	case n < 8:
		b.items++
		sh.checkout(p, b)
	case n < 11:
		sh.post(p, checkoutPath, b.body)
	case n < 14:
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() { sh.post(p, checkoutPath, b.body) })
		}
		both.Wait()
	case n < 15 && len(p.orders) > 0:
		sh.post(p, orderPath, p.orders[sh.dice.IntN(len(p.orders))].body)
	case n < 18:
		sh.order(p, b, []string{"checkout_id", "cart_id", "email"}[sh.dice.IntN(3)])
	default:
		p = sh.newShopper()
		sh.checkout(p, sh.newBasket(p))
	}
}

// overtake has an order come before the checkout that it is of, and name it by what only
// the shopper's or the cart's document can keep until then.
func (sh *shop) overtake(p *shopper) {
	b := sh.newBasket(p)
	b.left = sh.now()
	sh.order(p, b, []string{"cart_id", "email"}[sh.dice.IntN(2)])
	sh.checkout(p, b)
}

// changeAgain has the last few shoppers change all that they left, once everything works.
func (sh *shop) changeAgain() {
	for _, p := range sh.shoppers[max(0, len(sh.shoppers)-6):] {
		for _, b := range p.baskets {
			before := b.generation
			b.items++
			sh.checkout(p, b)
			b.fresh = b.generation > before
		}
	}
}

// someShopper is a new one, or one of the last few.
func (sh *shop) someShopper() *shopper {
	n := len(sh.shoppers)
	if n == 0 || sh.dice.IntN(2) == 0 {
		return sh.newShopper()
	}
	return sh.shoppers[n-1-sh.dice.IntN(min(n, 8))]
}

func (sh *shop) newShopper() *shopper {
	p := &shopper{email: fmt.Sprintf("%s.%d@example.net", sh.name, len(sh.shoppers)), lives: &sh.s.kills}
	sh.shoppers = append(sh.shoppers, p)
	return p
}

func (sh *shop) newBasket(p *shopper) *basket {
	name, _, _ := strings.Cut(p.email, "@")
	b := &basket{id: fmt.Sprintf("chk_%s_%d", name, len(p.baskets)), items: 1, stamped: sh.dice.IntN(3) == 0}
	b.cart = "cart_" + b.id
	p.baskets = append(p.baskets, b)
	return b
}

// checkout sends the basket as it is now.
func (sh *shop) checkout(p *shopper, b *basket) {
	news := body{
		"checkout_id": b.id, "email": p.email, "cart_id": b.cart, "accepts_marketing": true,
		"items": []body{{"id": "sku-1", "title": "Trail running shoes", "quantity": b.items}},
	}
	if b.stamped {
		news["updated_at"] = sh.now().Format(time.RFC3339Nano)
	}
	if b.body == "" && !b.left.IsZero() {
		news["abandoned_at"] = b.left.Format(time.RFC3339Nano)
	}
	b.body = toJSON(sh.s.t, news)
	if a, ok := sh.post(p, checkoutPath, b.body); ok {
		generation, _ := a.Body["generation"].(float64)
		b.generation = int(generation)
	}
}

// order makes an order that names the basket by one field.
func (sh *shop) order(p *shopper, b *basket, by string) {
	o := &purchase{id: fmt.Sprintf("%s-%d", b.id, len(p.orders)), covers: map[*basket]int{}}
	for _, b := range p.baskets {
		o.covers[b] = b.generation
	}
	if by == "checkout_id" {
		o.every = b.id
	}
	if !b.left.IsZero() && b.body == "" {
		o.overtakes(b, by)
	}
	o.body = toJSON(sh.s.t, body{"order_id": o.id, by: map[string]string{"checkout_id": b.id, "cart_id": b.cart, "email": p.email}[by]})
	a, ok := sh.post(p, orderPath, o.body)
	if !ok {
		return
	}
	o.matched, o.answered = a.matched(), sh.now()
	p.orders = append(p.orders, o)
	p.tell("order %s was answered by %s", o.id, o.answered.Format(time.RFC3339))
}

// post sends the same until it is answered 2xx. It reports false where the test
// ended first, or the call was refused for good.
func (sh *shop) post(p *shopper, path, requestBody string) (answer, bool) {
	for sh.s.t.Context().Err() == nil {
		a, err := sh.s.try(path, requestBody)
		switch {
		case err != nil:
			p.tell("POST %s %s: no answer", path, requestBody)
		case a.Status/100 == 2:
			p.tell("POST %s %s: %d %s", path, requestBody, a.Status, strings.TrimSpace(a.Raw))
			sh.s.happens()
			return a, true
		default:
			p.tell("POST %s %s: %d %s", path, requestBody, a.Status, strings.TrimSpace(a.Raw))
			if a.Status < 500 && a.Status != http.StatusTooManyRequests {
				sh.s.t.Errorf("POST %s: got %d %s, which is final", path, a.Status, strings.TrimSpace(a.Raw))
				return a, false
			}
		}
		sh.rest()
	}
	return answer{}, false
}

// now is what the clock shows, or, where the program is dead, what it shows in its
// next life.
func (sh *shop) now() time.Time {
	for sh.s.t.Context().Err() == nil {
		if now, known := sh.s.clock(); known {
			return now
		}
		sh.rest()
	}
	return time.Time{}
}

// rest keeps a caller that is not answered from calling all the time.
func (sh *shop) rest() {
	select {
	case <-time.After(20 * time.Millisecond):
	case <-sh.s.t.Context().Done():
	}
}
