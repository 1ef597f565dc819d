package firestoredb

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	emulator "github.com/comeback-checkout/comeback/emulators/firestore"
	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/recovery/recoverytest"
	"github.com/comeback-checkout/comeback/terraform"
)

// sample is a checkout with its key of the store "default".
func sample(id string, now time.Time) *recovery.Checkout {
	return &recovery.Checkout{
		Store: "default", Key: recovery.CheckoutKey("default", id), ID: id, ShopperKey: "shopper",
		Generation: 1, Status: recovery.StatusOpen, T: now, News: now, ExpiresAt: now.Add(time.Hour),
	}
}

// While Firestore is away, every method says so by the end of its context.
func TestAway(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	c := sample("a", now)
	calls := map[string]func(*emulated, context.Context) error{
		"Commit": func(e *emulated, ctx context.Context) error {
			return e.Commit(ctx, "default", recovery.Change{Create: c})
		},
		"UpdateCheckout": func(e *emulated, ctx context.Context) error {
			return e.UpdateCheckout(ctx, "default", c.Key, recovery.WholeCase, func(recovery.Case) (recovery.Change, error) {
				return recovery.Change{}, errors.New("decide was asked")
			})
		},
		"FindForOrder": func(e *emulated, ctx context.Context) error {
			_, err := e.FindForOrder(ctx, recovery.OrderQuery{Store: "default", Order: "o", Checkout: c.Key, Cart: "x", Shopper: "s", Limit: 20})
			return err
		},
		"ToCheck": func(e *emulated, ctx context.Context) error {
			_, err := e.ToCheck(ctx, now, nil, 10)
			return err
		},
		"LastHeard": func(e *emulated, ctx context.Context) error {
			_, err := e.LastHeard(ctx, []recovery.Source{{Store: "default", Name: "Checkout"}})
			return err
		},
	}
	for _, mode := range []string{"unavailable", "timeout"} {
		e := open(t, recoverytest.NewClock(now), terraform.Indexes)
		if err := e.server.SetFault(emulator.Fault{Mode: mode}); err != nil {
			t.Fatal(err)
		}
		for name, call := range calls {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			if err := call(e, ctx); !errors.Is(err, recovery.ErrOverload) {
				t.Errorf("%s, %s: got %v, want ErrOverload", mode, name, err)
			}
			cancel()
		}
		e.server.Heal()
		for name, call := range calls {
			if err := call(e, t.Context()); errors.Is(err, recovery.ErrOverload) {
				t.Errorf("%s, %s, healed: got %v", mode, name, err)
			}
		}
	}
}

// Whoever has no time left is answered, though Firestore's client still waits for its rollback.
func TestRollbackIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	e := open(t, recoverytest.NewClock(now), terraform.Indexes)
	began, answered := make(chan struct{}), make(chan struct{})
	var waited atomic.Bool
	e.onRollback = func(ctx context.Context) {
		close(began)
		select {
		case <-answered:
		case <-ctx.Done():
			waited.Store(true)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	err := e.UpdateCheckout(ctx, "default", "a", recovery.CheckoutOnly, func(recovery.Case) (recovery.Change, error) {
		calls++
		cancel()
		return recovery.Change{Create: sample("a", now)}, nil
	})
	if err == nil || waited.Load() || calls != 1 {
		t.Errorf("got %v, waited %t, decided %d times", err, waited.Load(), calls)
	}
	<-began
	close(answered)
}

// The answer to a transaction's commit is lost, again and again: what was decided is
// done once, and decide gets to see that it is there.
func TestCommitsAnswerLost(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	e := open(t, recoverytest.NewClock(now), terraform.Indexes)
	c := sample("a", now)
	if err := e.Commit(t.Context(), "default", recovery.Change{Create: c}); err != nil {
		t.Fatal(err)
	}
	if err := e.server.SetFault(emulator.Fault{Mode: "accept_then_drop"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := false
	err := e.UpdateCheckout(ctx, "default", c.Key, recovery.WholeCase, func(k recovery.Case) (recovery.Change, error) {
		if seen = k.Checkout.Locale == "de"; seen {
			cancel() // it is known: no need to wait for an answer that will not come
			return recovery.Change{}, nil
		}
		k.Checkout.Generation++
		k.Checkout.Locale = "de"
		return recovery.Change{Update: []*recovery.Checkout{k.Checkout}}, nil
	})
	if !seen || err != nil && !errors.Is(err, recovery.ErrOverload) {
		t.Errorf("seen %v, %v; want the own change seen", seen, err)
	}
	e.server.Heal()
	err = e.UpdateCheckout(t.Context(), "default", c.Key, recovery.CheckoutOnly, func(k recovery.Case) (recovery.Change, error) {
		if k.Checkout.Generation != 2 {
			t.Errorf("generation %d, want the change done once", k.Checkout.Generation)
		}
		return recovery.Change{}, nil
	})
	if err != nil {
		t.Error(err)
	}
}

// The answer to a plain commit is lost: the client's own repetition of it says that
// the checkout is there.
func TestCreationsAnswerLost(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	e := open(t, recoverytest.NewClock(now), terraform.Indexes)
	if err := e.server.SetFault(emulator.Fault{Mode: "accept_then_drop"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err := e.Commit(ctx, "default", recovery.Change{Create: sample("a", now)})
	if !errors.Is(err, recovery.ErrExists) && !errors.Is(err, recovery.ErrOverload) {
		t.Errorf("got %v, want ErrExists of the client's repetition, or ErrOverload", err)
	}
}
