package firestoredb

import (
	"context"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Suppress implements recovery.DB. A suppression has no expiry.
func (d *DB) Suppress(ctx context.Context, store, shopper string, s recovery.Suppression) error {
	return d.decideSuppression(ctx, store, shopper, func(doc *suppressionDoc) bool {
		if until, ok := doc.Lifted[string(s.Reason)]; ok && !s.At.After(until) || !s.Replaces(doc.suppression()) {
			return false
		}
		doc.Reason, doc.At = string(s.Reason), s.At
		return true
	})
}

// Lift implements recovery.DB.
func (d *DB) Lift(ctx context.Context, store, shopper string, reason recovery.Reason, at time.Time) (lifted bool, err error) {
	err = d.decideSuppression(ctx, store, shopper, func(doc *suppressionDoc) bool {
		mine := doc.Reason == string(reason)
		if lifted = !mine || !doc.At.After(at); !lifted || !mine && !doc.Lifted[string(reason)].Before(at) {
			return false
		}
		if doc.Lifted == nil {
			doc.Lifted = map[string]time.Time{}
		}
		doc.Lifted[string(reason)] = at
		if mine {
			doc.Reason = ""
		}
		return true
	})
	return lifted, err
}

// decideSuppression has decide change a shopper's suppression, within a transaction. It
// says whether it did.
func (d *DB) decideSuppression(ctx context.Context, store, shopper string, decide func(*suppressionDoc) bool) error {
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
		if !decide(&doc) {
			return nil
		}
		doc.V = version
		return tx.Set(ref, doc)
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
	return doc.suppression(), nil
}

// suppression is nil where there is none, or none any more.
func (d *suppressionDoc) suppression() *recovery.Suppression {
	if d.Reason == "" {
		return nil
	}
	return &recovery.Suppression{Reason: recovery.Reason(d.Reason), At: utc(d.At)}
}
