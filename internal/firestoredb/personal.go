package firestoredb

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"cloud.google.com/go/firestore"
	"golang.org/x/sync/errgroup"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Personal implements recovery.DB, in two round trips.
func (d *DB) Personal(ctx context.Context, store, shopper string) (recovery.Personal, error) {
	var p recovery.Personal
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.readPerson(gctx, store, shopper, &p) })
	g.Go(func() error {
		return d.each(gctx, d.of(store, "checkouts", shopper).OrderBy("t", firestore.Desc), func(snap *firestore.DocumentSnapshot) error {
			c, err := decodeCheckout(store, snap)
			p.Checkouts = append(p.Checkouts, c)
			return err
		})
	})
	g.Go(func() error {
		return d.eachOrder(gctx, store, d.of(store, "orders", shopper), func(o *recovery.Order) { p.Orders = append(p.Orders, o) })
	})
	g.Go(func() error {
		return d.each(gctx, d.of(store, "messages", shopper), func(snap *firestore.DocumentSnapshot) error {
			var doc messageDoc
			if err := decode(snap, &doc); err != nil {
				return err
			}
			p.Messages = append(p.Messages, doc.message(store))
			return nil
		})
	})
	if err := g.Wait(); err != nil {
		return recovery.Personal{}, fmt.Errorf("read what is kept of a shopper: %w", err)
	}
	if err := d.namelessOrders(ctx, store, &p); err != nil {
		return recovery.Personal{}, fmt.Errorf("read orders that name nobody: %w", err)
	}
	return p, nil
}

// queriesAtOnce bounds the queries of one erasure or export that run side by side.
const queriesAtOnce = 32

// namelessOrders adds the orders that name no shopper, but one of p's checkouts or its cart.
func (d *DB) namelessOrders(ctx context.Context, store string, p *recovery.Personal) error {
	orders := d.client.Collection("stores").Doc(store).Collection("orders")
	var mu sync.Mutex
	found := map[string]*recovery.Order{}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(queriesAtOnce)
	for _, c := range p.Checkouts {
		for field, key := range map[string]string{"checkout": c.Key, "cart": c.CartKey} {
			if key == "" {
				continue
			}
			g.Go(func() error {
				return d.eachOrder(gctx, store, orders.Where(field, "==", key), func(o *recovery.Order) {
					mu.Lock()
					defer mu.Unlock()
					if o.Shopper == "" {
						found[o.Key] = o
					}
				})
			})
		}
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(found)) {
		p.Orders = append(p.Orders, found[key])
	}
	return nil
}

// of is the query for a shopper's documents of the collection.
func (d *DB) of(store, collection, shopper string) firestore.Query {
	return d.client.Collection("stores").Doc(store).Collection(collection).Where("shopper", "==", shopper)
}

func (d *DB) eachOrder(ctx context.Context, store string, q firestore.Query, read func(*recovery.Order)) error {
	return d.each(ctx, q, func(snap *firestore.DocumentSnapshot) error {
		var doc orderDoc
		if err := decode(snap, &doc); err != nil {
			return err
		}
		o, err := doc.order(store, snap.Ref.ID, snap.UpdateTime)
		if err == nil {
			read(o)
		}
		return err
	})
}

func (d *DB) each(ctx context.Context, q firestore.Query, read func(*firestore.DocumentSnapshot) error) error {
	snaps, err := q.Documents(ctx).GetAll()
	if err != nil {
		return translate(err)
	}
	for _, snap := range snaps {
		if err := read(snap); err != nil {
			return err
		}
	}
	return nil
}

// readPerson gets the documents of which the shopper's key is the name.
func (d *DB) readPerson(ctx context.Context, store, shopper string, p *recovery.Personal) error {
	snaps, err := d.client.GetAll(ctx, []*firestore.DocumentRef{d.doc(store, "shoppers", shopper), d.doc(store, "suppressions", shopper)})
	if err != nil {
		return translate(err)
	}
	if snaps[0].Exists() {
		var doc shopperDoc
		if err := decode(snaps[0], &doc); err != nil {
			return err
		}
		s, err := doc.shopper()
		if err != nil {
			return err
		}
		p.Shopper = &s
	}
	p.Suppression, err = readSuppression(snaps[1])
	return err
}

// ShoppersOfCustomer implements recovery.DB.
func (d *DB) ShoppersOfCustomer(ctx context.Context, store, customer string) ([]string, error) {
	var keys []string
	for _, collection := range []string{"checkouts", "orders"} {
		q := d.client.Collection("stores").Doc(store).Collection(collection).Where("customer", "==", customer).Select("shopper")
		err := d.each(ctx, q, func(snap *firestore.DocumentSnapshot) error {
			var doc struct {
				Shopper string `firestore:"shopper"`
			}
			if err := decode(snap, &doc); err != nil || doc.Shopper == "" {
				return err
			}
			keys = append(keys, doc.Shopper)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("query a customer's %s: %w", collection, err)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys), nil
}

// DeletePage implements recovery.DB: a query and a batch.
func (d *DB) DeletePage(ctx context.Context, store string, limit int) (int, error) {
	for _, collection := range []string{"checkouts", "messages", "orders", "shoppers", "carts"} {
		snaps, err := d.client.Collection("stores").Doc(store).Collection(collection).Select().Limit(limit).Documents(ctx).GetAll()
		if err != nil {
			return 0, translate(err)
		}
		if len(snaps) == 0 {
			continue
		}
		//lint:ignore SA1019 one RPC, where the bulk writer takes several
		batch := d.client.Batch()
		for _, snap := range snaps {
			batch.Delete(snap.Ref)
		}
		_, err = batch.Commit(ctx)
		return len(snaps), translate(err)
	}
	return 0, nil
}
