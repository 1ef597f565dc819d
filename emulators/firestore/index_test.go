package firestore_test

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	fs "cloud.google.com/go/firestore"

	"github.com/comeback-checkout/comeback/emulators/firestore"
)

const definitions = `{
  "indexes": [
    {"collectionGroup": "c", "queryScope": "COLLECTION", "fields": [
      {"fieldPath": "a", "order": "ASCENDING"}, {"fieldPath": "b", "order": "ASCENDING"}]},
    {"collectionGroup": "c", "queryScope": "COLLECTION", "fields": [
      {"fieldPath": "x", "order": "ASCENDING"}, {"fieldPath": "b", "order": "ASCENDING"}]},
    {"collectionGroup": "c", "queryScope": "COLLECTION", "fields": [
      {"fieldPath": "tags", "arrayConfig": "CONTAINS"}, {"fieldPath": "at", "order": "DESCENDING"}]},
    {"collectionGroup": "c", "queryScope": "COLLECTION", "fields": [
      {"fieldPath": "p", "order": "ASCENDING"}, {"fieldPath": "q", "order": "DESCENDING"}]},
    {"collectionGroup": "c", "queryScope": "COLLECTION", "fields": [
      {"fieldPath": "k", "order": "ASCENDING"}, {"fieldPath": "__name__", "order": "DESCENDING"}]},
    {"collectionGroup": "c", "queryScope": "COLLECTION_GROUP", "fields": [
      {"fieldPath": "shard", "order": "ASCENDING"}, {"fieldPath": "check_at", "order": "ASCENDING"}]}
  ],
  "fieldOverrides": [
    {"collectionGroup": "c", "fieldPath": "large", "indexes": []},
    {"collectionGroup": "c", "fieldPath": "expires_at", "ttl": true, "indexes": []},
    {"collectionGroup": "c", "fieldPath": "group_too", "indexes": [
      {"order": "ASCENDING", "queryScope": "COLLECTION"}, {"order": "ASCENDING", "queryScope": "COLLECTION_GROUP"}]},
    {"collectionGroup": "bare", "fieldPath": "*", "indexes": []}
  ]
}`

