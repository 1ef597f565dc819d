// Package firestoredb keeps Comeback's documents in Firestore: recovery.DB on
// cloud.google.com/go/firestore. Everything of a store lies under stores/{store};
// document IDs are the hashes of package recovery, so no counters and no times.
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

// DB is a recovery.DB on a Firestore database.
type DB struct {
	client *firestore.Client
	clock  recovery.Clock // by which documents expire
}

var _ recovery.DB = (*DB)(nil)

// New makes a DB; the caller closes the client.
func New(client *firestore.Client, clock recovery.Clock) *DB {
	return &DB{client: client, clock: clock}
}

// Close closes the client.
func (d *DB) Close() error { return d.client.Close() }

func (d *DB) doc(store, collection, key string) *firestore.DocumentRef {
	return d.client.Collection("stores").Doc(store).Collection(collection).Doc(key)
}

// translate gives the kinds of package recovery to Firestore's errors.
func translate(err error) error {
	if err == nil {
		return nil
	}
	switch status.Code(err) {
	case codes.AlreadyExists:
		return fmt.Errorf("%w: %w", recovery.ErrExists, err)
	case codes.Aborted, codes.NotFound:
		return fmt.Errorf("%w: %w", recovery.ErrConflict, err)
	case codes.FailedPrecondition:
		if strings.Contains(err.Error(), "query requires a") { // a query that no deployed index serves
			return err
		}
		return fmt.Errorf("%w: %w", recovery.ErrConflict, err)
	case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Canceled:
		return fmt.Errorf("firestore: %w: %w", recovery.ErrOverload, err)
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return fmt.Errorf("firestore: %w: %w", recovery.ErrOverload, err)
	}
	return err
}

// readCheckout decodes a snapshot; a missing document is nil, an expired one a stub.
func (d *DB) readCheckout(store string, snap *firestore.DocumentSnapshot) (*recovery.Checkout, error) {
	if !snap.Exists() {
		return nil, nil
	}
	c, err := decodeCheckout(store, snap)
	if err != nil {
		return nil, err
	}
	if d.expired(c.ExpiresAt) {
		return &recovery.Checkout{Store: store, Key: c.Key, ID: c.ID, Version: c.Version}, nil
	}
	return c, nil
}

// decodeCheckout decodes a document that is there, expired or not.
func decodeCheckout(store string, snap *firestore.DocumentSnapshot) (*recovery.Checkout, error) {
	var doc checkoutDoc
	if err := snap.DataTo(&doc); err != nil {
		return nil, fmt.Errorf("checkout %s: %w", snap.Ref.ID, err)
	}
	return doc.checkout(store, snap.Ref.ID, snap.UpdateTime)
}

// expired says whether a document counts as absent: Firestore deletes one only
// within a day or so after it expired.
func (d *DB) expired(at time.Time) bool { return !at.IsZero() && at.Before(d.clock.Now()) }

// ToCheck implements recovery.DB.
func (d *DB) ToCheck(ctx context.Context, now time.Time, after *recovery.Checkout, limit int) ([]*recovery.Checkout, error) {
	q := d.overdue(now)
	if after != nil {
		q = q.StartAfter(after.CheckAt, d.doc(after.Store, "checkouts", after.Key))
	}
	var list []*recovery.Checkout
	var unreadable []error
	for {
		// Each time a whole page: those of which nothing comes may be many in a row.
		snaps, err := q.Limit(limit).Documents(ctx).GetAll()
		if err != nil {
			return nil, fmt.Errorf("query checkouts to check: %w", translate(err))
		}
		for _, snap := range snaps {
			c, err := d.readCheckout(snap.Ref.Parent.Parent.ID, snap)
			switch {
			case err != nil: // it must not keep the sweep from the others
				unreadable = append(unreadable, err)
			case !c.CheckAt.IsZero(): // expired ones are nobody's any more, and must not fill the page
				list = append(list, c)
			}
			if len(list) == limit {
				return list, someOf(unreadable)
			}
		}
		if len(snaps) < limit {
			return list, someOf(unreadable)
		}
		q = q.StartAfter(snaps[len(snaps)-1])
	}
}

// someOf joins the first few of the errors, and says how many more there are: they end
// in one line of the log.
func someOf(errs []error) error {
	const few = 5
	if len(errs) > few {
		errs = append(errs[:few:few], fmt.Errorf("and %d more like these", len(errs)-few))
	}
	return errors.Join(errs...)
}

// overdue asks for the checkouts that the sweep is to look at. The filter on all
// shards is there for the index: spread over shards, a rising check_at is no hot spot.
func (d *DB) overdue(now time.Time) firestore.Query {
	shards := make([]int, recovery.Shards)
	for i := range shards {
		shards[i] = i
	}
	return d.client.CollectionGroup("checkouts").Where("shard", "in", shards).Where("check_at", "<=", now).
		OrderBy("check_at", firestore.Asc).OrderBy(firestore.DocumentID, firestore.Asc)
}
