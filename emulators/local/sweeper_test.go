package main

import (
	"errors"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/emulators/clock"
	"github.com/comeback-checkout/comeback/emulators/console"
)

// breakable takes every fault but the odd one.
type breakable struct{}

func (breakable) SetFault(f console.Fault) error {
	if f.Mode == "odd" {
		return errors.New("odd")
	}
	return nil
}

func (breakable) Heal() {}

// Sweeps pause after one that failed slowly, but only while something is broken on
// purpose: a machine that is slow leaves out no minute, and healing ends the pause.
func TestSweepsPauseWhileBroken(t *testing.T) {
	t.Parallel()
	c := clock.NewSlow(0, 1000)
	t.Cleanup(c.Close)
	s := &System{Clock: c}
	w := newSweeper(s)
	away, slow := errors.New("away"), slowFailure+time.Millisecond
	pausing := func(when string, want bool) {
		t.Helper()
		if got := w.pausing(c.Now().Add(time.Minute)); got != want {
			t.Errorf("%s: pausing %v, want %v", when, got, want)
		}
	}
	one, two := s.counted(breakable{}), s.counted(breakable{})
	_ = one.SetFault(console.Fault{Mode: "odd"})
	w.note(503, sweepResult{}, away, slow)
	pausing("nothing is broken", false)
	for range 2 { // the second replaces the first
		_ = one.SetFault(console.Fault{Mode: "unavailable"})
	}
	w.note(503, sweepResult{}, away, slowFailure)
	pausing("it failed at once", false)
	w.note(200, sweepResult{}, nil, slow)
	pausing("it was slow, and done", false)
	w.note(503, sweepResult{}, away, slow)
	pausing("it failed slowly", true)
	two.Heal()
	pausing("what was whole is healed", true)
	_ = two.SetFault(console.Fault{Mode: "timeout"})
	one.Heal()
	pausing("another is broken", true)
	two.Heal()
	pausing("all is healed", false)
}
