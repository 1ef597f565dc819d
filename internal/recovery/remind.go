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
	v, c, err := s.tryClaim(ctx, st, t, mine)
	if err == nil && v.Do == Wait {
		if ahead := v.Until.Sub(s.now()); ahead > waitAtMost {
			return v, s.postpone(ctx, t, c, v.Until)
		}
		if err := s.Clock.Wait(ctx, v.Until); err != nil {
			return v, fmt.Errorf("wait for the due instant: %w", err)
		}
		v, c, err = s.tryClaim(ctx, st, t, mine)
	}
	if err != nil {
		return v, fmt.Errorf("claim: %w", err)
	}
	switch v.Do {
	case Send:
		return v, s.send(ctx, st, t.Reminder, c, mine)
	case Wait:
		return v, ErrEarly
	case Busy:
		return v, ErrBusy
	case Later:
		later := Task{Store: t.Store, Checkout: t.Checkout, Reminder: t.Reminder, Suffix: dueSuffix(v.Until), At: v.Until}
		if err := s.Queue.Create(ctx, later); err != nil {
			return v, fmt.Errorf("enqueue for the window's opening: %w", err)
		}
	}
	return v, nil
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

// hopOf reads the number of a hop's suffix, "h{k}".
func hopOf(suffix string) (int, bool) {
	rest, ok := strings.CutPrefix(suffix, "h")
	k, err := strconv.Atoi(rest)
	return k, ok && err == nil
}

// claim names the attempt of one run, made before the transaction: a run that
// finds the claim with its own name has won, even if the answer to its commit was
// lost.
type claim string

// tryClaim judges the reminder within a transaction and writes what follows:
// nothing, its end, or this run's claim.
func (s *Service) tryClaim(ctx context.Context, st *Store, t Task, mine claim) (Verdict, *Checkout, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Deadlines.Claim)
	defer cancel()
	var v Verdict
	var c *Checkout
	won := false
	decide := func(k Case) (Change, error) {
		c = k.Checkout
		now := s.now()
		if won = c != nil && c.Reminders[t.Reminder].Attempt == string(mine) && c.Reminders[t.Reminder].State == Claimed; won {
			v = Verdict{Do: Send}
			return Change{}, nil
		}
		v = Judge(st, k, t.Reminder, now)
		return apply(st, k, t.Reminder, v, mine, now), nil
	}
	err := s.DB.UpdateCheckout(ctx, t.Store, t.Checkout, WholeCase, decide)
	if errors.Is(err, ErrOverload) && !won && ctx.Err() == nil {
		// The claim may be there, and nobody but this run may use it: look once more.
		err = s.DB.UpdateCheckout(ctx, t.Store, t.Checkout, WholeCase, decide)
	}
	if err != nil && !won { // what was read inside the transaction is there, whatever became of its end
		return v, nil, err
	}
	return v, c, nil
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
