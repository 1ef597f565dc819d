package recovery_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// overdueShop has n checkouts, each of a shopper of its own, whose first reminder is
// half a minute overdue for the sweep and has lost its task.
func overdueShop(t *testing.T, n int) *shop {
	t.Helper()
	s := open(t, nil)
	for i := range n {
		c := left(fmt.Sprint(i))
		c.Email = fmt.Sprintf("%d@example.net", i)
		s.post(c)
	}
	s.queue.Purge()
	s.clock.Set(t0.Add(half + time.Minute))
	return s
}

// oneByOne does together what is to be done side by side.
func oneByOne(work ...func()) {
	for _, f := range work {
		f()
	}
}

// sweepInTime runs one sweep with about the deadline of a request: not of whole seconds,
// at which the calls of slowQueue end.
func (s *shop) sweepInTime() (recovery.SweepResult, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 29*time.Second+time.Second/2)
	defer cancel()
	return s.Sweep(ctx)
}

// slowQueue takes four seconds for each task.
type slowQueue struct{ recovery.Queue }

func (q slowQueue) Create(ctx context.Context, t recovery.Task) error {
	select {
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", recovery.ErrOverload, ctx.Err())
	case <-time.After(4 * time.Second):
		return q.Queue.Create(ctx, t)
	}
}

// refusing refuses changes of some checkouts, for good.
type refusing struct {
	recovery.DB
	refused func(key string) bool
}

var errRefused = errors.New("refused")

func (d refusing) Commit(ctx context.Context, store string, ch recovery.Change) error {
	if len(ch.Update) > 0 && d.refused(ch.Update[0].Key) {
		return errRefused
	}
	return d.DB.Commit(ctx, store, ch)
}

// A sweep that has too much to do stops before its deadline, and the next ones go on
// where it stopped: each task is made once.
func TestSweepStopsInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n = 290
		s := overdueShop(t, n)
		s.Queue = slowQueue{s.queue}
		var swept []int
		for more := true; more; {
			began := time.Now() // the bubble's time, which only the queue's slowness moves
			result, err := s.sweepInTime()
			if took := time.Since(began); err != nil || took > 28*time.Second {
				t.Fatalf("took %v: %v; want an end before the deadline, without an error", took, err)
			}
			if result.Enqueued != result.Checkouts {
				t.Errorf("%d tasks for %d checkouts", result.Enqueued, result.Checkouts)
			}
			swept = append(swept, result.Checkouts)
			more = result.More
		}
		// 20 every four seconds, for as long as one can begin in the first 24.5 s.
		if want := []int{140, 140, 10}; !slices.Equal(swept, want) {
			t.Errorf("the sweeps looked at %v checkouts, want %v", swept, want)
		}
		if got := len(s.queue.Pending()); got != n {
			t.Errorf("%d tasks, want %d", got, n)
		}
	})
}

// Checkouts that cannot be swept come first each time, and use up a sweep's time: the
// others are swept nevertheless.
func TestSweepPassesTheFront(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const bad, n = 270, 290
		s := overdueShop(t, n)
		s.Queue = slowQueue{s.queue}
		keys := []string{}
		for _, c := range s.db.Checkouts() { // by key, as they come to the sweep
			keys = append(keys, c.Key)
		}
		s.DB = refusing{s.db, func(key string) bool { return key <= keys[bad-1] }}
		good := func() (swept int) {
			for _, c := range s.db.Checkouts() {
				if c.CheckAt.After(s.clock.Now()) {
					swept++
				}
			}
			return swept
		}
		for i, want := range []struct {
			looked, good int
			more         bool
		}{{140, 0, true}, {140, 10, true}, {10, 20, true}, {140, 20, true}} {
			result, err := s.sweepInTime()
			if (err == nil) != (i == 2) || result.Checkouts != want.looked || result.More != want.more || good() != want.good {
				t.Errorf("sweep %d: %+v, %v, %d good ones swept; want %+v", i, result, err, good(), want)
			}
		}
	})
}

// What was refused is told, but no more of it than a line of the log holds.
func TestSweepTellsSomeErrors(t *testing.T) {
	t.Parallel()
	s := overdueShop(t, 150)
	s.DB = refusing{s.db, func(string) bool { return true }}
	result, err := s.Sweep(t.Context())
	if !errors.Is(err, errRefused) || result.Checkouts != 150 || result.More {
		t.Errorf("got %+v, %v; want all looked at, and an error", result, err)
	}
	if text := fmt.Sprint(err); strings.Count(text, "\n") != 10 || !strings.HasSuffix(text, "and 140 more") {
		t.Errorf("got %q, want ten errors and how many more", text)
	}
}

// A task that the queue refuses is tried again a minute later, under the same name, and
// the others are swept.
func TestSweepRefusedTask(t *testing.T) {
	t.Parallel()
	s := overdueShop(t, 30)
	s.queue.FailNext(errRefused)
	result, err := s.Sweep(t.Context())
	if !errors.Is(err, errRefused) || result.Checkouts != 30 || result.Enqueued != 29 {
		t.Errorf("got %+v, %v; want 29 tasks of 30", result, err)
	}
	if result := s.sweep(); result.Checkouts != 0 {
		t.Errorf("swept again at once: %+v", result)
	}
	s.clock.Set(s.clock.Now().Add(time.Minute))
	s.sweep()
	names := map[string]int{}
	for _, task := range s.queue.Pending() {
		names[task.Suffix]++
	}
	if names["s0"] != 30 || names["s1"] != 29 {
		t.Errorf("the tasks are %v, want s0 of each and s1 of all but one", names)
	}
}

