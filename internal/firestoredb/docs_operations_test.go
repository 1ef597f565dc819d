package firestoredb

import (
	"os"
	"regexp"
	"testing"
	"time"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/recovery/recoverytest"
	"github.com/comeback-checkout/comeback/terraform"
)

// The queries of docs/operations.md are served by the project's indexes, and find the
// messages that they are for.
func TestQueriesOfOperations(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	e := open(t, recoverytest.NewClock(now), terraform.Indexes)
	key := recovery.CheckoutKey("default", "a")
	for step, state := range []recovery.State{recovery.Unknown, recovery.Sent} {
		m := &recovery.Message{
			Store: "default", Checkout: key, Reminder: recovery.ReminderID{Generation: 1, Step: step}, State: state,
			Template: []string{"first", "second"}[step], Email: "ana@example.net", SentAt: now, ExpiresAt: now.Add(time.Hour),
		}
		if err := e.Commit(t.Context(), "default", recovery.Change{Message: m}); err != nil {
			t.Fatal(err)
		}
	}
	for _, query := range operationsQueries(t) {
		docs, err := e.run(query)
		if err != nil || len(docs) != 1 || docs[0] != key+"-1-0" {
			t.Errorf("%s: got %v, %v; want the message %s-1-0", query, docs, err, key)
		}
	}
}

// operationsQueries are the bodies of the page's calls to Firestore.
func operationsQueries(t *testing.T) []*firestorepb.StructuredQuery {
	t.Helper()
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	var list []*firestorepb.StructuredQuery
	for _, m := range regexp.MustCompile(`(?s):runQuery -d '(\{.*?\})' \|`).FindAllSubmatch(page, -1) {
		request := &firestorepb.RunQueryRequest{}
		if err := protojson.Unmarshal(m[1], request); err != nil {
			t.Fatalf("%s: %v", m[1], err)
		}
		list = append(list, request.GetStructuredQuery())
	}
	if len(list) != 2 {
		t.Fatalf("docs/operations.md has %d queries, want 2: of unknown messages and of those by a template", len(list))
	}
	return list
}

// run is the IDs of the documents that the query, of one filter, finds in the store.
func (e *emulated) run(query *firestorepb.StructuredQuery) (ids []string, err error) {
	e.Helper()
	filter := query.GetWhere().GetFieldFilter()
	if len(query.GetFrom()) != 1 || filter.GetOp() != firestorepb.StructuredQuery_FieldFilter_EQUAL {
		e.Fatalf("%s: want one collection and one filter for equality", query)
	}
	messages := e.client.Collection("stores/default/" + query.GetFrom()[0].GetCollectionId())
	docs, err := messages.Where(filter.GetField().GetFieldPath(), "==", filter.GetValue().GetStringValue()).Documents(e.Context()).GetAll()
	for _, d := range docs {
		ids = append(ids, d.Ref.ID)
	}
	return ids, err
}
