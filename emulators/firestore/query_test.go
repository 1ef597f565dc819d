package firestore_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/genproto/googleapis/type/latlng"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"

	fs "cloud.google.com/go/firestore"
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/firestore"
)

// fill sets documents of one field f each, by ID.
func (e *emulator) fill(t *testing.T, collection string, values map[string]any) {
	t.Helper()
	b := e.client.BulkWriter(t.Context())
	for id, v := range values {
		must[*fs.BulkWriterJob](t)(b.Create(e.client.Doc(collection+"/"+id), map[string]any{"f": v}))
	}
	b.End()
}

// ids are the result's documents, in its order.
func ids(t *testing.T, q fs.Query) string {
	t.Helper()
	var found []string
	for _, d := range must[[]*fs.DocumentSnapshot](t)(q.Documents(t.Context()).GetAll()) {
		found = append(found, d.Ref.ID)
	}
	return strings.Join(found, " ")
}

func TestFilters(t *testing.T) {
	t.Parallel()
	e := start(t, firestore.Options{})
	e.fill(t, "c", map[string]any{
		"null": nil, "false": false, "true": true, "nan": math.NaN(), "minus": -1.5, "zero": 0, "one": 1, "onedouble": 1.0,
		"two53": int64(1 << 53), "two53and1": int64(1<<53 + 1), "time": time.Unix(1, 0), "text": "a", "bytes": []byte("a"),
		"array": []any{1, "a", nil}, "map": map[string]any{"x": 1},
	})
	must[*fs.WriteResult](t)(e.client.Doc("c/without").Set(t.Context(), map[string]any{"g": 1}))
	all := e.client.Collection("c")
	for _, c := range []struct {
		op    string
		value any
		want  string
	}{
		{"==", 1, "one onedouble"},
		{"==", 1.0, "one onedouble"},
		{"==", float64(1 << 53), "two53"},
		{"==", nil, "null"},
		{"==", math.NaN(), "nan"}, // the client makes IS_NAN of it
		{"==", []any{1, "a", nil}, "array"},
		{"==", map[string]any{"x": 1.0}, "map"},
		{"<", 1, "minus zero"},
		{"<=", 0, "minus zero"},
		{">", 1, "two53 two53and1"},
		{">=", int64(1<<53 + 1), "two53and1"},
		{">", "", "text"},
		{">", false, "true"},
		{">=", time.Unix(0, 0), "time"},
		{"!=", 1, "false true nan minus zero two53 two53and1 time text bytes array map"},
		{"!=", nil, "false true nan minus zero one onedouble two53 two53and1 time text bytes array map"},
		{"!=", math.NaN(), "false true minus zero one onedouble two53 two53and1 time text bytes array map"},
		{"in", []any{1, "a", true, math.NaN()}, "one onedouble text true"},
		{"not-in", []any{1, "a"}, "false true nan minus zero two53 two53and1 time bytes array map"},
		{"not-in", []any{1, nil}, ""},
		{"array-contains", 1.0, "array"},
		{"array-contains-any", []any{"b", "a"}, "array"},
	} {
		t.Run(fmt.Sprint(c.op, " ", c.value), func(t *testing.T) {
			t.Parallel()
			if got := ids(t, all.Where("f", c.op, c.value)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestOrderAcrossTypes(t *testing.T) {
	t.Parallel()
	e := start(t, firestore.Options{})
	geo := func(lat, lng float64) any { return &latlng.LatLng{Latitude: lat, Longitude: lng} }
	values := []any{
		nil, false, true, math.NaN(), math.Inf(-1), int64(math.MinInt64), -1, 0, 0.5, 1, int64(1 << 53), int64(1<<53 + 1), math.Inf(1),
		time.Unix(0, 0), time.Unix(0, 1000), "", "a", "a\x00", "ab", "b", "é", "日本", "\U0001f600",
		[]byte{},
		[]byte{0},
		[]byte{255},
		e.client.Doc("a/b"), e.client.Doc("a/b/c/d"), e.client.Doc("a/c"), geo(-1, 5), geo(1, -5), geo(1, 5),
		[]any{},
		[]any{1},
		[]any{1, 2},
		[]any{2},
		fs.Vector64{9},
		fs.Vector64{1, 2},
		map[string]any{},
		map[string]any{"a": 1},
		map[string]any{"a": 1, "b": 0},
		map[string]any{"a": 2},
		map[string]any{"b": 0},
	}
	documents, want := map[string]any{}, []string{}
	for i, v := range values {
		id := fmt.Sprintf("%02d", i)
		documents[id] = v
		want = append(want, id)
	}
	e.fill(t, "c", documents)
	if got := ids(t, e.client.Collection("c").OrderBy("f", fs.Asc)); got != strings.Join(want, " ") {
		t.Errorf("ascending:\ngot  %s\nwant %s", got, strings.Join(want, " "))
	}
	slices.Reverse(want)
	if got := ids(t, e.client.Collection("c").OrderBy("f", fs.Desc)); got != strings.Join(want, " ") {
		t.Errorf("descending:\ngot  %s\nwant %s", got, strings.Join(want, " "))
	}
}

func TestOrdersCursorsLimits(t *testing.T) {
	t.Parallel()
	e := start(t, firestore.Options{})
	e.fill(t, "c", map[string]any{"a": 1, "b": 2, "c": 2, "d": 2, "e": 3, "__id10__": 2, "__id9__": 2})
	q := e.client.Collection("c").Query
	byF, down := q.OrderBy("f", fs.Asc), q.OrderBy("f", fs.Desc)
	for name, c := range map[string]struct {
		q    fs.Query
		want string
	}{
		"by name, numeric IDs first":       {q, "__id9__ __id10__ a b c d e"},
		"by name downwards":                {q.OrderBy(fs.DocumentID, fs.Desc), "e d c b a __id10__ __id9__"},
		"implied by an inequality":         {q.Where("f", ">", 1), "__id9__ __id10__ b c d e"},
		"the name follows the last":        {down, "e d c b __id10__ __id9__ a"},
		"the name the other way":           {down.OrderBy(fs.DocumentID, fs.Asc), "e __id9__ __id10__ b c d a"},
		"limit":                            {byF.Limit(2), "a __id9__"},
		"offset":                           {byF.Offset(3).Limit(2), "b c"},
		"offset past the end":              {byF.Offset(30), ""},
		"limit to last":                    {q.OrderBy("f", fs.Asc).LimitToLast(2), "d e"}, // the client turns its orders round in place
		"start at":                         {byF.StartAt(2).Limit(1), "__id9__"},
		"start after":                      {byF.StartAfter(2), "e"},
		"end at":                           {byF.EndAt(2), "a __id9__ __id10__ b c d"},
		"end before":                       {byF.EndBefore(2), "a"},
		"a cursor over both orders":        {byF.OrderBy(fs.DocumentID, fs.Asc).StartAfter(2, "c"), "d e"},
		"between, downwards":               {down.StartAfter(3).EndBefore(1), "d c b __id10__ __id9__"},
		"by name, in a range":              {q.Where(fs.DocumentID, ">=", e.client.Doc("c/b")).Where(fs.DocumentID, "<", e.client.Doc("c/d")), "b c"},
		"an equality and a limit, by name": {q.Where("f", "==", 2).Limit(3), "__id9__ __id10__ b"},
		"or":                               {q.WhereEntity(fs.OrFilter{Filters: []fs.EntityFilter{fs.PropertyFilter{Path: "f", Operator: "==", Value: 1}, fs.PropertyFilter{Path: "f", Operator: ">", Value: 2}}}), "a e"},
		"a field that none has":            {q.OrderBy("g", fs.Asc), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := ids(t, c.q); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestCollectionsAndGroups(t *testing.T) {
	t.Parallel()
	e := start(t, firestore.Options{})
	for _, path := range []string{"g/1", "a/x/g/2", "a/x/g/2/g/3", "a/x/gg/4", "a/y/g/5"} {
		must[*fs.WriteResult](t)(e.client.Doc(path).Set(t.Context(), map[string]any{"f": path, "h": 1}))
	}
	for name, c := range map[string]struct {
		q    fs.Query
		want string
	}{
		"at the root":       {e.client.Collection("g").Query, "1"},
		"in a document":     {e.client.Collection("a/x/g").Query, "2"},
		"a group":           {e.client.CollectionGroup("g").Query, "2 3 5 1"},
		"a group, filtered": {e.client.CollectionGroup("g").Where("f", ">", "a/x/g/2"), "3 5 1"},
		"filtered":          {e.client.Collection("a/x/g").Where("h", "==", 1), "2"},
		"nothing":           {e.client.CollectionGroup("none").Query, ""},
	} {
		if got := ids(t, c.q); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
	d := must[[]*fs.DocumentSnapshot](t)(e.client.Collection("g").Select("f").Documents(t.Context()).GetAll())[0]
	if len(d.Data()) != 1 || d.Data()["f"] != "g/1" {
		t.Errorf("selected %v, want f alone", d.Data())
	}
	d = must[[]*fs.DocumentSnapshot](t)(e.client.Collection("g").Select().Documents(t.Context()).GetAll())[0]
	if len(d.Data()) != 0 {
		t.Errorf("selected %v, want no field", d.Data())
	}
}

func TestRefusedQueries(t *testing.T) {
	t.Parallel()
	e := start(t, firestore.Options{})
	many := make([]int, 31)
	q := e.client.Collection("c").Query
	for name, c := range map[string]struct {
		q    fs.Query
		want string
	}{
		"in, too many":               {q.Where("f", "in", many), "'IN' supports up to 30 comparison values."},
		"not-in, too many":           {q.Where("f", "not-in", many[:11]), "'NOT_IN' supports up to 10 comparison values."},
		"in, none":                   {q.Where("f", "in", []int{}), "'IN' requires an non-empty ArrayValue."},
		"array-contains twice":       {q.Where("f", "array-contains", 1).Where("g", "array-contains", 1), "A maximum of 1 'ARRAY_CONTAINS' filter is allowed per disjunction."},
		"too many disjuncts":         {q.Where("f", "in", many[:6]).Where("g", "in", many[:6]), "'OR' supports up to 30 disjunctions in the query's disjunctive normal form."},
		"an order twice":             {q.OrderBy("f", fs.Asc).OrderBy("f", fs.Desc), `order by property "f" was specified twice`},
		"a name that is none":        {q.Where("__x__", "==", 1), `Field name "__x__" is invalid because it is reserved.`},
		"a reserved collection's ID": {e.client.Collection("__c__").Query, `Resource id "__c__" is invalid because it is reserved.`},
	} {
		_, err := c.q.Documents(t.Context()).GetAll()
		t.Log(name)
		wantStatus(t, err, codes.InvalidArgument, c.want)
	}
	nested := &pb.RunQueryRequest{Parent: root + "/a/b", QueryType: &pb.RunQueryRequest_StructuredQuery{StructuredQuery: &pb.StructuredQuery{
		From: []*pb.StructuredQuery_CollectionSelector{{CollectionId: "c", AllDescendants: true}},
	}}}
	stream := must[pb.Firestore_RunQueryClient](t)(e.raw.RunQuery(t.Context(), nested))
	_, err := stream.Recv()
	wantCode(t, err, codes.InvalidArgument)
}

func TestAggregations(t *testing.T) {
	t.Parallel()
	e, ctx := start(t, firestore.Options{}), t.Context()
	e.fill(t, "ints", map[string]any{"a": 1, "b": 2, "c": 6, "text": "x"})
	e.fill(t, "doubles", map[string]any{"a": 2.6, "b": 3.7, "c": 0.1})
	e.fill(t, "large", map[string]any{"a": int64(math.MaxInt64), "b": int64(math.MaxInt64)})
	e.fill(t, "nan", map[string]any{"a": 1, "b": math.NaN()})
	must[*fs.WriteResult](t)(e.client.Doc("ints/without").Set(ctx, map[string]any{"g": 1}))
	double := func(d float64) *pb.Value { return &pb.Value{ValueType: &pb.Value_DoubleValue{DoubleValue: d}} }
	null := &pb.Value{ValueType: &pb.Value_NullValue{}}
	for collection, want := range map[string]fs.AggregationResult{
		"ints":    {"n": integer(4), "sum": integer(9), "mean": double(3)}, // of those that have the field
		"doubles": {"n": integer(3), "sum": double(6.4), "mean": double(6.4 / 3)},
		"large":   {"n": integer(2), "sum": double(1 << 64), "mean": double(1 << 63)},
		"nan":     {"n": integer(2), "sum": double(math.NaN()), "mean": double(math.NaN())},
		"none":    {"n": integer(0), "sum": integer(0), "mean": null},
	} {
		got := must[fs.AggregationResult](t)(e.client.Collection(collection).NewAggregationQuery().
			WithCount("n").WithSum("f", "sum").WithAvg("f", "mean").Get(ctx))
		if diff := cmp.Diff(want, got, protocmp.Transform(), cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%s: want -, got +\n%s", collection, diff)
		}
	}
	stream := must[pb.Firestore_RunAggregationQueryClient](t)(e.raw.RunAggregationQuery(ctx, &pb.RunAggregationQueryRequest{Parent: root}))
	_, err := stream.Recv()
	wantCode(t, err, codes.InvalidArgument)
}
