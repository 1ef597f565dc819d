package clock

import (
	"context"
	"runtime"
	"time"
)

// coarse is by how much a timer may be late in a process that is otherwise idle:
// Go's poller sleeps in whole milliseconds.
const coarse = 1500 * time.Microsecond

// spins is more often than a goroutine yields within coarse.
const spins = 100_000

// Pause waits for d of real time, to some tens of microseconds, or until ctx ends,
// and returns the context's error then. It is for injected latency, which measures
// what waits for it: a timer alone would add up to a millisecond of its own.
func Pause(ctx context.Context, d time.Duration) error {
	until := time.Now().Add(d)
	if d > coarse {
		timer := time.NewTimer(d - coarse)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for range spins {
		if !time.Now().Before(until) {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		runtime.Gosched()
	}
	time.Sleep(time.Until(until)) // real time stands still while we run: testing/synctest
	return nil
}
