package recoverytest

import (
	"reflect"
	"slices"
	"time"
)

// Holding names the store's documents, expired ones too, of which a text field is the
// text: what a person could read of it.
func (d *DB) Holding(store, text string) (names []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	look := func(kind string, r ref, doc any) {
		if r.store == store && holds(reflect.ValueOf(doc), text) {
			names = append(names, kind+"/"+r.key)
		}
	}
	for r, c := range d.checkouts {
		look("checkouts", r, c)
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

// holds says whether a text in v is the text. What v points to counts.
func holds(v reflect.Value, text string) bool {
	switch v.Kind() {
	case reflect.String:
		return v.String() == text
	case reflect.Pointer, reflect.Interface:
		return !v.IsNil() && holds(v.Elem(), text)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return false
		}
		for i := range v.NumField() {
			if holds(v.Field(i), text) {
				return true
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if holds(v.Index(i), text) {
				return true
			}
		}
	case reflect.Map:
		for entries := v.MapRange(); entries.Next(); {
			if holds(entries.Key(), text) || holds(entries.Value(), text) {
				return true
			}
		}
	}
	return false
}
