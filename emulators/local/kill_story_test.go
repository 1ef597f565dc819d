package main

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// shopper is one person's checkouts and orders, and the story of both.
type shopper struct {
	email   string
	baskets []*basket
	orders  []*purchase

	lives *atomic.Int64 // of the program
	mu    sync.Mutex
	story []string
}

// basket is a checkout as its shop knows it.
type basket struct {
	id, cart   string
	stamped    bool      // its news say of when they are
	left       time.Time // T as its first news tell it, which an order has overtaken; else zero
	body       string    // as last sent
	items      int
	generation int  // as last answered
	fresh      bool // it began anew in the last life, in which nothing breaks

	now  answer             // in the end
	kept *recovery.Checkout // in the end, as the database has it
}

// purchase is an order that was answered, and when at the latest.
type purchase struct {
	id, body       string
	matched, again []string // checkouts, and those in the end
	answered       time.Time
	// covers are the newest generations that were answered when it was made: they and
	// those before are over. every is the checkout that it names, which is over for good.
	covers map[*basket]int
	every  string
}

// overtakes notes that the order comes before the first news of b, which tell that it
// was left earlier: they are over too. By its cart nobody knows of the shopper's others.
func (o *purchase) overtakes(b *basket, by string) {
	if by == "cart_id" {
		clear(o.covers)
	}
	o.covers[b] = 1
}

// stops says whether the reminder is over since the order.
func (o *purchase) stops(b *basket, id recovery.ReminderID) bool {
	return o.every == b.id || id.Generation <= o.covers[b]
}

// latest is one of the shopper's checkouts, nil if there is none.
func (p *shopper) latest(dice *rand.Rand) *basket {
	if len(p.baskets) == 0 {
		return nil
	}
	return p.baskets[dice.IntN(len(p.baskets))]
}

// matched are the checkouts that an order's answer names.
func (a answer) matched() (ids []string) {
	list, _ := a.Body["matched"].([]any)
	for _, id := range list {
		ids = append(ids, fmt.Sprint(id))
	}
	return ids
}

// tell adds to the shopper's story, with the number of the life that it happened in;
// what repeats the line before is left out.
func (p *shopper) tell(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := fmt.Sprintf("life %d: ", p.lives.Load()) + fmt.Sprintf(format, args...)
	if n := len(p.story); n == 0 || p.story[n-1] != line {
		p.story = append(p.story, line)
	}
}
