package simulation

import (
	"net/http"
	"slices"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// answered says whether the answer said that it is done.
func (f *following) answered() bool { return f.status == http.StatusOK && f.ended.seq > 0 }

// overBefore says whether nothing comes of it any more at the moment.
func (f *following) overBefore(m moment) bool { return f.answered() && f.ended.before(m) }

// afterLeaving: who said in a mail that there should be no more gets no more, in a run
// that began after that was answered; until it was undone.
func (e *evidence) afterLeaving(a *attempt) {
	k := e.visits[a.checkout]
	for _, f := range e.record.followed {
		if !f.answered() || !e.before(f.ended, a) {
			continue
		}
		switch {
		case f.what == never && f.to == e.addressee(a) && !e.undone(f, undoNever, a.at):
			e.violate(7, "reminder %s of %s was mailed in a run that began after %s had unsubscribed", a.reminderKey, k.id, f.to)
		case f.what == leave && f.key.checkout == a.checkout && !e.undone(f, undoLeave, a.at):
			e.violate(7, "reminder %s of %s was mailed in a run that began after its shopper had left this checkout", a.reminderKey, k.id)
		}
	}
}

// undone says whether what was done may have been undone by then.
func (e *evidence) undone(done *following, undo follows, by moment) bool {
	return slices.ContainsFunc(e.record.followed, func(f *following) bool {
		same := f.to == done.to
		if undo == undoLeave {
			same = f.key.checkout == done.key.checkout
		}
		return f.what == undo && same && f.begun.before(by) && !f.overBefore(done.begun)
	})
}

// tookBack says whether what SendGrid's event told of may have been undone by then, with
// the link of a mail.
func (e *evidence) tookBack(h *happening, by moment) bool {
	return h.follows == recovery.ReasonUnsubscribed && slices.ContainsFunc(e.record.followed, func(f *following) bool {
		return f.what == undoNever && f.to == h.to && f.begun.before(by) && (!f.answered() || f.ended.at+clocksDiffer >= h.at)
	})
}

// mailsAgain says whether the address had for certain undone its unsubscribing, whatever
// SendGrid tells of before that, when the run began.
func (e *evidence) mailsAgain(email string, d *dispatch) bool {
	return slices.ContainsFunc(e.record.followed, func(undo *following) bool {
		if undo.what != undoNever || undo.to != email || !undo.overBefore(d.begun) {
			return false
		}
		again := slices.ContainsFunc(e.record.followed, func(f *following) bool {
			return f.what == never && f.to == email && !f.overBefore(undo.begun) && f.begun.before(d.ended)
		})
		return !again && !slices.ContainsFunc(e.happenings, func(h *happening) bool {
			return h.follows == recovery.ReasonUnsubscribed && h.to == email && h.at+clocksDiffer > undo.clock
		})
	})
}

// wasLeft says whether somebody said, in a mail of the checkout, that it was enough.
func (e *evidence) wasLeft(checkout string) bool {
	return slices.ContainsFunc(e.record.followed, func(f *following) bool { return f.what == leave && f.key.checkout == checkout })
}

// leftFor says whether one of the visit's addresses unsubscribed by a link.
func (e *evidence) leftFor(k *known) bool {
	return slices.ContainsFunc(e.record.followed, func(f *following) bool { return f.what == never && slices.Contains(k.emails, f.to) })
}
