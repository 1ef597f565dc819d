package firestore

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path"
	"sync"
	"time"

	"github.com/comeback-checkout/comeback/emulators/clock"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// maxRequest is the service's limit on a request, in bytes.
const maxRequest = 10 << 20

// Fault is a way to fail on purpose.
type Fault struct {
	// Mode is "unavailable" (UNAVAILABLE, nothing done), "timeout" (held until the
	// caller gives up, nothing done), "slow" (Latency more, in real time) or
	// "accept_then_drop" (a Commit or BatchWrite is done and kept, then answered
	// UNAVAILABLE; other calls pass).
	Mode string

	// Rate is the share of calls that it hits, above 0 to 1; 0 means 1.
	Rate float64

	Latency time.Duration // of "slow"
}

// faults keeps the fault that is set.
type faults struct {
	mu   sync.Mutex
	set  *Fault
	dice *rand.Rand
}

func (f *faults) init(seed uint64) { f.dice = rand.New(rand.NewPCG(seed, 0)) }

// SetFault makes calls fail from now on, in place of any fault set before.
func (s *Server) SetFault(f Fault) error {
	if f.Rate == 0 {
		f.Rate = 1
	}
	switch f.Mode {
	case "unavailable", "timeout", "slow", "accept_then_drop":
	default:
		return fmt.Errorf("firestore has no fault %q: want unavailable, timeout, slow or accept_then_drop", f.Mode)
	}
	if !(f.Rate > 0 && f.Rate <= 1) || f.Latency < 0 {
		return fmt.Errorf("fault %s: want a rate above 0 and up to 1, and no negative latency; got %v and %s", f.Mode, f.Rate, f.Latency)
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.set = &f
	return nil
}

// Heal ends the fault. Calls that it holds stay held.
func (s *Server) Heal() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.set = nil
}

// next throws the dice for a call.
func (f *faults) next() Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.set == nil || f.dice.Float64() >= f.set.Rate {
		return Fault{}
	}
	return *f.set
}

var (
	errUnavailable = status.Error(codes.Unavailable, "The service is currently unavailable.")
	errTooLarge    = status.Errorf(codes.InvalidArgument, "Request payload size exceeds the limit: %d bytes.", maxRequest)
)

// before does to a call what latency and faults want done before it.
func (s *Server) before(ctx context.Context, f Fault) error {
	delay := s.o.Latency
	switch f.Mode {
	case "unavailable":
		return errUnavailable
	case "timeout":
		<-ctx.Done()
		return status.FromContextError(ctx.Err()).Err()
	case "slow":
		delay += f.Latency
	}
	if delay == 0 {
		return nil
	}
	if err := clock.Pause(ctx, delay); err != nil {
		return status.FromContextError(err).Err()
	}
	return nil
}

func (s *Server) interceptUnary(ctx context.Context, r any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	f := s.faults.next()
	if err := s.before(ctx, f); err != nil {
		return nil, err
	}
	if m, ok := r.(proto.Message); ok && proto.Size(m) > maxRequest {
		return nil, errTooLarge
	}
	answer, err := handle(ctx, r)
	if method := path.Base(info.FullMethod); f.Mode == "accept_then_drop" && err == nil && (method == "Commit" || method == "BatchWrite") {
		return nil, errUnavailable
	}
	return answer, err
}

func (s *Server) interceptStream(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	if err := s.before(stream.Context(), s.faults.next()); err != nil {
		return err
	}
	return handle(srv, stream)
}
