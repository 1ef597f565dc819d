package recovery_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// What an event settles the sweep has no more to look at, and the checkout is closed.
func TestEventEndsTheSweepsWork(t *testing.T) {
	t.Parallel()
	for name, send := range map[string]func(context.Context, recovery.Mail) (string, error){
		"of a claim whose run died": func(context.Context, recovery.Mail) (string, error) { panic(errDied) },
		"unknown, and to be resent": func(context.Context, recovery.Mail) (string, error) {
			return "", refused(recovery.ErrUnknown, "lost")
		},
	} {
		s := open(t, nil)
		s.store.Steps, s.store.ResendUnknown, s.sweeping = s.store.Steps[:1], true, false
		s.Mailer = mailerFunc(send)
		s.post(left("a"))
		s.until(half)
		s.retries = nil
		if s.checkout("a").CheckAt.IsZero() {
			t.Fatalf("%s: the sweep looks at nothing, want it to look", name)
		}
		s.tell(event(recovery.EventDelivered, s.clock.Now()))
		if c := s.checkout("a"); !c.CheckAt.IsZero() || c.Status != recovery.StatusClosed {
			t.Errorf("%s: got %s, check at %v; want closed, and nothing to look at", name, c.Status, c.CheckAt)
		}
	}
}

// failsFor is a DB that cannot update one checkout.
type failsFor struct {
	recovery.DB
	checkout string
	err      error
}

func (f failsFor) UpdateCheckout(ctx context.Context, store, key string, need recovery.Need, decide func(recovery.Case) (recovery.Change, error)) error {
	if key == f.checkout {
		return f.err
	}
	return f.DB.UpdateCheckout(ctx, store, key, need, decide)
}

// Whichever message of a batch could not be recorded, the batch is asked for again, and
// the others are recorded all the same.
func TestEventsAskAgainForEach(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"a", "b", "c"} {
		s := open(t, nil)
		s.store.EachCheckout = true
		var events []recovery.Event
		for _, id := range []string{"a", "b", "c"} {
			s.post(left(id))
			e := event(recovery.EventDelivered, t0)
			e.Checkout = recovery.CheckoutKey(s.store.ID, id)
			events = append(events, e)
		}
		s.until(half)
		s.DB = failsFor{s.db, recovery.CheckoutKey(s.store.ID, bad), recovery.ErrConflict}
		result, err := s.RecordEvents(t.Context(), events)
		if !errors.Is(err, recovery.ErrConflict) || result.Recorded != 2 {
			t.Errorf("%s fails: got %+v, %v; want two recorded, and ErrConflict", bad, result, err)
		}
	}
}

// Of several events of a kind in one batch the first instant counts, in any order.
func TestEventsOfOneBatchKeepTheFirstInstant(t *testing.T) {
	t.Parallel()
	for _, order := range [][]int{{1, 2, 3}, {3, 2, 1}, {2, 1, 3}} {
		s := open(t, nil)
		s.post(left("a"))
		s.until(half)
		s.clock.Set(t0.Add(time.Hour))
		var events []recovery.Event
		for _, n := range order {
			events = append(events, event(recovery.EventOpened, t0.Add(half+time.Duration(n)*time.Minute)))
		}
		s.tell(events...)
		if got, want := s.row().Opened, t0.Add(half+time.Minute); !got.Equal(want) {
			t.Errorf("minutes %v: got %v, want %v", order, got, want)
		}
	}
}
