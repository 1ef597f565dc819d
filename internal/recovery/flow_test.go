package recovery_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

const (
	half  = 30 * time.Minute
	day   = 24 * time.Hour
	month = 30 * day
)

func TestCheckoutToMails(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	if _, effect := s.post(left("a")); effect != recovery.Created {
		t.Errorf("got effect %d, want created", effect)
	}
	var at []time.Time
	for _, task := range s.queue.Pending() {
		at = append(at, task.At)
	}
	if want := []time.Time{t0.Add(half), t0.Add(day), t0.Add(3 * day)}; !slices.Equal(at, want) {
		t.Errorf("tasks at %v, want %v", at, want)
	}
	s.until(half - us)
	s.wantMails()
	s.until(half)
	s.wantMails("a 1-0")
	s.until(day)
	s.wantMails("a 1-0", "a 1-1")
	s.until(4 * day)
	s.wantMails("a 1-0", "a 1-1", "a 1-2")
	s.wantReminders("a", 1, "sent", "sent", "sent")

	c := s.checkout("a")
	if c.Status != recovery.StatusClosed || !c.CheckAt.IsZero() {
		t.Errorf("got %s, check at %v; want closed, never to be looked at", c.Status, c.CheckAt)
	}
	if want := t0.Add(3*day + s.store.MaxLate + s.store.Retention); !c.ExpiresAt.Equal(want) {
		t.Errorf("expires at %v, want %v", c.ExpiresAt, want)
	}
	if sent := c.LastSent[2]; !sent.Equal(t0.Add(3 * day)) {
		t.Errorf("the last was sent at %v, want %v", sent, t0.Add(3*day))
	}
	rows := s.db.Messages()
	if len(rows) != 3 || rows[0].Email != anAddress || rows[0].State != recovery.Sent || rows[0].Provider == "" || rows[0].CheckoutID != "a" {
		t.Errorf("rows of messages: %+v, want three that were sent", rows)
	}
	if m := s.mailer.Sent()[0]; len(m.To) != 1 || m.To[0].Email != anAddress || m.From != s.store.From || m.Subject == "" || strings.Contains(m.MessageID, "@") {
		t.Errorf("mail: %+v, want it to the shopper from the store, its ID without the address", m)
	}
}

// Promise 6: the same checkout ten times, one after the other or at once, is one.
func TestDuplicatePosts(t *testing.T) {
	t.Parallel()
	t.Run("one by one", func(t *testing.T) {
		t.Parallel()
		s := open(t, nil)
		for i := range 10 {
			if _, effect := s.post(left("a")); (effect == recovery.Created) != (i == 0) {
				t.Errorf("post %d: effect %d, want created only by the first", i, effect)
			}
		}
		wantOneCheckout(t, s)
	})
	t.Run("at once", func(t *testing.T) {
		t.Parallel()
		s := open(t, nil)
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if _, _, err := s.RecordCheckout(t.Context(), "default", left("a")); err != nil {
					t.Errorf("recording: %v", err)
				}
			})
		}
		wg.Wait()
		wantOneCheckout(t, s)
	})
}

func wantOneCheckout(t *testing.T, s *shop) {
	t.Helper()
	if c, tasks := s.db.Checkouts(), s.queue.Pending(); len(c) != 1 || len(tasks) != 3 {
		t.Errorf("%d checkouts, %d tasks; want 1 and 3", len(c), len(tasks))
	}
	s.until(4 * day)
	s.wantMails("a 1-0", "a 1-1", "a 1-2")
}

// Promise 2: the same task any number of times, also at the same instant.
func TestDuplicateDispatch(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.post(left("a"))
	s.clock.Set(t0.Add(half))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := s.remind("a", 1, 0); err != nil && !errors.Is(err, recovery.ErrBusy) {
				t.Errorf("got %v, want nil or ErrBusy", err)
			}
		})
	}
	wg.Wait()
	if v, err := s.remind("a", 1, 0); v.Verdict != nothing || err != nil {
		t.Errorf("once more: got %+v, %v; want nothing to do", v, err)
	}
	s.wantMails("a 1-0")
}

