package firestoredb

import (
	"context"
	"fmt"

	"cloud.google.com/go/firestore"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Suppress implements recovery.DB. A suppression has no expiry.
func (d *DB) Suppress(ctx context.Context, store, shopper string, s recovery.Suppression) error {
	ref := d.doc(store, "suppressions", shopper)
	return d.transact(ctx, func(tx *firestore.Transaction) error {
		snaps, err := tx.GetAll([]*firestore.DocumentRef{ref}) // Get takes a missing one for an error
		if err != nil {
			return err
		}
		old, err := readSuppression(snaps[0])
		if err != nil || !s.Replaces(old) {
			return err
		}
		return tx.Set(ref, suppressionDoc{V: version, Reason: string(s.Reason), At: s.At})
	})
}

// transact runs a transaction, anew where the client's repetition of a commit finds
// the transaction ended: what it wrote may be written again.
func (d *DB) transact(ctx context.Context, f func(*firestore.Transaction) error) error {
	for {
		err := d.client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error { return f(tx) })
		if !spentTransaction(err) || ctx.Err() != nil {
			return translate(err)
		}
	}
}

// readSuppression decodes a snapshot; a missing document is nil.
func readSuppression(snap *firestore.DocumentSnapshot) (*recovery.Suppression, error) {
	var doc suppressionDoc
	if err := decode(snap, &doc); err != nil {
		return nil, fmt.Errorf("suppression: %w", err)
	}
	if !snap.Exists() {
		return nil, nil
	}
	return &recovery.Suppression{Reason: recovery.Reason(doc.Reason), At: utc(doc.At)}, nil
}
