package recoverytest

import (
	"fmt"
	"slices"
	"strings"
)

// Holding names the store's documents, expired ones too, of which a text field is the
// text: what a person could read of it.
func (d *DB) Holding(store, text string) (names []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	quoted := fmt.Sprintf("%q", text)
	look := func(kind string, r ref, doc any) {
		if r.store == store && strings.Contains(fmt.Sprintf("%#v", doc), quoted) {
			names = append(names, kind+"/"+r.key)
		}
	}
	for r, c := range d.checkouts {
		look("checkouts", r, *c)
	}
	for r, s := range d.shoppers {
		look("shoppers", r, s)
	}
	for r, c := range d.carts {
		look("carts", r, c)
	}
	for r, o := range d.orders {
		look("orders", r, o)
	}
	for r, m := range d.messages {
		look("messages", r, m)
	}
	slices.Sort(names)
	return names
}
