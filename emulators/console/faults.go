package console

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// modes are the ways in which each target can fail.
var modes = map[string][]string{
	"cloudtasks": {"unavailable", "timeout", "slow", "accept_then_drop", "duplicate"},
	"firestore":  {"unavailable", "timeout", "slow", "accept_then_drop"},
	"sendgrid":   {"unavailable", "timeout", "slow", "accept_then_drop", "duplicate"},
}

// slowness is the latency of a slow that does not say how slow.
const slowness = time.Second

// Fault is a way to fail on purpose.
type Fault struct {
	Mode    string
	Rate    float64 // the share of calls that fail, over 0 and up to 1
	Latency time.Duration
}

// Breakable is a part that fails as it is told.
type Breakable interface {
	SetFault(Fault) error // replaces the fault before
	Heal()
}

// Break makes an emulator a Breakable. F is the emulator's own Fault.
func Break[F ~struct {
	Mode    string
	Rate    float64
	Latency time.Duration
}](emulator interface {
	SetFault(F) error
	Heal()
},
) Breakable {
	return breaker{set: func(f Fault) error { return emulator.SetFault(F(f)) }, heal: emulator.Heal}
}

type breaker struct {
	set  func(Fault) error
	heal func()
}

func (b breaker) SetFault(f Fault) error { return b.set(f) }
func (b breaker) Heal()                  { b.heal() }

// faults are those set now, by target.
type faults struct {
	mu  sync.Mutex
	set map[string]shownFault
}

type shownFault struct {
	Target  string  `json:"target"`
	Mode    string  `json:"mode"`
	Rate    float64 `json:"rate"`
	Latency string  `json:"latency"`
}

// list is sorted by target and never nil.
func (f *faults) list() []shownFault {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make([]shownFault, 0, len(f.set))
	for _, target := range slices.Sorted(maps.Keys(f.set)) {
		all = append(all, f.set[target])
	}
	return all
}

func (c *Console) listFaults(*http.Request) (any, error) { return c.faults.list(), nil }

func (c *Console) setFault(r *http.Request) (any, error) {
	var body faultBody
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	part, err := c.target(body.Target)
	if err != nil {
		return nil, err
	}
	f, err := body.fault()
	if err != nil {
		return nil, err
	}
	c.faults.mu.Lock()
	defer c.faults.mu.Unlock()
	if err := part.SetFault(f); err != nil {
		return nil, invalid("mode", err.Error())
	}
	if c.faults.set == nil {
		c.faults.set = map[string]shownFault{}
	}
	shown := shownFault{Target: body.Target, Mode: f.Mode, Rate: f.Rate, Latency: f.Latency.String()}
	c.faults.set[body.Target] = shown
	return shown, nil
}

type faultBody struct {
	Target, Mode string
	Rate         *float64
	Latency      *string
}

func (b faultBody) fault() (f Fault, err error) {
	if !slices.Contains(modes[b.Target], b.Mode) {
		return f, invalid("mode", fmt.Sprintf("%q: want one of %v for %s", b.Mode, modes[b.Target], b.Target))
	}
	f = Fault{Mode: b.Mode, Rate: 1}
	if b.Rate != nil {
		f.Rate = *b.Rate
	}
	if f.Rate <= 0 || f.Rate > 1 {
		return f, invalid("rate", fmt.Sprintf("%v: want more than 0 and at most 1", f.Rate))
	}
	if f.Mode == "slow" {
		f.Latency = slowness
	}
	if b.Latency != nil {
		if f.Latency, err = parseDuration(*b.Latency); err != nil {
			return f, invalid("latency", err.Error())
		}
	}
	if f.Latency < 0 {
		return f, invalid("latency", fmt.Sprintf("%q: want no negative duration", *b.Latency))
	}
	return f, nil
}

// target finds a part that can fail.
func (c *Console) target(name string) (Breakable, error) {
	if part := c.o.Faults[name]; part != nil && modes[name] != nil {
		return part, nil
	}
	return nil, invalid("target", fmt.Sprintf("%q: want one of %v", name, slices.Sorted(maps.Keys(c.o.Faults))))
}

// heal ends the fault of ?target=, or all faults.
func (c *Console) heal(r *http.Request) (any, error) {
	names := slices.Sorted(maps.Keys(c.o.Faults))
	if name := r.URL.Query().Get("target"); name != "" {
		if _, err := c.target(name); err != nil {
			return nil, err
		}
		names = []string{name}
	}
	c.faults.mu.Lock()
	defer c.faults.mu.Unlock()
	for _, name := range names {
		c.o.Faults[name].Heal()
		delete(c.faults.set, name)
	}
	return nil, nil
}
