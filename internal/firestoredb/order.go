package firestoredb

import (
	"context"
	"fmt"
	"slices"

	"cloud.google.com/go/firestore"
	"golang.org/x/sync/errgroup"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// FindForOrder implements recovery.DB: one round trip, and a second only for a cart
// whose checkout the first did not bring.
func (d *DB) FindForOrder(ctx context.Context, q recovery.OrderQuery) (recovery.OrderCase, error) {
	var k recovery.OrderCase
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.readNamed(gctx, q, &k) })
	g.Go(func() (err error) {
		k.Shoppers, err = d.shoppersCheckouts(gctx, q)
		return err
	})
	if err := g.Wait(); err != nil {
		return k, err
	}
	return k, d.readCartsCheckout(ctx, q, &k)
}

// readNamed gets the order, the checkout and the cart by their keys.
func (d *DB) readNamed(ctx context.Context, q recovery.OrderQuery, k *recovery.OrderCase) error {
	refs := []*firestore.DocumentRef{d.doc(q.Store, "orders", q.Order)}
	if q.Checkout != "" {
		refs = append(refs, d.doc(q.Store, "checkouts", q.Checkout))
	}
	if q.Cart != "" {
		refs = append(refs, d.doc(q.Store, "carts", q.Cart))
	}
	shoppers := append([]string{q.Shopper}, q.Others...)
	slices.Sort(shoppers)
	for _, key := range slices.Compact(shoppers) { // the client takes none twice
		if key != "" {
			refs = append(refs, d.doc(q.Store, "suppressions", key))
		}
	}
	snaps, err := d.client.GetAll(ctx, refs)
	if err != nil {
		return fmt.Errorf("read what the order names: %w", translate(err))
	}
	for _, snap := range snaps {
		switch snap.Ref.Parent.ID {
		case "orders":
			var doc orderDoc
			if err := decode(snap, &doc); err != nil {
				return err
			}
			if snap.Exists() {
				if k.Order, err = doc.order(q.Store, q.Order, snap.UpdateTime); err != nil {
					return err
				}
			}
		case "checkouts":
			if k.Checkout, err = d.readCheckout(q.Store, snap); err != nil {
				return err
			}
		case "carts":
			if k.Cart, err = d.readCart(snap); err != nil {
				return err
			}
		case "suppressions":
			s, err := readSuppression(snap)
			switch {
			case err != nil:
				return err
			case snap.Ref.ID == q.Shopper:
				k.Suppression = s
			case s.Erased():
				k.OthersErased = append(k.OthersErased, snap.Ref.ID)
			}
		}
	}
	return nil
}

func (d *DB) shoppersCheckouts(ctx context.Context, q recovery.OrderQuery) ([]*recovery.Checkout, error) {
	if q.Shopper == "" {
		return nil, nil
	}
	snaps, err := d.client.Collection("stores").Doc(q.Store).Collection("checkouts").
		Where("shopper", "==", q.Shopper).OrderBy("t", firestore.Desc).Limit(q.Limit).Documents(ctx).GetAll()
	if err != nil {
		return nil, fmt.Errorf("query the shopper's checkouts: %w", translate(err))
	}
	var list []*recovery.Checkout
	for _, snap := range snaps {
		c, err := d.readCheckout(q.Store, snap)
		if err != nil {
			return nil, err
		}
		if !c.Stub() {
			list = append(list, c)
		}
	}
	return list, nil
}

func (d *DB) readCartsCheckout(ctx context.Context, q recovery.OrderQuery, k *recovery.OrderCase) error {
	key := k.Cart.Checkout
	if key == "" {
		return nil
	}
	if k.Checkout != nil && k.Checkout.Key == key {
		k.CartCheckout = k.Checkout
		return nil
	}
	for _, c := range k.Shoppers {
		if c.Key == key {
			k.CartCheckout = c
			return nil
		}
	}
	snaps, err := d.client.GetAll(ctx, []*firestore.DocumentRef{d.doc(q.Store, "checkouts", key)})
	if err != nil {
		return fmt.Errorf("read the cart's checkout: %w", translate(err))
	}
	k.CartCheckout, err = d.readCheckout(q.Store, snaps[0])
	return err
}
