package recovery

import (
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

// shopperSuppression is a suppression of the shopper with the key.
type shopperSuppression struct {
	shopper string
	Suppression
}

// suppressions are what the events ask for, one for each shopper, in the order of the
// events.
func (m *messageEvents) suppressions(st *Store) []shopperSuppression {
	var list []shopperSuppression
	for _, e := range m.events {
		reason, email := e.suppresses(), NormalizeEmail(e.Email)
		if reason == "" || email == "" {
			continue
		}
		one := shopperSuppression{ShopperKey(st.IDKey, st.ID, email), Suppression{reason, e.At}}
		i := slices.IndexFunc(list, func(o shopperSuppression) bool { return o.shopper == one.shopper })
		switch {
		case i < 0:
			list = append(list, one)
		case one.Replaces(&list[i].Suppression):
			list[i] = one
		}
	}
	return list
}
