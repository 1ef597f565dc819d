package recovery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// waitAtMost is how early a task may come and still be waited for.
const waitAtMost = 5 * time.Second

// lookAgainAfter is when the sweep looks at a reminder whose run was answered with
// "later": long enough for Cloud Tasks' own retries to come first.
const lookAgainAfter = 15 * time.Minute

// Remind runs one reminder: it waits if it is a little early, rechecks everything,
// claims, mails and records the outcome. It returns what it did. A nil error means
// that there is nothing left to do for this task; ErrEarly, ErrBusy, ErrOverload
// and any other error want the task again.
func (s *Service) Remind(ctx context.Context, t Task) (Run, error) {
	st, err := s.store(t.Store)
	if err != nil {
		return s.remindUnknownStore(ctx, t, err)
	}
	a := &attempt{st: st, task: t, mine: claim(s.NewID()), source: s.Orders[t.Store]}
	if err := s.waitAndClaim(ctx, a); err != nil {
		s.release(ctx, a)
		return a.Run, fmt.Errorf("claim: %w", err)
	}
	switch a.Do {
	case Send:
		err = s.send(ctx, a)
	case Wait:
		err = s.postpone(ctx, t, a.checkout, a.Until)
	case Later:
		err = s.postponeToOpening(ctx, t, a.Until)
	case Busy:
		err = ErrBusy
	}
	return a.Run, err
}

// attempt is one run of a reminder while it goes on, with what it came to so far.
type attempt struct {
	Run
	st       *Store
	task     Task
	mine     claim
	source   OrderSource // nil: nobody is asked
	asked    bool        // it was
	waited   time.Time   // the instant that it waited for; zero if it did not
	checkout *Checkout   // as last read, with what this run changed
	claimed  *Checkout   // as it was judged when this run claimed it, or tried to
}

// waitAndClaim tries to claim, after a wait if the task is a little early. The wait
// and both tries share one budget.
func (s *Service) waitAndClaim(ctx context.Context, a *attempt) error {
	first, cancel := context.WithTimeout(ctx, s.Deadlines.Claim)
	defer cancel()
	if err := s.askAndClaim(first, a); err != nil || a.Do != Wait || a.Until.Sub(s.now()) > waitAtMost {
		return err
	}
	over, _ := first.Deadline()
	ctx, cancelSecond := context.WithDeadline(ctx, over.Add(waitAtMost))
	defer cancelSecond()
	a.waited = a.Until
	if err := s.Clock.Wait(ctx, a.waited); err != nil {
		return fmt.Errorf("wait for the due instant: %w", err)
	}
	return s.askAndClaim(ctx, a)
}

// postponeToOpening enqueues a late reminder for the send window's opening.
func (s *Service) postponeToOpening(ctx context.Context, t Task, opening time.Time) error {
	next := Task{Store: t.Store, Checkout: t.Checkout, Reminder: t.Reminder, Suffix: dueSuffix(opening), At: opening}
	if t.Suffix == next.Suffix { // this is that task, too early
		return ErrEarly
	}
	if err := s.Queue.Create(ctx, next); err != nil {
		return fmt.Errorf("enqueue for the window's opening: %w", err)
	}
	return nil
}

// postpone answers a task that came too early: the task for the due instant is
// made sure of first. A hop towards a far instant has done its work with that.
func (s *Service) postpone(ctx context.Context, t Task, c *Checkout, due time.Time) error {
	hop, isHop := hopOf(t.Suffix)
	next := taskFor(c, t.Reminder, due, s.now(), hop, dueSuffix(due))
	if err := s.Queue.Create(ctx, next); err != nil {
		return fmt.Errorf("enqueue for the due instant: %w", err)
	}
	if isHop {
		return nil
	}
	return ErrEarly
}

// hopOf reads the number of a hop's suffix, "h{k}". A due instant in base 36 may
// begin with an h too, but is longer.
func hopOf(suffix string) (int, bool) {
	rest, ok := strings.CutPrefix(suffix, "h")
	k, err := strconv.Atoi(rest)
	return k, ok && err == nil && len(rest) < 4
}

// claim names the attempt of one run, made before the transaction: a run that
// finds the claim with its own name has won, even if the answer to its commit was
// lost.
type claim string

// tryClaim judges the reminder within a transaction and writes what follows:
// nothing, its end, or this run's claim. After an error it looks once more, since
// the claim may be there, for nobody but this run to use.
func (s *Service) tryClaim(ctx context.Context, a *attempt) error {
	err := s.claimOnce(ctx, a)
	if err != nil && a.checkout != nil && ctx.Err() == nil {
		err = s.claimOnce(ctx, a)
	}
	if err != nil {
		a.State = "" // it was not recorded, as far as is known
	}
	return err
}

func (s *Service) claimOnce(ctx context.Context, a *attempt) error {
	a.checkout = nil
	id, won := a.task.Reminder, false
	err := s.DB.UpdateCheckout(ctx, a.task.Store, a.task.Checkout, WholeCase, func(k Case) (Change, error) {
		a.checkout = k.Checkout
		if won = a.holdsClaim(); won {
			r := k.Checkout.Reminders[id]
			a.Run = Run{Verdict: Verdict{Do: Send}, Late: r.lateness(r.claimedAt(), a.waited)}
			// What was judged is mailed: since then the address may have become that of
			// somebody who ordered.
			a.checkout = a.claimed
			return Change{}, nil
		}
		return a.decide(k, s.now()), nil
	})
	if won { // what was read inside the transaction is there, whatever became of its end
		return nil
	}
	return err
}

