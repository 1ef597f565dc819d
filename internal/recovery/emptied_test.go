package recovery_test

import (
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// A cart out of which everything was taken is nothing to remind of, until something is put
// into it. A backend that never tells of items has no empty carts.
func TestEmptiedCart(t *testing.T) {
	t.Parallel()
	at := func(minutes int, items recovery.Field[[]recovery.Item], p recovery.Platform) recovery.News {
		n := bare(t0.Add(time.Duration(minutes) * time.Minute))
		n.Items, n.Platform = items, p
		return n
	}
	mug := recovery.Given([]recovery.Item{{ID: "mug", Quantity: 1}})
	none, silent := recovery.Given([]recovery.Item(nil)), recovery.Field[[]recovery.Item]{}
	for name, tc := range map[string]struct {
		platform recovery.Platform
		told     []recovery.Field[[]recovery.Item]
		want     []string
		mails    int
	}{
		"emptied":                 {"", []recovery.Field[[]recovery.Item]{mug, none}, []string{"skipped superseded", "skipped superseded", "skipped superseded"}, 0},
		"emptied, told of more":   {"", []recovery.Field[[]recovery.Item]{mug, none, silent, none}, []string{"skipped superseded", "skipped superseded", "skipped superseded"}, 0},
		"filled again":            {"", []recovery.Field[[]recovery.Item]{mug, none, mug}, []string{"sent", "sent", "sent"}, 3},
		"never told of":           {"", []recovery.Field[[]recovery.Item]{none, none}, []string{"sent", "sent", "sent"}, 3},
		"empty from the start on": {recovery.WooCommerce, []recovery.Field[[]recovery.Item]{none}, []string{"skipped superseded", "skipped superseded", "skipped superseded"}, 0},
		"filled then":             {recovery.Shopify, []recovery.Field[[]recovery.Item]{none, mug}, []string{"sent", "sent", "sent"}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			s.post(left("b")) // another of the shopper's, which speaks where this one has nothing to say
			for i, items := range tc.told {
				s.clock.Set(t0.Add(time.Duration(i+1) * time.Minute))
				s.post(at(i+1, items, tc.platform))
			}
			c := s.checkout("a")
			if c.Emptied != (tc.mails == 0) || (c.Status == recovery.StatusOpen) != (tc.mails > 0) {
				t.Errorf("emptied %t, %s", c.Emptied, c.Status)
			}
			s.until(5 * day)
			s.wantReminders("a", s.checkout("a").Generation, tc.want...)
		})
	}
	s := open(t, nil)
	s.post(left("b"))
	s.post(at(1, none, recovery.WooCommerce))
	s.until(5 * day)
	s.wantReminders("b", 1, "sent", "sent", "sent")
}

// An attempt of unknown outcome is not repeated for a cart that was emptied since.
func TestEmptiedWhileUnknown(t *testing.T) {
	t.Parallel()
	st, c := testStore(), recorded(full(t0))
	st.ResendUnknown, c.Emptied = true, true
	id := recovery.ReminderID{Generation: 1}
	r := c.Reminders[id]
	r.State, r.ClaimedUntil = recovery.Unknown, r.Due
	c.Reminders[id] = r
	if got := recovery.Judge(st, recovery.Case{Checkout: c}, id, r.Due.Add(20*time.Minute)); got.Do != recovery.Skip || got.Reason != recovery.ReasonSuperseded {
		t.Errorf("got %+v, want it superseded", got)
	}
}
