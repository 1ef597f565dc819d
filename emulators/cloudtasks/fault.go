package cloudtasks

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/comeback-checkout/comeback/emulators/clock"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Fault makes the server fail on purpose.
type Fault struct {
	// Mode is, for CreateTask, "unavailable" (UNAVAILABLE, nothing done), "timeout"
	// (held until the client's deadline, nothing done), "slow" (Latency later) or
	// "accept_then_drop" (created, but answered UNAVAILABLE); for dispatches
	// "duplicate" (each made twice at the same instant).
	Mode string
	// Rate is the share of calls that it befalls, above 0 up to 1. Default: 1.
	Rate float64
	// Latency is what "slow" adds, in real time.
	Latency time.Duration
}

// SetFault makes the server fail that way until Heal; it replaces an earlier
// fault. A mode or rate that there is not is an error and changes nothing.
func (s *Server) SetFault(f Fault) error {
	switch f.Mode {
	case "unavailable", "timeout", "slow", "accept_then_drop", "duplicate":
	default:
		return fmt.Errorf("fault mode %q: want unavailable, timeout, slow, accept_then_drop or duplicate", f.Mode)
	}
	if f.Rate < 0 || f.Rate > 1 {
		return fmt.Errorf("fault rate %v: want 0 to 1", f.Rate)
	}
	if f.Rate == 0 {
		f.Rate = 1
	}
	s.faults.set(f)
	return nil
}

// Heal ends the fault, if there is one.
func (s *Server) Heal() { s.faults.set(Fault{}) }

// faults holds the fault in force; the zero Fault is none.
type faults struct {
	mu    sync.Mutex
	fault Fault
}

func (f *faults) set(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = fault
}

// draw is the fault that befalls this call.
func (f *faults) draw() Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if rand.Float64() < f.fault.Rate {
		return f.fault
	}
	return Fault{}
}

var errUnavailable = status.Error(codes.Unavailable, "The service is currently unavailable.")

// beforeCreate fails or delays a CreateTask; it reports whether its answer is to
// be dropped.
func (f *faults) beforeCreate(ctx context.Context) (drop bool, err error) {
	switch fault := f.draw(); fault.Mode {
	case "unavailable":
		return false, errUnavailable
	case "timeout":
		<-ctx.Done()
		return false, status.FromContextError(ctx.Err()).Err()
	case "slow":
		return false, pause(ctx, fault.Latency)
	case "accept_then_drop":
		return true, nil
	}
	return false, nil
}

// dispatches is how many times a due task is dispatched.
func (f *faults) dispatches() int {
	if f.draw().Mode == "duplicate" {
		return 2
	}
	return 1
}

// pause waits in real time, at most until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	if err := clock.Pause(ctx, d); err != nil {
		return status.FromContextError(err).Err()
	}
	return nil
}
