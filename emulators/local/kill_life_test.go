package main

import (
	"os"
	"path/filepath"
	"time"
)

// life lets the program live until a random moment. Some lives end before it serves.
func (s *siege) life() {
	p := s.start()
	switch n := s.kills.Add(1); {
	case n%10 == 0:
		s.unanswered(p)
	case s.dice.IntN(10) == 0:
		s.early++
		s.upTo(250 * time.Millisecond)
		p.kill()
	default:
		s.cutShort(p)
	}
}

// unanswered has SendGrid take every mail and answer none, until the runs have ended
// that wait for it: their outcome is unknown, and recorded as that.
func (s *siege) unanswered(p *program) {
	p.waitReady()
	s.breakPart(fault{"sendgrid", "accept_then_drop"}, 1)
	s.want(6)
	s.moveClock([]time.Duration{time.Minute})
	p.kill()
}

// cutShort ends the program in the midst of its work, of which perhaps some goes wrong
// until then.
func (s *siege) cutShort(p *program) {
	p.waitReady()
	broken, work, steps, r := s.breakSomething(), 3+s.dice.IntN(6), s.steps(), s.reaction()
	s.want(work)
	moved := make(chan struct{})
	go func() {
		defer close(moved)
		s.react(r)
		s.moveClock(steps)
	}()
	until := moment{moved: moved, happenings: s.dice.IntN(2 * (work + len(steps))), mails: never}
	if broken && s.dice.IntN(2) == 0 {
		s.pass(moment{moved: moved, happenings: s.dice.IntN(work), mails: never})
		s.heal()
	}
	if s.dice.IntN(2) == 0 {
		until = moment{moved: moved, happenings: never, mails: 1 + s.dice.IntN(6)}
	}
	s.pass(until)
	if until.mails == never {
		s.upTo(20 * time.Millisecond)
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

// upTo lets a random time pass.
func (s *siege) upTo(d time.Duration) {
	<-time.After(time.Duration(s.dice.Int64N(int64(d))))
}

// moment is one of a life: once so much has happened, or the mailbox was written so
// many times. When it was, SendGrid has a mail and nobody else knows.
type moment struct {
	happenings, mails int
	moved             chan struct{} // the clock has gone as far as it is to go
}

// never is more than ever happens in a life.
const never = 1 << 30

// stalled is for how long nothing happens where nothing will: a fault holds it all.
const stalled = 300 * time.Millisecond

// pass returns at the moment, or when nothing happens any more.
func (s *siege) pass(m moment) {
	for len(s.happened) > 0 {
		<-s.happened
	}
	still := time.NewTimer(stalled)
	defer still.Stop()
	look := time.NewTicker(time.Millisecond / 2)
	defer look.Stop()
	for last := s.mailed(); m.happenings > 0 && m.mails > 0; {
		select {
		case <-m.moved:
			return
		case <-still.C:
			return
		case <-s.happened:
			m.happenings--
		case <-look.C:
			now := s.mailed()
			if now.Equal(last) {
				continue
			}
			last = now
			m.mails--
			m.happenings--
		}
		still.Reset(stalled)
	}
}

// mailed is when the mailbox was last written.
func (s *siege) mailed() time.Time {
	info, err := os.Stat(filepath.Join(s.data, "sendgrid.db"))
	if err != nil {
		s.t.Fatal(err)
	}
	return info.ModTime()
}

// happens notes that something was answered, or begins.
func (s *siege) happens() {
	select {
	case s.happened <- struct{}{}:
	default: // nobody counts just now
	}
}
