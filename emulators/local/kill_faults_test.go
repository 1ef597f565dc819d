package main

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/comeback-checkout/comeback/emulators/sendgrid"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// fault is one way in which a part of the surroundings fails.
type fault struct{ target, mode string }

// allFaults has every fault once, and again those that tempt to mail twice.
func allFaults() []fault {
	list := []fault{{"sendgrid", "accept_then_drop"}, {"sendgrid", "accept_then_drop"}, {"firestore", "accept_then_drop"}, {"firestore", "slow"}}
	for _, target := range []string{"sendgrid", "cloudtasks", "firestore"} {
		for _, mode := range []string{"unavailable", "timeout", "slow", "accept_then_drop", "duplicate"} {
			if target != "firestore" || mode != "duplicate" {
				list = append(list, fault{target, mode})
			}
		}
	}
	return list
}

// breakSomething sets a fault in two lives of three, each in its turn, for some or
// all calls. It ends with the life at the latest.
func (s *siege) breakSomething() bool {
	s.t.Helper()
	if s.dice.IntN(3) == 0 {
		return false
	}
	f := s.faults[s.faulted%len(s.faults)]
	s.faulted++
	s.breakPart(f, []float64{0.2, 0.5, 0.8, 1}[s.dice.IntN(4)])
	return true
}

func (s *siege) breakPart(f fault, rate float64) {
	s.t.Helper()
	s.console(http.StatusOK, http.MethodPost, "/api/faults", toJSON(s.t, body{"target": f.target, "mode": f.mode, "rate": rate, "latency": "15ms"}))
}

// steps are by how much a life moves the clock, at first so far that reminders fall
// due: the kill is to come in between them.
func (s *siege) steps() (list []time.Duration) {
	const m = time.Minute
	sizes := []time.Duration{m, 4 * m, 20 * m, time.Second, 20 * time.Second, m, m}
	list = append(list, sizes[s.dice.IntN(3)])
	for range s.dice.IntN(6) {
		list = append(list, sizes[s.dice.IntN(len(sizes))])
	}
	return list
}

// moveClock moves the clock until the program is dead.
func (s *siege) moveClock(steps []time.Duration) {
	for _, d := range steps {
		s.happens()
		if _, err := s.tell(http.MethodPost, "/api/clock", toJSON(s.t, body{"advance": d.String()})); err != nil {
			return
		}
	}
}

// reaction is what SendGrid tells in a life of what a shopper did with a mail: nothing
// in most of them. Of what its servers did with each mail it tells by itself.
type reaction struct {
	kind  string
	which int // mail, of those in the box
}

func (s *siege) reaction() (r reaction) {
	if r.which = s.dice.IntN(1000); r.which%5 == 0 {
		kinds := []string{"open", "click", "bounce", "spamreport", "unsubscribe"}
		r.kind = kinds[s.dice.IntN(len(kinds))]
	}
	return r
}

func (s *siege) react(r reaction) {
	if r.kind == "" {
		return
	}
	var mails []sendgrid.Message
	a, err := s.tell(http.MethodGet, "/api/messages", "")
	if err == nil {
		err = json.Unmarshal([]byte(a.Raw), &mails)
	}
	if err != nil || len(mails) == 0 {
		return // it is dead, or nothing was mailed yet
	}
	m := mails[r.which%len(mails)]
	note := &told{reason: suppresses[r.kind]}
	s.told[m.To] = append(s.told[m.To], note) // perhaps: if it is killed now, nobody knows
	a, err = s.tell(http.MethodPost, "/api/messages/"+m.ID+"/events", toJSON(s.t, body{"event": r.kind}))
	if now, known := s.clock(); err == nil && known && a.Body["delivered"] == true {
		note.taken = now
	}
}

// suppresses is why a shopper is not mailed any more after what SendGrid tells.
var suppresses = map[string]recovery.Reason{
	"bounce": recovery.ReasonBounced, "spamreport": recovery.ReasonComplained, "unsubscribe": recovery.ReasonUnsubscribed,
}

// told is what SendGrid may have told of a shopper, and when the system had taken it at
// the latest, if it is known that it did.
type told struct {
	reason recovery.Reason // "": that is no reason not to mail
	taken  time.Time
}
