package recoverytest_test

import (
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/recovery/recoverytest"
)

func TestFakeDB(t *testing.T) {
	t.Parallel()
	recoverytest.TestDB(t, func(_ *testing.T, clock recovery.Clock) recoverytest.InspectedDB { return recoverytest.NewDB(clock) })
}

func TestFakeQueue(t *testing.T) {
	t.Parallel()
	recoverytest.TestQueue(t, func(*testing.T, time.Time) recoverytest.InspectedQueue { return &recoverytest.Queue{} })
}

func TestFakeMailer(t *testing.T) {
	t.Parallel()
	recoverytest.TestMailer(t, func(*testing.T) recoverytest.InspectedMailer { return &recoverytest.Mailer{} })
}
