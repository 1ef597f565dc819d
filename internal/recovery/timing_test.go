package recovery_test

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Promise 5: what is due together or already past.
func TestDueTogether(t *testing.T) {
	t.Parallel()
	t.Run("two steps, the later speaks", func(t *testing.T) {
		t.Parallel()
		s := open(t, nil)
		s.store.Steps = []recovery.Step{{After: time.Hour, Template: "first"}, {After: time.Hour, Template: "second"}}
		s.post(left("a"))
		s.until(day)
		s.wantMails("a 1-1")
		s.wantReminders("a", 1, "skipped superseded", "sent")
	})
	t.Run("a window's opening, the later speaks", func(t *testing.T) {
		t.Parallel()
		s := open(t, nil)
		s.store.Window = &recovery.SendWindow{From: clockTime(8, 0), To: clockTime(10, 15)}
		s.store.Steps = []recovery.Step{{After: time.Hour, Template: "first"}, {After: 2 * time.Hour, Template: "second"}}
		s.post(left("a"))
		s.until(2 * day)
		s.wantMails("a 1-1")
	})
	t.Run("left some time ago: at once", func(t *testing.T) {
		t.Parallel()
		s := open(t, nil)
		n := left("a")
		n.AbandonedAt = t0.Add(-time.Hour)
		s.post(n)
		s.until(0)
		s.wantMails("a 1-0")
	})
	t.Run("left too long ago: stale", func(t *testing.T) {
		t.Parallel()
		s := open(t, nil)
		n := left("a")
		n.AbandonedAt = t0.Add(-half - 6*time.Hour - us)
		s.post(n)
		s.until(0)
		s.wantMails()
		s.wantReminders("a", 1, "skipped stale", "scheduled", "scheduled")
	})
}

// Promise 3: a task that comes early waits, or is refused and its exact task made.
func TestEarlyTask(t *testing.T) {
	t.Parallel()
	due := t0.Add(half)
	t.Run("a little: it waits", func(t *testing.T) {
		t.Parallel()
		s := open(t, nil)
		s.post(left("a"))
		s.clock.Set(due.Add(-5 * time.Second))
		if v, err := s.remind("a", 1, 0); v.Verdict != send || err != nil {
			t.Errorf("got %+v, %v; want it sent", v, err)
		}
		if at := s.checkout("a").LastSent[0]; at.Before(due) {
			t.Errorf("sent at %v, want not before %v", at, due)
		}
	})
	t.Run("more: refused", func(t *testing.T) {
		t.Parallel()
		s := open(t, nil)
		s.post(left("a"))
		s.queue.Purge()
		s.sweeping = false
		s.clock.Set(due.Add(-5*time.Second - us))
		if v, err := s.remind("a", 1, 0); v.Do != recovery.Wait || !errors.Is(err, recovery.ErrEarly) {
			t.Errorf("got %+v, %v; want it refused", v, err)
		}
		s.wantMails()
		if tasks := s.queue.Pending(); len(tasks) != 1 || !tasks[0].At.Equal(due) || tasks[0].Name() == s.task("a", 1, 0).Name() {
			t.Errorf("tasks %+v, want one with a name of its own at %v", tasks, due)
		}
		if _, err := s.remind("a", 1, 0); !errors.Is(err, recovery.ErrEarly) || len(s.queue.Pending()) != 1 {
			t.Errorf("early again: %v, %d tasks; want ErrEarly and the one task", err, len(s.queue.Pending()))
		}
		s.until(half)
		s.wantMails("a 1-0")
	})
	t.Run("the queue is away: asked for again", func(t *testing.T) {
		t.Parallel()
		s := open(t, nil)
		s.post(left("a"))
		s.queue.FailNext(recovery.ErrOverload)
		if _, err := s.remind("a", 1, 0); !errors.Is(err, recovery.ErrOverload) {
			t.Errorf("got %v, want ErrOverload", err)
		}
	})
}

// Offsets beyond the queue's horizon travel by hops and arrive on time.
func TestFarReminders(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.sweeping = false
	s.store.Steps = []recovery.Step{{After: recovery.TaskHorizon, Template: "first"}, {After: 45 * day, Template: "second"}, {After: 100 * day, Template: "last"}}
	s.post(left("a"))
	for _, task := range s.queue.Pending() {
		if task.At.Sub(t0) > recovery.TaskHorizon {
			t.Errorf("task %s is %v ahead, want at most %v", task.Name(), task.At.Sub(t0), recovery.TaskHorizon)
		}
	}
	s.until(recovery.TaskHorizon)
	s.wantMails("a 1-0")
	var names []string
	for _, task := range s.queue.Pending() {
		names = append(names, task.Name())
	}
	exact := "-" + strconv.FormatInt(t0.Add(45*day).UnixMicro(), 36) // no other news took that name
	if want := []string{s.task("a", 1, 1).Name() + exact, s.task("a", 1, 2).Name() + "-h2"}; !slices.Equal(names, want) {
		t.Errorf("after the first hops: tasks %v, want the exact one and the second hop: %v", names, want)
	}
	if len(s.retries) > 0 {
		t.Errorf("%d hops were refused, want them done", len(s.retries))
	}
	s.until(45*day - us)
	s.wantMails("a 1-0")
	s.until(45 * day)
	s.wantMails("a 1-0", "a 1-1")
	s.until(100*day - us)
	s.wantMails("a 1-0", "a 1-1")
	s.until(100 * day)
	s.wantMails("a 1-0", "a 1-1", "a 1-2")
}

// News that is repeated later, and would have made the reminder due at another instant,
// takes no name that the last hop needs.
func TestRepeatedBeforeTheHop(t *testing.T) {
	t.Parallel()
	st := testStore()
	st.Steps = []recovery.Step{{After: 33 * day, Template: "first"}}
	s := open(t, st)
	s.sweeping = false
	s.post(left("a"))
	s.until(10 * day)
	again := left("a")
	again.AbandonedAt, again.UpdatedAt = time.Time{}, t0.Add(2*day)
	s.post(again)
	s.until(33 * day)
	s.wantMails("a 1-0")
}
