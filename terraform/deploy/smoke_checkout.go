package main

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/comeback-checkout/comeback/internal/config"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// dueIn is how far ahead the first reminder of a test lies: time for the function's
// first instance to start, and for its task to reach Cloud Tasks.
const dueIn = 10 * time.Second

// testCheckout is the body that is posted. The shopper is made up, so that no real
// shopper's documents are touched.
type testCheckout struct {
	ID               string     `json:"checkout_id"`
	Store            string     `json:"store"`
	Email            string     `json:"email"`
	Customer         testPerson `json:"customer"`
	TimeZone         string     `json:"timezone,omitempty"`
	AcceptsMarketing bool       `json:"accepts_marketing"`
	Items            []testItem `json:"items"`
	AbandonedAt      time.Time  `json:"abandoned_at"`
	Test             bool       `json:"test"`

	key string    // of its document
	due time.Time // of its first reminder, by this machine's clock
}

type testPerson struct {
	FirstName string `json:"first_name"`
}

type testItem struct {
	Title    string `json:"title"`
	Quantity int    `json:"quantity"`
}

// newTestCheckout makes a checkout of the store whose first reminder is due soon, in
// a time zone in which the store's send window is open.
func newTestCheckout(store *config.Store, now time.Time) (testCheckout, error) {
	name := "smoke-" + strings.ToLower(rand.Text())
	c := testCheckout{
		ID: name, Store: store.ID, Email: name + "@example.com", Customer: testPerson{"Test"}, AcceptsMarketing: true,
		Items: []testItem{{"A test of Comeback", 1}}, Test: true,
		key: recovery.CheckoutKey(store.ID, name), due: recovery.Instant(now.Add(dueIn)),
	}
	// The store's offset and spread, without its window.
	rules := store.Store
	rules.Window = nil
	delay := recovery.Due(&rules, &recovery.Checkout{Key: c.key, T: now}, store.Steps[0].After).Sub(now)
	c.AbandonedAt = recovery.Instant(c.due.Add(-delay))
	var err error
	c.TimeZone, err = openZone(store, c.due)
	return c, err
}

// openZone names a time zone in which the store's send window is open at the instant
// and for a while after; "" stands for the store's own.
func openZone(store *config.Store, at time.Time) (string, error) {
	const while = 5 * time.Minute
	open := func(loc *time.Location) bool {
		return store.Window == nil || store.Window.Contains(at.In(loc)) && store.Window.Contains(at.Add(while).In(loc))
	}
	if open(store.TimeZone) {
		return "", nil
	}
	for west := -14; west <= 12; west++ {
		if open(time.FixedZone("", -west*3600)) {
			return fmt.Sprintf("Etc/GMT%+d", west), nil // its sign is that of hours west
		}
	}
	return "", fmt.Errorf("the send window of store %s is open in no time zone now: try again in half an hour", store.ID)
}
