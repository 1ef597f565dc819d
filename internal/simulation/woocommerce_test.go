package simulation

import "testing"

// Every promise holds in histories of a shop of WooCommerce.
func TestWooCommerce(t *testing.T) {
	t.Parallel()
	r := NewRunner(Hooks{})
	defer r.Close()
	outcomes := map[string]int{}
	for i := range uint64(200) {
		p := newPlan(100*i + 50)
		w := r.newWorld(p, nil)
		w.live()
		w.check()
		if len(w.record.violations) > 0 {
			t.Fatal(r.tell(p))
		}
		w.record.woo.count(outcomes)
	}
	for _, want := range []string{"mail", "question that told of an order", "question that told nothing", "link to the payment", "link to the cart", "webhook taken", "order that only the question told of"} {
		if outcomes[want] == 0 {
			t.Errorf("no history has a %s: %v", want, outcomes)
		}
	}
}

// count adds what the shop has seen.
func (r *wooRecord) count(outcomes map[string]int) {
	outcomes["mail"] += len(r.attempts)
	for _, p := range r.purchases {
		webhook, asked := false, false
		for _, t := range p.tellings {
			if t.taken() {
				outcomes["webhook taken"]++
				webhook = webhook || t.isBought()
			}
		}
		for _, q := range p.questions {
			if q.recorded() {
				outcomes["question that told of an order"]++
				asked = true
			} else if q.told == nil {
				outcomes["question that told nothing"]++
			}
		}
		if asked && !webhook {
			outcomes["order that only the question told of"]++
		}
		for _, v := range p.clicks {
			if len(v.to) > len(p.payment()) && v.to[:len(p.payment())] == p.payment() {
				outcomes["link to the payment"]++
			} else {
				outcomes["link to the cart"]++
			}
		}
	}
}