// What a checkout is judged by outlives it, also where its reminders reach beyond the
// retention, and where a short-lived test shares it.
func TestAnchorsOutliveCheckout(t *testing.T) {
	t.Parallel()
	for _, test := range []bool{false, true} {
		s := open(t, nil)
		s.store.Steps = []recovery.Step{{After: 200 * day, Template: "first"}}
		if test {
			s.store.Steps = recovery.DefaultSteps()
		}
		db := &recordingDB{DB: s.db}
		s.DB = db
		n := left("a")
		n.Test = test
		c, _ := s.post(n)
		least := t0.Add(s.store.Retention)
		if c.ExpiresAt.After(least) {
			least = c.ExpiresAt
		}
		if got := db.last.Shoppers[0].ExpiresAt; got.Before(least) {
			t.Errorf("test %v: the shopper expires at %v, want not before %v", test, got, least)
		}
		if got := db.last.Carts[0].ExpiresAt; got.Before(least) {
			t.Errorf("test %v: the cart expires at %v, want not before %v", test, got, least)
		}
	}
}

// recordingDB keeps the last commit.
type recordingDB struct {
	recovery.DB
	last recovery.Change
}

func (d *recordingDB) Commit(ctx context.Context, store string, ch recovery.Change) error {
	d.last = ch
	return d.DB.Commit(ctx, store, ch)
}

func TestUnknownStore(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	if _, _, err := s.RecordCheckout(t.Context(), "gone", left("a")); !errors.Is(err, recovery.ErrNoStore) {
		t.Errorf("a checkout: got %v, want ErrNoStore", err)
	}
	if _, err := s.RecordOrder(t.Context(), "gone", recovery.OrderNews{OrderID: "o", Email: anAddress}); !errors.Is(err, recovery.ErrNoStore) {
		t.Errorf("an order: got %v, want ErrNoStore", err)
	}
	s.post(left("a"))
	s.Stores = nil
	s.queue.Purge() // the sweep still knows how to bring it to its end
	s.clock.Set(t0.Add(half))
	if _, err := s.remind("a", 1, 0); !errors.Is(err, recovery.ErrNoStore) {
		t.Errorf("its reminder: got %v, want ErrNoStore", err)
	}
	s.until(4 * day)
	s.wantMails()
	s.wantReminders("a", 1, "skipped stale", "skipped stale", "skipped stale")
	for step := range 3 { // promise 4: also what Cloud Tasks still repeats
		if v, err := s.remind("a", 1, step); v.Verdict != nothing || err != nil {
			t.Errorf("step %d afterwards: got %+v, %v; want nothing to do", step, v, err)
		}
	}
}

func TestStoreComesBack(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.post(left("a"))
	stores := s.Stores
	s.Stores = nil
	s.until(half + 5*time.Hour)
	s.Stores = stores
	s.until(4 * day)
	s.wantMails("a 1-0", "a 1-1", "a 1-2")
}

// While the configuration does not know a store, nothing ends by rules that it may not
// have: another checkout that is newer, or a test that goes to nobody.
func TestStoreComesBackWithItsRules(t *testing.T) {
	t.Parallel()
	store := testStore()
	store.EachCheckout, store.TestRecipients = true, []string{"ann@example.org"}
	s := open(t, store)
	test := left("a test")
	test.Test = true
	newer := left("b")
	newer.AbandonedAt = t0.Add(time.Minute)
	for _, n := range []recovery.News{left("a"), newer, test} {
		s.post(n)
	}
	stores := s.Stores
	s.Stores = nil
	s.until(half + time.Hour)
	s.Stores = stores
	s.until(half + 2*time.Hour)
	s.wantReminders("a", 1, "sent", "scheduled", "scheduled")
	s.wantReminders("b", 1, "sent", "scheduled", "scheduled")
	s.wantReminders("a test", 1, "sent", "scheduled", "scheduled")
}
