package recovery_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Promise 4: the queue is away while a checkout is told; the next sweep makes up
// for it.
func TestQueueAway(t *testing.T) {
	t.Parallel()
	for _, lost := range []bool{false, true} { // the tasks, or only the answers
		s := open(t, nil)
		for range 3 {
			if lost {
				s.queue.LoseNext(recovery.ErrOverload)
			} else {
				s.queue.FailNext(recovery.ErrOverload)
			}
		}
		if _, effect := s.post(left("a")); effect != recovery.Created {
			t.Errorf("effect %d, want created", effect)
		}
		if at := s.checkout("a").CheckAt; !at.Equal(t0) {
			t.Errorf("the sweep looks at %v, want at once", at)
		}
		if result := s.sweep(); result.Checkouts != 1 || result.Enqueued != 3 {
			t.Errorf("swept %+v, want 1 checkout and 3 tasks", result)
		}
		if tasks := s.queue.Pending(); len(tasks) != 3 || tasks[0].Name() != s.task("a", 1, 0).Name() || !tasks[0].At.Equal(t0.Add(half)) {
			t.Errorf("tasks %+v, want the three as they should have been", tasks)
		}
		if result := s.sweep(); result.Checkouts != 0 {
			t.Errorf("swept again: %+v, want nothing", result)
		}
		s.until(4 * day)
		s.wantMails("a 1-0", "a 1-1", "a 1-2")
	}
}

// Also where that could not even be noted.
func TestQueueAndDatabaseAway(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.queue.FailAll(recovery.ErrOverload)
	s.DB = &commitOnlyDB{s.db}
	s.post(left("a"))
	s.queue.FailAll(nil)
	s.DB = s.db
	s.until(4 * day)
	s.wantMails("a 1-0", "a 1-1", "a 1-2")
	if at := s.checkout("a").LastSent[0]; at.After(t0.Add(half + 90*time.Second)) {
		t.Errorf("the first went out at %v, want within a minute and a half of %v", at, t0.Add(half))
	}
}

// commitOnlyDB is away but for plain commits.
type commitOnlyDB struct{ recovery.DB }

func (commitOnlyDB) UpdateCheckout(context.Context, string, string, recovery.Need, func(recovery.Case) (recovery.Change, error)) error {
	return recovery.ErrOverload
}

// Promise 4: the queue was purged.
func TestQueuePurged(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.post(left("a"))
	s.queue.Purge()
	s.until(4 * day)
	s.wantMails("a 1-0", "a 1-1", "a 1-2")
	for step, after := range []time.Duration{half, day, 3 * day} {
		if at := s.checkout("a").LastSent[step]; at.After(t0.Add(after + 90*time.Second)) {
			t.Errorf("step %d went out at %v, want within a minute and a half of %v", step, at, t0.Add(after))
		}
	}
}

// Two sweeps at once, or one that dies before it has noted what it did, make the
// same tasks.
func TestSweepTwice(t *testing.T) {
	t.Parallel()
	overdue := func(t *testing.T) *shop {
		s := open(t, nil)
		s.post(left("a"))
		s.queue.Purge()
		s.clock.Set(t0.Add(half + time.Minute))
		return s
	}
	want := func(t *testing.T, s *shop, names ...string) {
		t.Helper()
		var got []string
		for _, task := range s.queue.Pending() {
			got = append(got, task.Name())
		}
		if !slices.Equal(got, names) {
			t.Errorf("tasks %v, want %v", got, names)
		}
	}
	t.Run("at once", func(t *testing.T) {
		t.Parallel()
		s := overdue(t)
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				if _, err := s.Sweep(t.Context()); err != nil {
					t.Errorf("sweep: %v", err)
				}
			})
		}
		wg.Wait()
		want(t, s, s.task("a", 1, 0).Name()+"-s0")
		if n := s.checkout("a").Reminders[recovery.ReminderID{Generation: 1}].Sweeps; n != 1 {
			t.Errorf("counted %d sweeps, want 1", n)
		}
	})
	t.Run("death in between", func(t *testing.T) {
		t.Parallel()
		s := overdue(t)
		s.DB = &readOnlyDB{s.db}
		if _, err := s.Sweep(t.Context()); !errors.Is(err, recovery.ErrOverload) {
			t.Errorf("got %v, want ErrOverload", err)
		}
		s.DB = s.db
		s.sweep()
		want(t, s, s.task("a", 1, 0).Name()+"-s0")
	})
	t.Run("the task lost again", func(t *testing.T) {
		t.Parallel()
		s := overdue(t)
		s.sweep()
		s.queue.Purge()
		s.clock.Set(t0.Add(half + 2*time.Minute - us))
		s.sweep()
		want(t, s)
		s.clock.Set(t0.Add(half + 2*time.Minute))
		s.sweep()
		want(t, s, s.task("a", 1, 0).Name()+"-s1")
	})
}