func TestIndexRule(t *testing.T) {
	t.Parallel()
	e := start(t, firestore.Options{Indexes: [][]byte{[]byte(definitions)}})
	one := func(id string) fs.Query { return e.client.Collection(id).Query }
	c, group := one("c"), e.client.CollectionGroup("c").Query
	serves := map[string]fs.Query{
		"all":                             c,
		"equalities merge":                c.Where("m", "==", 1).Where("n", "==", 2).Where("o", "array-contains", 3),
		"one range":                       c.Where("m", ">", 1),
		"one order":                       c.OrderBy("m", fs.Desc),
		"equality and order of one field": c.Where("m", "==", 1).OrderBy("m", fs.Asc),
		"in":                              c.Where("m", "in", []int{1, 2}),
		"a field in a map":                c.Where("map.m", "==", 1),
		"equality and range":              c.Where("a", "==", 1).Where("b", ">", 2),
		"two orders":                      c.OrderBy("a", fs.Asc).OrderBy("b", fs.Asc),
		"orders in mixed directions":      c.OrderBy("p", fs.Asc).OrderBy("q", fs.Desc),
		"merged composites":               c.Where("a", "==", 1).Where("x", "==", 1).OrderBy("b", fs.Asc),
		"contains and order":              c.Where("tags", "array-contains", 1).OrderBy("at", fs.Desc),
		"contains any and order":          c.Where("tags", "array-contains-any", []int{1, 2}).OrderBy("at", fs.Desc),
		"the name's own direction":        c.OrderBy("k", fs.Asc).OrderBy(fs.DocumentID, fs.Desc),
		"equality and a range of names":   c.Where("m", "==", 1).Where(fs.DocumentID, ">", e.client.Doc("c/d")),
		"each disjunct": c.WhereEntity(fs.OrFilter{Filters: []fs.EntityFilter{
			fs.PropertyFilter{Path: "m", Operator: "==", Value: 1}, fs.PropertyFilter{Path: "n", Operator: "==", Value: 1},
		}}),
		"a group, all":            group,
		"a group, in and range":   group.Where("shard", "in", []int{0, 1}).Where("check_at", "<=", 1),
		"a group, its own single": group.Where("group_too", "==", 1),
		"another collection":      one("other").Where("m", "==", 1),
	}
	const composite = "The query requires an index. You can create it here: https://console.firebase.google.com/v1/r/project/p/firestore/indexes?create_composite="
	exemption := func(kind, field string) string {
		return "The query requires a " + kind + " index for collection c and field " + field + ". You can create it here: https://console.firebase.google.com/v1/r/project/p/firestore/indexes?create_exemption="
	}
	refused := map[string]struct {
		q    fs.Query
		want string
	}{
		"equality and order":               {c.Where("m", "==", 1).OrderBy("n", fs.Asc), composite},
		"equality and range":               {c.Where("m", "==", 1).Where("n", ">", 1), composite},
		"contains and order":               {c.Where("m", "array-contains", 1).OrderBy("n", fs.Asc), composite},
		"two orders":                       {c.OrderBy("m", fs.Asc).OrderBy("n", fs.Asc), composite},
		"two orders, one turned":           {c.OrderBy("a", fs.Asc).OrderBy("b", fs.Desc), composite},
		"two orders, both turned":          {c.OrderBy("a", fs.Desc).OrderBy("b", fs.Desc), composite},
		"equality and range, turned":       {c.Where("a", "==", 1).Where("b", ">", 2).OrderBy("b", fs.Desc), composite},
		"contains and order, turned":       {c.Where("tags", "array-contains", 1).OrderBy("at", fs.Asc), composite},
		"two orders, the other way round":  {c.OrderBy("b", fs.Asc).OrderBy("a", fs.Asc), composite},
		"more equal than the index has":    {c.Where("a", "==", 1).Where("m", "==", 1).OrderBy("b", fs.Asc), composite},
		"a name against its order":         {c.OrderBy("m", fs.Desc).OrderBy(fs.DocumentID, fs.Asc), composite},
		"names downwards":                  {c.OrderBy(fs.DocumentID, fs.Desc), exemption("COLLECTION_DESC", "__name__")},
		"an exempted field":                {c.Where("large", "==", 1), exemption("COLLECTION_ASC", "large")},
		"a field in an exempted map":       {c.Where("large.part", "==", 1), exemption("COLLECTION_ASC", "large.part")},
		"an exempted TTL field":            {c.OrderBy("expires_at", fs.Desc), exemption("COLLECTION_DESC", "expires_at")},
		"a kept field, another direction":  {c.OrderBy("group_too", fs.Desc), exemption("COLLECTION_DESC", "group_too")},
		"one disjunct of two":              {c.WhereEntity(fs.OrFilter{Filters: []fs.EntityFilter{fs.PropertyFilter{Path: "m", Operator: "==", Value: 1}, fs.PropertyFilter{Path: "large", Operator: "==", Value: 1}}}), exemption("COLLECTION_ASC", "large")},
		"a group, one field":               {group.Where("m", "==", 1), exemption("COLLECTION_GROUP_ASC", "m")},
		"a group, contains":                {group.Where("m", "array-contains", 1), exemption("COLLECTION_GROUP_CONTAINS", "m")},
		"a group, a collection's own":      {group.Where("a", "==", 1).OrderBy("b", fs.Asc), composite},
		"a group, half of its index":       {group.Where("check_at", "<=", 1), exemption("COLLECTION_GROUP_ASC", "check_at")},
		"a collection with none but names": {one("bare").Where("m", "==", 1), "The query requires a COLLECTION_ASC index for collection bare and field m. "},
	}
	for name, q := range serves {
		t.Run("serves/"+name, func(t *testing.T) {
			t.Parallel()
			if _, err := q.Documents(t.Context()).GetAll(); err != nil {
				t.Error(err)
			}
		})
	}
	for name, c := range refused {
		t.Run("refused/"+name, func(t *testing.T) {
			t.Parallel()
			_, err := c.q.Documents(t.Context()).GetAll()
			wantCode(t, err, codes.FailedPrecondition)
			if got := status.Convert(err).Message(); !strings.HasPrefix(got, c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestMissingIndexNamesItsEntry(t *testing.T) {
	t.Parallel()
	e := start(t, firestore.Options{Indexes: [][]byte{[]byte(`{}`)}})
	q := e.client.CollectionGroup("c").Where("tags", "array-contains", 1).Where("a", "==", 1).OrderBy("b", fs.Desc)
	_, err := q.Documents(t.Context()).GetAll()
	entry := `{"collectionGroup":"c","queryScope":"COLLECTION_GROUP","fields":[{"fieldPath":"tags","arrayConfig":"CONTAINS"},{"fieldPath":"a","order":"ASCENDING"},{"fieldPath":"b","order":"DESCENDING"}]}`
	if !strings.HasSuffix(fmt.Sprint(err), entry) {
		t.Errorf("got %v, want it to end with %s", err, entry)
	}
	with := start(t, firestore.Options{Indexes: [][]byte{[]byte(`{"indexes":[` + entry + `]}`)}})
	if _, err := with.client.CollectionGroup("c").Where("tags", "array-contains", 1).Where("a", "==", 1).OrderBy("b", fs.Desc).Documents(t.Context()).GetAll(); err != nil {
		t.Errorf("with the entry that was named: %v", err)
	}
}

func TestAggregationsNeedIndexes(t *testing.T) {
	t.Parallel()
	e := start(t, firestore.Options{Indexes: [][]byte{[]byte(definitions)}})
	equal := e.client.Collection("c").Where("a", "==", 1)
	if _, err := equal.NewAggregationQuery().WithCount("n").WithSum("b", "s").Get(t.Context()); err != nil {
		t.Error(err)
	}
	_, err := equal.NewAggregationQuery().WithSum("m", "s").Get(t.Context())
	wantCode(t, err, codes.FailedPrecondition)
}

func TestBadDefinitions(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		``,
		`{"indexes": [{"collectionGroup": "c"}]}`,
		`{"indexes": [{"collectionGroup": "c", "fields": [{"fieldPath": "a"}]}]}`,
		`{"indexes": [{"collectionGroup": "c", "queryScope": "ALL", "fields": [{"fieldPath": "a", "order": "ASCENDING"}]}]}`,
		`{"fieldOverrides": [{"collectionGroup": "c", "fieldPath": "a..b"}]}`,
		`{"fieldOverrides": [{"fieldPath": "a"}]}`,
	} {
		if _, err := firestore.New(firestore.Options{Clock: newClock(t), Indexes: [][]byte{[]byte(bad)}}); err == nil {
			t.Errorf("accepted %s", bad)
		}
	}
}
