package cloudtasks

import (
	"container/heap"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/comeback-checkout/comeback/emulators/clock"
)

// queue holds tasks and lets them out as its limits allow. The server's lock
// guards it.
type queue struct {
	s        *Server
	pb       *cloudtaskspb.Queue
	tasks    map[string]*task // by ID
	waiting  taskHeap
	running  int
	throttle throttle
	timer    *clock.Timer
	wakeAt   time.Time
	deleted  bool
}

func (s *Server) newQueue(pb *cloudtaskspb.Queue) *queue {
	q := &queue{s: s, pb: pb, tasks: map[string]*task{}}
	s.queues[pb.Name] = q
	return q
}

// pump starts every task that is due and may run now, and sets the alarm for
// when the next one may. What only the end of another run allows, that end pumps.
func (q *queue) pump() {
	if !q.s.serving || q.deleted || q.pb.State != cloudtaskspb.Queue_RUNNING {
		return
	}
	now := q.s.clock.Now()
	for len(q.waiting) > 0 && q.running < int(q.pb.RateLimits.MaxConcurrentDispatches) {
		at := q.waiting[0].due()
		if !at.After(now) {
			at = q.throttle.take(now, q.rate())
		}
		if at.After(now) {
			q.wake(at)
			return
		}
		q.s.start(heap.Pop(&q.waiting).(*task), now)
	}
}

// rate is in dispatches a second; 0 means that there is no limit.
func (q *queue) rate() float64 {
	if q.s.unlimited {
		return 0
	}
	return q.pb.RateLimits.MaxDispatchesPerSecond
}

// wake pumps the queue at that time, and not at the one set before.
func (q *queue) wake(at time.Time) {
	if at.Equal(q.wakeAt) {
		return
	}
	q.sleep()
	q.wakeAt = at
	q.timer = q.s.clock.AfterFunc(at, func() {
		q.s.mu.Lock()
		defer q.s.mu.Unlock()
		q.pump()
	})
}

// sleep takes the alarm back.
func (q *queue) sleep() {
	if q.timer != nil {
		q.timer.Stop()
	}
	q.wakeAt = time.Time{}
}

// enqueue lets a task wait for its time, unless it is gone, runs, or waits.
func (q *queue) enqueue(t *task) {
	if !t.gone && t.running == 0 && t.index < 0 {
		heap.Push(&q.waiting, t)
	}
	q.pump()
}

// taskHeap orders tasks by schedule time, then by when they were made.
type taskHeap []*task

func (h taskHeap) Len() int { return len(h) }

func (h taskHeap) Less(i, j int) bool {
	if a, b := h[i].due(), h[j].due(); !a.Equal(b) {
		return a.Before(b)
	}
	return h[i].made < h[j].made
}

func (h taskHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *taskHeap) Push(x any) {
	t := x.(*task)
	t.index = len(*h)
	*h = append(*h, t)
}

func (h *taskHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	t.index = -1
	return t
}
