package clock_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/emulators/clock"
)

func TestPause(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{0, 100 * time.Microsecond, 3 * time.Millisecond} {
		began := time.Now()
		if err := clock.Pause(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < d {
			t.Errorf("a pause of %v ended after %v", d, took)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, d := range []time.Duration{100 * time.Microsecond, time.Hour} {
		if err := clock.Pause(gone, d); !errors.Is(err, context.Canceled) {
			t.Errorf("a pause of %v with its context gone: got %v", d, err)
		}
	}
}
