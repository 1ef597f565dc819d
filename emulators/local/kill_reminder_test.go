package main

import (
	"slices"
	"time"

	"github.com/comeback-checkout/comeback/emulators/sendgrid"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// orderSlack is how much before T an order may be placed and still count (promise 1).
const orderSlack = 5 * time.Second

// reminder is one reminder as the database has it in the end, and what of it is in the
// mailbox.
type reminder struct {
	*audit
	p  *shopper
	b  *basket
	id recovery.ReminderID
	recovery.Reminder
	mails []sendgrid.Message
}

func (r *reminder) wrong(format string, args ...any) {
	r.t.Helper()
	r.audit.wrong(r.p, r.mails, "reminder %v of %s "+format, append([]any{r.id, r.b.id}, args...)...)
}

// check finds the reminder ended, for a reason if it was not mailed, and the mailbox
// of one mind with that.
func (r *reminder) check() {
	end := string(r.State)
	if r.Reason != "" {
		end += " " + string(r.Reason)
	}
	r.ends[end]++
	least, most := 0, 0
	switch r.State {
	case recovery.Sent:
		least, most = 1, 1
	case recovery.Unknown:
		if !r.events { // which would have told of it by now
			most = 1
		}
	case recovery.Skipped:
		if !r.explained() {
			r.wrong("is %s, for which there was no reason", end)
		}
	default: // still open; or failed, to which nothing here leads
		r.wrong("is %s", end)
	}
	if n := len(r.mails); n < least || n > most {
		r.wrong("is %s, and %d mails of it are in the box", end, n)
	}
	for _, m := range r.mails {
		r.checkMail(m)
	}
	r.checkOrders(end)
	r.checkLastLife(end)
	if r.answerLost() {
		r.unanswered++
	}
}

// left is T of the reminder's generation.
func (r *reminder) left() time.Time { return r.Due.Add(-r.After) }

// explained says whether something happened for which the reminder is skipped.
func (r *reminder) explained() bool {
	switch r.Reason {
	case recovery.ReasonOrdered:
		return slices.ContainsFunc(r.p.orders, func(o *purchase) bool {
			return o.every == r.b.id || !o.answered.Before(r.left().Add(-orderSlack))
		})
	case recovery.ReasonSuperseded:
		newer := func(b *basket) bool { return b.kept.T.After(r.b.kept.T) }
		return r.id.Generation < r.b.generation || r.id.Step < steps-1 || slices.ContainsFunc(r.p.baskets, newer)
	case recovery.ReasonBounced, recovery.ReasonComplained, recovery.ReasonUnsubscribed:
		return r.events && slices.ContainsFunc(r.told[r.p.email], func(n *told) bool { return n.reason == r.Reason })
	}
	return false
}

func (r *reminder) checkMail(m sendgrid.Message) {
	switch late := m.SentAt.Sub(r.Due); {
	case m.To != r.p.email:
		r.wrong("went to somebody else")
	case late < 0:
		r.wrong("was sent %v early", -late)
	case late > recovery.DefaultMaxLate+recovery.ClaimFor:
		r.wrong("was sent %v late", late)
	}
	// What was claimed before may still go out until the claim ends.
	for _, o := range r.p.orders {
		if o.stops(r.b, r.id) && m.SentAt.After(o.answered.Add(recovery.ClaimFor)) {
			r.wrong("was mailed %v after order %s was answered", m.SentAt.Sub(o.answered), o.id)
		}
	}
	for _, n := range r.told[r.p.email] {
		if n.reason != "" && !n.taken.IsZero() && m.SentAt.After(n.taken.Add(recovery.ClaimFor)) {
			r.wrong("was mailed %v after the shopper had %s", m.SentAt.Sub(n.taken), n.reason)
		}
	}
}

// checkOrders finds the reminder ended by an order that was there before it could end
// otherwise: before it was due, or before its checkout. Only that the checkout began
// anew comes first.
func (r *reminder) checkOrders(end string) {
	overtaken := !r.b.left.IsZero() && r.id.Generation == 1
	if overtaken {
		r.overtaken++
	}
	for _, o := range r.p.orders {
		if !o.stops(r.b, r.id) || !overtaken && !r.Due.After(o.answered) {
			continue
		}
		anew := r.Reason == recovery.ReasonSuperseded && r.id.Generation < r.b.generation
		if r.Reason != recovery.ReasonOrdered && !anew {
			r.wrong("is %s, and order %s was there before", end, o.id)
		}
	}
}

// checkLastLife finds a reminder of the last life, in which nothing breaks, ended by its
// own task, which comes before the sweep, and nothing unknown of it.
func (r *reminder) checkLastLife(end string) {
	if !r.b.fresh || r.id.Generation < r.b.generation {
		return
	}
	r.fresh++
	if r.Sweeps > 0 || r.State == recovery.Unknown {
		r.wrong("is %s after %d tasks by the sweep, and nothing was broken", end, r.Sweeps)
	}
}

// answerLost says whether SendGrid took the mail and the run that handed it over
// recorded that it did not learn so. Where events are taken, one of them has told since,
// which dates it by the claim.
func (r *reminder) answerLost() bool {
	if len(r.mails) != 1 || r.LastError == "" {
		return false
	}
	claimed := r.ClaimedUntil.Add(-recovery.ClaimFor)
	return r.State == recovery.Unknown || r.State == recovery.Sent && (r.SentAt.Equal(claimed) || r.SentAt.Equal(r.Due))
}
