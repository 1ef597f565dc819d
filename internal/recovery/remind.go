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
func (s *Service) Remind(ctx context.Context, t Task) (Verdict, error) {
	st, err := s.store(t.Store)
	if err != nil {
		return s.remindUnknownStore(ctx, t, err)
	}
	mine := claim(s.NewID())
	v, c, err := s.waitAndClaim(ctx, st, t, mine)
	if err != nil {
		s.release(ctx, st, t.Reminder, c, mine)
		return v, fmt.Errorf("claim: %w", err)
	}
	switch v.Do {
	case Send:
		return v, s.send(ctx, st, t.Reminder, c, mine)
	case Wait:
		return v, s.postpone(ctx, t, c, v.Until)
	case Later:
		return v, s.postponeToOpening(ctx, t, v.Until)
	case Busy:
		return v, ErrBusy
	}
	return v, nil
}

// waitAndClaim tries to claim, after a wait if the task is a little early. The wait
// and both tries share one budget.
func (s *Service) waitAndClaim(ctx context.Context, st *Store, t Task, mine claim) (Verdict, *Checkout, error) {
	ctx, cancel := context.WithTimeout(ctx, waitAtMost+s.Deadlines.Claim)
	defer cancel()
	first, cancelFirst := context.WithTimeout(ctx, s.Deadlines.Claim)
	defer cancelFirst()
	v, c, err := s.tryClaim(first, st, t, mine, false)
	if err != nil || v.Do != Wait || v.Until.Sub(s.now()) > waitAtMost {
		return v, c, err
	}
	if err := s.Clock.Wait(ctx, v.Until); err != nil {
		return v, c, fmt.Errorf("wait for the due instant: %w", err)
	}
	return s.tryClaim(ctx, st, t, mine, false)
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
	suffix := dueSuffix(due)
	if isHop {
		suffix = ""
	}
	next := taskFor(c, t.Reminder, due, s.now(), hop, suffix)
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
// nothing, its end, or this run's claim. After an error it looks once more.
func (s *Service) tryClaim(ctx context.Context, st *Store, t Task, mine claim, again bool) (Verdict, *Checkout, error) {
	var v Verdict
	var c *Checkout
	won := false
	err := s.DB.UpdateCheckout(ctx, t.Store, t.Checkout, WholeCase, func(k Case) (Change, error) {
		c = k.Checkout
		now := s.now()
		if won = c != nil && c.Reminders[t.Reminder].Attempt == string(mine) && c.Reminders[t.Reminder].State == Claimed; won {
			v = Verdict{Do: Send}
			return Change{}, nil
		}
		v = Judge(st, k, t.Reminder, now)
		return apply(st, k, t.Reminder, v, mine, now), nil
	})
	switch {
	case won: // what was read inside the transaction is there, whatever became of its end
		return v, c, nil
	case err != nil && c != nil && !again && ctx.Err() == nil: // the claim may be there, for nobody but this run to use
		return s.tryClaim(ctx, st, t, mine, true)
	}
	return v, c, err
}

// release gives back a claim that may have been made although its answer did not
// come: nobody but this run could use it, and nothing was sent.
func (s *Service) release(ctx context.Context, st *Store, id ReminderID, c *Checkout, mine claim) {
	if c == nil {
		return
	}
	if err := s.record(ctx, st, c, id, mine, outcome{unsent: true}); err != nil {
		s.Log.WarnContext(ctx, "claim not released: if it was made, it ends as unknown", "checkout", c.Key, "reminder", id.String(), "error", err)
	}
}

// apply is what a verdict changes.
func apply(st *Store, k Case, id ReminderID, v Verdict, mine claim, now time.Time) Change {
	c := k.Checkout
	if c == nil {
		return Change{}
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
	case Later:
		r.Look = v.Until.Add(sweepAfter)
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
func (s *Service) remindUnknownStore(ctx context.Context, t Task, cause error) (Verdict, error) {
	gone := goneStore(t.Store)
	v := Verdict{Do: Nothing}
	err := s.DB.UpdateCheckout(ctx, t.Store, t.Checkout, WholeCase, func(k Case) (Change, error) {
		v = Verdict{Do: Nothing}
		if k.Checkout == nil {
			return Change{}, nil
		}
		now := s.now()
		r, ok := k.Checkout.Reminders[t.Reminder]
		if !ok || r.State != Scheduled && r.State != Claimed {
			return Change{}, nil
		}
		if v = Judge(gone, k, t.Reminder, now); v.Do == Send || v.Do == Wait || v.Do == Busy {
			return Change{}, cause
		}
		return apply(gone, k, t.Reminder, v, "", now), nil
	})
	if err != nil && !errors.Is(err, ErrNoStore) {
		err = fmt.Errorf("end reminder of a store that is gone: %w", err)
	}
	return v, err
}

// goneStore stands in for a store that the configuration no longer knows.
func goneStore(id string) *Store {
	return &Store{ID: id, MaxLate: DefaultMaxLate, Retention: DefaultRetention}
}
