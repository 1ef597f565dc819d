package firestoredb

import (
	"context"
	"reflect"
	"strings"
	"time"

	"cloud.google.com/go/firestore"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// writer is what a batch and a transaction have in common here.
type writer struct {
	create func(ref *firestore.DocumentRef, doc any)
	// update replaces the fields of a document that was read at the version.
	update func(ref *firestore.DocumentRef, doc any, version time.Time)
	merge  func(ref *firestore.DocumentRef, fields map[string]any)
	// set writes a document whatever is there.
	set    func(ref *firestore.DocumentRef, doc any)
	remove func(ref *firestore.DocumentRef)
}

// Commit implements recovery.DB.
func (d *DB) Commit(ctx context.Context, store string, ch recovery.Change) error {
	// A batch is one RPC, where a transaction would need one more to begin, and it
	// is atomic, which its successor, the bulk writer, is not.
	//lint:ignore SA1019 see above
	batch := d.client.Batch()
	d.write(writer{
		create: func(ref *firestore.DocumentRef, doc any) { batch.Create(ref, doc) },
		update: func(ref *firestore.DocumentRef, doc any, version time.Time) {
			batch.Update(ref, updates(doc), firestore.LastUpdateTime(version))
		},
		merge:  func(ref *firestore.DocumentRef, fields map[string]any) { batch.Set(ref, fields, firestore.MergeAll) },
		set:    func(ref *firestore.DocumentRef, doc any) { batch.Set(ref, doc) },
		remove: func(ref *firestore.DocumentRef) { batch.Delete(ref) },
	}, store, ch)
	_, err := batch.Commit(ctx)
	return translate(err)
}

func (d *DB) write(w writer, store string, ch recovery.Change) {
	if c := ch.Create; c != nil {
		w.create(d.doc(store, "checkouts", c.Key), toCheckoutDoc(c))
	}
	for _, c := range ch.Update {
		w.update(d.doc(store, "checkouts", c.Key), toCheckoutDoc(c), c.Version)
	}
	if o := ch.Order; o != nil && o.Version.IsZero() {
		w.create(d.doc(store, "orders", o.Key), toOrderDoc(o))
	} else if o != nil {
		w.update(d.doc(store, "orders", o.Key), toOrderDoc(o), o.Version)
	}
	for _, r := range ch.Shoppers {
		fields := map[string]any{"v": version, "expires_at": r.ExpiresAt}
		raise(fields, "last_order", r.LastOrder)
		raise(fields, "newest_t", r.NewestT)
		raise(fields, "consent_given", r.ConsentGiven)
		raise(fields, "consent_refused", r.ConsentRefused)
		w.merge(d.doc(store, "shoppers", r.Key), fields)
	}
	for _, r := range ch.Carts {
		fields := map[string]any{"v": version, "expires_at": r.ExpiresAt}
		raise(fields, "last_order", r.LastOrder)
		if r.Checkout != "" {
			fields["checkout"] = r.Checkout
		}
		w.merge(d.doc(store, "carts", r.Key), fields)
	}
	if m := ch.Marks; m != nil {
		w.merge(d.doc(store, "shoppers", m.Shopper), map[string]any{
			"v": version, "expires_at": m.ExpiresAt, "messages": toMarkDocs(m.Messages),
		})
	}
	if m := ch.Message; m != nil {
		w.merge(d.doc(store, "messages", m.Key()), messageFields(m))
	}
	for _, key := range ch.DeleteMessages {
		w.remove(d.doc(store, "messages", key))
	}
	for _, o := range ch.EraseOrders {
		w.set(d.doc(store, "orders", o.Key), toOrderDoc(o))
	}
	if ch.DeleteShopper != "" {
		w.remove(d.doc(store, "shoppers", ch.DeleteShopper))
	}
	if h := ch.Heard; h != nil {
		fields := map[string]any{"v": version}
		raise(fields, "at", h.At)
		w.merge(d.doc(store, "heard", h.Source), fields)
	}
}

func toMarkDocs(marks []recovery.MessageMark) []markDoc {
	docs := make([]markDoc, 0, len(marks))
	for _, m := range marks {
		docs = append(docs, markDoc{Checkout: m.Checkout, Reminder: m.Reminder.String(), At: m.At})
	}
	return docs
}

func raise(fields map[string]any, name string, at time.Time) {
	if !at.IsZero() {
		fields[name] = firestore.FieldTransformMaximum(at.UnixMicro())
	}
}

// lower keeps the least of a field's instants.
func lower(fields map[string]any, name string, at time.Time) {
	if !at.IsZero() {
		fields[name] = firestore.FieldTransformMinimum(at.UnixMicro())
	}
}

// updates lists a document's fields, those that are left out when empty as deleted,
// so that an update is a replacement which keeps fields that we do not know.
func updates(doc any) []firestore.Update {
	v := reflect.ValueOf(doc)
	var list []firestore.Update
	for i := range v.NumField() {
		name, option, _ := strings.Cut(v.Type().Field(i).Tag.Get("firestore"), ",")
		value := v.Field(i).Interface()
		if f := v.Field(i); option != "" && (f.IsZero() || f.Kind() == reflect.Map && f.Len() == 0) {
			value = firestore.Delete
		}
		list = append(list, firestore.Update{Path: name, Value: value})
	}
	return list
}