// holdsClaim says whether the checkout, as read, holds this run's claim.
func (a *attempt) holdsClaim() bool {
	if a.checkout == nil {
		return false
	}
	r := a.checkout.Reminders[a.task.Reminder]
	return r.State == Claimed && r.Attempt == string(a.mine)
}

// decide judges the case and notes what the run came to.
func (a *attempt) decide(k Case, now time.Time) Change {
	id := a.task.Reminder
	a.Run = Run{Verdict: Judge(a.st, k, id, now)}
	if k.Checkout == nil {
		return Change{}
	}
	if a.mustAsk(k.Checkout) {
		a.Run = Run{Verdict: Verdict{Do: askFirst}}
		return Change{}
	}
	if a.Do == Send || a.Do == Skip || a.Do == Fail {
		a.Late = k.Checkout.Reminders[id].lateness(now, a.waited)
	}
	ch := apply(a.st, k, id, a.Verdict, a.mine, now)
	if a.Do == Send {
		a.claimed = k.Checkout
	}
	a.State = a.tells(k.Checkout.Reminders[id])
	return ch
}

// release gives back a claim that may have been made although its answer did not
// come: nobody but this run could use it, and nothing was sent.
func (s *Service) release(ctx context.Context, a *attempt) {
	if a.claimed == nil {
		return
	}
	a.checkout = a.claimed
	if _, err := s.record(ctx, a, outcome{unsent: true}); err != nil {
		s.Log.WarnContext(ctx, "claim not released: if it was made, it ends as unknown", "checkout", a.checkout.Key, "reminder", a.task.Reminder.String(), "error", err)
	}
}

// apply is what a verdict changes.
func apply(st *Store, k Case, id ReminderID, v Verdict, mine claim, now time.Time) Change {
	c := k.Checkout
	if c == nil {
		return Change{}
	}
	if v.Do != Busy && c.Status != StatusErased && erased(k) { // it came after its shopper was erased
		ch := k.forget(st, now)
		*c = *ch.Update[0]
		return ch
	}
	r := c.Reminders[id]
	var ch Change
	switch v.Do {
	case Send:
		r.Resent = r.Resent || r.State == Unknown
		r.State, r.Attempt, r.ClaimedUntil, r.Look = Claimed, string(mine), now.Add(ClaimFor), time.Time{}
		if st.countsMessages() && !c.Test {
			marks := markMessage(st, k.Shopper.Messages, MessageMark{Checkout: c.Key, Reminder: id, At: now}, now)
			ch.Marks = &Marks{Shopper: c.ShopperKey, Messages: marks, ExpiresAt: now.Add(st.Retention)}
		}
	case Skip, Fail:
		if r.State == Unknown { // it stays unknown: a mail may have gone out before
			r.Resent = true
			break
		}
		r.State, r.Reason, r.Look = Skipped, v.Reason, time.Time{}
		if v.Do == Fail {
			r.State = Failed
		}
	case Lose:
		r.State = Unknown
		if c.Status != StatusErased { // for a person to see
			ch.Message = newRow(st, c, id, r, now)
			ch.Message.SentAt = r.claimedAt()
		}
	case Later:
		r.Opening, r.Look = v.Until, v.Until.Add(sweepAfter)
	default:
		return Change{}
	}
	c.Reminders[id] = r
	settle(st, c, now)
	ch.Update = []*Checkout{c}
	return ch
}

// markMessage adds a message to the shopper's recent ones and drops those that no
// rule asks for any more.
func markMessage(st *Store, marks []MessageMark, m MessageMark, now time.Time) []MessageMark {
	keep := max(st.Cap.Per, st.Cooldown.BetweenMessages)
	marks = unmark(marks, m)
	marks = slices.DeleteFunc(marks, func(o MessageMark) bool { return now.Sub(o.At) > keep })
	return append(marks, m)
}

func unmark(marks []MessageMark, m MessageMark) []MessageMark {
	return slices.DeleteFunc(slices.Clone(marks), func(o MessageMark) bool {
		return o.Checkout == m.Checkout && o.Reminder == m.Reminder
	})
}

// remindUnknownStore waits for a configuration that knows the store again, until
// the reminder would be stale.
func (s *Service) remindUnknownStore(ctx context.Context, t Task, cause error) (Run, error) {
	a := &attempt{st: goneStore(t.Store), task: t}
	err := s.DB.UpdateCheckout(ctx, t.Store, t.Checkout, WholeCase, func(k Case) (Change, error) {
		a.Run = Run{Verdict: Verdict{Do: Nothing}}
		if k.Checkout == nil {
			return Change{}, nil
		}
		r, ok := k.Checkout.Reminders[t.Reminder]
		if !ok || r.State != Scheduled && r.State != Claimed {
			return Change{}, nil
		}
		now := s.now()
		// A test that seems to go to nobody may have its recipients again.
		if v := Judge(a.st, k, t.Reminder, now); v.Do == Send || v.Do == Wait || v.Do == Busy || v.Reason == ReasonShadow {
			return Change{}, cause
		}
		return a.decide(k, now), nil
	})
	if err != nil {
		a.State = ""
	}
	if err != nil && !errors.Is(err, ErrNoStore) {
		err = fmt.Errorf("end reminder of a store that is gone: %w", err)
	}
	return a.Run, err
}

// goneStore stands in for a store that the configuration no longer knows: without any
// rule of its own by which a reminder would end that the store itself might mail.
func goneStore(id string) *Store {
	return &Store{ID: id, EachCheckout: true, MaxLate: DefaultMaxLate, Retention: DefaultRetention}
}
