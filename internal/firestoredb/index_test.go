package firestoredb

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/recovery/recoverytest"
	"github.com/comeback-checkout/comeback/terraform"
)

// Each query passes with the project's indexes and would be refused without: a query
// that is not served fails here first. And each index has its query: without it, one of
// them would be refused.
func TestQueriesNeedTheirIndexes(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	key := recovery.CheckoutKey("default", "a")
	queries := map[string]func(*emulated) error{
		"the shopper's checkouts": func(e *emulated) error {
			_, err := e.FindForOrder(e.Context(), recovery.OrderQuery{Store: "default", Order: "o", Shopper: "shopper", Limit: 20})
			return err
		},
		"all that is kept of a shopper": func(e *emulated) error {
			_, err := e.Personal(e.Context(), "default", "shopper")
			return err
		},
		"to check": func(e *emulated) error {
			_, err := e.ToCheck(e.Context(), now, nil, 10)
			return err
		},
		"to check, the next page": func(e *emulated) error {
			_, err := e.ToCheck(e.Context(), now, &recovery.Checkout{Store: "default", Key: key, CheckAt: now}, 10)
			return err
		},
	}
	with := open(t, recoverytest.NewClock(now), terraform.Indexes)
	without := open(t, recoverytest.NewClock(now), []byte(`{"indexes": [], "fieldOverrides": []}`))
	for name, query := range queries {
		if err := query(with); err != nil {
			t.Errorf("%s: got %v, want it served by the project's indexes", name, err)
		}
		err := query(without)
		if status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), "requires an index") || errors.Is(err, recovery.ErrConflict) {
			t.Errorf("%s, without indexes: got %v, want FAILED_PRECONDITION as it is", name, err)
		}
	}
	for removed, others := range allButOne(t) {
		without := open(t, recoverytest.NewClock(now), others)
		refused := slices.ContainsFunc(slices.Collect(maps.Values(queries)), func(query func(*emulated) error) bool { return query(without) != nil })
		if !refused {
			t.Errorf("no query needs the index %s", removed)
		}
	}
}

// allButOne are the project's definitions without one composite index each, by that
// index.
func allButOne(t *testing.T) map[string][]byte {
	t.Helper()
	var file map[string][]json.RawMessage
	if err := json.Unmarshal(terraform.Indexes, &file); err != nil {
		t.Fatal(err)
	}
	all := file["indexes"]
	list := map[string][]byte{}
	for i, index := range all {
		file["indexes"] = slices.Delete(slices.Clone(all), i, i+1)
		rest, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		list[string(index)] = rest
	}
	return list
}

// kinds are the documents by the collection that they are in.
var kinds = map[string]any{"checkouts": checkoutDoc{}, "shoppers": shopperDoc{}, "carts": cartDoc{}, "orders": orderDoc{}, "messages": messageDoc{}, "heard": heardDoc{}, "suppressions": suppressionDoc{}}

// Each override names a field that there is, and each kind of document that expires
// has its expiry field in the file.
func TestOverridesNameFields(t *testing.T) {
	t.Parallel()
	var file struct {
		FieldOverrides []struct {
			CollectionGroup, FieldPath string
			TTL                        bool
			Indexes                    []any
		}
	}
	if err := json.Unmarshal(terraform.Indexes, &file); err != nil {
		t.Fatal(err)
	}
	expires := map[string]bool{}
	for _, o := range file.FieldOverrides {
		expires[o.CollectionGroup] = expires[o.CollectionGroup] || o.TTL && o.FieldPath == "expires_at"
		if o.TTL != (o.FieldPath == "expires_at") || o.Indexes == nil || len(o.Indexes) > 0 {
			t.Errorf("%s.%s: ttl %v, indexes %v; want expires_at alone to expire, and no indexes", o.CollectionGroup, o.FieldPath, o.TTL, o.Indexes)
		}
		if kind := kinds[o.CollectionGroup]; kind == nil || o.FieldPath != "expires_at" && !hasField(kind, o.FieldPath) {
			t.Errorf("there is no field %s.%s", o.CollectionGroup, o.FieldPath)
		}
	}
	for kind := range kinds {
		if expires[kind] != (kind != "heard" && kind != "suppressions") { // they are for good
			t.Errorf("%s: expire %v", kind, expires[kind])
		}
	}
}

// Instants, of which the index's newest end would take every write, and whatever has
// parts, each of which would be indexed, are in no index of their own.
func TestWhatGrowsIsNotIndexed(t *testing.T) {
	t.Parallel()
	var file struct {
		FieldOverrides []struct{ CollectionGroup, FieldPath string }
	}
	if err := json.Unmarshal(terraform.Indexes, &file); err != nil {
		t.Fatal(err)
	}
	exempt := map[string]bool{}
	for _, o := range file.FieldOverrides {
		exempt[o.CollectionGroup+"."+o.FieldPath] = true
	}
	for collection, doc := range kinds {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(doc)) {
			name, _, _ := strings.Cut(f.Tag.Get("firestore"), ",")
			grows := f.Type == reflect.TypeFor[time.Time]() || f.Type.Kind() == reflect.Int64
			parts := f.Type.Kind() == reflect.Slice || f.Type.Kind() == reflect.Map || f.Type.Kind() == reflect.Pointer && f.Type.Elem().Kind() == reflect.Struct
			if (grows || parts) && !exempt[collection+"."+name] {
				t.Errorf("%s.%s (%s) is indexed", collection, name, f.Type)
			}
		}
	}
}

func hasField(doc any, name string) bool {
	for _, f := range reflect.VisibleFields(reflect.TypeOf(doc)) {
		if tag, _, _ := strings.Cut(f.Tag.Get("firestore"), ","); tag == name {
			return true
		}
	}
	return false
}
