package main

import (
	"net/http"
	"testing"
	"time"
)

func at(d time.Duration) string { return abandonedAt.Add(d).Format(time.RFC3339Nano) }

// Promise 1, by every way in which an order and a checkout can belong together.
func TestOrderStopsReminders(t *testing.T) {
	t.Parallel()
	checkout := func(id string) body {
		return body{"checkout_id": id, "cart_id": "cart-" + id, "email": ana, "abandoned_at": at(0)}
	}
	for name, tc := range map[string]struct {
		before []body // orders that arrive before the checkout
		after  []body // orders that arrive after it
		others []body // checkouts beside it
		mails  int
	}{
		"no order":                            {mails: 3},
		"by its ID":                           {after: []body{{"order_id": "1", "checkout_id": "c"}}},
		"by its ID, before it came":           {before: []body{{"order_id": "1", "checkout_id": "c"}}},
		"by its ID, placed before T":          {after: []body{{"order_id": "1", "checkout_id": "c", "placed_at": at(-time.Hour)}}},
		"by its cart":                         {after: []body{{"order_id": "1", "cart_id": "cart-c"}}},
		"by its cart, before it came":         {before: []body{{"order_id": "1", "cart_id": "cart-c", "placed_at": at(0)}}},
		"by the address in other case":        {after: []body{{"order_id": "1", "email": "ANA.Lima@Example.NET"}}},
		"by the address, before it came":      {before: []body{{"order_id": "1", "email": " Ana.Lima@example.net", "placed_at": at(0)}}},
		"by the address, placed 5 s before T": {after: []body{{"order_id": "1", "email": ana, "placed_at": at(-5 * time.Second)}}},
		"by the address, placed 6 s before T": {after: []body{{"order_id": "1", "email": ana, "placed_at": at(-6 * time.Second)}}, mails: 3},
		"by the cart, placed before T":        {after: []body{{"order_id": "1", "cart_id": "cart-c", "placed_at": at(-time.Minute)}}, mails: 3},
		"of the shopper's other checkout": {
			others: []body{{"checkout_id": "other", "email": ana, "abandoned_at": at(-10 * time.Minute)}},
			after:  []body{{"order_id": "1", "checkout_id": "other"}},
		},
		"of somebody else": {after: []body{{"order_id": "1", "email": "bob@example.net"}}, mails: 3},
		"twice":            {after: []body{{"order_id": "1", "checkout_id": "c"}, {"order_id": "1", "checkout_id": "c"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for _, o := range tc.before {
				w.post(http.StatusOK, orderPath, toJSON(t, o))
			}
			for _, c := range tc.others {
				w.post(http.StatusCreated, checkoutPath, toJSON(t, c))
			}
			w.post(http.StatusCreated, checkoutPath, toJSON(t, checkout("c")))
			for _, o := range tc.after {
				w.post(http.StatusOK, orderPath, toJSON(t, o))
			}
			w.advance(80 * time.Hour)
			a := w.checkoutNow(toJSON(t, checkout("c")))
			if tc.mails == 0 {
				w.wantStates(a, "skipped:ordered", "skipped:ordered", "skipped:ordered")
			}
			if got := len(w.mails()); got != tc.mails {
				t.Errorf("%d mails went out, want %d; reminders are %q", got, tc.mails, a.states())
			}
		})
	}
}
