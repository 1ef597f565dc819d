package simulation

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Whoever Shopify has redacted is forgotten, also while mails are in flight.
func TestRedact(t *testing.T) {
	t.Parallel()
	r := NewRunner(Hooks{})
	defer r.Close()
	redacted, mailed := 0, 0
	for i := range uint64(200) {
		p := newPlan(100 * i)
		w := r.newWorld(p, nil)
		w.live()
		w.check()
		if len(w.record.violations) > 0 {
			t.Fatal(r.tell(p))
		}
		shop := &w.record.shopify
		for _, a := range shop.attempts {
			if s := shop.keys[a.checkout]; s.redacted.seq > 0 && a.verdict.kind == nil {
				mailed++
			}
		}
		for _, s := range shop.sales {
			if s.redacted.seq > 0 {
				redacted++
			}
		}
	}
	if redacted == 0 || mailed == 0 {
		t.Errorf("%d shoppers were redacted, who had got %d mails; want some of both", redacted, mailed)
	}
}

// Each deliberate bug in how Shopify's shoppers are forgotten is found, within as many
// histories as any other.
func TestFindsBugsOfRedact(t *testing.T) {
	t.Parallel()
	for name, bug := range map[string]struct {
		hooks Hooks
		what  string
	}{
		"leaves a row":           {Hooks{DB: func(db recovery.DB) recovery.DB { return leavesRows{db} }}, "redacted, and in the end messages/"},
		"leaves the orders":      {Hooks{DB: func(db recovery.DB) recovery.DB { return leavesOrders{db} }}, "redacted, and in the end there is"},
		"forgets what it forgot": {Hooks{DB: func(db recovery.DB) recovery.DB { return suppressesNobody{db} }}, "redacted, and in the end mails may go there"},
		"does nothing":           {Hooks{Handler: redactsNobody}, "after its shopper was redacted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := NewRunner(bug.hooks)
			defer r.Close()
			for seed := uint64(0); seed < within; seed += 100 {
				h := r.Run(seed)
				if i := slices.IndexFunc(h.Violations, func(v Violation) bool { return v.Promise == 9 && strings.Contains(v.What, bug.what) }); i >= 0 {
					t.Logf("found by history %d: %s", seed, h.Violations[i])
					return
				}
			}
			t.Errorf("not found within %d histories, want a breach of promise 9", within)
		})
	}
}

// redactsNobody answers well, and does nothing.
func redactsNobody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Shopify-Topic") == "customers/redact" {
			w.WriteHeader(http.StatusOK)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// leavesOrders does not erase orders, and does not find them again.
type leavesOrders struct{ recovery.DB }

func (l leavesOrders) Commit(ctx context.Context, store string, ch recovery.Change) error {
	ch.EraseOrders = nil
	return l.DB.Commit(ctx, store, ch)
}

func (l leavesOrders) Personal(ctx context.Context, store, shopper string) (recovery.Personal, error) {
	p, err := l.DB.Personal(ctx, store, shopper)
	p.Orders = nil
	return p, err
}
