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
