package recovery

import (
	"fmt"
	"reflect"
	"slices"
	"time"
)

// Field is one field of a request: not given at all, given as null (the zero
// value), or given.
type Field[T any] struct {
	Given bool
	Value T
}

// Given makes a Field that is given.
func Given[T any](v T) Field[T] { return Field[T]{Given: true, Value: v} }

func (f Field[T]) into(p *T) {
	if f.Given {
		*p = f.Value
	}
}

// News is what one request says of a checkout. A field that is absent leaves what
// is recorded, one that is null clears it. Values have been checked.
type News struct {
	CheckoutID             string
	Email                  string // always given
	CartID                 Field[string]
	CustomerID             Field[string]
	FirstName, LastName    Field[string]
	Locale, TimeZone       Field[string]
	AcceptsMarketing       Field[*bool]
	Total                  Field[*Money]
	Items                  Field[[]Item]
	RecoverURL             Field[string]
	Consent                Field[*Consented]
	Platform               Platform
	Test                   bool
	Failed                 bool      // its payment, which may be tried again
	AbandonedAt, UpdatedAt time.Time // zero if not given
	Arrived                time.Time // by our clock
}

// instant orders news: updated_at, else abandoned_at, else the arrival.
func (n *News) instant() time.Time { return firstOf(n.UpdatedAt, n.AbandonedAt, n.Arrived) }

// abandoned is T by this news: abandoned_at, else updated_at, else the arrival.
func (n *News) abandoned() time.Time { return firstOf(n.AbandonedAt, n.UpdatedAt, n.Arrived) }

func firstOf(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return Instant(t)
		}
	}
	return time.Time{}
}

// Effect is what news did to a checkout.
type Effect int

// The effects of news, from nothing to everything.
const (
	Ignored   Effect = iota // older or the same news, or the checkout takes none
	Updated                 // fields were taken over
	Restarted               // the clock runs anew: a new generation is scheduled
	Created                 // the checkout was new, or known only from its order
)

// NewCheckout is the checkout that n reports for the first time, with its first
// generation scheduled.
func NewCheckout(s *Store, n *News) *Checkout {
	c := &Checkout{Store: s.ID, Key: CheckoutKey(s.ID, n.CheckoutID), ID: n.CheckoutID}
	n.begin(s, c)
	return c
}

// begin makes c, new or a stub, the checkout that n reports.
func (n *News) begin(s *Store, c *Checkout) {
	n.take(s, c)
	c.ID = n.CheckoutID // a stub of an erased order has none
	c.Test = n.Test
	c.Generation = 1
	c.T, c.Recorded = n.abandoned(), Instant(n.Arrived)
	schedule(s, c)
	switch {
	case c.Status == StatusStopped:
		c.endScheduled(ReasonStopped)
	case c.Order != nil:
		c.endScheduled(ReasonOrdered)
	default:
		c.Status = StatusOpen
		c.endIfEmptied()
	}
	settle(s, c, n.Arrived)
}

// Apply brings c up to date with n. Earlier news than c's, the same news again and
// news for a checkout that is final change nothing (promise 6). Another set of
// items or a later abandoned_at restarts the clock, but no items at all end what is
// scheduled. What was stopped stays so.
func (n *News) Apply(s *Store, c *Checkout) Effect {
	if c.Stub() {
		n.begin(s, c)
		return Created
	}
	if !c.hears() || !n.counts(s, c) {
		return Ignored
	}
	restart := n.Items.Given && !sameItems(c.Items, n.Items.Value) || Instant(n.AbandonedAt).After(c.T)
	if c.Order != nil && !n.instant().After(c.Order.At) {
		restart = false // it tells of the time before the order
	}
	n.take(s, c)
	if restart = restart && !c.Emptied; restart {
		n.restart(s, c)
	}
	c.endIfEmptied()
	settle(s, c, n.Arrived)
	if restart {
		return Restarted
	}
	return Updated
}

// tellsEarlier says whether n, older news of a shop system than c's, tells that c's first cart
// stood so before T: deliveries come in any order, and an order placed between the two stops
// c whichever came first.
func (n *News) tellsEarlier(s *Store, c *Checkout) bool {
	at := n.abandoned()
	return n.Platform != "" && c.Generation == 1 && c.hears() && at.Before(c.T) && (c.Since.IsZero() || at.Before(c.Since)) &&
		n.Items.Given && sameItems(c.Items, n.Items.Value) && ShopperKey(s.IDKey, s.ID, n.Email) == c.ShopperKey
}

// endIfEmptied ends what is scheduled where there is nothing to remind of any more.
func (c *Checkout) endIfEmptied() {
	if c.Emptied {
		c.endScheduled(ReasonSuperseded)
	}
}

// counts says whether n is newer than what c has. Shop systems cut instants to seconds, and
// mostly tell the newest last: of their tellings of one second the one that comes counts,
// if it tells anything else.
func (n *News) counts(s *Store, c *Checkout) bool {
	at := n.instant()
	if n.Platform == "" || !at.Equal(c.News) {
		return at.After(c.News)
	}
	told := c.Clone()
	n.take(s, told)
	told.News = c.News
	return !reflect.DeepEqual(c, told)
}

