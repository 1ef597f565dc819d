package demo

import (
	"fmt"
	"slices"
	"time"
)

// lost finds reminders that have not ended, those whose recorded end the mailbox
// belies, and those that had to be mailed and were not. (promise 4)
func (r *record) lost() (stories []string) {
	for _, h := range r.checkouts {
		for i := range h.generations {
			g := &h.generations[i]
			for _, step := range r.steps() {
				if _, ok := g.due[step]; !ok {
					continue
				}
				last := i == len(h.generations)-1
				if why := r.lostOne(h, i+1, step, last); why != "" {
					stories = append(stories, name(h, i+1, step)+" "+why)
				}
			}
		}
	}
	return stories
}

// lostOne says what is wrong with one reminder, "" for nothing. Only the last
// generation's end is told by Comeback; of earlier ones the mailbox alone speaks.
func (r *record) lostOne(h *history, generation, step int, last bool) string {
	mailed := r.find(h, generation, step) != nil
	end, told := h.end[step]
	switch {
	case last && !told:
		return "is not in the checkout's last answer"
	case last && (end.State == "scheduled" || end.State == "claimed"):
		return fmt.Sprintf("has not ended: it is still %s, %s after it was due", end.State, span(r.until().Sub(end.DueAt)))
	case last && mailed != (end.State == "sent") && !(r.faults && end.State == "unknown"):
		return fmt.Sprintf("is recorded as %s, and the mailbox holds %s", end.ended(), count(mailed))
	case mailed, r.faults:
		return ""
	}
	excuses := r.excuses(h, generation, step)
	due := stamp(h.generations[generation-1].expected(step))
	switch {
	case last && !slices.Contains(excuses, end.Reason) && !fromConfiguration(end.Reason):
		return fmt.Sprintf("had to be mailed at %s, or to end for another reason, and ended as %s", due, end.ended())
	case !last && len(excuses) == 0 && !fromConfiguration(end.Reason):
		return fmt.Sprintf("had to be mailed at %s, and was not", due)
	}
	return ""
}

// fromConfiguration says whether the store's configuration alone can have brought the
// reason about, which the play does not know.
func fromConfiguration(reason string) bool {
	return slices.Contains([]string{"no_consent", "inactive", "holdout", "coupon", "shadow"}, reason)
}

// settling is how close an event may come to a reminder's due instant and still be
// the reason for its end: calls take their time, and real time flows meanwhile.
const settling = time.Minute

// excuses are the reasons that the play itself has given for not mailing a reminder.
func (r *record) excuses(h *history, generation, step int) (reasons []string) {
	g := &h.generations[generation-1]
	until := g.expected(step).Add(settling)
	for _, o := range r.orders {
		if o.stops(h, g.t) && !o.reported.After(until) {
			reasons = append(reasons, "ordered")
			break
		}
	}
	if g.reported.Sub(g.due[step]) > settling { // it may be above the store's max_late
		reasons = append(reasons, "stale")
	}
	if r.superseded(h, generation, step, until) {
		reasons = append(reasons, "superseded")
	}
	for _, m := range r.mails {
		other := m.of != h || m.generation != generation
		if other && m.of.shopper == h.shopper && m.sentAt.Before(until) {
			reasons = append(reasons, "cooldown")
			break
		}
	}
	return reasons
}

// superseded says whether something newer could speak instead by then: a later start
// of the clock, a newer checkout of the shopper, or a later step.
func (r *record) superseded(h *history, generation, step int, until time.Time) bool {
	g := &h.generations[generation-1]
	for _, other := range r.checkouts {
		if other.shopper != h.shopper {
			continue
		}
		for i := range other.generations {
			o := &other.generations[i]
			newer := other == h && i+1 > generation || other != h && o.t.After(g.t)
			if newer && !o.reported.After(until) {
				return true
			}
		}
	}
	for later := range g.due {
		if later > step && !g.expected(later).After(until) {
			return true
		}
	}
	return false
}

// until is the latest instant that the record knows of.
func (r *record) until() time.Time {
	last := r.lastDue()
	for _, m := range r.mails {
		if m.sentAt.After(last) {
			last = m.sentAt
		}
	}
	return last
}

// ended is the state with its reason.
func (m reminder) ended() string {
	if m.Reason == "" {
		return m.State
	}
	return m.State + ": " + m.Reason
}

func count(mailed bool) string {
	if mailed {
		return "its mail"
	}
	return "no mail of it"
}
