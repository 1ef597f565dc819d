package clock

import (
	"container/heap"
	"context"
	"time"
)

// Timer is one call that waits for its time.
type Timer struct {
	clock *Clock
	at    time.Time
	made  uint64
	fire  func() // called once, with the clock's lock held
	index int    // place in the heap, -1 when not pending
}

// AfterFunc runs f in its own goroutine once Now() >= at; at once if that is so
// already. Of several with one instant the one made first starts first. f counts
// as work in flight until it returns: Advance waits for it.
func (c *Clock) AfterFunc(at time.Time, f func()) *Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.add(at, func() {
		c.inFlight++
		go func() {
			defer c.end()
			f()
		}()
	})
}

// Stop keeps the timer from firing; it reports whether it was in time for that.
func (t *Timer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	return t.stop()
}

func (t *Timer) stop() bool {
	if t.index < 0 {
		return false
	}
	heap.Remove(&t.clock.timers, t.index)
	return true
}

type withinWork struct{}

// WithinWork marks a context whose Waits happen inside work that is counted
// already (by AfterFunc or Begin), such as a handler that a dispatcher calls and
// waits for. Each piece of work may be in one such Wait at a time.
func WithinWork(ctx context.Context) context.Context {
	return context.WithValue(ctx, withinWork{}, true)
}

// Wait blocks until Now() >= until or ctx ends, and then answers ctx's error. A
// Wait whose ctx came from WithinWork is not work in flight while it waits, so
// Advance can jump over it.
func (c *Clock) Wait(ctx context.Context, until time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !c.Now().Before(until) {
		return nil
	}
	parked := ctx.Value(withinWork{}) != nil
	due := make(chan struct{})
	t := c.park(until, parked, due)
	var err error
	select {
	case <-due:
		return nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-c.closed:
		err = ErrClosed
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-due: // in the same moment
		return nil
	default:
	}
	t.stop()
	if parked {
		c.inFlight++
	}
	return err
}

// park makes the timer that closes due. Where parked, the work of the caller is
// off the count from then on until the timer fires: both under one lock, so that
// no Advance can run past it on its way in or out.
func (c *Clock) park(until time.Time, parked bool, due chan struct{}) *Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if parked {
		c.endLocked()
	}
	return c.add(until, func() {
		if parked {
			c.inFlight++
		}
		close(due)
	})
}

// add needs the lock.
func (c *Clock) add(at time.Time, fire func()) *Timer {
	if cut := at.Truncate(time.Microsecond); cut.Before(at) {
		at = cut.Add(time.Microsecond) // Now has no finer steps
	}
	c.made++
	t := &Timer{clock: c, at: at, made: c.made, fire: fire, index: -1}
	if c.isClosed {
		return t
	}
	heap.Push(&c.timers, t)
	if t.index == 0 && !c.fireDue() {
		select {
		case c.wake <- struct{}{}:
		default: // run is about to look anyway
		}
	}
	return t
}

// fireDue, under the lock, fires all timers that are due and reports whether there were any.
func (c *Clock) fireDue() bool {
	now, fired := c.Now(), false
	for len(c.timers) > 0 && !c.timers[0].at.After(now) {
		heap.Pop(&c.timers).(*Timer).fire()
		fired = true
	}
	return fired
}

// timerHeap orders timers by instant, then by when they were made.
type timerHeap []*Timer

func (h timerHeap) Len() int { return len(h) }

func (h timerHeap) Less(i, j int) bool {
	if h[i].at.Equal(h[j].at) {
		return h[i].made < h[j].made
	}
	return h[i].at.Before(h[j].at)
}

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *timerHeap) Push(x any) {
	t := x.(*Timer)
	t.index = len(*h)
	*h = append(*h, t)
}

func (h *timerHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	t.index = -1
	return t
}
