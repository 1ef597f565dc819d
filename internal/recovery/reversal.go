package recovery

import (
	"context"
	"time"
)

// Cancelled is the key, among an order's refunds, of its being taken back as a whole: it
// was cancelled, refunded in full, or never paid for.
const Cancelled = ""

// RefundOrder takes a part of an order's revenue back, by the refund's ID once, so that
// repeating is harmless. An order that is not known yet is recorded when it comes; the
// refund waits for it.
func (s *Service) RefundOrder(ctx context.Context, store, orderID string, refunds map[string]Refund) error {
	n := OrderNews{OrderID: orderID, Refunds: refunds}
	_, err := s.changeOrder(ctx, store, n, func(st *Store, k OrderCase, n OrderNews, now time.Time) (Change, OrderResult) {
		o := k.Order
		switch {
		case o != nil && o.Erased:
			return Change{}, OrderResult{OrderID: n.OrderID}
		case o == nil:
			n.PlacedAt = time.Time{} // not told of yet
			o = newOrder(st, n)
			o.ExpiresAt = now.Add(st.Retention)
		}
		result := OrderResult{OrderID: n.OrderID, Order: o}
		before := len(o.Refunds)
		if o.refund(n.Refunds, false, now); k.Order != nil && len(o.Refunds) == before {
			return Change{}, result
		}
		return Change{Order: o}, result
	})
	return err
}

// hear takes over what n tells of the order's amounts, unless it is older than what did:
// a shop system tells all of an order each time. Of two tellings of one instant the one
// that comes last counts. It says whether n counts.
func (o *Order) hear(n OrderNews, now time.Time) bool {
	at := n.UpdatedAt
	if !at.IsZero() {
		at = placed(at, now)
		if at.Before(o.News) {
			return false
		}
		o.News = at
	}
	if n.Total != nil {
		o.Total = n.Total
	}
	for id, r := range o.Refunds {
		_, again := n.Refunds[id]
		if lifted := r.Total == nil && n.Standing != StandingNotTold && !at.IsZero(); lifted || r.Total != nil && n.AllRefunds && !again {
			delete(o.Refunds, id)
		}
	}
	o.refund(n.Refunds, true, now)
	return true
}

// keepRefunds bounds the refunds kept on one order, far above those of any: a document of
// Firestore holds 1 MiB.
const keepRefunds = 2000

// refund adds refunds. Of one that is known the new amount counts if it is newer; it was
// made when it was told of first.
func (o *Order) refund(refunds map[string]Refund, newer bool, now time.Time) {
	if o.Refunds == nil {
		o.Refunds = map[string]Refund{}
	}
	for id, r := range refunds {
		known, there := o.Refunds[id]
		switch {
		case !there && id != Cancelled && len(o.Refunds) >= keepRefunds:
		case !there:
			o.Refunds[id] = Refund{Total: r.Total, At: placed(r.At, now)}
		case newer:
			o.Refunds[id] = Refund{Total: r.Total, At: known.At}
		}
	}
}

// takenBack says whether nothing is left of the order.
func (o *Order) takenBack() bool {
	_, whole := o.Refunds[Cancelled]
	kept := o.Kept()
	return whole || kept != nil && kept.Minor == 0 && len(o.Refunds) > 0
}

// Kept is what is left of the order's amount after its refunds; nil if the amount is not
// known. A refund in another currency than the order's takes nothing: amounts of several
// are never summed.
func (o *Order) Kept() *Money {
	if o.Total == nil {
		return nil
	}
	kept := *o.Total
	for _, r := range o.Refunds {
		switch {
		case r.Total == nil:
			kept.Minor = 0
		case r.Total.Currency == kept.Currency:
			kept.Minor -= r.Total.Minor
		}
	}
	kept.Minor = max(0, kept.Minor)
	return &kept
}
