package clock

import (
	"context"
	"fmt"
	"time"
)

// Advance moves the clock to target by jumps from one due instant to the next,
// runs what falls due at each in order, also what arose on the way, and returns
// when all of it up to target has settled. Real time keeps flowing meanwhile. A
// target in the past is an error; so is ctx's end, which leaves the clock where
// it got to. Calls at the same time run one after the other.
func (c *Clock) Advance(ctx context.Context, target time.Time) error {
	if now := c.Now(); target.Before(now) {
		return fmt.Errorf("advancing the clock to %s: it is %s already, and it never goes back",
			target.Format(time.RFC3339Nano), now.Format(time.RFC3339Nano))
	}
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-c.turn }()
	stop := context.AfterFunc(ctx, c.interrupt)
	defer stop()

	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if err := c.settle(ctx); err != nil {
			return err
		}
		if len(c.timers) == 0 || c.timers[0].at.After(target) {
			c.jump(target)
			return nil
		}
		c.jump(c.timers[0].at)
		c.fireDue()
	}
}

// settle, under the lock, waits until no work is in flight.
func (c *Clock) settle(ctx context.Context) error {
	for {
		switch {
		case c.isClosed:
			return ErrClosed
		case ctx.Err() != nil:
			return ctx.Err()
		case c.inFlight <= 0:
			return nil
		}
		c.idle.Wait()
	}
}

// interrupt lets a settle look at its context.
func (c *Clock) interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle.Broadcast()
}

// jump, under the lock, raises the offset so that Now() is at, unless it is later already.
func (c *Clock) jump(at time.Time) {
	if !c.Now().Before(at) {
		return
	}
	// Counted from the machine's clock, which may have been set back, and not from
	// Now; rounded up, since Now is cut to the microsecond.
	offset := at.UnixNano() - c.machine().UnixNano()
	if cut := at.Truncate(time.Microsecond); cut.Before(at) {
		offset += int64(cut.Add(time.Microsecond).Sub(at))
	}
	if offset <= c.offset.Load() {
		return
	}
	if c.onJump != nil { // nobody sees a time that a death could take back
		c.onJump(time.Duration(offset))
	}
	c.offset.Store(offset)
}
