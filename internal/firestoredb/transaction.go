package firestoredb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// UpdateCheckout implements recovery.DB.
func (d *DB) UpdateCheckout(ctx context.Context, store, key string, need recovery.Need, decide func(recovery.Case) (recovery.Change, error)) error {
	for {
		var mine error // decide's own error, which is not Firestore's to translate
		err := d.run(ctx, func(tx *firestore.Transaction) error {
			mine = nil
			k, err := d.readCase(tx, store, key, need)
			if err != nil {
				return err
			}
			ch, err := decide(k)
			if err != nil {
				mine = err
				return err
			}
			return d.writeIn(tx, store, ch)
		})
		switch {
		case err == nil:
			return nil
		case mine != nil:
			return mine
		case !spentTransaction(err) || ctx.Err() != nil:
			return translate(err)
		}
	}
}

// spentTransaction recognizes the answer to a commit that the client repeated after
// its first answer was lost: the transaction has ended, perhaps well. Reading again
// tells.
func spentTransaction(err error) bool {
	return status.Code(err) == codes.InvalidArgument && strings.Contains(err.Error(), "no longer valid")
}

func (d *DB) readCase(tx *firestore.Transaction, store, key string, need recovery.Need) (recovery.Case, error) {
	var k recovery.Case
	snap, err := tx.Get(d.doc(store, "checkouts", key))
	if err != nil && status.Code(err) != codes.NotFound {
		return k, err
	}
	if k.Checkout, err = d.readCheckout(store, snap); err != nil {
		return k, err
	}
	if c := k.Checkout; c != nil && need.Anchors {
		err = d.readAnchors(tx, c, &k)
	}
	if err == nil && need.Other != "" {
		k.Other, err = d.readOther(tx, store, need.Other)
	}
	return k, err
}

// readOther reads the suppression of another shopper.
func (d *DB) readOther(tx *firestore.Transaction, store, shopper string) (*recovery.Suppression, error) {
	snaps, err := tx.GetAll([]*firestore.DocumentRef{d.doc(store, "suppressions", shopper)})
	if err != nil {
		return nil, err
	}
	return readSuppression(snaps[0])
}

// readAnchors reads what the checkout is judged by, in one round trip.
func (d *DB) readAnchors(tx *firestore.Transaction, c *recovery.Checkout, k *recovery.Case) error {
	if c.ShopperKey == "" { // a stub
		return nil
	}
	refs := []*firestore.DocumentRef{d.doc(c.Store, "shoppers", c.ShopperKey), d.doc(c.Store, "suppressions", c.ShopperKey)}
	if c.CartKey != "" {
		refs = append(refs, d.doc(c.Store, "carts", c.CartKey))
	}
	if c.FormerKey != "" {
		refs = append(refs, d.doc(c.Store, "shoppers", c.FormerKey))
	}
	snaps, err := tx.GetAll(refs)
	if err != nil {
		return err
	}
	if k.Shopper, err = d.readShopper(snaps[0]); err != nil {
		return err
	}
	if k.Suppression, err = readSuppression(snaps[1]); err != nil {
		return err
	}
	more := snaps[2:]
	if c.CartKey != "" {
		if k.Cart, err = d.readCart(more[0]); err != nil {
			return err
		}
		more = more[1:]
	}
	if c.FormerKey != "" {
		former, err := d.readShopper(more[0])
		if err != nil {
			return err
		}
		k.Former.LastOrder = former.LastOrder
	}
	return nil
}

// readShopper reads a shopper's document; one that has expired or is not there is zero.
func (d *DB) readShopper(snap *firestore.DocumentSnapshot) (recovery.Shopper, error) {
	var doc shopperDoc
	if err := decode(snap, &doc); err != nil || d.expired(doc.ExpiresAt) {
		return recovery.Shopper{}, err
	}
	s, err := doc.shopper()
	if err != nil {
		return recovery.Shopper{}, fmt.Errorf("shopper %s: %w", snap.Ref.ID, err)
	}
	return s, nil
}

func (d *DB) readCart(snap *firestore.DocumentSnapshot) (recovery.Cart, error) {
	var doc cartDoc
	if err := decode(snap, &doc); err != nil || d.expired(doc.ExpiresAt) {
		return recovery.Cart{}, err
	}
	return recovery.Cart{LastOrder: fromMicros(doc.LastOrder), Checkout: doc.Checkout}, nil
}

// decode reads a document that may be missing: then doc stays as it is.
func decode(snap *firestore.DocumentSnapshot, doc any) error {
	if !snap.Exists() {
		return nil
	}
	if err := snap.DataTo(doc); err != nil {
		return fmt.Errorf("%s: %w", snap.Ref.Path, err)
	}
	return nil
}

// writeIn writes a change within a transaction, whose locks stand in for the
// versions.
func (d *DB) writeIn(tx *firestore.Transaction, store string, ch recovery.Change) error {
	var errs []error
	note := func(err error) { errs = append(errs, err) }
	d.write(writer{
		create: func(ref *firestore.DocumentRef, doc any) { note(tx.Create(ref, doc)) },
		update: func(ref *firestore.DocumentRef, doc any, _ time.Time) { note(tx.Update(ref, updates(doc))) },
		merge:  func(ref *firestore.DocumentRef, fields map[string]any) { note(tx.Set(ref, fields, firestore.MergeAll)) },
		set:    func(ref *firestore.DocumentRef, doc any) { note(tx.Set(ref, doc)) },
		remove: func(ref *firestore.DocumentRef) { note(tx.Delete(ref)) },
	}, store, ch)
	return errors.Join(errs...)
}
