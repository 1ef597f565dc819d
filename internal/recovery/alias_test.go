package recovery_test

import (
	"testing"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// A checkout may be stopped by another ID than it is kept by.
func TestStopAlias(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	stop := func(alias string) {
		t.Helper()
		if err := s.StopAlias(t.Context(), "default", alias); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Alias(t.Context(), "default", "981", "token"); err != nil {
		t.Fatal(err)
	}
	stop("981") // it has not come yet
	s.post(left("token"))
	stop("982")
	stop("cart-token")
	if c := s.checkout("token"); c.Status != recovery.StatusOpen {
		t.Errorf("stopped by what is no ID of it: %s", c.Status)
	}
	stop("981")
	stop("981")
	if c := s.checkout("token"); c.Status != recovery.StatusStopped {
		t.Errorf("got %s, want it stopped", c.Status)
	}

	for _, first := range []bool{true, false} { // before the other ID is told, and before the checkout is
		stop("983")
		if first {
			s.post(left("token 2"))
		}
		if err := s.Alias(t.Context(), "default", "983", "token 2"); err != nil {
			t.Fatal(err)
		}
		if !first {
			s.post(left("token 2"))
		}
		if c := s.checkout("token 2"); c.Status != recovery.StatusStopped || c.Reminders[recovery.ReminderID{Generation: 1}].State != recovery.Skipped {
			t.Errorf("checkout first %t: got %s, %+v", first, c.Status, c.Reminders)
		}
		s = open(t, nil)
	}
}
