package recovery

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Suppression is the standing decision not to mail a shopper.
type Suppression struct {
	Reason Reason // erased, unsubscribed, complained or bounced
	At     time.Time
}

// suppressing are the reasons of suppressions, in the order in which they count.
var suppressing = []Reason{ReasonErased, ReasonUnsubscribed, ReasonComplained, ReasonBounced}

// Replaces says whether s is to be written where old is recorded (nil: nothing is):
// it counts earlier, or is for the same reason and of an earlier instant.
func (s Suppression) Replaces(old *Suppression) bool {
	if old == nil {
		return true
	}
	if s.Reason == old.Reason {
		return s.At.Before(old.At)
	}
	return slices.Index(suppressing, s.Reason) < slices.Index(suppressing, old.Reason)
}

// suppressAll suppresses the shoppers of whom the events tell that they are not to be
// mailed, each once, and returns how many.
func (s *Service) suppressAll(ctx context.Context, messages []*messageEvents) (int, error) {
	type shopper struct{ store, key string }
	strongest := map[shopper]Suppression{}
	var order []shopper
	for _, m := range messages {
		for _, e := range m.events {
			reason, email := e.suppresses(), NormalizeEmail(e.Email)
			if reason == "" || email == "" {
				continue
			}
			who := shopper{m.store.ID, ShopperKey(m.store.IDKey, m.store.ID, email)}
			one, old := Suppression{reason, e.At}, (*Suppression)(nil)
			if known, ok := strongest[who]; ok {
				old = &known
			} else {
				order = append(order, who)
			}
			if one.Replaces(old) {
				strongest[who] = one
			}
		}
	}
	done := make([]bool, len(order))
	work := make([]func() error, len(order))
	for i, who := range order {
		work[i] = func() error {
			if err := s.DB.Suppress(ctx, who.store, who.key, strongest[who]); err != nil {
				return fmt.Errorf("suppress shopper %s: %w", who.key, err)
			}
			done[i] = true
			return nil
		}
	}
	err := s.inParts(work)
	return len(slices.DeleteFunc(done, func(yes bool) bool { return !yes })), err
}
