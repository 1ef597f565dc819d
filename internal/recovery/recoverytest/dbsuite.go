package recoverytest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// InspectedDB is a DB with what its suite needs besides the port.
type InspectedDB interface {
	recovery.DB
	// Messages returns all rows of messages, by key.
	Messages() []recovery.Message
}

// TestDB holds a recovery.DB to what the port promises. open makes an empty one on
// the clock, by which documents expire.
func TestDB(t *testing.T, open func(t *testing.T, clock recovery.Clock) InspectedDB) {
	for _, c := range []struct {
		name string
		test func(*dbSuite)
	}{
		{"missing", (*dbSuite).missing},
		{"every field survives", (*dbSuite).everyField},
		{"created once", (*dbSuite).createdOnce},
		{"all or nothing", (*dbSuite).allOrNothing},
		{"stale updates", (*dbSuite).staleUpdates},
		{"copies in and out", (*dbSuite).copies},
		{"decide's error", (*dbSuite).decideError},
		{"increments", (*dbSuite).increments},
		{"anchors", (*dbSuite).anchors},
		{"anchors only grow", (*dbSuite).anchorsGrow},
		{"marks", (*dbSuite).marks},
		{"messages", (*dbSuite).messages},
		{"messages, piece by piece", (*dbSuite).messagePieces},
		{"suppressions", (*dbSuite).suppressions},
		{"suppressions, side by side", (*dbSuite).suppressionsAtOnce},
		{"lifted suppressions", (*dbSuite).lifted},
		{"lifted, told again", (*dbSuite).liftedToldAgain},
		{"personal", (*dbSuite).personal},
		{"orders that name nobody", (*dbSuite).nameless},
		{"of a customer", (*dbSuite).customers},
		{"deletes", (*dbSuite).deletes},
		{"deletes, page by page", (*dbSuite).deletePages},
		{"expired", (*dbSuite).expired},
		{"orders", (*dbSuite).orders},
		{"order, four ways", (*dbSuite).fourWays},
		{"the shopper's newest", (*dbSuite).shoppersNewest},
		{"heard", (*dbSuite).heard},
		{"to check", (*dbSuite).toCheck},
		{"to check, page by page", (*dbSuite).pages},
		{"to check, expired", (*dbSuite).toCheckExpired},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			clock := NewClock(suiteTime)
			c.test(&dbSuite{T: t, clock: clock, db: open(t, clock)})
		})
	}
}

// suiteTime is when the suites begin. Most of their documents live for an hour.
var suiteTime = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

type dbSuite struct {
	*testing.T
	clock *Clock
	db    InspectedDB
}

// checkout is a small checkout of the shopper "shopper".
func checkout(id string) *recovery.Checkout {
	return &recovery.Checkout{
		Store: "default", Key: recovery.CheckoutKey("default", id), ID: id, Email: "ana@example.net", ShopperKey: "shopper",
		T: suiteTime, News: suiteTime, Generation: 1, Status: recovery.StatusOpen, ExpiresAt: suiteTime.Add(time.Hour),
		Reminders: map[recovery.ReminderID]recovery.Reminder{{Generation: 1}: {Due: suiteTime, State: recovery.Scheduled}},
	}
}

func (s *dbSuite) commit(ch recovery.Change) {
	s.Helper()
	if err := s.db.Commit(s.Context(), "default", ch); err != nil {
		s.Fatalf("commit: %v", err)
	}
}

// create commits checkouts and returns them as they are kept.
func (s *dbSuite) create(list ...*recovery.Checkout) []*recovery.Checkout {
	s.Helper()
	var kept []*recovery.Checkout
	for _, c := range list {
		if err := s.db.Commit(s.Context(), c.Store, recovery.Change{Create: c}); err != nil {
			s.Fatalf("create %s: %v", c.ID, err)
		}
		kept = append(kept, s.readIn(c.Store, c.Key, recovery.CheckoutOnly).Checkout)
	}
	return kept
}

func (s *dbSuite) read(key string, need recovery.Need) recovery.Case {
	s.Helper()
	return s.readIn("default", key, need)
}

func (s *dbSuite) readIn(store, key string, need recovery.Need) (k recovery.Case) {
	s.Helper()
	err := s.db.UpdateCheckout(s.Context(), store, key, need, func(found recovery.Case) (recovery.Change, error) {
		k = found
		return recovery.Change{}, nil
	})
	if err != nil {
		s.Fatalf("read %s: %v", key, err)
	}
	return k
}

