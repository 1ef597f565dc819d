package simulation

import (
	"slices"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// storeIDs are the stores: most histories know only the first.
var storeIDs = []string{"default", "second"}

// apiKey is what the store's storefront calls with.
func apiKey(store string) string { return "key of " + store }

// sender is from whom the store's mails are.
func sender(store string) string { return store + "@example.com" }

// setConfig brings a configuration of one store into force, on all instances.
func (w *world) setConfig(c config) {
	st := c.asStore([]byte("id key of " + c.store))
	if f := w.hooks.Store; f != nil {
		f(st)
	}
	w.stores[c.store] = st
}

// spread gives the configuration, and the keys of its stores, to the instances. What runs
// goes on with the one that it began with, as a process does.
func (w *world) spread() {
	present := w.present()
	stores := make(map[string]*recovery.Store, len(present))
	for _, store := range present {
		if st := w.stores[store]; st != nil {
			stores[store] = st
		}
	}
	for _, inst := range w.instances {
		w.furnish(inst)
		inst.app.Service.Stores, inst.app.Keys = stores, w.keysOf(present)
		inst.app.Shopify = shopifyCallers(present)
		w.openShop(inst, present)
		inst.app.Tokens, inst.app.Events = w.signer.checks(w.plan.real, present, inst.app.Service.Clock)
	}
}

// of is the part of the plan that is about one store.
func (p plan) of(store string) plan {
	p.configs = slices.DeleteFunc(slices.Clone(p.configs), func(c config) bool { return c.store != store })
	p.ops = slices.DeleteFunc(slices.Clone(p.ops), func(o op) bool { return o.about.store != store })
	return p
}

// of is the part of the record that is about one store: what happens to another is
// nothing to it. What goes wrong with the parts that they share is in both.
func (r *record) of(store string, stores map[string]string) *record {
	part := *r
	part.violations, part.last = nil, map[string]checkoutAnswer{}
	part.requests = slices.DeleteFunc(slices.Clone(r.requests), func(q *request) bool { return q.about.store != store })
	part.dispatches = slices.DeleteFunc(slices.Clone(r.dispatches), func(d *dispatch) bool { return stores[d.key.checkout] != store })
	part.attempts = slices.DeleteFunc(slices.Clone(r.attempts), func(a *attempt) bool { return stores[a.checkout] != store })
	part.happenings = slices.DeleteFunc(slices.Clone(r.happenings), func(h *happening) bool { return stores[h.key.checkout] != store })
	part.followed = slices.DeleteFunc(slices.Clone(r.followed), func(f *following) bool { return stores[f.key.checkout] != store })
	for key, c := range r.last {
		if stores[key] == store {
			part.last[key] = c
		}
	}
	return &part
}

// checkStores holds the record of each store against the promises, as though there were
// no other.
func (w *world) checkStores() {
	r := &w.record
	if !w.plan.second {
		w.evidence(w.plan, r).check()
		return
	}
	stores := map[string]string{} // of the checkouts, by key
	for _, o := range w.plan.ops {
		if o.do == postCheckout {
			stores[w.keys(o.about)] = o.about.store
		}
	}
	for _, store := range storeIDs {
		part := r.of(store, stores)
		w.evidence(w.plan.of(store), part).check()
		for _, v := range part.violations {
			v.What = store + ": " + v.What
			r.violations = append(r.violations, v)
		}
	}
}
