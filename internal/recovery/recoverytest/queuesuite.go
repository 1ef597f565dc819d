package recoverytest

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// InspectedQueue is a Queue with what its suite needs besides the port.
type InspectedQueue interface {
	recovery.Queue
	// Pending lists the tasks that have not run, the earliest first.
	Pending() []recovery.Task
	// Purge drops all tasks.
	Purge()
}

// TestQueue holds a recovery.Queue to what the port promises. open makes an empty
// one, on whose clock it is now.
func TestQueue(t *testing.T, open func(t *testing.T, now time.Time) InspectedQueue) {
	for _, c := range []struct {
		name string
		test func(*queueSuite)
	}{
		{"whole tasks", (*queueSuite).whole},
		{"names", (*queueSuite).names},
		{"names stay used", (*queueSuite).namesStay},
		{"at once", (*queueSuite).atOnce},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(&queueSuite{T: t, queue: open(t, suiteTime)})
		})
	}
}

type queueSuite struct {
	*testing.T
	queue InspectedQueue
}

func (s *queueSuite) create(t recovery.Task) {
	s.Helper()
	if err := s.queue.Create(s.Context(), t); err != nil {
		s.Errorf("create %s: %v", t.Name(), err)
	}
}

func (s *queueSuite) want(what string, tasks ...recovery.Task) {
	s.Helper()
	got := s.queue.Pending()
	byTime := func(a, b recovery.Task) int {
		if d := a.At.Compare(b.At); d != 0 {
			return d
		}
		return strings.Compare(a.Name(), b.Name())
	}
	slices.SortFunc(got, byTime)
	slices.SortFunc(tasks, byTime)
	if diff := cmp.Diff(tasks, got, cmpopts.EquateEmpty()); diff != "" {
		s.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func task(id string, step int, suffix string, after time.Duration) recovery.Task {
	return recovery.Task{
		Store: "default", Checkout: recovery.CheckoutKey("default", id), Suffix: suffix,
		Reminder: recovery.ReminderID{Generation: 2, Step: step}, At: suiteTime.Add(after),
	}
}

func (s *queueSuite) whole() {
	tasks := []recovery.Task{
		task("a", 0, "", time.Hour+time.Microsecond),
		task("a", 1, "", recovery.TaskHorizon),
		task("b", 0, "", 2*time.Hour),
		task("b", 0, "h1", 3*time.Hour),
		task("b", 0, "s12", time.Hour),
		task("b", 0, "gx1dn8zk5c0", 4*time.Hour),
	}
	for _, t := range tasks {
		s.create(t)
	}
	s.want("as they were created", tasks...)
}

// names: a second task of a name is success and changes nothing.
func (s *queueSuite) names() {
	first := task("a", 0, "", time.Hour)
	s.create(first)
	s.create(first)
	s.create(task("a", 0, "", 2*time.Hour))
	s.want("the first", first)
	other, step, suffixed := task("b", 0, "", time.Hour), task("a", 1, "", time.Hour), task("a", 0, "s0", time.Hour)
	s.create(other)
	s.create(step)
	s.create(suffixed)
	s.want("with others", first, other, step, suffixed)
}

// namesStay: a task that was there lately is not made again.
func (s *queueSuite) namesStay() {
	first := task("a", 0, "", time.Hour)
	s.create(first)
	s.queue.Purge()
	s.want("after a purge")
	s.create(first)
	s.want("after the name came again")
	again := task("a", 0, "s0", time.Hour)
	s.create(again)
	s.want("another name", again)
}

func (s *queueSuite) atOnce() {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			s.create(task("a", 0, "", time.Hour))
			s.create(task("b", 0, "", 2*time.Hour))
		})
	}
	wg.Wait()
	s.want("each once", task("a", 0, "", time.Hour), task("b", 0, "", 2*time.Hour))
}