// same compares what is kept with what was written; only the DB knows the version.
func (s *dbSuite) same(what string, want, got any) {
	s.Helper()
	ignore := cmpopts.IgnoreFields(recovery.Checkout{}, "Version")
	if diff := cmp.Diff(want, got, ignore, cmpopts.EquateEmpty()); diff != "" {
		s.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func (s *dbSuite) wantErr(what string, err, want error) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Errorf("%s: got %v, want %v", what, err, want)
	}
}

func (s *dbSuite) missing() {
	key := recovery.CheckoutKey("default", "a")
	if k := s.read(key, recovery.WholeCase); k.Checkout != nil || k.Suppression != nil {
		s.Errorf("got %+v, want nothing", k)
	}
	k, err := s.db.FindForOrder(s.Context(), recovery.OrderQuery{
		Store: "default", Order: "o", Checkout: key, Cart: "cart", Shopper: "shopper", Limit: 20,
	})
	if err != nil || k.Order != nil || k.Checkout != nil || k.CartCheckout != nil || len(k.Shoppers) != 0 || k.Cart != (recovery.Cart{}) {
		s.Errorf("got %+v, %v; want nothing", k, err)
	}
	list, err := s.db.ToCheck(s.Context(), suiteTime, nil, 10)
	if err != nil || len(list) != 0 {
		s.Errorf("got %v, %v; want none to check", list, err)
	}
}

// everyField: by creation, by an update that fills all, and by one that clears all.
func (s *dbSuite) everyField() {
	full := &recovery.Checkout{}
	(&filler{base: suiteTime.Add(time.Hour)}).fill(full)
	full.Store, full.Key = "default", recovery.CheckoutKey("default", "full")
	full.Status, full.Order.By = recovery.StatusOrdered, recovery.ByEmail
	s.same("created full", full, s.create(full)[0])

	empty := &recovery.Checkout{
		Store: "default", Key: recovery.CheckoutKey("default", "empty"), ID: "empty", ExpiresAt: suiteTime.Add(time.Hour),
	}
	kept := s.create(empty)[0]
	s.same("created empty", empty, kept)

	filled, version := full.Clone(), kept.Version
	filled.Key, filled.Version = empty.Key, version
	s.commit(recovery.Change{Update: []*recovery.Checkout{filled}})
	kept = s.read(empty.Key, recovery.CheckoutOnly).Checkout
	s.same("filled", filled, kept)
	if !kept.Version.After(version) {
		s.Errorf("the version went from %v to %v, want it to grow", version, kept.Version)
	}

	no := false
	cleared := &recovery.Checkout{
		Store: "default", Key: empty.Key, ID: "empty", ExpiresAt: suiteTime.Add(time.Hour),
		Version: kept.Version, AcceptsMarketing: &no,
	}
	s.commit(recovery.Change{Update: []*recovery.Checkout{cleared}})
	s.same("cleared, consent false", cleared, s.read(empty.Key, recovery.CheckoutOnly).Checkout)
}

func (s *dbSuite) createdOnce() {
	s.create(checkout("a"))
	other := checkout("a")
	other.ID = "b"
	err := s.db.Commit(s.Context(), "default", recovery.Change{
		Create: other, Shoppers: []recovery.RaiseShopper{{Key: "shopper", NewestT: suiteTime, ExpiresAt: other.ExpiresAt}},
	})
	s.wantErr("created again", err, recovery.ErrExists)
	k := s.read(other.Key, recovery.WholeCase)
	if k.Checkout.ID != "a" || !k.Shopper.NewestT.IsZero() {
		s.Errorf("got %s, newest %v; want the first as it was, and nothing beside", k.Checkout.ID, k.Shopper.NewestT)
	}

	elsewhere := checkout("a")
	elsewhere.Store = "second"
	s.create(elsewhere)
}

