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

// sweepPage is how many checkouts one query of the sweep reads, and sweepAtOnce how
// many of them are swept side by side: enough for some hundred a second, and below
// what a queue or a database that was idle takes at once.
const (
	sweepPage   = 100
	sweepAtOnce = 20
)

// sweepReserve is how long before its deadline a sweep begins nothing new: what was
// begun may take that long, 3 s for the tasks and the rest for the note.
const sweepReserve = 5 * time.Second

// maxSweepPause bounds how long the sweep leaves a reminder that does not run.
const maxSweepPause = 30 * time.Minute

// SweepResult counts what a sweep did.
type SweepResult struct {
	Pages     int           // that were read, one where there is nothing to do
	Checkouts int           // that were looked at
	Enqueued  int           // tasks
	Oldest    time.Duration // how overdue the first one was
	More      bool          // it did not look at all there is: the next sweep goes on
}

// Sweep enqueues what should have run and did not. It only enqueues: Remind alone
// ends reminders. It may run twice at once, or die half-way: the same tasks get the
// same names, and what was not noted is done again by the next one.
//
// Shortly before the context's deadline it stops, without an error: what it swept has
// moved on, so the next sweep goes on with the rest. A checkout that cannot be swept
// does not keep it from the others; an overloaded service stops it.
func (s *Service) Sweep(ctx context.Context) (SweepResult, error) {
	inTime, cancel := withReserve(ctx, sweepReserve)
	defer cancel()
	from := s.sweptTo.take()
	r := sweepRun{Service: s, after: from}
	for r.page(ctx, inTime) {
	}
	if r.late && r.errs.any() {
		s.sweptTo.leave(r.after)
	}
	r.More = r.late || r.overload || from != nil
	return r.SweepResult, r.errs.join()
}

// withReserve ends earlier than ctx, if that ends at all.
func withReserve(ctx context.Context, reserve time.Duration) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithDeadline(ctx, deadline.Add(-reserve))
	}
	return context.WithCancel(ctx)
}

// sweepRun is one sweep while it goes on.
type sweepRun struct {
	*Service
	SweepResult
	after          *Checkout // the place of the last one that it was at
	late, overload bool      // why it stopped before the end
	errs           someErrors
}

// page sweeps the next page, and says whether to go on with another.
func (r *sweepRun) page(ctx, inTime context.Context) bool {
	now := r.now()
	page, err := r.DB.ToCheck(ctx, now, r.after, sweepPage)
	r.Pages++
	if err != nil {
		r.errs.add(fmt.Errorf("look for overdue reminders: %w", err))
	}
	if len(page) == 0 {
		r.overload = errors.Is(err, ErrOverload)
		return false
	}
	if r.Checkouts == 0 {
		r.Oldest = now.Sub(page[0].CheckAt)
	}
	for done := 0; done < len(page); {
		part := page[done:min(done+sweepAtOnce, len(page))]
		r.after = part[len(part)-1].place()
		r.sideBySide(ctx, part, now)
		done += len(part)
		last := done == len(page) && len(page) < sweepPage
		r.late = inTime.Err() != nil && !last && !r.overload
		if r.late || r.overload {
			return false
		}
	}
	return len(page) == sweepPage
}

// sideBySide sweeps the checkouts at once.
func (r *sweepRun) sideBySide(ctx context.Context, list []*Checkout, now time.Time) {
	enqueued, errs := make([]int, len(list)), make([]error, len(list))
	work := make([]func(), len(list))
	for i, c := range list {
		work[i] = func() { enqueued[i], errs[i] = r.sweepCheckout(ctx, c, now) }
	}
	r.together(work...)
	r.Checkouts += len(list)
	for i, err := range errs {
		r.Enqueued += enqueued[i]
		if err != nil {
			r.overload = r.overload || errors.Is(err, ErrOverload)
			r.errs.add(fmt.Errorf("sweep checkout %s: %w", list[i].Key, err))
		}
	}
}

// sweepCheckout enqueues what is overdue of c, as read, and only then notes that it
// did: in between, another sweep makes the same names.
func (s *Service) sweepCheckout(ctx context.Context, c *Checkout, now time.Time) (enqueued int, err error) {
	st, err := s.store(c.Store)
	if err != nil { // its reminders still have to end
		st = goneStore(c.Store)
	}
	list := overdueTasks(st, c, now)
	failed, lost := s.enqueue(ctx, list)
	enqueued = len(list) - len(failed)
	if errors.Is(lost, ErrOverload) { // it may be made yet
		return enqueued, lost
	}
	for _, t := range list {
		c.noteSwept(t.Reminder, !slices.Contains(failed, t), now)
	}
	settle(st, c, now)
	err = s.DB.Commit(ctx, c.Store, Change{Update: []*Checkout{c}})
	if errors.Is(err, ErrConflict) { // its reminder ran, or another sweep was here
		err = nil
	}
	return enqueued, errors.Join(lost, err)
}

// overdueTasks lists the tasks that c's overdue reminders need, in their order: a
// simulated history is the same each time.
func overdueTasks(st *Store, c *Checkout, now time.Time) []Task {
	var list []Task
	for _, id := range slices.SortedFunc(maps.Keys(c.Reminders), CompareReminders) {
		r := c.Reminders[id]
		switch at := r.checkAt(st); {
		case at.IsZero() || at.After(now):
		case r.neverEnqueued(now):
			list = append(list, taskFor(c, id, r.Due, now, 0, ""))
		default:
			list = append(list, Task{Store: c.Store, Checkout: c.Key, Reminder: id, Suffix: "s" + strconv.Itoa(r.Sweeps), At: now})
		}
	}
	return list
}

// neverEnqueued says of an overdue reminder whether it still is to get its first task.
func (r Reminder) neverEnqueued(now time.Time) bool { return r.State == Scheduled && r.Due.After(now) }

// noteSwept notes that the reminder's task was made, or that the queue refused it: that
// one is tried again under the same name, but not before all others.
func (c *Checkout) noteSwept(id ReminderID, made bool, now time.Time) {
	r := c.Reminders[id]
	switch {
	case !made:
		r.Look = now.Add(time.Minute)
	case r.neverEnqueued(now):
		r.Look = time.Time{}
	default:
		r.Look = now.Add(sweepPause(r.Sweeps))
		r.Sweeps++
	}
	c.Reminders[id] = r
}

// sweepPause is how long the sweep waits after its n-th try: a minute, doubling.
func sweepPause(n int) time.Duration {
	return min(time.Minute<<min(n, 10), maxSweepPause)
}
