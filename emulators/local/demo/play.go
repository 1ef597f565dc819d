package demo

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// The day is followed by four more, after which the default schedule has ended. Where
// the store's schedule is longer, the clock goes on until it has.
const (
	wholePlay = 5 * 24 * time.Hour
	afterLast = time.Hour
	lookEvery = 4 * time.Hour // the mailbox is big, and progress needs only a glance
)

// player plays a plan and keeps the record.
type player struct {
	api      *api
	out      io.Writer
	progress progress
	record   *record
	run      string

	now      time.Time // of the system, when last asked
	requests int
}

// play lets the clock come to each act, performs it, and goes on until nothing is due
// any more.
func (p *player) play(ctx context.Context, acts []act, start time.Time) error {
	next := start
	for i := range acts {
		for next.Before(acts[i].at) {
			if err := p.pass(ctx, next); err != nil {
				return err
			}
			next = next.Add(lookEvery)
		}
		if err := p.perform(ctx, &acts[i]); err != nil {
			return err
		}
	}
	end := p.record.lastDue().Add(afterLast)
	if least := start.Add(wholePlay); end.Before(least) {
		end = least
	}
	// A schedule of months is not looked at every four hours.
	pause := max(lookEvery, end.Sub(next)/50)
	for ; next.Before(end); next = next.Add(pause) {
		if err := p.pass(ctx, next); err != nil {
			return err
		}
	}
	return p.pass(ctx, end)
}

// pass lets time pass, and shows how things are.
func (p *player) pass(ctx context.Context, until time.Time) error {
	if err := p.comeTo(ctx, until); err != nil {
		return err
	}
	messages, err := p.api.messages(ctx)
	if err != nil {
		return err
	}
	mails := 0
	for i := range messages {
		if isOurs(messages[i].To, p.run) {
			mails++
		}
	}
	pending, err := p.api.pending(ctx)
	if err != nil {
		return err
	}
	p.progress.show(p.now, len(p.record.checkouts), len(p.record.orders), mails, pending)
	return nil
}

// look reads the system's clock.
func (p *player) look(ctx context.Context) (err error) {
	p.now, err = p.api.clock(ctx)
	return err
}

// comeTo moves the clock to an instant, unless it is there already: real time flows
// on too. What is less than a second ahead counts as there.
func (p *player) comeTo(ctx context.Context, at time.Time) error {
	if err := p.look(ctx); err != nil || at.Sub(p.now) < time.Second {
		return err
	}
	if err := p.api.setClock(ctx, at); err != nil {
		return fmt.Errorf("advance the clock to %s: %w", stamp(at), err)
	}
	return p.look(ctx)
}

func (p *player) perform(ctx context.Context, a *act) error {
	if err := p.comeTo(ctx, a.at); err != nil {
		return err
	}
	reported := p.now
	answers := make([]answer, 1+a.copies)
	errs := make([]error, 1+a.copies)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			if a.order != nil {
				errs[i] = p.api.order(ctx, a.order)
			} else {
				answers[i], errs[i] = p.api.checkout(ctx, a.checkout)
			}
		})
	}
	all.Wait()
	p.requests += len(answers)
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	if err := p.look(ctx); err != nil {
		return err
	}
	if a.order != nil {
		p.record.ordered(a.order, reported, p.now)
	} else if a.starts {
		p.record.started(a.checkout, reported, answers[0].Reminders)
	}
	return nil
}

// ask looks how it all ended: into the mailbox, and by reporting each checkout's last
// news once more, which changes nothing.
func (p *player) ask(ctx context.Context) error {
	for _, h := range p.record.checkouts {
		got, err := p.api.checkout(ctx, h.last)
		if err != nil {
			return err
		}
		p.requests++
		h.counted, h.end = got.Generation, map[int]reminder{}
		for _, r := range got.Reminders {
			h.end[r.Step] = r
		}
	}
	messages, err := p.api.messages(ctx)
	if err != nil {
		return err
	}
	return p.record.read(messages, p.run)
}

// started notes that the shop started a checkout's clock.
func (r *record) started(c *checkout, reported time.Time, reminders []reminder) {
	h := r.byID[c.ID]
	if h == nil {
		h = &history{id: c.ID, shopper: c.shopper(), article: c.article}
		r.byID[c.ID], r.checkouts = h, append(r.checkouts, h)
	}
	g := generation{t: c.t(), reported: reported, due: map[int]time.Time{}}
	for _, m := range reminders {
		g.due[m.Step] = m.DueAt
	}
	h.last, h.generations = c, append(h.generations, g)
}

// ordered notes an order by its first call; the repeats change nothing.
func (r *record) ordered(o *order, reported, answered time.Time) {
	if r.ordersBy[o.ID] != nil {
		return
	}
	bought := &purchase{order: *o, placed: reported, reported: reported, answered: answered}
	if o.PlacedAt != nil && o.PlacedAt.Before(reported) {
		bought.placed = *o.PlacedAt
	}
	r.ordersBy[o.ID], r.orders = bought, append(r.orders, bought)
}

func (r *record) lastDue() (last time.Time) {
	for _, h := range r.checkouts {
		for i := range h.generations {
			for step := range h.generations[i].due {
				if at := h.generations[i].expected(step); at.After(last) {
					last = at
				}
			}
		}
	}
	return last
}
