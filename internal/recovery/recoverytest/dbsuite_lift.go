package recoverytest

import (
	"math/rand/v2"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

func (s *dbSuite) lift(reason recovery.Reason, at time.Time, want bool) {
	s.Helper()
	got, err := s.db.Lift(s.Context(), "default", "shopper", reason, at)
	if err != nil || got != want {
		s.Errorf("lift %s: got %v, %v; want %v", reason, got, err, want)
	}
}

// lifted: the decision of one reason goes, if it is not newer; others stand, also those
// that it outweighed.
func (s *dbSuite) lifted() {
	key := s.create(checkout("a"))[0].Key
	at := func(n int) time.Time { return suiteTime.Add(time.Duration(n) * us) }
	stands := func(what string, reason recovery.Reason, since int) {
		s.Helper()
		var want *recovery.Suppression
		if reason != "" {
			want = &recovery.Suppression{Reason: reason, At: at(since)}
		}
		s.same(what, want, s.read(key, recovery.WholeCase).Suppression)
		k, err := s.db.FindForOrder(s.Context(), recovery.OrderQuery{Store: "default", Shopper: "shopper", Order: "o", Limit: 1})
		if err != nil {
			s.Error(err)
		}
		s.same(what+", by an order", want, k.Suppression)
	}
	s.lift(recovery.ReasonUnsubscribed, at(0), true)
	stands("where there was none", "", 0)
	s.suppress("default", "shopper", recovery.Suppression{Reason: recovery.ReasonBounced, At: at(9)})
	s.suppress("default", "shopper", recovery.Suppression{Reason: recovery.ReasonUnsubscribed, At: at(5)})
	s.suppress("default", "shopper", recovery.Suppression{Reason: recovery.ReasonComplained, At: at(6)})
	stands("all three", recovery.ReasonUnsubscribed, 5)
	s.lift(recovery.ReasonUnsubscribed, at(4), false)
	stands("by an earlier wish", recovery.ReasonUnsubscribed, 5)
	s.lift(recovery.ReasonUnsubscribed, at(5), true)
	stands("what it outweighed", recovery.ReasonComplained, 6)
	s.lift(recovery.ReasonUnsubscribed, at(5), true)
	stands("again", recovery.ReasonComplained, 6)
	s.lift(recovery.ReasonComplained, at(7), true)
	stands("the next", recovery.ReasonBounced, 9)
	s.lift(recovery.ReasonBounced, at(9), true)
	stands("all of them", "", 0)
	s.suppress("default", "shopper", recovery.Suppression{Reason: recovery.ReasonUnsubscribed, At: at(6)})
	stands("anew", recovery.ReasonUnsubscribed, 6)
	s.suppress("default", "shopper", recovery.Suppression{Reason: recovery.ReasonErased, At: at(1)})
	s.lift(recovery.ReasonUnsubscribed, at(9), true)
	s.suppress("default", "shopper", recovery.Suppression{Reason: recovery.ReasonBounced, At: at(10)})
	stands("nothing is kept beside an erasure", recovery.ReasonErased, 1)
}

// liftedToldAgain: what was lifted stays so, whatever is told again of the time before, and
// in whatever order.
func (s *dbSuite) liftedToldAgain() {
	key := s.create(checkout("a"))[0].Key
	for i := range 8 {
		lifted := suiteTime.Add(time.Duration(100*i+50) * us)
		s.suppress("default", "shopper", recovery.Suppression{Reason: recovery.ReasonUnsubscribed, At: lifted.Add(-us)})
		s.lift(recovery.ReasonUnsubscribed, lifted, true)
		for _, n := range rand.New(rand.NewPCG(uint64(i), 1)).Perm(40) {
			s.suppress("default", "shopper", recovery.Suppression{Reason: recovery.ReasonUnsubscribed, At: lifted.Add(-time.Duration(n) * us)})
		}
		if got := s.read(key, recovery.WholeCase).Suppression; got != nil {
			s.Errorf("got %+v, want none", got)
		}
	}
	s.suppress("second", "shopper", recovery.Suppression{Reason: recovery.ReasonUnsubscribed, At: suiteTime})
	s.suppress("default", "shopper", recovery.Suppression{Reason: recovery.ReasonBounced, At: suiteTime})
	want := &recovery.Suppression{Reason: recovery.ReasonBounced, At: suiteTime}
	s.same("another reason", want, s.read(key, recovery.WholeCase).Suppression)
}
