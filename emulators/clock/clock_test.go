package clock_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/comeback-checkout/comeback/emulators/clock"
)

// newClock is a clock whose real time is the bubble's.
func newClock(t *testing.T) *clock.Clock {
	t.Helper()
	c := clock.New(0)
	t.Cleanup(c.Close)
	return c
}

func TestRealTimeFlows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := clock.New(time.Hour)
		t.Cleanup(c.Close)
		if got, want := c.Now(), time.Now().Add(time.Hour); !got.Equal(want) || got.Location() != time.UTC {
			t.Fatalf("got %s, want %s in UTC", got, want)
		}
		due := c.Now().Add(90*time.Second + 1) // 1 ns past what Now can show
		var at time.Time
		c.AfterFunc(due, func() { at = c.Now() })
		if err := c.Wait(t.Context(), due.Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if want := due.Truncate(time.Microsecond).Add(time.Microsecond); !at.Equal(want) {
			t.Errorf("fired at %s, want %s", at, want)
		}
		if got := c.Offset(); got != time.Hour {
			t.Errorf("got offset %s, want 1h", got)
		}
	})
}

// Of a slow clock, what is advanced is whole and what passes by itself is next to nothing.
func TestSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		c := clock.NewSlow(time.Hour, 1000)
		t.Cleanup(c.Close)
		var at time.Time
		c.AfterFunc(start.Add(time.Hour+time.Second), func() { at = c.Now() })
		<-time.After(999 * time.Second)
		if got, want := c.Now(), start.Add(time.Hour+999*time.Millisecond); !got.Equal(want) || !at.IsZero() {
			t.Errorf("now is %s, want %s; fired at %s, want not yet", got, want, at)
		}
		if err := c.Advance(t.Context(), start.Add(3*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if want := start.Add(time.Hour + time.Second); !at.Equal(want) {
			t.Errorf("fired at %s, want %s", at, want)
		}
		if got, want := c.Now(), start.Add(3*time.Hour); !got.Equal(want) {
			t.Errorf("advanced to %s, want %s", got, want)
		}
	})
}

func TestStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newClock(t)
		fired := false
		timer := c.AfterFunc(c.Now().Add(time.Second), func() { fired = true })
		if !timer.Stop() || timer.Stop() {
			t.Error("want Stop to be in time once")
		}
		if err := c.Wait(t.Context(), c.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if fired {
			t.Error("a stopped timer fired")
		}
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newClock(t)
		end := c.Begin()
		ctx, cancel := context.WithTimeout(clock.WithinWork(t.Context()), time.Second)
		defer cancel()
		if err := c.Wait(ctx, c.Now().Add(time.Hour)); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v, want the context's error", err)
		}
		// The work counts again: an Advance waits for it.
		advanced := make(chan error, 1)
		go func() { advanced <- c.Advance(t.Context(), c.Now().Add(time.Hour)) }()
		synctest.Wait()
		select {
		case err := <-advanced:
			t.Fatalf("Advance ended before the work: %v", err)
		default:
		}
		end()
		if err := <-advanced; err != nil {
			t.Fatal(err)
		}
	})
}

func TestClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := clock.New(0)
		c.AfterFunc(c.Now().Add(time.Second), func() { t.Error("a timer fired after Close") })
		waited := make(chan error, 1)
		go func() { waited <- c.Wait(t.Context(), c.Now().Add(time.Minute)) }()
		synctest.Wait()
		c.Close()
		c.Close()
		if err := <-waited; !errors.Is(err, clock.ErrClosed) {
			t.Errorf("Wait: got %v, want ErrClosed", err)
		}
		if err := c.Advance(t.Context(), c.Now().Add(time.Hour)); !errors.Is(err, clock.ErrClosed) {
			t.Errorf("Advance: got %v, want ErrClosed", err)
		}
		<-time.After(time.Hour) // the bubble's time: nothing real is waited for
	})
}