// So is one that is not due yet, whose first task was never made.
func TestSweepRefusedFirstTask(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	for range 3 {
		s.queue.FailNext(recovery.ErrOverload)
	}
	s.post(left("a"))
	s.queue.FailAll(errRefused)
	if _, err := s.Sweep(t.Context()); !errors.Is(err, errRefused) {
		t.Errorf("got %v, want the refusal", err)
	}
	s.queue.FailAll(nil)
	if at := s.checkout("a").CheckAt; !at.Equal(t0.Add(time.Minute)) {
		t.Errorf("the sweep looks at %v, want a minute later", at)
	}
	s.until(4 * day)
	s.wantMails("a 1-0", "a 1-1", "a 1-2")
	if at := s.checkout("a").LastSent[0]; !at.Equal(t0.Add(half)) {
		t.Errorf("the first went out at %v, want %v", at, t0.Add(half))
	}
}

// An overload stops the sweep, with an error that says so, however many there were
// before it.
func TestSweepStopsAtOverload(t *testing.T) {
	t.Parallel()
	s := overdueShop(t, 150)
	s.Together = oneByOne
	var n int
	s.DB = refusing{s.db, func(string) bool {
		if n++; n == 50 {
			s.queue.FailAll(recovery.ErrOverload)
		}
		return true
	}}
	result, err := s.Sweep(t.Context())
	if !errors.Is(err, recovery.ErrOverload) || !errors.Is(err, errRefused) || !result.More || result.Checkouts != 60 {
		t.Errorf("got %+v, %v; want a stop after 60, and the overload among the errors", result, err)
	}
	s.queue.FailAll(nil)
	s.DB = s.db
	if result := s.sweep(); result.Checkouts != 150 {
		t.Errorf("got %+v, want the next one to begin at the front", result)
	}
}

// Where there is nothing to do a sweep is one query, and where all fits into one page
// too.
func TestSweepIsOneQuery(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ overdue, queries int }{{0, 1}, {1, 1}, {99, 1}, {100, 2}, {250, 3}} {
		s := overdueShop(t, tc.overdue)
		later := left("not due")
		later.AbandonedAt = s.clock.Now()
		s.post(later)
		db := &queriedDB{DB: s.db}
		s.DB = db
		if result := s.sweep(); db.calls != tc.queries || result.Pages != tc.queries || result.Checkouts != tc.overdue {
			t.Errorf("%d overdue: %d queries, %+v; want %d", tc.overdue, db.calls, result, tc.queries)
		}
	}
}

// queriedDB counts the sweep's queries; anything else it counts too, by ten thousands,
// but for the commits.
type queriedDB struct {
	recovery.DB
	calls int
}

func (d *queriedDB) ToCheck(ctx context.Context, now time.Time, after *recovery.Checkout, limit int) ([]*recovery.Checkout, error) {
	d.calls++
	return d.DB.ToCheck(ctx, now, after, limit)
}

func (d *queriedDB) UpdateCheckout(context.Context, string, string, recovery.Need, func(recovery.Case) (recovery.Change, error)) error {
	d.calls += 10_000
	return nil
}

// The tasks of one checkout are made in the order of its reminders, each time.
func TestSweepInOrder(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.Together = oneByOne
	for i := range 20 {
		s.post(left(fmt.Sprint(i)))
	}
	s.queue.Purge()
	s.clock.Set(t0.Add(4 * day))
	s.sweep()
	tasks := s.queue.Pending() // in the order of their creation, since all are for now
	if len(tasks) != 60 {
		t.Fatalf("%d tasks, want 60", len(tasks))
	}
	for i, task := range tasks {
		if task.Reminder.Step != i%3 {
			t.Fatalf("task %d is of step %d, want %d", i, task.Reminder.Step, i%3)
		}
	}
}

// A reminder that does not run is enqueued again after 1, 2, 4, 8 and 16 minutes, and
// then every 30, under a new name each time.
func TestSweepPauses(t *testing.T) {
	t.Parallel()
	s := overdueShop(t, 1)
	began := s.clock.Now()
	var minutes []int
	for minute := range 125 {
		s.clock.Set(began.Add(time.Duration(minute) * time.Minute))
		s.sweep()
		if tasks := s.queue.Pending(); len(tasks) > len(minutes) {
			if want := fmt.Sprintf("s%d", len(minutes)); tasks[len(minutes)].Suffix != want {
				t.Errorf("task %q, want %q", tasks[len(minutes)].Suffix, want)
			}
			minutes = append(minutes, minute)
		}
	}
	if want := []int{0, 1, 3, 7, 15, 31, 61, 91, 121}; !slices.Equal(minutes, want) {
		t.Errorf("enqueued at the minutes %v, want %v", minutes, want)
	}
}
