package clock_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/comeback-checkout/comeback/emulators/clock"
)

// journal notes what ran and when, counted from a start.
type journal struct {
	mu    sync.Mutex
	lines []time.Duration
}

func (j *journal) add(d time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, d)
}

func TestAdvanceRunsEachInstantInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, start, ran := newClock(t), time.Now(), &journal{}
		var jumps []time.Duration
		c.OnJump(func(offset time.Duration) {
			if c.Offset() >= offset { // a death here would set the clock back
				t.Errorf("the jump to %s shows before it is kept", offset)
			}
			jumps = append(jumps, offset)
		})
		note := func() { ran.add(c.Now().Sub(start)) }
		c.AfterFunc(start.Add(3*time.Hour), note)
		c.AfterFunc(start.Add(time.Hour), func() {
			note()
			c.AfterFunc(c.Now().Add(30*time.Minute), note) // arises on the way
			c.AfterFunc(c.Now().Add(-time.Minute), note)   // is due at once
		})
		c.AfterFunc(start.Add(5*time.Hour), note) // past the target
		if err := c.Advance(t.Context(), start.Add(4*time.Hour)); err != nil {
			t.Fatal(err)
		}
		want := []time.Duration{time.Hour, time.Hour, 90 * time.Minute, 3 * time.Hour}
		if !slices.Equal(ran.lines, want) {
			t.Errorf("ran at %v, want %v", ran.lines, want)
		}
		if want := []time.Duration{time.Hour, 90 * time.Minute, 3 * time.Hour, 4 * time.Hour}; !slices.Equal(jumps, want) {
			t.Errorf("jumped to %v, want %v", jumps, want)
		}
		if got := c.Now().Sub(start); got != 4*time.Hour {
			t.Errorf("now is start+%s, want start+4h", got)
		}
	})
}

func TestAdvanceWaitsForWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, start, ran := newClock(t), time.Now(), &journal{}
		c.AfterFunc(start.Add(time.Hour), func() {
			<-time.After(2 * time.Second) // work that takes (the bubble's) real time
			ran.add(c.Now().Sub(start))
		})
		c.AfterFunc(start.Add(2*time.Hour), func() { ran.add(c.Now().Sub(start)) })
		if err := c.Advance(t.Context(), start.Add(3*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if want := []time.Duration{time.Hour + 2*time.Second, 2 * time.Hour}; !slices.Equal(ran.lines, want) {
			t.Errorf("ran at %v, want %v", ran.lines, want)
		}
	})
}

func TestAdvanceJumpsOverAWaitWithinWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, start, ran := newClock(t), time.Now(), &journal{}
		c.AfterFunc(start.Add(time.Hour), func() {
			if err := c.Wait(clock.WithinWork(t.Context()), start.Add(time.Hour+5*time.Second)); err != nil {
				t.Error(err)
			}
			<-time.After(time.Second)
			ran.add(c.Now().Sub(start))
		})
		c.AfterFunc(start.Add(2*time.Hour), func() { ran.add(c.Now().Sub(start)) })
		if err := c.Advance(t.Context(), start.Add(3*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if want := []time.Duration{time.Hour + 6*time.Second, 2 * time.Hour}; !slices.Equal(ran.lines, want) {
			t.Errorf("ran at %v, want %v", ran.lines, want)
		}
		if spent := time.Since(start); spent != time.Second {
			t.Errorf("it took %s of real time, want the work's own 1s", spent)
		}
	})
}

func TestAdvanceRefusesThePast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newClock(t)
		if err := c.Advance(t.Context(), c.Now().Add(-time.Microsecond)); err == nil {
			t.Error("want an error for a target in the past")
		}
		if err := c.Advance(t.Context(), c.Now()); err != nil {
			t.Errorf("now is not the past: %v", err)
		}
	})
}

func TestAdvanceEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newClock(t)
		defer c.Begin()() // never ends while we look
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Advance(ctx, c.Now().Add(time.Hour)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's error", err)
		}
		if c.Offset() != 0 {
			t.Error("the clock moved on although work was in flight")
		}
	})
}

func TestAdvancesQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, start, ran := newClock(t), time.Now(), &journal{}
		for h := range 10 {
			c.AfterFunc(start.Add(time.Duration(h)*time.Hour), func() { ran.add(c.Now().Sub(start)) })
		}
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				if err := c.Advance(t.Context(), start.Add(10*time.Hour)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if len(ran.lines) != 10 || !slices.IsSorted(ran.lines) {
			t.Errorf("ran at %v, want each of ten once, in order", ran.lines)
		}
	})
}

// BenchmarkAdvance is one jump to one timer's instant and its call.
func BenchmarkAdvance(b *testing.B) {
	c := clock.New(0)
	defer c.Close()
	start := c.Now().Add(time.Hour)
	for i := range b.N {
		c.AfterFunc(start.Add(time.Duration(i)*time.Second), func() {})
	}
	b.ResetTimer()
	if err := c.Advance(b.Context(), start.Add(time.Duration(b.N)*time.Second)); err != nil {
		b.Fatal(err)
	}
}
