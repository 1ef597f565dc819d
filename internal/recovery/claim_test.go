package recovery_test

import (
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
