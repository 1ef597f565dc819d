// Package recoverytest has fakes with state for the ports of package recovery, and
// contract suites that the fakes and the real adapters both pass.
package recoverytest

import (
	"context"
	"sync"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Clock is a clock that a test sets. A Wait moves it to the instant waited for.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

var _ recovery.Clock = (*Clock)(nil)

// NewClock starts a clock at now.
func NewClock(now time.Time) *Clock { return &Clock{now: recovery.Instant(now)} }

// Now is the instant that the clock was set to.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set moves the clock to now, forwards only.
func (c *Clock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.After(c.now) {
		c.now = recovery.Instant(now)
	}
}

// Wait implements recovery.Clock.
func (c *Clock) Wait(ctx context.Context, until time.Time) error {
	c.Set(until)
	return ctx.Err()
}
