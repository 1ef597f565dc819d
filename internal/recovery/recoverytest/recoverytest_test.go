package recoverytest_test

import (
	"testing"

	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/recovery/recoverytest"
)

func TestFakeDB(t *testing.T) {
	t.Parallel()
	recoverytest.TestDB(t, func(_ *testing.T, clock recovery.Clock) recoverytest.InspectedDB { return recoverytest.NewDB(clock) })
}