// readOnlyDB can be read only.
type readOnlyDB struct{ recovery.DB }

func (readOnlyDB) Commit(context.Context, string, recovery.Change) error {
	return recovery.ErrOverload
}

// The sweep goes through any number of checkouts, over all pages.
func TestSweepPages(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.store.EachCheckout = true
	for i := range 250 {
		n := left(fmt.Sprint(i))
		n.Email = fmt.Sprintf("%d@example.net", i)
		s.post(n)
	}
	s.queue.Purge()
	s.clock.Set(t0.Add(half + time.Minute))
	if got := s.sweep(); got.Checkouts != 250 || got.Enqueued != 250 || got.Oldest != half/60 {
		t.Errorf("got %+v, want 250 checkouts and tasks, 30 s overdue", got)
	}
}

// Checkouts that others change under the sweep do not hold it up.
func TestSweepPassesConflicts(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	for i := range 150 {
		s.post(left(fmt.Sprint(i)))
	}
	s.queue.Purge()
	s.clock.Set(t0.Add(half + time.Minute))
	s.Together = oneByOne
	s.DB = &busyDB{DB: s.db, conflicts: 1000}
	if got := s.sweep(); got.Checkouts != 150 {
		t.Errorf("got %+v, want 150 checkouts looked at, each once", got)
	}
}

// While the queue is away the sweep fails and counts nothing as enqueued.
func TestSweepWithoutQueue(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.post(left("a"))
	s.queue.Purge()
	s.clock.Set(t0.Add(half + time.Minute))
	s.queue.FailAll(recovery.ErrOverload)
	if got, err := s.Sweep(t.Context()); !errors.Is(err, recovery.ErrOverload) || got.Enqueued != 0 {
		t.Errorf("got %+v, %v; want ErrOverload", got, err)
	}
	s.queue.FailAll(nil)
	s.until(4 * day)
	s.wantMails("a 1-0", "a 1-1", "a 1-2")
}

// Promise 5: nobody came for a reminder in time.
func TestOverdue(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.post(left("a"))
	s.queue.Purge()
	s.clock.Set(t0.Add(half + 6*time.Hour + us))
	s.until(half + 7*time.Hour)
	s.wantReminders("a", 1, "skipped stale", "scheduled", "scheduled")
}

// Promise 5: a late reminder waits for the send window's opening.
func TestLateWaitsForOpening(t *testing.T) {
	t.Parallel()
	for _, purge := range []bool{false, true} {
		s := open(t, nil)
		s.store.Window = &recovery.SendWindow{From: clockTime(12, 0), To: clockTime(10, 31)}
		s.store.Steps = s.store.Steps[:1]
		s.post(left("a"))
		s.mailer.FailNext(refused(recovery.ErrOverload, "503"))
		s.mailer.FailNext(refused(recovery.ErrOverload, "503"))
		s.mailer.FailNext(refused(recovery.ErrOverload, "503"))
		s.until(time.Hour)
		if got, want := s.checkout("a").CheckAt, t0.Add(2*time.Hour+30*time.Second); !got.Equal(want) {
			t.Errorf("the sweep looks at %v, want soon after the opening, %v", got, want)
		}
		if purge {
			s.queue.Purge()
		}
		s.until(2*time.Hour - us)
		s.wantMails()
		s.until(2*time.Hour + 90*time.Second)
		s.wantMails("a 1-0")
	}
}
