package recovery

import "time"

// Verdict is what a run of a reminder is to do.
type Verdict struct {
	Do     Action
	Reason Reason    // of Skip and Fail
	Until  time.Time // of Wait, Later and Busy
}

// Action is the kind of a Verdict.
type Action string

// What a run may have to do.
const (
	Send    Action = "send"    // claim it, then hand it over
	Skip    Action = "skip"    // end it as skipped
	Fail    Action = "fail"    // end it as failed
	Lose    Action = "lose"    // end it as unknown: a claim ran out without an outcome
	Wait    Action = "wait"    // it is not due yet
	Later   Action = "later"   // it is late and the send window is closed: at its opening
	Busy    Action = "busy"    // another run holds the claim
	Nothing Action = "nothing" // it has ended, or never was
)

// orderSlack is how much before T an order may be placed and still stop the
// reminders: clocks differ, and platforms cut instants to seconds.
const orderSlack = 5 * time.Second

// windowSlack is how late a reminder may be without meeting the send window anew:
// its due instant lay inside, and a task is dispatched within seconds.
const windowSlack = time.Minute

// Judge decides what a run of the reminder is to do now. It looks at nothing but
// its arguments. A reason not to mail is the first that holds, in the order of the
// constants (promise 7).
func Judge(s *Store, k Case, id ReminderID, now time.Time) Verdict {
	c := k.Checkout
	if c == nil {
		return Verdict{Do: Nothing}
	}
	r, ok := c.Reminders[id]
	switch {
	case !ok:
		return Verdict{Do: Nothing}
	case r.State == Claimed && now.Before(r.ClaimedUntil):
		return Verdict{Do: Busy, Until: r.ClaimedUntil}
	case r.State == Claimed:
		return Verdict{Do: Lose}
	case r.State == Unknown && r.mayResend(s, now): // judged like a scheduled one
	case r.State != Scheduled:
		return Verdict{Do: Nothing}
	}
	if now.Before(r.Due) {
		return Verdict{Do: Wait, Until: r.Due}
	}
	if reason := whyEnd(s, k, id, now); reason != "" {
		return Verdict{Do: Skip, Reason: reason}
	}
	return judgeDue(s, k, id, now)
}

func (r Reminder) mayResend(s *Store, now time.Time) bool {
	return s.ResendUnknown && !r.Resent && !now.Before(r.ClaimedUntil.Add(resendAfter))
}

// whyEnd is the reason for which a reminder ends however late it is.
func whyEnd(s *Store, k Case, id ReminderID, now time.Time) Reason {
	c := k.Checkout
	switch {
	case c.Status == StatusErased || k.Suppression.Erased():
		return ReasonErased
	case ordered(k):
		return ReasonOrdered
	case c.Status == StatusStopped:
		return ReasonStopped
	case k.Suppression != nil:
		return k.Suppression.Reason
	case c.Email == "":
		return ReasonInvalidAddress
	case !consents(s, k):
		return ReasonNoConsent
	case !s.ActiveFrom.IsZero() && c.T.Before(s.ActiveFrom):
		return ReasonInactive
	case superseded(s, k, id, now):
		return ReasonSuperseded
	}
	return ""
}

func ordered(k Case) bool {
	c := k.Checkout
	if c.Order != nil && (c.Order.By == ByCheckout || OrderCounts(c, c.Order.At)) {
		return true
	}
	return OrderCounts(c, k.Shopper.LastOrder) || OrderCounts(c, k.Cart.LastOrder) || OrderCounts(c, k.formerOrder())
}

// formerOrder is the last order of the former shopper, if it was placed before the checkout
// went to another address: it may be told of afterwards.
func (k Case) formerOrder() time.Time {
	if at := k.Former.LastOrder; !at.After(k.Checkout.Moved) {
		return at
	}
	return time.Time{}
}

// OrderCounts says whether an order of the same shopper or cart, placed at the
// instant, stops c's reminders (promise 1).
func OrderCounts(c *Checkout, placed time.Time) bool {
	from := c.T
	if !c.Recorded.IsZero() && c.Recorded.Before(from) { // the caller's clock is ahead of ours, by which orders are capped
		from = c.Recorded
	}
	if !c.Since.IsZero() && c.Since.Before(from) {
		from = c.Since
	}
	return !placed.IsZero() && !placed.Before(from.Add(-orderSlack))
}

