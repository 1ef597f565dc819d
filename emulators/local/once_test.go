package main

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Promises 2 and 6: ten times in a row, and ten times at once, are once.
func TestSameCheckoutTenTimes(t *testing.T) {
	t.Parallel()
	for name, post := range map[string]func(w *world, requestBody string){
		"in a row": func(w *world, requestBody string) {
			for i := range 10 {
				want := http.StatusOK
				if i == 0 {
					want = http.StatusCreated
				}
				w.post(want, checkoutPath, requestBody)
			}
		},
		"at once": func(w *world, requestBody string) {
			var wg sync.WaitGroup
			for range 10 {
				wg.Go(func() {
					if a, err := w.try(checkoutPath, requestBody); err != nil || a.Status/100 != 2 {
						w.t.Errorf("got %d %s %v", a.Status, a.Raw, err)
					}
				})
			}
			wg.Wait()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			post(w, sample(t, "checkout.json"))
			if n := len(w.pending()); n != 3 {
				t.Errorf("got %d tasks, want 3", n)
			}
			if c := w.stored("chk_7f3a91"); c.Generation != 1 || len(c.Reminders) != 3 {
				t.Errorf("got generation %d with %d reminders, want 1 with 3", c.Generation, len(c.Reminders))
			}
			w.advance(80 * time.Hour)
			w.wantMails(ana, ana, ana)
		})
	}
}

// A changed cart with newer news restarts the clock, and the old tasks end as
// superseded; older news changes nothing.
func TestChangedCart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	w.advance(10 * time.Minute)
	changed := sampleBody(t, "checkout.json", body{
		"items":        []body{{"id": "sku-9", "title": "Rain jacket", "quantity": 1, "price": "499.00"}},
		"abandoned_at": nil, "updated_at": abandonedAt.Add(10 * time.Minute).Format(time.RFC3339),
	})
	a := w.post(http.StatusOK, checkoutPath, changed)
	if got := a.Body["generation"]; got != 2.0 {
		t.Fatalf("got generation %v, want 2", got)
	}
	older := sampleBody(t, "checkout.json", body{
		"items":        []body{{"id": "sku-1", "title": "Old hat", "quantity": 1}},
		"abandoned_at": nil, "updated_at": abandonedAt.Add(5 * time.Minute).Format(time.RFC3339),
	})
	if a := w.post(http.StatusOK, checkoutPath, older); a.Body["generation"] != 2.0 {
		t.Fatalf("older news made generation %v", a.Body["generation"])
	}

	w.advance(29 * time.Minute) // T+39m: the first generation's time has passed
	w.wantMails()
	for id, r := range w.stored("chk_7f3a91").Reminders {
		if id.Generation == 1 && (r.State != recovery.Skipped || r.Reason != recovery.ReasonSuperseded) {
			t.Errorf("reminder %v is %s %s, want skipped superseded", id, r.State, r.Reason)
		}
	}
	w.advance(time.Minute)
	w.wantMails(ana)
	w.advance(80 * time.Hour)
	w.wantMails(ana, ana, ana)
}

// A task that is dispatched twice at the same instant sends one mail. Promise 2.
func TestDuplicateDispatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fault("cloudtasks", "duplicate", 1)
	w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	w.advance(80 * time.Hour)
	w.wantMails(ana, ana, ana)
	w.wantStates(w.checkoutNow(sample(t, "checkout.json")), "sent", "sent", "sent")
}

// Eight writers that each add one five times in transactions leave 40: what every
// promise rests on.
func TestTransactionsLoseNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client, err := firestore.NewClient(t.Context(), "counting", option.WithEndpoint(w.Firestore.Addr().String()),
		option.WithoutAuthentication(), option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	doc := client.Doc("counters/one")
	if _, err := doc.Set(t.Context(), map[string]int{"n": 0}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				err := client.RunTransaction(t.Context(), func(_ context.Context, tx *firestore.Transaction) error {
					snap, err := tx.Get(doc)
					if err != nil {
						return err
					}
					return tx.Set(doc, map[string]int64{"n": snap.Data()["n"].(int64) + 1})
				}, firestore.MaxAttempts(100))
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	snap, err := doc.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := snap.Data()["n"]; got != int64(40) {
		t.Errorf("the counter says %v, want 40", got)
	}
}

// Two steps that fall due together send one mail, the later. Promise 5.
func TestTwoStepsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withConfig(storeYAML("reminders: [{after: 30m, template: first}, {after: 45m, template: second}, {after: 3d, template: last}]")))
	requestBody := toJSON(t, body{
		"checkout_id": "both", "email": ana, "abandoned_at": abandonedAt.Add(-time.Hour).Format(time.RFC3339),
	})
	w.post(http.StatusCreated, checkoutPath, requestBody)
	w.settle()
	w.wantMails(ana)
	w.wantStates(w.checkoutNow(requestBody), "skipped:superseded", "sent", "scheduled")
}

// The newest of a shopper's checkouts speaks for all.
func TestTwoCheckoutsOfOneShopper(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := toJSON(t, body{"checkout_id": "first", "email": ana, "abandoned_at": abandonedAt.Format(time.RFC3339)})
	second := toJSON(t, body{"checkout_id": "second", "email": "ANA.lima@example.net", "abandoned_at": abandonedAt.Add(10 * time.Minute).Format(time.RFC3339)})
	w.post(http.StatusCreated, checkoutPath, first)
	w.advance(10 * time.Minute)
	w.post(http.StatusCreated, checkoutPath, second)
	w.advance(80 * time.Hour)
	w.wantMails(ana, ana, ana)
	w.wantStates(w.checkoutNow(first), "skipped:superseded", "skipped:superseded", "skipped:superseded")
	w.wantStates(w.checkoutNow(second), "sent", "sent", "sent")
}
