package simulation

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// redact has Shopify tell, of one shopper in three, that the shopper is to be forgotten:
// mostly when a mail is about to go out, and often before the last webhooks have come.
func (s *sale) redact(left time.Duration) {
	dice := s.throw("redact", s.n)
	if !dice.chance(3) {
		return
	}
	s.toRedact = true
	at := left + time.Duration(dice.n(int(3*day/time.Second)))*time.Second
	if steps := s.plan.configs[0].steps; dice.chance(2) {
		at = left + steps[dice.n(len(steps))] + time.Duration(dice.n(4000)-2000)*time.Millisecond
	}
	orders := ""
	if s.order != 0 {
		orders = strconv.Itoa(s.order)
	}
	s.tellOf(&dice, "customers/redact", at, fmt.Appendf(nil, `{"shop_id":1,"shop_domain":%q,"customer":{"id":%d,"email":%q},"orders_to_redact":[%s]}`,
		shopDomain, 500+s.n, s.email, orders))
}

// forgotten is promise 9, of a shopper who was to be: nothing is left that tells of them,
// nor of the order, whatever came late.
func (s *sale) forgotten() {
	for _, name := range s.db.Holding(storeIDs[0], s.email) {
		s.record.violate(9, "Shopify had %s redacted, and in the end %s holds the address", s.email, name)
	}
	ctx, st := context.Background(), s.stores[storeIDs[0]]
	p, err := s.db.Personal(ctx, st.ID, recovery.ShopperKey(st.IDKey, st.ID, s.email))
	if n := len(p.Checkouts) + len(p.Orders) + len(p.Messages); err != nil || p.Shopper != nil || n > 0 {
		s.record.violate(9, "Shopify had %s redacted, and in the end there are %d checkouts, %d orders, %d messages, %v", s.email, len(p.Checkouts), len(p.Orders), len(p.Messages), err)
	}
	if p.Suppression == nil || p.Suppression.Reason != recovery.ReasonErased {
		s.record.violate(9, "Shopify had %s redacted, and in the end mails may go there", s.email)
	}
	k, err := s.db.FindForOrder(ctx, recovery.OrderQuery{Store: st.ID, Order: recovery.OrderKey(st.ID, strconv.Itoa(s.order))})
	if o := k.Order; err != nil || o != nil && (o.Total != nil || o.Shopper != "" || !o.PlacedAt.IsZero() || len(o.Refunds) > 0) {
		s.record.violate(9, "Shopify had order %d redacted, and in the end there is %+v, %v", s.order, o, err)
	}
}
