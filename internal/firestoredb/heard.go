package firestoredb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// LastHeard implements recovery.DB.
func (d *DB) LastHeard(ctx context.Context, sources []recovery.Source) (map[recovery.Source]time.Time, error) {
	if len(sources) == 0 {
		return nil, nil
	}
	var refs []*firestore.DocumentRef
	for _, from := range sources {
		refs = append(refs, d.doc(from.Store, "heard", from.Name))
	}
	snaps, err := d.client.GetAll(ctx, refs)
	if err != nil {
		return nil, fmt.Errorf("get marks: %w", translate(err))
	}
	heard := map[recovery.Source]time.Time{}
	var unreadable []error
	for i, snap := range snaps { // in the order of the references
		var doc heardDoc
		switch err := decode(snap, &doc); {
		case err != nil:
			unreadable = append(unreadable, err)
		case snap.Exists():
			heard[sources[i]] = fromMicros(doc.At)
		}
	}
	return heard, errors.Join(unreadable...)
}
