package firestoredb

import (
	"context"
	"fmt"
	"sync"
	"time"

	"cloud.google.com/go/firestore"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Suppress implements recovery.DB. A suppression has no expiry.
func (d *DB) Suppress(ctx context.Context, store, shopper string, told ...recovery.Suppression) error {
	return d.decideSuppression(ctx, store, shopper, func(all *recovery.Suppressions) bool { return all.DecideAll(told...) })
}

// Lift implements recovery.DB.
func (d *DB) Lift(ctx context.Context, store, shopper string, reason recovery.Reason, at time.Time) (lifted bool, err error) {
	err = d.decideSuppression(ctx, store, shopper, func(all *recovery.Suppressions) (changed bool) {
		lifted, changed = all.Lift(reason, at)
		return changed
	})
	return lifted, err
}

// decideSuppression has decide change a shopper's suppressions, within a transaction. It
// says whether it did.
func (d *DB) decideSuppression(ctx context.Context, store, shopper string, decide func(*recovery.Suppressions) bool) error {
	ref := d.doc(store, "suppressions", shopper)
	return d.transact(ctx, func(tx *firestore.Transaction) error {
		snaps, err := tx.GetAll([]*firestore.DocumentRef{ref}) // Get takes a missing one for an error
		if err != nil {
			return err
		}
		var doc suppressionDoc
		if err := decode(snaps[0], &doc); err != nil {
			return fmt.Errorf("suppression: %w", err)
		}
		all := doc.suppressions()
		if !decide(&all) {
			return nil
		}
		return tx.Set(ref, toSuppressionDoc(all))
	})
}

// transact runs a transaction, anew where the client's repetition of a commit finds
// the transaction ended: what it wrote may be written again.
func (d *DB) transact(ctx context.Context, f func(*firestore.Transaction) error) error {
	for {
		err := d.run(ctx, f)
		if !spentTransaction(err) || ctx.Err() != nil {
			return translate(err)
		}
	}
}

// run runs f in a transaction, and returns when the context ends. Firestore's client would
// roll back first, which may take 5 s more; that goes on by itself, and f is not called again.
func (d *DB) run(ctx context.Context, f func(*firestore.Transaction) error) error {
	var mu sync.Mutex
	left := false
	done := make(chan error, 1)
	go func() {
		done <- d.client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
			mu.Lock()
			defer mu.Unlock()
			if left {
				return ctx.Err()
			}
			return f(tx)
		})
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	mu.Lock() // f reads by the same context
	defer mu.Unlock()
	left = true
	select {
	case err := <-done:
		return err
	default:
		return ctx.Err()
	}
}

// readSuppression decodes a snapshot; a missing document is nil.
func readSuppression(snap *firestore.DocumentSnapshot) (*recovery.Suppression, error) {
	var doc suppressionDoc
	if err := decode(snap, &doc); err != nil {
		return nil, fmt.Errorf("suppression: %w", err)
	}
	return doc.suppression(), nil
}

// suppression is nil where there is none, or none any more.
func (d *suppressionDoc) suppression() *recovery.Suppression { return d.suppressions().Standing() }

func (d *suppressionDoc) suppressions() recovery.Suppressions {
	all := recovery.Suppressions{Decided: instants(d.Others), Lifted: instants(d.Lifted)}
	if d.Reason != "" {
		all.Decided[recovery.Reason(d.Reason)] = utc(d.At)
	}
	return all
}

func toSuppressionDoc(all recovery.Suppressions) suppressionDoc {
	doc := suppressionDoc{V: version, Others: map[string]time.Time{}, Lifted: map[string]time.Time{}}
	for reason, at := range all.Decided {
		doc.Others[string(reason)] = at
	}
	for reason, at := range all.Lifted {
		doc.Lifted[string(reason)] = at
	}
	if s := all.Standing(); s != nil {
		doc.Reason, doc.At = string(s.Reason), s.At
		delete(doc.Others, doc.Reason)
	}
	return doc
}

// instants are those of a map of the document.
func instants(doc map[string]time.Time) map[recovery.Reason]time.Time {
	m := map[recovery.Reason]time.Time{}
	for reason, at := range doc {
		m[recovery.Reason(reason)] = utc(at)
	}
	return m
}
