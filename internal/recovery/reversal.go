package recovery

import (
	"context"
	"maps"
	"time"
)

// Cancelled is the key, among an order's refunds, of its cancellation, which takes back
// all that is left.
const Cancelled = ""

// NeverPaid is the key, among an order's refunds, of its failing before it was paid, which
// takes back all. A payment after all takes its place, and nothing back.
const NeverPaid = "unpaid"

// ReverseOrder takes revenue of an order back. Each refund counts once, by its ID, so
// that repeating is harmless. The order itself stays: its shopper is not reminded again.
// One that is not known yet is recorded, with what n tells of it; where n names nothing
// but its ID, the refunds wait for it. Of a shopper who was erased nothing is recorded.
func (s *Service) ReverseOrder(ctx context.Context, store string, n OrderNews, refunds map[string]Refund) error {
	_, err := s.changeOrder(ctx, store, n, func(st *Store, k OrderCase, n OrderNews, now time.Time) (Change, OrderResult) {
		ch, result := Change{Order: k.Order}, OrderResult{OrderID: n.OrderID, Order: k.Order}
		told := n.CheckoutID != "" || n.CartID != "" || n.Email != ""
		changed := k.Order == nil
		switch {
		case told && (k.Order == nil || k.Order.PlacedAt.IsZero()):
			ch, result = PlaceOrder(st, k, n, now)
			changed = true
		case k.Order == nil:
			n.PlacedAt = time.Time{} // not told of yet
			ch.Order = newOrder(st, n)
			ch.Order.ExpiresAt = now.Add(st.Retention)
		default:
			changed = ch.Order.pay(n, now)
		}
		if refunded := ch.Order.refund(refunds, now); !changed && !refunded {
			return Change{}, result
		}
		return ch, result
	})
	return err
}

// pay notes that an order which was told of before is paid now, and says whether that is
// new: it is not taken back for having failed, whichever of the two was told of first.
func (o *Order) pay(n OrderNews, now time.Time) bool {
	if r, there := o.Refunds[NeverPaid]; n.Payment != PaymentReceived || o.Total == nil || there && r.Total != nil {
		return false
	}
	o.Refunds = maps.Clone(o.Refunds)
	if o.Refunds == nil {
		o.Refunds = map[string]Refund{}
	}
	o.Refunds[NeverPaid] = Refund{Total: &Money{Currency: o.Total.Currency}, At: now}
	return true
}

// refund adds refunds that are not known yet, and says whether there was one.
func (o *Order) refund(refunds map[string]Refund, now time.Time) bool {
	known := maps.Clone(o.Refunds)
	if known == nil {
		known = map[string]Refund{}
	}
	for id, r := range refunds {
		if _, there := known[id]; !there {
			r.At = placed(r.At, now)
			known[id] = r
		}
	}
	changed := len(known) > len(o.Refunds)
	if changed {
		o.Refunds = known
	}
	return changed
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
