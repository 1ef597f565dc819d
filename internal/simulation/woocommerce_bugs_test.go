package simulation

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Each deliberate bug in what the product does with WooCommerce is found by the rules of
// its shop, within as many histories as any other.
func TestFindsBugsOfWooCommerce(t *testing.T) {
	t.Parallel()
	source := func(f func(recovery.OrderSource) recovery.OrderSource) Hooks { return Hooks{Orders: f} }
	for name, bug := range map[string]struct {
		hooks   Hooks
		promise int
		what    string
	}{
		"does not believe the shop":              {source(func(s recovery.OrderSource) recovery.OrderSource { return believesNobody{s} }), 1, "in a run that the shop had told"},
		"does not ask the shop":                  {source(func(recovery.OrderSource) recovery.OrderSource { return asksNobody{} }), 1, "without the shop being asked"},
		"takes what was never paid for an order": {source(func(s recovery.OrderSource) recovery.OrderSource { return takesAll{s} }), 7, "nobody told that it was bought"},
		"acknowledges an order and loses it":     {Hooks{Handler: losesOrders}, 1, "told to be"},
		"lets the telling count that comes last": {Hooks{DB: func(db recovery.DB) recovery.DB { return forgetsTellings{db} }}, 7, "euros are kept"},
		"leaves the link to the payment":         {Hooks{DB: func(db recovery.DB) recovery.DB { return keepsLinks{db} }}, 6, "leads to its payment"},
		"pays what the shop says is gone":        {source(func(s recovery.OrderSource) recovery.OrderSource { return missesGone{s} }), 6, "leads to its payment"},
		"takes older news for newer":             {Hooks{DB: func(db recovery.DB) recovery.DB { return forgetsNews{db} }}, 6, "of order"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := NewRunner(bug.hooks)
			defer r.Close()
			for seed := uint64(50); seed < within; seed += 100 {
				h := r.Run(seed)
				found := func(v Violation) bool { return v.Promise == bug.promise && strings.Contains(v.What, bug.what) }
				if i := slices.IndexFunc(h.Violations, found); i >= 0 {
					t.Logf("found by history %d: %s", seed, h.Violations[i])
					return
				}
			}
			t.Errorf("not found within %d histories, want a breach of promise %d", within, bug.promise)
		})
	}
}

// believesNobody asks, and does as if there were no order.
type believesNobody struct{ recovery.OrderSource }

func (b believesNobody) Ordered(ctx context.Context, id string) (*recovery.Told, error) {
	_, err := b.OrderSource.Ordered(ctx, id)
	return nil, err
}

// forgetsTellings does not keep of when it was told how an order stands.
type forgetsTellings struct{ recovery.DB }

func (f forgetsTellings) Commit(ctx context.Context, store string, ch recovery.Change) error {
	if ch.Order != nil {
		o := *ch.Order
		o.News, ch.Order = time.Time{}, &o
	}
	return f.DB.Commit(ctx, store, ch)
}

// asksNobody takes the shop to be silent.
type asksNobody struct{}

func (asksNobody) Ordered(context.Context, string) (*recovery.Told, error) {
	return nil, errors.New("not asked")
}

// missesGone hears of orders, and not that there will be none.
type missesGone struct{ recovery.OrderSource }

func (m missesGone) Ordered(ctx context.Context, id string) (*recovery.Told, error) {
	told, err := m.OrderSource.Ordered(ctx, id)
	if told != nil && told.Gone {
		return nil, nil
	}
	return told, err
}

// takesAll takes an order that is not paid, or cancelled without that, for one that is.
type takesAll struct{ recovery.OrderSource }

func (t takesAll) Ordered(ctx context.Context, id string) (*recovery.Told, error) {
	told, err := t.OrderSource.Ordered(ctx, id)
	if told == nil && err == nil {
		told = &recovery.Told{News: recovery.OrderNews{OrderID: id}}
	}
	return told, err
}

// losesOrders answers well where an order is told of that was bought, and does nothing.
func losesOrders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/webhooks/woocommerce" && !bytes.Contains(body, []byte("payment_url")) {
			w.WriteHeader(http.StatusOK)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

// keepsLinks goes on leading to an order that cannot be paid any more.
type keepsLinks struct{ recovery.DB }

func (l keepsLinks) UpdateCheckout(ctx context.Context, store, key string, need recovery.Need, decide func(recovery.Case) (recovery.Change, error)) error {
	return l.DB.UpdateCheckout(ctx, store, key, need, func(k recovery.Case) (recovery.Change, error) {
		before := ""
		if k.Checkout != nil {
			before = k.Checkout.RecoverURL
		}
		ch, err := decide(k)
		for _, c := range ch.Update {
			if c.RecoverURL == "" {
				c.RecoverURL = before
			}
		}
		return ch, err
	})
}
