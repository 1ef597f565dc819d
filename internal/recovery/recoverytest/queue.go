package recoverytest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Queue is a recovery.Queue in memory that hands its tasks out to the test.
type Queue struct {
	failures
	mu    sync.Mutex
	names map[string]bool // of all tasks that ever were
	tasks []recovery.Task
}

var _ recovery.Queue = (*Queue)(nil)

// Create implements recovery.Queue.
func (q *Queue) Create(ctx context.Context, t recovery.Task) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	f := q.take()
	if f.err != nil && !f.done {
		return f.err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.names[t.Name()] {
		if q.names == nil {
			q.names = map[string]bool{}
		}
		q.names[t.Name()] = true
		q.tasks = append(q.tasks, t)
	}
	return f.err
}

// Pending lists the tasks that have not been taken, the earliest first.
func (q *Queue) Pending() []recovery.Task {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := slices.Clone(q.tasks)
	slices.SortStableFunc(list, func(a, b recovery.Task) int { return a.At.Compare(b.At) })
	return list
}

// Take removes and returns the tasks that are due at now, the earliest first.
func (q *Queue) Take(now time.Time) []recovery.Task {
	due := slices.DeleteFunc(q.Pending(), func(t recovery.Task) bool { return t.At.After(now) })
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tasks = slices.DeleteFunc(q.tasks, func(t recovery.Task) bool { return !t.At.After(now) })
	return due
}

// Purge drops all tasks; their names stay used.
func (q *Queue) Purge() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tasks = nil
}
