package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/emulators/sendgrid"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// audit holds what the system has in the end against what it answered.
type audit struct {
	t                      *testing.T
	events                 bool                          // SendGrid told of every mail
	mails                  map[string][]sendgrid.Message // by message_id; those accounted for are taken out
	states                 map[recovery.State]int
	all, checkouts, orders int
	told                   int // stories
}

// wrong reports a broken promise, with the story of whom it was given to.
func (a *audit) wrong(p *shopper, mails []sendgrid.Message, format string, args ...any) {
	a.t.Helper()
	text := fmt.Sprintf(format, args...)
	if a.told++; a.told > 3 {
		a.t.Error(text)
		return
	}
	for _, m := range mails {
		text += fmt.Sprintf("\n  mail %s at %s", m.CustomArgs["message_id"], m.SentAt.Format(time.RFC3339Nano))
	}
	a.t.Errorf("%s\n  %s", text, strings.Join(p.story, "\n  "))
}

// askAgain repeats every call, which changes nothing and tells how things stand.
func (a *audit) askAgain(w *world, p *shopper) {
	for _, b := range p.baskets {
		a.checkouts++
		now, err := w.try(checkoutPath, b.body)
		if err != nil || now.Status != http.StatusOK {
			a.wrong(p, nil, "checkout %s was accepted, and is answered %d %s %v", b.id, now.Status, now.Raw, err)
		}
		b.now = now
	}
	for _, o := range p.orders {
		a.orders++
		now, err := w.try(orderPath, o.body)
		if err != nil || now.Status != http.StatusOK {
			a.wrong(p, nil, "order %s was accepted, and is answered %d %s %v", o.id, now.Status, now.Raw, err)
		}
		o.again = now.matched()
	}
}

func (a *audit) shopper(stored *world, p *shopper) {
	for _, b := range p.baskets {
		a.basket(p, b, stored.stored(b.id))
	}
	for _, o := range p.orders {
		a.order(p, o)
	}
}

// basket checks one accepted checkout: promises 2 to 5.
func (a *audit) basket(p *shopper, b *basket, c *recovery.Checkout) {
	if got := b.now.Body["generation"]; got != float64(b.generation) || c.Generation != b.generation {
		a.wrong(p, nil, "checkout %s is at generation %v, and stored at %d, want %d", b.id, got, c.Generation, b.generation)
	}
	for id := range c.Reminders {
		a.reminder(p, b, c, id)
	}
	for step, got := range b.now.states() {
		r := c.Reminders[recovery.ReminderID{Generation: c.Generation, Step: step}]
		if want := string(r.State); !strings.HasPrefix(got, want) {
			a.wrong(p, nil, "checkout %s answers %s for step %d, which is %s", b.id, got, step, want)
		}
	}
	if got := len(b.now.states()); got != 3 {
		a.wrong(p, nil, "checkout %s answers %d reminders, want 3", b.id, got)
	}
}

// reminder checks that a reminder has ended, and that the mailbox agrees.
func (a *audit) reminder(p *shopper, b *basket, c *recovery.Checkout, id recovery.ReminderID) {
	r := c.Reminders[id]
	name := recovery.MessageID("default", c.Key, id)
	mails := a.mails[name]
	delete(a.mails, name)
	a.states[r.State]++
	least, most := 0, 0
	switch r.State {
	case recovery.Sent:
		least, most = 1, 1
	case recovery.Unknown:
		if !a.events { // which would have told of it by now
			most = 1
		}
	case recovery.Skipped, recovery.Failed:
		if r.Reason == "" {
			a.wrong(p, mails, "reminder %v of %s is %s without a reason", id, b.id, r.State)
		}
	default:
		a.wrong(p, mails, "reminder %v of %s is still %s", id, b.id, r.State)
	}
	if n := len(mails); n < least || n > most {
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
	for _, id := range o.matched {
		i := slices.IndexFunc(p.baskets, func(b *basket) bool { return b.id == id })
		if i < 0 {
			a.wrong(p, nil, "order %s matched %s, which is another shopper's", o.id, id)
			continue
		}
		b := p.baskets[i]
		if anew := b.generation > o.covers[b]; !anew && !slices.Contains(o.again, id) {
			a.wrong(p, nil, "order %s matches %q now, and matched %q", o.id, o.again, o.matched)
		}
	}
}
