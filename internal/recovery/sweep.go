package recovery

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// sweepPage is how many checkouts one query of the sweep reads.
const sweepPage = 100

// maxSweepPause bounds how long the sweep leaves a reminder that does not run.
const maxSweepPause = 30 * time.Minute

// SweepResult counts what a sweep did.
type SweepResult struct {
	Checkouts int           // that were looked at
	Enqueued  int           // tasks
	Oldest    time.Duration // how overdue the first one was
}

// Sweep enqueues what should have run and did not. It only enqueues: Remind alone
// ends reminders. It may run twice at once, or die half-way: the same tasks get the
// same names, and what was not noted is done again by the next one. A checkout that
// cannot be swept does not keep it from the others; an overloaded service does.
func (s *Service) Sweep(ctx context.Context) (SweepResult, error) {
	var result SweepResult
	var after *Checkout
	var errs []error
	for {
		now := s.now()
		page, err := s.DB.ToCheck(ctx, now, after, sweepPage)
		if err != nil {
			errs = append(errs, fmt.Errorf("look for overdue reminders: %w", err))
		}
		if len(page) == 0 {
			return result, errors.Join(errs...)
		}
		for _, c := range page {
			if result.Checkouts == 0 {
				result.Oldest = now.Sub(c.CheckAt)
			}
			result.Checkouts++
			n, err := s.sweepCheckout(ctx, c, now)
			result.Enqueued += n
			if err != nil {
				errs = append(errs, fmt.Errorf("sweep checkout %s: %w", c.Key, err))
			}
			if errors.Is(err, ErrOverload) {
				return result, errors.Join(errs...)
			}
			after = c
		}
	}
}

func (s *Service) sweepCheckout(ctx context.Context, c *Checkout, now time.Time) (int, error) {
	st, err := s.store(c.Store)
	if err != nil { // its reminders still have to end
		st = goneStore(c.Store)
	}
	version := c.Clone()
	var list []Task
	// In order: a simulated history is the same each time.
	for _, id := range slices.SortedFunc(maps.Keys(c.Reminders), compareReminders) {
		r := c.Reminders[id]
		at := r.checkAt(st)
		if at.IsZero() || at.After(now) {
			continue
		}
		if r.State == Scheduled && r.Due.After(now) { // it was never enqueued
			list = append(list, taskFor(c, id, r.Due, now, 0, ""))
			r.Look = time.Time{}
		} else {
			list = append(list, Task{Store: c.Store, Checkout: c.Key, Reminder: id, Suffix: "s" + strconv.Itoa(r.Sweeps), At: now})
			r.Look = now.Add(sweepPause(r.Sweeps))
			r.Sweeps++
		}
		version.Reminders[id] = r
	}
	if failed, err := s.enqueue(ctx, list); err != nil {
		return len(list) - len(failed), err
	}
	settle(st, version, now)
	err = s.DB.Commit(ctx, c.Store, Change{Update: []*Checkout{version}})
	if errors.Is(err, ErrConflict) { // its reminder ran, or another sweep was here
		err = nil
	}
	return len(list), err
}

// sweepPause is how long the sweep waits after its n-th try: a minute, doubling.
func sweepPause(n int) time.Duration {
	return min(time.Minute<<min(n, 10), maxSweepPause)
}