// withdrawn says whether who accepted marketing does so no more.
func (s Shopper) withdrawn() bool {
	return !s.ConsentGiven.IsZero() && !s.ConsentRefused.IsZero() && !s.ConsentGiven.After(s.ConsentRefused)
}

func consents(s *Store, k Case) bool {
	if k.Shopper.withdrawn() {
		return false
	}
	yes := k.Checkout.AcceptsMarketing != nil && *k.Checkout.AcceptsMarketing
	switch s.Consent {
	case ConsentOptIn:
		return yes
	case ConsentCustomers:
		return yes || !k.Shopper.LastOrder.IsZero()
	}
	return true
}

// superseded: a newer generation, a newer checkout of the shopper, an empty cart, or a
// later step that is due too speaks instead.
func superseded(s *Store, k Case, id ReminderID, now time.Time) bool {
	c := k.Checkout
	if id.Generation < c.Generation || c.Emptied || (!s.EachCheckout && !c.Test && k.Shopper.NewestT.After(c.T)) {
		return true
	}
	for other, r := range c.Reminders {
		if other.Generation == id.Generation && other.Step > id.Step && !now.Before(r.Due) {
			return true
		}
	}
	return false
}

// judgeDue decides on a reminder that is due and that nothing else has ended.
func judgeDue(s *Store, k Case, id ReminderID, now time.Time) Verdict {
	c, r := k.Checkout, k.Checkout.Reminders[id]
	end := r.Due.Add(s.MaxLate)
	if now.After(end) {
		return tooLate(r)
	}
	if s.Window != nil && now.Sub(r.Due) > windowSlack {
		if local := now.In(zone(s, c)); !s.Window.Contains(local) {
			opening := Instant(s.Window.NextOpening(local))
			if opening.After(end) {
				return tooLate(r)
			}
			if opening.Sub(now) <= waitAtMost { // the task for the opening, by a clock that is ahead of ours
				return Verdict{Do: Wait, Until: opening}
			}
			return Verdict{Do: Later, Until: opening}
		}
	}
	switch {
	case heldOut(s, c):
		return Verdict{Do: Skip, Reason: ReasonHoldout}
	case coolingDown(s, k, id, now):
		return Verdict{Do: Skip, Reason: ReasonCooldown}
	case s.Shadow || c.Test && len(s.TestRecipients) == 0:
		return Verdict{Do: Skip, Reason: ReasonShadow}
	}
	return Verdict{Do: Send}
}

func tooLate(r Reminder) Verdict {
	if r.LastError != "" {
		return Verdict{Do: Fail, Reason: ReasonProvider}
	}
	return Verdict{Do: Skip, Reason: ReasonStale}
}

func heldOut(s *Store, c *Checkout) bool {
	return !c.Test && s.HoldoutPercent > 0 && fraction("holdout/"+c.ShopperKey)*100 < float64(s.HoldoutPercent)
}

func coolingDown(s *Store, k Case, id ReminderID, now time.Time) bool {
	c := k.Checkout
	within := func(at time.Time, d time.Duration) bool { return d > 0 && !at.IsZero() && now.Before(at.Add(d)) }
	if within(k.Shopper.LastOrder, s.Cooldown.AfterOrder) || within(c.LastSent[id.Step], s.Cooldown.SameStep) {
		return true
	}
	for other, r := range c.Reminders { // one in flight, or of unknown outcome, may have been sent
		maybeSent := r.State == Claimed || r.State == Unknown
		if other.Step == id.Step && other.Generation != id.Generation && maybeSent && within(r.claimedAt(), s.Cooldown.SameStep) {
			return true
		}
	}
	inPeriod := 0
	for _, m := range k.Shopper.Messages {
		mine := m.Checkout == c.Key && m.Reminder.Generation == id.Generation
		if !mine && within(m.At, s.Cooldown.BetweenMessages) {
			return true
		}
		self := m.Checkout == c.Key && m.Reminder == id
		if !self && within(m.At, s.Cap.Per) {
			inPeriod++
		}
	}
	return s.Cap.Messages > 0 && inPeriod >= s.Cap.Messages
}
