package demo

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"time"
)

// maxCheckouts is what the article numbers have room for.
const maxCheckouts = 99_999

// act is one thing that happens in the shop: a checkout or an order is reported.
type act struct {
	at       time.Time
	checkout *checkout
	order    *order
	// starts says that, by the rules, this starts the checkout's clock (anew): it is
	// the first news of it, or newer news of another cart.
	starts bool
	copies int // equal requests sent at the same instant, beside the first
}

// plan writes the play: what happens in the shop from start on, in order of time. It
// is a function of its arguments alone. Checkouts are left within the first 24 hours,
// and again within 45; orders come within 115.
func plan(seed uint64, n int, start time.Time, shop string) []act {
	t := &teller{rng: rand.New(rand.NewPCG(seed, 0)), start: start, run: runTag(start), shop: shop}
	deck := t.shuffledDeck()
	for i := 0; t.checkouts < n; i++ {
		s := deck[i%len(deck)]
		if t.checkouts+s.checkouts > n {
			s = stories[0]
		}
		s.tell(t)
	}
	slices.SortStableFunc(t.acts, func(a, b act) int { return a.at.Compare(b.at) })
	return t.acts
}

// runTag keeps the addresses and IDs of one run apart from those of others: the
// system's clock never goes back, so no two runs start in the same millisecond.
func runTag(start time.Time) string { return strconv.FormatInt(start.UnixMilli(), 36) }

// teller tells stories, one checkout after the other.
type teller struct {
	rng       *rand.Rand
	start     time.Time
	run, shop string

	checkouts, orders int
	acts              []act
}

// moment is some instant of the day. Shops report whole seconds as well as parts.
func (t *teller) moment() time.Time {
	at := t.start.Add(t.between(0, 24*time.Hour))
	if t.rng.IntN(3) == 0 {
		return at.Truncate(time.Second).Add(time.Second)
	}
	return at
}

// between is some duration from a to b.
func (t *teller) between(a, b time.Duration) time.Duration {
	return (a + time.Duration(t.rng.Int64N(int64(b-a)))).Truncate(time.Millisecond)
}

func (t *teller) shuffledDeck() []story {
	var deck []story
	for _, s := range stories {
		for range s.cards {
			deck = append(deck, s)
		}
	}
	t.rng.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
	return deck
}

// report posts c at an instant, as news that starts its clock.
func (t *teller) report(c *checkout, at time.Time) {
	t.acts = append(t.acts, act{at: at, checkout: c, starts: true})
}

// repeat posts c at an instant, as a call that changes nothing.
func (t *teller) repeat(c *checkout, at time.Time) {
	t.acts = append(t.acts, act{at: at, checkout: c})
}

// atOnce makes the last act one of several equal calls at the same instant.
func (t *teller) atOnce() { t.acts[len(t.acts)-1].copies = 1 + t.rng.IntN(4) }

// leave is a new shopper leaving a checkout at some moment, reported at once.
func (t *teller) leave() *checkout {
	at := t.moment()
	c := t.newCheckout(t.newShopper(), at)
	t.report(c, at)
	return c
}

// buy reports an order at an instant.
func (t *teller) buy(o *order, at time.Time) {
	t.acts = append(t.acts, act{at: at, order: o})
}
