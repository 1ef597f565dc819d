// Package clock is the virtual time that the emulators share: real time plus
// what it was advanced by. Moved forward, it stops at every instant at which
// something is due and lets that run to its end first, so that a month of
// retries and reminders passes in the order in which it would have.
package clock

import (
	"container/heap"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// ErrClosed is what Wait and Advance answer once the clock is closed.
var ErrClosed = errors.New("the clock is closed")

// Clock is virtual time: real time plus what it was advanced by; it never goes
// back. UTC, cut to the microsecond, since Firestore and Cloud Tasks keep no more.
// It is safe for concurrent use.
type Clock struct {
	offset atomic.Int64 // nanoseconds added to real time; only ever raised
	latest atomic.Int64 // the latest time handed out, so that a machine clock set back cannot turn ours back

	machine func() time.Time // the machine's clock

	turn   chan struct{} // held by the Advance that is running
	wake   chan struct{} // tells run that the earliest timer changed
	closed chan struct{}

	mu       sync.Mutex
	idle     sync.Cond // signalled when inFlight falls to zero
	timers   timerHeap
	made     uint64 // counts timers, so that those of one instant fire in the order they were made
	inFlight int
	onJump   func(offset time.Duration)
	isClosed bool
}

// New starts a clock whose Now is real time + offset. Close it when done.
func New(offset time.Duration) *Clock { return start(offset, time.Now) }

// NewSlow is New with a machine on which time passes so many times slower from now on:
// for tests, whose outcome a busy machine must not change.
func NewSlow(offset, times time.Duration) *Clock {
	began := time.Now()
	return start(offset, func() time.Time { return began.Add(time.Since(began) / times) })
}

func start(offset time.Duration, machine func() time.Time) *Clock {
	c := &Clock{
		machine: machine,
		turn:    make(chan struct{}, 1),
		wake:    make(chan struct{}, 1),
		closed:  make(chan struct{}),
	}
	c.idle.L = &c.mu
	c.offset.Store(int64(offset))
	go c.run()
	return c
}

// Now is the virtual time. It never waits for a lock.
func (c *Clock) Now() time.Time {
	now := c.machine().UnixNano() + c.offset.Load()
	for {
		latest := c.latest.Load()
		if now <= latest {
			now = latest
			break
		}
		if c.latest.CompareAndSwap(latest, now) {
			break
		}
	}
	return time.Unix(0, now).UTC().Truncate(time.Microsecond)
}

// Offset is by how much virtual time is ahead of real time.
func (c *Clock) Offset() time.Duration { return time.Duration(c.offset.Load()) }

// OnJump calls f with the new offset at each jump, before anybody sees the new time and
// anything due at it runs, so that a host can persist it. The clock stands still for its
// timers until f returns: f must be quick and call none of the clock's methods
// but Now and Offset. A later f replaces an earlier one.
func (c *Clock) OnJump(f func(offset time.Duration)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.onJump = f
}

// Begin counts work in flight that did not start from AfterFunc, until end is
// called: Advance waits for it. Calling end again does nothing.
func (c *Clock) Begin() (end func()) {
	c.mu.Lock()
	c.inFlight++
	c.mu.Unlock()
	return sync.OnceFunc(c.end)
}

// Close stops the clock's goroutine and drops what is pending: timers do not
// fire any more, Wait and Advance answer ErrClosed. What runs already is not
// waited for.
func (c *Clock) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isClosed {
		return
	}
	c.isClosed = true
	for len(c.timers) > 0 {
		heap.Pop(&c.timers)
	}
	close(c.closed)
	c.idle.Broadcast()
}

// end takes one piece of work off the count.
func (c *Clock) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endLocked()
}

func (c *Clock) endLocked() {
	c.inFlight--
	if c.inFlight <= 0 {
		c.idle.Broadcast()
	}
}

// run fires timers as real time reaches them.
func (c *Clock) run() {
	// A machine that slept does not count that time in Go's timers, so the wall
	// clock is looked at once a second.
	const longest = time.Second
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-c.closed:
			return
		case <-c.wake:
		case <-timer.C:
		}
		c.mu.Lock()
		c.fireDue()
		if len(c.timers) > 0 {
			timer.Reset(min(c.timers[0].at.Sub(c.Now()), longest))
		} else {
			timer.Stop()
		}
		c.mu.Unlock()
	}
}
