package simulation

import (
	"context"
	"time"
)

// instanceClock is the clock of one instance, which goes wrong by its skew.
type instanceClock struct {
	w *world
	i *instance
}

func (c instanceClock) Now() time.Time { return begin.Add(c.w.now + c.i.skew) }

// Wait implements recovery.Clock: others go on meanwhile.
func (c instanceClock) Wait(ctx context.Context, until time.Time) error {
	w, r := c.w, c.w.run
	if d := until.Sub(c.Now()); d > 0 {
		w.tell("%s waits for %s", c.i.name, d)
		r.pause(min(d, max(0, r.deadline-w.now)))
	}
	if c.Now().Before(until) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// Wait of the world's clock is never asked for.
func (c worldClock) Wait(ctx context.Context, _ time.Time) error { return ctx.Err() }