// consent is the instant at which the shopper, by this news, accepted marketing, or did
// not; zero where it does not say, or says so of a test.
func (n *News) consent(test bool) (given, refused time.Time) {
	if !n.AcceptsMarketing.Given || n.AcceptsMarketing.Value == nil || test {
		return time.Time{}, time.Time{}
	}
	if !*n.AcceptsMarketing.Value {
		return time.Time{}, n.instant()
	}
	given = n.instant()
	if c := n.Consent.Value; c != nil && !c.At.IsZero() && c.At.Before(given) { // it may be older news, never newer
		given = Instant(c.At)
	}
	return given, time.Time{}
}

// consentOnly is what news changes that c does not take: the shopper's consent goes by
// instants of its own, and counts for other checkouts too.
func (n *News) consentOnly(s *Store, c *Checkout) Change {
	given, refused := n.consent(c.Test)
	if given.IsZero() && refused.IsZero() || c.Status == StatusErased {
		return Change{}
	}
	return Change{Shoppers: []RaiseShopper{{
		Key: ShopperKey(s.IDKey, s.ID, n.Email), ConsentGiven: given, ConsentRefused: refused,
		ExpiresAt: later(n.Arrived.Add(s.Retention), c.ExpiresAt),
	}}}
}

// moves says whether n would give c another shopper or cart.
func (n *News) moves(s *Store, c *Checkout) bool {
	if c.Stub() || !c.hears() || !n.counts(s, c) {
		return false
	}
	return ShopperKey(s.IDKey, s.ID, n.Email) != c.ShopperKey || n.CartID.Given && n.CartID.Value != c.CartID
}

func (n *News) restart(s *Store, c *Checkout) {
	// T never goes back: the shopper's newest T does not either, and would supersede
	// this checkout for ever.
	c.T, c.Recorded = later(c.T, n.abandoned()), Instant(n.Arrived)
	c.Generation++
	c.Order, c.Since = nil, time.Time{}
	c.endScheduled(ReasonSuperseded)
	c.forgetOld()
	schedule(s, c)
	if c.Status == StatusStopped || c.Left {
		c.Status = StatusStopped
		c.endScheduled(ReasonStopped)
		return
	}
	c.Status = StatusOpen
}

func (n *News) take(s *Store, c *Checkout) {
	c.News = n.instant()
	c.Email = n.Email
	if key := ShopperKey(s.IDKey, s.ID, n.Email); key != c.ShopperKey {
		if c.FormerKey = c.ShopperKey; c.FormerKey != "" {
			c.Moved = c.News
		}
		c.ShopperKey, c.CustomerKey = key, "" // the customer's whom it is told of no more, it is with the address
	}
	n.CartID.into(&c.CartID)
	c.CartKey = ""
	if c.CartID != "" {
		c.CartKey = CartKey(s.ID, c.CartID)
	}
	n.CustomerID.into(&c.Customer.ID)
	if c.Customer.ID != "" && n.Platform == Shopify {
		c.CustomerKey = CustomerKey(s.ID, c.Customer.ID)
	}
	n.FirstName.into(&c.Customer.FirstName)
	n.LastName.into(&c.Customer.LastName)
	n.Locale.into(&c.Locale)
	n.TimeZone.into(&c.TimeZone)
	n.AcceptsMarketing.into(&c.AcceptsMarketing)
	n.Total.into(&c.Total)
	if n.Items.Given { // a backend may not tell of items at all, a shop system does
		c.Emptied = len(n.Items.Value) == 0 && (c.Emptied || len(c.Items) > 0 || n.Platform != "")
	}
	n.Items.into(&c.Items)
	if n.RecoverURL.into(&c.RecoverURL); !c.News.After(c.URLGone) {
		c.RecoverURL = ""
	}
	n.Consent.into(&c.Consent)
	c.Platform = n.Platform
	if n.Failed {
		c.Failed = n.instant()
	}
}

// sameItems compares carts as sets of lines: by ID, or else by title; variant and
// quantity. Prices and pictures may change without being news to the shopper.
func sameItems(a, b []Item) bool {
	return slices.Equal(lines(a), lines(b))
}

func lines(items []Item) []string {
	list := make([]string, len(items))
	for i, it := range items {
		name := "id:" + it.ID
		if it.ID == "" {
			name = "title:" + it.Title
		}
		list[i] = fmt.Sprintf("%q %q %d", name, it.Variant, it.Quantity)
	}
	slices.Sort(list)
	return list
}

// endScheduled ends what is scheduled. Claimed reminders are left to the runs that
// hold them.
func (c *Checkout) endScheduled(why Reason) {
	for id, r := range c.Reminders {
		if r.State == Scheduled {
			r.State, r.Reason, r.Look = Skipped, why, time.Time{}
			c.Reminders[id] = r
		}
	}
}

// keepReminders bounds the reminders kept on one checkout: Firestore's documents
// end at 1 MiB, and a cart that changes all day makes a generation each time.
const keepReminders = 100

// forgetOld drops the oldest generations' reminders that have ended for certain,
// where there are too many. LastSent and the messages remember what was mailed.
func (c *Checkout) forgetOld() {
	for g := 1; g < c.Generation && len(c.Reminders) > keepReminders; g++ {
		for id, r := range c.Reminders {
			if id.Generation == g && !r.Open() && r.State != Unknown {
				delete(c.Reminders, id)
			}
		}
	}
}
