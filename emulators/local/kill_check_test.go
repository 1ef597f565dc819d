package main

import (
	"iter"
	"net/http"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/emulators/sendgrid"
)

// account lets the shops finish, has the system, with nothing broken, go on until every
// reminder must have ended, and holds what there is against what was promised.
func (s *siege) account(t *testing.T) {
	t.Helper()
	a := &audit{t: t, events: s.eventsKey == "", mails: map[string][]sendgrid.Message{}, told: s.told, ends: map[string]int{}}
	p := s.start()
	p.waitReady()
	s.finish(p)
	early := len(s.mails())
	s.advance(8 * time.Hour) // the last step, max_late and more
	for _, m := range s.mails() {
		a.all++
		a.mails[m.CustomArgs["message_id"]] = append(a.mails[m.CustomArgs["message_id"]], m)
	}
	for p := range s.shoppers() {
		a.askAgain(s.world, p)
	}
	s.wantEvents(a.events)
	p.kill()

	stored := newWorld(t, withConfig(s.yaml()), func(o *Options) { o.Data, o.Now, o.Lookup = s.data, time.Time{}, s.environment })
	for p := range s.shoppers() {
		a.shopper(stored, p)
	}
	for id, mails := range a.mails {
		t.Errorf("%d mails with message_id %q belong to no accepted checkout", len(mails), id)
	}
	s.wantQuietEnds(t)
	kills := int(s.kills.Load())
	t.Logf("%d kills (%d before it served), %d faults, %d checkouts, %d orders, %d mails (%d before the last kill), reminders: %v, %d overtaken by an order, %d mailed without an answer, %d of the last life",
		kills, s.early, s.faulted, a.checkouts, a.orders, a.all, early, a.ends, a.overtaken, a.unanswered, a.fresh)
	least := kills / 20
	if kills >= 20 && (early < kills/2 || min(a.ends["skipped ordered"], a.overtaken, a.unanswered, a.fresh) < least) {
		t.Error("too little happened to prove anything")
	}
}

// wantEvents has SendGrid tell of one more mail, and checks whether that is taken.
func (s *siege) wantEvents(taken bool) {
	s.t.Helper()
	mails := s.mails()
	if len(mails) == 0 {
		return
	}
	a := s.console(http.StatusOK, http.MethodPost, "/api/messages/"+mails[0].ID+"/events", toJSON(s.t, body{"event": "delivered"}))
	if got := a.Body["delivered"]; got != taken {
		s.t.Errorf("an event is taken: %v, want %v: %s", got, taken, a.Raw)
	}
}

// finish has every call answered that a shop has begun.
func (s *siege) finish(p *program) {
	s.t.Helper()
	close(s.work)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		s.trading.Wait()
	}()
	select {
	case <-answered:
	case <-p.done:
		s.t.Fatalf("the last life ended by itself: %s", s.lastWords())
	}
}

func (s *siege) shoppers() iter.Seq[*shopper] {
	return func(yield func(*shopper) bool) {
		for _, shop := range s.shops {
			for _, p := range shop.shoppers {
				if !yield(p) {
					return
				}
			}
		}
	}
}

// wantQuietEnds looks for what a killed process cannot tell by its status.
func (s *siege) wantQuietEnds(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(s.stderr)
	if err != nil {
		t.Fatal(err)
	}
	if at := regexp.MustCompile(`(?m)^panic: |^fatal error: |http: panic serving`).FindIndex(text); at != nil {
		t.Errorf("a life complained: %.3000s", text[at[0]:])
	}
}
