package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

// The whole system, killed with kill -9 at random moments under load, while the
// faults API switches its surroundings away and back: every accepted checkout and
// order is accounted for, no mail was sent twice, none early, none after an order, none
// kept back without a reason. Promises 1 to 7.
//
// COMEBACK_KILL_SEED plays a printed seed again: the same load, faults and moments,
// as far as the machine's scheduling allows. COMEBACK_KILLS is how many kills.
func TestKilledAtRandomMoments(t *testing.T) {
	t.Parallel()
	seed := numberFrom(t, "COMEBACK_KILL_SEED", rand.Uint64N(1_000_000))
	kills := int64(numberFrom(t, "COMEBACK_KILLS", 100))
	// Two at once, since starting a program takes one core most of the time. Without
	// events an attempt that was cut off stays unknown, and must not be made again.
	binary := build(t)
	_, another := eventsKey(t)
	for i, tc := range []struct{ name, eventsKey string }{{"events taken", ""}, {"events refused", another}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newSiege(t, binary, seed+uint64(i)<<32, tc.eventsKey)
			defer func() {
				if t.Failed() {
					t.Logf("again: COMEBACK_KILL_SEED=%d COMEBACK_KILLS=%d", seed, kills)
				}
			}()
			for s.kills.Load() < (kills+1)/2 {
				s.life()
			}
			s.account(t)
		})
	}
}

func numberFrom(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text, ok := os.LookupEnv(name)
	if !ok {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// siege is one system that is killed again and again, the shops that call it, and
// what it promised them.
type siege struct {
	*world // where the program answers, the same in all its lives
	dice   *rand.Rand
	// Files and folders.
	binary, data, config, stderr string
	// eventsKey verifies SendGrid's events; "" stands for the key that does.
	eventsKey string

	shops    []*shop
	work     chan struct{} // one for each thing that some shop is to do
	trading  sync.WaitGroup
	happened chan struct{} // something was answered, or the clock begins to move

	told           map[string][]*told // by address
	faults         []fault            // in the order in which they come
	kills          atomic.Int64
	early, faulted int
}

// steps is how many reminders siegeConfig has for each checkout.
const steps = 3

// siegeConfig is a store whose reminders follow each other quickly, and whose shoppers
// are mailed for each change of a cart, so that every life mails.
var siegeConfig = storeYAML(
	"reminders: [{after: 1m, template: first}, {after: 4m, template: second}, {after: 20m, template: last}]",
	"cooldown: {same_step: 0s}", "cap: {messages: 0}",
)

func newSiege(t *testing.T, binary string, seed uint64, eventsKey string) *siege {
	t.Helper()
	dir := t.TempDir()
	s := &siege{
		world:  &world{t, &System{FunctionsURL: "http://" + quietAddress(t), ConsoleURL: "http://" + quietAddress(t)}},
		dice:   rand.New(rand.NewPCG(seed, 0)),
		binary: binary, data: filepath.Join(dir, "data"), config: filepath.Join(dir, "comeback.yaml"), stderr: filepath.Join(dir, "stderr"),
		eventsKey: eventsKey,
		work:      make(chan struct{}, 60), happened: make(chan struct{}, 1000),
		told: map[string][]*told{}, faults: allFaults(),
	}
	if err := os.WriteFile(s.config, []byte(s.yaml()), 0o600); err != nil {
		t.Fatal(err)
	}
	s.dice.Shuffle(len(s.faults), func(i, j int) { s.faults[i], s.faults[j] = s.faults[j], s.faults[i] })
	for i := range 4 {
		shop := &shop{s: s, name: "s" + strconv.Itoa(i), dice: rand.New(rand.NewPCG(seed, uint64(i)+1))}
		s.shops = append(s.shops, shop)
		s.trading.Go(shop.trade)
	}
	t.Cleanup(s.trading.Wait)
	return s
}

// yaml is the configuration: with a key of its own it refuses the emulator's events.
func (s *siege) yaml() string {
	if s.eventsKey == "" {
		return siegeConfig
	}
	return siegeConfig + "    sendgrid: {events_public_key: \"env:" + eventsKeyVariable + "\"}\n"
}
