package main

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/emulators/sendgrid"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// account lets the shops finish, then has the system, with nothing broken, go on
// until every reminder must have ended, and holds what there is against what was
// promised.
func (s *siege) account(t *testing.T) {
	t.Helper()
	s.finish()
	w := newWorld(t, func(o *Options) {
		o.Data, o.Now, o.Functions = s.data, time.Time{}, strings.TrimPrefix(s.FunctionsURL, "http://")
		o.Deadlines, o.QueueTimeout = recovery.DefaultDeadlines(), 0
	})
	w.advance(100 * time.Hour) // three days, max_late and more
	a := &audit{w: w, mails: map[string][]sendgrid.Message{}, states: map[recovery.State]int{}}
	for _, m := range w.mails() {
		a.all++
		a.mails[m.CustomArgs["message_id"]] = append(a.mails[m.CustomArgs["message_id"]], m)
	}
	for _, shop := range s.shops {
		for _, p := range shop.shoppers {
			a.shopper(p)
		}
	}
	for id, mails := range a.mails {
		t.Errorf("%d mails with message_id %q belong to no accepted checkout", len(mails), id)
	}
	s.wantQuietEnds(t)
	t.Logf("%d kills (%d before it served, %d while the clock moved), %d faults, %d checkouts, %d orders, %d mails, reminders %v", s.kills, s.early, s.moving, s.faulted, a.checkouts, a.orders, a.all, a.states)
	if a.all < s.kills || a.orders == 0 || a.states[recovery.Skipped] == 0 {
		t.Error("too little happened to prove anything")
	}
}

// finish has every call answered that a shop has begun.
func (s *siege) finish() {
	s.t.Helper()
	p := s.start()
	p.waitReady()
	close(s.work)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		s.trading.Wait()
	}()
	select {
	case <-answered:
	case <-p.done:
		s.t.Fatalf("the last life ended by itself: %s", s.lastWords())
	}
	p.kill()
}

// wantQuietEnds looks for what a killed process cannot tell by its status.
func (s *siege) wantQuietEnds(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(s.stderr)
	if err != nil {
		t.Fatal(err)
	}
	if at := regexp.MustCompile(`(?m)^(WARNING: DATA RACE|panic: |fatal error: |http: panic)`).FindIndex(text); at != nil {
		t.Errorf("a life complained: %.3000s", text[at[0]:])
	}
}

// audit holds what the system has in the end against what it answered.
type audit struct {
	w                      *world
	mails                  map[string][]sendgrid.Message // by message_id; those accounted for are taken out
	states                 map[recovery.State]int
	all, checkouts, orders int
	told                   int // stories
}

// wrong reports a broken promise, with the story of whom it was given to.
func (a *audit) wrong(p *shopper, mails []sendgrid.Message, format string, args ...any) {
	a.w.t.Helper()
	text := fmt.Sprintf(format, args...)
	if a.told++; a.told > 3 {
		a.w.t.Error(text)
		return
	}
	for _, m := range mails {
		text += fmt.Sprintf("\n  mail %s at %s", m.CustomArgs["message_id"], m.SentAt.Format(time.RFC3339Nano))
	}
	a.w.t.Errorf("%s\n  %s", text, strings.Join(p.story, "\n  "))
}

func (a *audit) shopper(p *shopper) {
	for _, b := range p.baskets {
		a.basket(p, b)
	}
	for _, o := range p.orders {
		a.order(p, o)
	}
}

// basket checks one accepted checkout: promises 2 to 5.
func (a *audit) basket(p *shopper, b *basket) {
	a.checkouts++
	now := a.w.checkoutNow(b.body)
	if got := now.Body["generation"]; got != float64(b.generation) {
		a.wrong(p, nil, "checkout %s is at generation %v, want %d", b.id, got, b.generation)
	}
	c := a.w.stored(b.id)
	for id, r := range c.Reminders {
		if r.State == "" {
			a.wrong(p, nil, "checkout %s has a reminder %v without a state", b.id, id)
		}
		a.reminder(p, b, c, id)
	}
	for step, state := range now.states() {
		r := c.Reminders[recovery.ReminderID{Generation: c.Generation, Step: step}]
		if want := string(r.State); !strings.HasPrefix(state, want) {
			a.wrong(p, nil, "checkout %s answers %s for step %d, which is %s", b.id, state, step, want)
		}
	}
}

// reminder checks that a reminder has ended, and that the mailbox agrees.
func (a *audit) reminder(p *shopper, b *basket, c *recovery.Checkout, id recovery.ReminderID) {
	r := c.Reminders[id]
	name := recovery.MessageID("default", c.Key, id)
	mails := a.mails[name]
	delete(a.mails, name)
	a.states[r.State]++
	want := 0
	switch r.State {
	case recovery.Sent:
		want = 1
	case recovery.Unknown: // had it been accepted, SendGrid's events would have told so by now
	case recovery.Skipped, recovery.Failed:
		if r.Reason == "" {
			a.wrong(p, mails, "reminder %v of %s is %s without a reason", id, b.id, r.State)
		}
	default:
		a.wrong(p, mails, "reminder %v of %s is still %s", id, b.id, r.State)
	}
	if n := len(mails); n != want {
		a.wrong(p, mails, "reminder %v of %s is %s %s, and %d mails of it are in the box", id, b.id, r.State, r.Reason, n)
	}
	for _, m := range mails {
		switch late := m.SentAt.Sub(r.Due); {
		case m.To != p.email:
			a.wrong(p, mails, "reminder %v of %s went to somebody else", id, b.id)
		case late < 0:
			a.wrong(p, mails, "reminder %v of %s was sent %v early", id, b.id, -late)
		case late > recovery.DefaultMaxLate+recovery.ClaimFor:
			a.wrong(p, mails, "reminder %v of %s was sent %v late", id, b.id, late)
		}
		a.notAfterOrder(p, b, id, m)
	}
}

// notAfterOrder checks promise 1. What was claimed before the order may still go
// out until the claim ends.
func (a *audit) notAfterOrder(p *shopper, b *basket, id recovery.ReminderID, m sendgrid.Message) {
	for _, o := range p.orders {
		over := o.every == b.id || id.Generation <= o.covers[b]
		if over && m.SentAt.After(o.answered.Add(recovery.ClaimFor)) {
			a.wrong(p, []sendgrid.Message{m}, "reminder %v of %s was mailed %v after order %s was answered", id, b.id, m.SentAt.Sub(o.answered), o.id)
		}
	}
}

// order checks that an order is kept: placed again it matches what it matched, but
// for checkouts that began anew after it.
func (a *audit) order(p *shopper, o *purchase) {
	a.orders++
	again := a.w.post(http.StatusOK, orderPath, o.body).matched()
	for _, id := range o.matched {
		i := slices.IndexFunc(p.baskets, func(b *basket) bool { return b.id == id })
		if i < 0 {
			a.wrong(p, nil, "order %s matched %s, which is another shopper's", o.id, id)
			continue
		}
		b := p.baskets[i]
		if anew := b.generation > o.covers[b]; !anew && !slices.Contains(again, id) {
			a.wrong(p, nil, "order %s matches %q now, and matched %q", o.id, again, o.matched)
		}
	}
}
