package firestore_test

import (
	"context"
	"sync"
	"testing"

	fs "cloud.google.com/go/firestore"

	"github.com/comeback-checkout/comeback/emulators/firestore"
)

// TestIncrementsInTransactions is what other emulators fail: no update is lost.
func TestIncrementsInTransactions(t *testing.T) {
	t.Parallel()
	e, ctx := start(t, firestore.Options{}), t.Context()
	counter := e.client.Doc("c/counter")
	must[*fs.WriteResult](t)(counter.Set(ctx, map[string]any{"n": 0}))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 5 {
				err := e.client.RunTransaction(ctx, func(_ context.Context, tx *fs.Transaction) error {
					d, err := tx.Get(counter)
					if err != nil {
						return err
					}
					return tx.Set(counter, map[string]any{"n": d.Data()["n"].(int64) + 1})
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got := must[*fs.DocumentSnapshot](t)(counter.Get(ctx)).Data()["n"]; got != int64(40) {
		t.Errorf("got %v, want 40", got)
	}
}
