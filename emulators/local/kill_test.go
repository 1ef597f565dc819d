package main

import (
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

// sieges is how many systems are under siege at once: starting a program takes one
// core most of the time.
const sieges = 2

// The whole system, killed with kill -9 at random moments under load, while the
// faults API switches its surroundings away and back: every accepted checkout and
// order is accounted for, no mail was sent twice, none early, none after an order.
// Promises 1 to 6.
//
// COMEBACK_KILL_SEED plays a printed seed again: the same load, faults and moments,
// as far as the machine's scheduling allows. COMEBACK_KILLS is how many kills.
func TestKilledAtRandomMoments(t *testing.T) {
	t.Parallel()
	seed := numberFrom(t, "COMEBACK_KILL_SEED", rand.Uint64N(1_000_000))
	kills := int(numberFrom(t, "COMEBACK_KILLS", 100))
	for i := range sieges {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			s := newSiege(t, seed+uint64(i)<<32)
			defer func() {
				if t.Failed() {
					t.Logf("again: COMEBACK_KILL_SEED=%d COMEBACK_KILLS=%d", seed, kills)
				}
			}()
			for s.kills < (kills+sieges-1)/sieges {
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
	data   string
	stderr string

	shops    []*shop
	work     chan struct{} // one for each thing that some shop is to do
	trading  sync.WaitGroup
	happened chan struct{} // something was answered, or the clock began to move

	faults                        []fault // in the order in which they come
	kills, early, moving, faulted int
}

func newSiege(t *testing.T, seed uint64) *siege {
	t.Helper()
	s := &siege{
		world: &world{t, &System{FunctionsURL: "http://" + quietAddress(t), ConsoleURL: "http://" + quietAddress(t)}},
		dice:  rand.New(rand.NewPCG(seed, 0)),
		data:  t.TempDir(), stderr: t.TempDir() + "/stderr",
		work: make(chan struct{}, 60), happened: make(chan struct{}, 1000),
		faults: allFaults(),
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

// life lets the program live until a random moment. Some lives end before it serves.
func (s *siege) life() {
	p := s.start()
	s.kills++
	if s.dice.IntN(10) == 0 {
		s.early++
		s.pass(s.upTo(250*time.Millisecond), never)
		p.kill()
		return
	}
	p.waitReady()
	broken, work, steps, r := s.breakSomething(), 3+s.dice.IntN(6), s.steps(), s.reaction()
	s.want(work)
	moved := make(chan struct{})
	go func() {
		defer close(moved)
		s.react(r)
		s.moveClock(steps)
	}()
	much := s.dice.IntN(work + len(steps))
	if broken && s.dice.IntN(2) == 0 {
		s.pass(s.upTo(100*time.Millisecond), much/2)
		s.heal()
		much -= much / 2
	}
	s.pass(300*time.Millisecond, much)
	s.pass(s.upTo(20*time.Millisecond), never)
	select {
	case <-moved:
	default:
		s.moving++
	}
	p.kill()
	<-moved
}

// want gives the shops so much to do.
func (s *siege) want(work int) {
	for range work {
		select {
		case s.work <- struct{}{}:
		default: // they are behind
		}
	}
}

// never is more than ever happens in a life.
const never = 1 << 30

func (s *siege) upTo(d time.Duration) time.Duration { return time.Duration(s.dice.Int64N(int64(d))) }

// pass returns after so much real time, or once so much has happened.
func (s *siege) pass(d time.Duration, much int) {
	for len(s.happened) > 0 {
		<-s.happened
	}
	timer := time.NewTimer(d) // a moment to kill at: nothing is asserted of it
	defer timer.Stop()
	for range much {
		select {
		case <-timer.C:
			return
		case <-s.happened:
		}
	}
}

func (s *siege) happens() {
	select {
	case s.happened <- struct{}{}:
	default: // nobody counts just now
	}
}