func (s *dbSuite) allOrNothing() {
	kept := s.create(checkout("a"), checkout("b"))
	newer := kept[1].Clone()
	newer.Locale = "de"
	s.commit(recovery.Change{Update: []*recovery.Checkout{newer}})

	first, stale := kept[0].Clone(), kept[1].Clone()
	first.Locale, stale.Locale = "fr", "fr"
	err := s.db.Commit(s.Context(), "default", recovery.Change{
		Update: []*recovery.Checkout{first, stale},
		Carts:  []recovery.RaiseCart{{Key: "cart", Checkout: "c", ExpiresAt: suiteTime.Add(time.Hour)}},
		Order:  &recovery.Order{Store: "default", Key: "o", PlacedAt: suiteTime, ExpiresAt: suiteTime.Add(time.Hour)},
	})
	s.wantErr("one of two is stale", err, recovery.ErrConflict)
	s.same("the other", kept[0], s.read(kept[0].Key, recovery.CheckoutOnly).Checkout)
	k, err := s.db.FindForOrder(s.Context(), recovery.OrderQuery{Store: "default", Order: "o", Cart: "cart", Limit: 1})
	if err != nil || k.Order != nil || k.Cart != (recovery.Cart{}) {
		s.Errorf("found %+v, %v; want neither order nor cart", k, err)
	}
}

func (s *dbSuite) staleUpdates() {
	kept := s.create(checkout("a"))[0]
	update := kept.Clone()
	update.Locale = "de"
	s.commit(recovery.Change{Update: []*recovery.Checkout{update}})
	err := s.db.Commit(s.Context(), "default", recovery.Change{Update: []*recovery.Checkout{kept}})
	s.wantErr("changed since", err, recovery.ErrConflict)

	missing := checkout("b")
	missing.Version = kept.Version
	err = s.db.Commit(s.Context(), "default", recovery.Change{Update: []*recovery.Checkout{missing}})
	s.wantErr("gone since", err, recovery.ErrConflict)
	if k := s.read(missing.Key, recovery.CheckoutOnly); k.Checkout != nil {
		s.Error("the update of a missing checkout made it")
	}
}

func (s *dbSuite) copies() {
	build := func() *recovery.Checkout {
		yes := true
		c := checkout("a")
		c.AcceptsMarketing, c.Total = &yes, &recovery.Money{Minor: 1, Currency: "EUR"}
		c.Items = []recovery.Item{{ID: "mug", Price: &recovery.Money{Minor: 1, Currency: "EUR"}}}
		c.Order, c.LastSent = &recovery.OrderRef{Key: "o", At: suiteTime}, map[int]time.Time{0: suiteTime}
		return c
	}
	c, want := build(), build()
	spoil := func(c *recovery.Checkout) {
		*c.AcceptsMarketing, c.Total.Minor, c.Items[0].Price.Minor, c.Items[0].ID = false, 2, 2, "cup"
		c.Order.Key, c.LastSent[0] = "other", suiteTime.Add(time.Hour)
		c.Reminders[recovery.ReminderID{Generation: 9}] = recovery.Reminder{}
	}
	s.commit(recovery.Change{Create: c})
	spoil(c)
	s.same("after a change to what went in", want, s.read(want.Key, recovery.CheckoutOnly).Checkout)
	spoil(s.read(want.Key, recovery.CheckoutOnly).Checkout)
	s.same("after a change to what came out", want, s.read(want.Key, recovery.CheckoutOnly).Checkout)
}

var errDecided = errors.New("decided against it")

func (s *dbSuite) decideError() {
	kept := s.create(checkout("a"))[0]
	err := s.db.UpdateCheckout(s.Context(), "default", kept.Key, recovery.CheckoutOnly, func(k recovery.Case) (recovery.Change, error) {
		k.Checkout.Locale = "de"
		return recovery.Change{Update: []*recovery.Checkout{k.Checkout}}, errDecided
	})
	if err != errDecided { //nolint:errorlint // it is handed back as it is
		s.Errorf("got %v, want decide's own error", err)
	}
	s.same("afterwards", kept, s.read(kept.Key, recovery.CheckoutOnly).Checkout)
}

// increments: eight writers that each add one five times leave forty.
func (s *dbSuite) increments() {
	key := s.create(checkout("a"))[0].Key
	ctx, cancel := context.WithTimeout(s.Context(), time.Minute)
	defer cancel()
	errs := make(chan error)
	for range 8 {
		go func() {
			var err error
			for range 5 {
				err = errors.Join(err, s.db.UpdateCheckout(ctx, "default", key, recovery.WholeCase, func(k recovery.Case) (recovery.Change, error) {
					k.Checkout.Generation++
					return recovery.Change{Update: []*recovery.Checkout{k.Checkout}}, nil
				}))
			}
			errs <- err
		}()
	}
	for range 8 {
		if err := <-errs; err != nil {
			s.Errorf("increment: %v", err)
		}
	}
	if got := s.read(key, recovery.CheckoutOnly).Checkout.Generation; got != 41 {
		s.Errorf("counted to %d, want 41", got)
	}
}
