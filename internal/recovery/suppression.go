package recovery

import (
	"context"
	"fmt"
	"maps"
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

// Suppressions are all decisions not to mail one shopper. The zero value is none.
type Suppressions struct {
	// Decided is, by reason, the earliest instant that counts.
	Decided map[Reason]time.Time
	// Lifted is, by reason, up to when decisions no longer count.
	Lifted map[Reason]time.Time
}

// Standing is the decision that counts, nil if there is none. Reasons that this release
// does not know count least.
func (s Suppressions) Standing() *Suppression {
	for _, reason := range slices.Concat(suppressing, slices.Sorted(maps.Keys(s.Decided))) {
		if at, ok := s.Decided[reason]; ok {
			return &Suppression{Reason: reason, At: at}
		}
	}
	return nil
}

// Decide adds a decision, and says whether that changes anything. A lesser one is kept
// too, to stand again where the other is lifted; but beside an erasure nothing is.
func (s *Suppressions) Decide(one Suppression) bool {
	_, erased := s.Decided[ReasonErased]
	at, there := s.Decided[one.Reason]
	until, lifted := s.Lifted[one.Reason]
	if there && !one.At.Before(at) || lifted && !one.At.After(until) || erased && one.Reason != ReasonErased {
		return false
	}
	if one.Reason == ReasonErased {
		*s = Suppressions{}
	}
	s.Decided = with(s.Decided, one.Reason, one.At)
	return true
}

// Lift takes back the decision of the reason, unless it is newer than at. It says whether
// there is none of that reason then, and whether that changes anything.
func (s *Suppressions) Lift(reason Reason, at time.Time) (lifted, changed bool) {
	decided, there := s.Decided[reason]
	if there && decided.After(at) {
		return false, false
	}
	_, erased := s.Decided[ReasonErased]
	if !there && (erased || !s.Lifted[reason].Before(at)) {
		return true, false
	}
	s.Decided = maps.Clone(s.Decided)
	delete(s.Decided, reason)
	s.Lifted = with(s.Lifted, reason, later(s.Lifted[reason], at))
	return true, true
}

// with is a copy of the map with one entry more.
func with(m map[Reason]time.Time, reason Reason, at time.Time) map[Reason]time.Time {
	m = maps.Clone(m)
	if m == nil {
		m = map[Reason]time.Time{}
	}
	m[reason] = at
	return m
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
