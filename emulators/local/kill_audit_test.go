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
	t      *testing.T
	events bool                          // SendGrid told of every mail
	mails  map[string][]sendgrid.Message // by message_id; those accounted for are taken out
	told   map[string][]*told

	ends                   map[string]int // reminders by state and reason
	all, checkouts, orders int
	// Reminders of checkouts that an order overtook, of mails that SendGrid took without
	// an answer, and of the last life, in which nothing breaks.
	overtaken, unanswered, fresh int
	stories                      int
}

// wrong reports a broken promise, with the story of whom it was given to.
func (a *audit) wrong(p *shopper, mails []sendgrid.Message, format string, args ...any) {
	a.t.Helper()
	text := fmt.Sprintf(format, args...)
	if a.stories++; a.stories > 3 {
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
		b.kept = stored.stored(b.id)
	}
	for _, b := range p.baskets {
		a.basket(p, b)
	}
	for _, o := range p.orders {
		a.order(p, o)
	}
}

// basket checks one accepted checkout: promises 1 to 5 and 7.
func (a *audit) basket(p *shopper, b *basket) {
	c := b.kept
	if got := b.now.Body["generation"]; got != float64(b.generation) || c.Generation != b.generation {
		a.wrong(p, nil, "checkout %s is at generation %v, and stored at %d, want %d", b.id, got, c.Generation, b.generation)
	}
	for id, r := range c.Reminders {
		name := recovery.MessageID("default", c.Key, id)
		one := &reminder{audit: a, p: p, b: b, id: id, Reminder: r, mails: a.mails[name]}
		delete(a.mails, name)
		one.check()
	}
	for step, got := range b.now.states() {
		r := c.Reminders[recovery.ReminderID{Generation: c.Generation, Step: step}]
		if want := string(r.State); !strings.HasPrefix(got, want) {
			a.wrong(p, nil, "checkout %s answers %s for step %d, which is %s", b.id, got, step, want)
		}
	}
	if got := len(b.now.states()); got != steps {
		a.wrong(p, nil, "checkout %s answers %d reminders, want %d", b.id, got, steps)
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
