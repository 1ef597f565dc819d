package demo

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// record is what the play did and what came of it: all that the promises are
// checked against. Instants are the system's clock's.
type record struct {
	checkouts []*history
	byID      map[string]*history
	orders    []*purchase
	ordersBy  map[string]*purchase
	mails     []*mail
	faults    bool // parts were told to fail during the play
}

func newRecord() *record {
	return &record{byID: map[string]*history{}, ordersBy: map[string]*purchase{}}
}

// history is what was reported of one checkout.
type history struct {
	id, shopper, article string
	generations          []generation // as the shop started its clock; the first one's number is 1
	last                 *checkout    // the news that started the last one

	counted int              // generations, as Comeback said in the end
	end     map[int]reminder // how the last generation's reminders ended, by step
}

// generation is one start of a checkout's clock.
type generation struct {
	t        time.Time
	reported time.Time         // when the call that started it was made
	due      map[int]time.Time // by step, as answered
}

// purchase is an order that was reported, by its first call.
type purchase struct {
	order
	placed   time.Time
	reported time.Time // when the call was made
	answered time.Time // not before its answer
}

// orderSlack is how much before T an order may be placed and still count.
const orderSlack = 5 * time.Second

// stops says whether the order counts for a generation of h that began at t: it
// names the checkout, or is the same shopper's and was not placed before t
// (promise 1).
func (p *purchase) stops(h *history, t time.Time) bool {
	return p.CheckoutID == h.id || p.shopper == h.shopper && !p.placed.Before(t.Add(-orderSlack))
}

// mail is one of the mailbox's, to a shopper of this play.
type mail struct {
	of               *history
	generation, step int
	sentAt           time.Time
}

// began returns the generation that m belongs to, nil if the shop never started it.
func (m *mail) began() *generation {
	if m.generation < 1 || m.generation > len(m.of.generations) {
		return nil
	}
	return &m.of.generations[m.generation-1]
}

// read takes over the mails that went to shoppers of the run, the earliest first. A
// mail that nothing of the play explains is an error.
func (r *record) read(all []message, run string) error {
	byShopper := map[string][]*history{}
	for _, h := range r.checkouts {
		byShopper[h.shopper] = append(byShopper[h.shopper], h)
	}
	for i := range all {
		to := strings.ToLower(all[i].To)
		if !isOurs(to, run) {
			continue
		}
		h := subject(byShopper[to], all[i].Text)
		id := all[i].CustomArgs["message_id"]
		generation, step, err := parseMessageID(id)
		if err != nil || h == nil {
			return fmt.Errorf("a mail of %s with message_id %q: want one for a checkout of its shopper, {store}.{checkout}-{generation}-{step}", stamp(all[i].SentAt), id)
		}
		r.mails = append(r.mails, &mail{of: h, generation: generation, step: step, sentAt: all[i].SentAt})
	}
	slices.SortStableFunc(r.mails, func(a, b *mail) int { return a.sentAt.Compare(b.sentAt) })
	return nil
}

func isOurs(to, run string) bool { return strings.HasSuffix(to, "."+run+"@example.net") }

// subject is the checkout that a mail speaks of: the shopper's only one, or the one
// whose article it shows.
func subject(of []*history, text string) *history {
	for _, h := range of {
		if len(of) == 1 || strings.Contains(text, h.article) {
			return h
		}
	}
	return nil
}

func parseMessageID(id string) (generation, step int, err error) {
	parts := strings.Split(id, "-")
	if len(parts) < 3 {
		return 0, 0, fmt.Errorf("message_id %q has no generation and step", id)
	}
	generation, err1 := strconv.Atoi(parts[len(parts)-2])
	step, err2 := strconv.Atoi(parts[len(parts)-1])
	return generation, step, cmp.Or(err1, err2)
}

// find returns the first mail of one reminder, nil if there is none.
func (r *record) find(h *history, generation, step int) *mail {
	for _, m := range r.mails {
		if m.of == h && m.generation == generation && m.step == step {
			return m
		}
	}
	return nil
}

// expected is when a reminder could go out at the earliest: at its due instant, or
// when the shop reported it, if that was later.
func (g *generation) expected(step int) time.Time {
	if due := g.due[step]; due.After(g.reported) {
		return due
	}
	return g.reported
}
