package sendgrid

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// The modes of a Fault.
const (
	FaultUnavailable    = "unavailable"      // 503, nothing kept
	FaultTimeout        = "timeout"          // reads the request, never answers, nothing kept
	FaultSlow           = "slow"             // works, after Latency
	FaultAcceptThenDrop = "accept_then_drop" // accepted and kept, then the connection is cut without an answer
	FaultDuplicate      = "duplicate"        // events are posted twice
)

// FaultModes are the modes that SetFault takes.
var FaultModes = []string{FaultUnavailable, FaultTimeout, FaultSlow, FaultAcceptThenDrop, FaultDuplicate}

// Fault is a way to fail on purpose.
type Fault struct {
	Mode    string
	Rate    float64       // the share of requests (duplicate: of batches of events) that meet it, up to 1; 0 means 1
	Latency time.Duration // real time by which those requests are held first
}

type faults struct {
	mu     sync.Mutex
	set    Fault // Mode "": none
	dice   *rand.Rand
	script []answer
}

func (f *faults) seed(seed uint64) { f.dice = rand.New(rand.NewPCG(seed, seed)) }

// SetFault makes the server fail until Heal; it replaces the fault before.
func (s *Server) SetFault(f Fault) error {
	if !slices.Contains(FaultModes, f.Mode) {
		return fmt.Errorf("fault mode %q: want one of %v", f.Mode, FaultModes)
	}
	if f.Rate < 0 || f.Rate > 1 {
		return fmt.Errorf("fault rate %v: want more than 0 and at most 1", f.Rate)
	}
	if f.Latency < 0 {
		return fmt.Errorf("fault latency %s: want no negative duration", f.Latency)
	}
	if f.Rate == 0 {
		f.Rate = 1
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.set = f
	return nil
}

// Heal ends the fault and drops the answers not used yet.
func (s *Server) Heal() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.set, s.faults.script = Fault{}, nil
}

// roll is the fault that a request (or, for events, a webhook's batch) meets, or
// the zero Fault.
func (f *faults) roll(events bool) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.set.Mode == "" || (f.set.Mode == FaultDuplicate) != events {
		return Fault{}
	}
	if f.set.Rate < 1 && f.dice.Float64() >= f.set.Rate {
		return Fault{}
	}
	return f.set
}

// answer is a scripted one.
type answer struct {
	status int
	header http.Header
}

// Answer makes the server answer the next request with status and headers (name,
// value, name, value …) and an error body, whatever it holds; nothing is kept.
// Called again, it scripts the request after that.
func (s *Server) Answer(status int, headers ...string) {
	a := answer{status: status, header: http.Header{}}
	for pair := range slices.Chunk(headers, 2) {
		if len(pair) < 2 {
			panic("sendgrid: Answer: a header without a value: " + pair[0])
		}
		a.header.Set(pair[0], pair[1])
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.script = append(s.faults.script, a)
}

func (f *faults) scripted() (answer, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.script) == 0 {
		return answer{}, false
	}
	a := f.script[0]
	f.script = f.script[1:]
	return a, true
}

func (a answer) write(w http.ResponseWriter) {
	for name := range a.header {
		w.Header().Set(name, a.header.Get(name))
	}
	if a.status < 300 {
		w.WriteHeader(a.status)
		return
	}
	refuse(w, a.status, apiError{Message: http.StatusText(a.status)})
}
