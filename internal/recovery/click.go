package recovery

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Link is what the link in a mail proves: that the mail of this reminder holds it.
type Link struct {
	Store, Checkout string // the checkout's key
	// Shopper is the key of whom the mail was sent to, in links to unsubscribe; "" in
	// those of a test's mail, which goes to other people.
	Shopper  string
	Reminder ReminderID
}

// Way is where a link back to a checkout leads.
type Way struct {
	Kind WayKind
	// To is the address that the shopper is led to; "" where there is none. It is on one
	// of the store's hosts.
	To string
	// Locale is the checkout's; "" if that is not known.
	Locale string
	// Noted says that the click was recorded.
	Noted bool
}

// WayKind says what a link back to a checkout came to.
type WayKind string

// The kinds of Way.
const (
	WayBack   WayKind = "back"   // to the checkout, or else the cart
	WayBought WayKind = "bought" // there is an order already: nothing to lead back to
	WayEmpty  WayKind = "empty"  // nothing is in the cart any more
	WayGone   WayKind = "gone"   // there is no such checkout any more
)

// Follow leads a shopper who followed l back to the checkout. If it counts as a click, and
// the checkout is kept, it is recorded there and on the message; of an erased one nothing
// is. Where the database is away, the way is as good as is known, to the store's cart at
// least, and stands beside the error.
func (s *Service) Follow(ctx context.Context, l Link, counts bool) (Way, error) {
	st, err := s.store(l.Store)
	if err != nil {
		return Way{Kind: WayGone}, err
	}
	way := Way{Kind: WayBack, To: st.address("")}
	now := s.now()
	var bought Case
	err = s.DB.UpdateCheckout(ctx, st.ID, l.Checkout, WholeCase, func(k Case) (Change, error) {
		way, bought = st.wayBack(k, l.Reminder), k
		if !counts || way.Kind == WayGone {
			return Change{}, nil
		}
		way.Noted = true
		return k.Checkout.click(st, l.Reminder, now), nil
	})
	if err != nil {
		way.Noted = false
		return way, fmt.Errorf("note the click: %w", err)
	}
	if way.Kind == WayBought && s.isTakenBack(ctx, st, bought) {
		anew := *bought.Checkout
		anew.RecoverURL = "" // its order was made of it
		way.Kind, way.To = WayBack, st.landing(&anew, l.Reminder)
	}
	return way, nil
}

// isTakenBack says whether the only order that k knows of was cancelled, or refunded as a
// whole: the shopper may want the cart after all.
func (s *Service) isTakenBack(ctx context.Context, st *Store, k Case) bool {
	ref := k.Checkout.Order
	if ref == nil || ref.Key == "" || k.Shopper.LastOrder.After(ref.At) || k.Cart.LastOrder.After(ref.At) {
		return false
	}
	found, err := s.DB.FindForOrder(ctx, OrderQuery{Store: st.ID, Order: ref.Key})
	return err == nil && found.Order != nil && found.Order.takenBack()
}

// wayBack is where the link of the reminder leads.
func (s *Store) wayBack(k Case, id ReminderID) Way {
	c := k.Checkout
	if c == nil || c.Stub() || erased(k) {
		return Way{Kind: WayGone}
	}
	switch {
	case ordered(k):
		return Way{Kind: WayBought, Locale: c.Locale}
	case c.Emptied:
		return Way{Kind: WayEmpty, Locale: c.Locale}
	}
	return Way{Kind: WayBack, To: s.landing(c, id), Locale: c.Locale}
}

// keepClicks bounds the clicks that a checkout keeps, the newest, and those on a message's
// row, the first: somebody may follow a link for ever. An order may be told of late, and
// clicks made after it must not hide the one that brought it.
const keepClicks = 100

// click notes a click on the checkout and on its message's row, of which the run that
// sent it, or an event, tells the rest.
func (c *Checkout) click(st *Store, id ReminderID, now time.Time) Change {
	one := Click{At: now, Reminder: id}
	if slices.Contains(c.Clicks, one) { // the answer to the commit was lost
		return Change{}
	}
	c.Clicks = append(c.Clicks, one)
	slices.SortStableFunc(c.Clicks, func(a, b Click) int { return a.At.Compare(b.At) }) // clocks differ
	c.Clicks = c.Clicks[max(0, len(c.Clicks)-keepClicks):]
	r, ok := c.Reminders[id]
	if ok { // it is not so old that it was forgotten
		r.Clicks++
		c.Reminders[id] = r
	}
	settle(st, c, now)
	if r.Erased { // whom it was sent to, who is not c's shopper any more
		return Change{Update: []*Checkout{c}}
	}
	row := &Message{
		Store: st.ID, Checkout: c.Key, Reminder: id, Clicked: now, LastClicked: now, ClickCount: r.Clicks,
		ExpiresAt: expiry(st, c, now, r.Due),
	}
	if ok && r.Clicks <= keepClicks {
		row.Clicks = []time.Time{now}
	}
	return Change{Update: []*Checkout{c}, Message: row}
}
