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
	// Fresh says, on the way in, that the shopper decides so just now: it is newer than
	// anything lifted, whatever the clocks say.
	Fresh bool
}

// Erased says whether nothing may be kept of the shopper; s may be nil.
func (s *Suppression) Erased() bool { return s != nil && s.Reason == ReasonErased }

// suppressing are the reasons of suppressions, in the order in which they count.
var suppressing = []Reason{ReasonErased, ReasonUnsubscribed, ReasonComplained, ReasonBounced}

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

// DecideAll adds decisions, and says whether that changes anything.
func (s *Suppressions) DecideAll(all ...Suppression) (changed bool) {
	for _, one := range all {
		changed = s.Decide(one) || changed
	}
	return changed
}

// Decide adds a decision, and says whether that changes anything. A lesser one is kept
// too, to stand again where the other is lifted; but beside an erasure nothing is.
func (s *Suppressions) Decide(one Suppression) bool {
	_, erased := s.Decided[ReasonErased]
	at, there := s.Decided[one.Reason]
	until, lifted := s.Lifted[one.Reason]
	if one.Fresh && lifted && !one.At.After(until) {
		one.At = until.Add(time.Microsecond)
	}
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
// mailed, each once, for all the reasons and instants told, and returns how many.
func (s *Service) suppressAll(ctx context.Context, messages []*messageEvents) (int, error) {
	type shopper struct{ store, key string }
	told := map[shopper][]Suppression{}
	var order []shopper
	for _, m := range messages {
		for _, e := range m.events {
			reason, email := e.suppresses(), e.Email
			if reason == "" || email == "" {
				continue
			}
			who := shopper{m.store.ID, ShopperKey(m.store.IDKey, m.store.ID, email)}
			if told[who] == nil {
				order = append(order, who)
			}
			if one := (Suppression{Reason: reason, At: e.At}); !slices.Contains(told[who], one) {
				told[who] = append(told[who], one)
			}
		}
	}
	done := make([]bool, len(order))
	work := make([]func() error, len(order))
	for i, who := range order {
		work[i] = func() error {
			if err := s.DB.Suppress(ctx, who.store, who.key, told[who]...); err != nil {
				return fmt.Errorf("suppress shopper %s: %w", who.key, err)
			}
			done[i] = true
			return nil
		}
	}
	err := s.inParts(work)
	return len(slices.DeleteFunc(done, func(yes bool) bool { return !yes })), err
}
