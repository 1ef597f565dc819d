package recovery_test

import (
	"context"
	"errors"
	"testing"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Promise 4: a claim whose answer was lost is given back where it cannot be looked for
// at once. Nothing was sent, so it must not end as unknown.
func TestClaimGivenBackAfterTwoFailures(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.store.Steps = s.store.Steps[:1]
	s.post(left("a"))
	s.queue.Purge()
	s.clock.Set(t0.Add(half))
	s.db.LoseNext(recovery.ErrOverload) // the claim is there
	s.db.FailNext(recovery.ErrOverload) // the second look finds nothing out
	if _, err := s.remind("a", 1, 0); !errors.Is(err, recovery.ErrOverload) {
		t.Errorf("got %v, want ErrOverload", err)
	}
	s.wantReminders("a", 1, "scheduled")
	s.until(day)
	s.wantReminders("a", 1, "sent")
	s.wantMails("a 1-0")
}

// afterwardsDB does something once, after a transaction.
type afterwardsDB struct {
	recovery.DB
	then func()
}

func (d *afterwardsDB) UpdateCheckout(ctx context.Context, store, key string, need recovery.Need, decide func(recovery.Case) (recovery.Change, error)) error {
	err := d.DB.UpdateCheckout(ctx, store, key, need, decide)
	if then := d.then; then != nil {
		d.then = nil
		then()
	}
	return err
}

// Promise 1: a run that finds its claim again mails what it judged, not what the
// checkout has become meanwhile: its new shopper has ordered.
func TestClaimMailsWhatWasJudged(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.post(left("a"))
	s.order(recovery.OrderNews{OrderID: "o", Email: "bo@example.net", PlacedAt: t0})
	s.clock.Set(t0.Add(half))
	s.db.LoseNext(recovery.ErrOverload) // the claim is there
	s.DB = &afterwardsDB{DB: s.db, then: func() {
		moved := left("a")
		moved.Email, moved.UpdatedAt = "bo@example.net", t0.Add(half)
		s.post(moved)
	}}
	if _, err := s.remind("a", 1, 0); err != nil {
		t.Fatal(err)
	}
	s.wantMails("a 1-0")
	if to := s.mailer.Sent()[0].To[0].Email; to != anAddress {
		t.Errorf("got a mail to %s, want it to the address that was judged", to)
	}
}

// Promise 4: a run that decided to claim nothing has nothing to give back, however its
// transactions end.
func TestNothingClaimedNothingGivenBack(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.erase()
	s.post(left("a"))
	s.clock.Set(t0.Add(half))
	db := &abortingDB{DB: s.db, aborts: 2}
	s.DB = db
	if _, err := s.remind("a", 1, 0); !errors.Is(err, recovery.ErrOverload) {
		t.Errorf("got %v, want ErrOverload", err)
	}
	if db.calls != 2 {
		t.Errorf("got %d transactions, want the two that tried to claim", db.calls)
	}
	s.until(day)
	s.wantErased("in the end")
}

// abortingDB decides, and then does not commit its first transactions.
type abortingDB struct {
	recovery.DB
	aborts, calls int
}

func (d *abortingDB) UpdateCheckout(ctx context.Context, store, key string, need recovery.Need, decide func(recovery.Case) (recovery.Change, error)) error {
	if d.calls++; d.calls > 100 {
		panic("it goes round and round")
	}
	if d.calls > d.aborts {
		return d.DB.UpdateCheckout(ctx, store, key, need, decide)
	}
	return d.DB.UpdateCheckout(ctx, store, key, need, func(k recovery.Case) (recovery.Change, error) {
		if _, err := decide(k); err != nil {
			return recovery.Change{}, err
		}
		return recovery.Change{}, recovery.ErrOverload
	})
}
