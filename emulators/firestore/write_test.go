package firestore_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	fs "cloud.google.com/go/firestore"
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/firestore"
)

func TestTransforms(t *testing.T) {
	t.Parallel()
	e, ctx := start(t, firestore.Options{}), t.Context()
	cases := map[string]struct{ stored, transform, want any }{
		"increment, int and int":        {int64(1), fs.Increment(2), int64(3)},
		"increment, int and double":     {int64(1), fs.Increment(0.5), 1.5},
		"increment, double and int":     {1.5, fs.Increment(1), 2.5},
		"increment saturates above":     {int64(math.MaxInt64), fs.Increment(1), int64(math.MaxInt64)},
		"increment saturates below":     {int64(math.MinInt64), fs.Increment(-1), int64(math.MinInt64)},
		"increment of no number":        {"x", fs.Increment(2), int64(2)},
		"increment of a missing field":  {nil, fs.Increment(2), int64(2)},
		"maximum takes the larger":      {int64(1), fs.FieldTransformMaximum(2), int64(2)},
		"maximum keeps the larger":      {2.5, fs.FieldTransformMaximum(2), 2.5},
		"maximum keeps what is equal":   {int64(2), fs.FieldTransformMaximum(2.0), int64(2)},
		"maximum of no number":          {true, fs.FieldTransformMaximum(2), int64(2)},
		"minimum takes the smaller":     {int64(3), fs.FieldTransformMinimum(2.5), 2.5},
		"minimum of a missing field":    {nil, fs.FieldTransformMinimum(2), int64(2)},
		"union adds what is not there":  {[]any{int64(1), "a"}, fs.ArrayUnion(1.0, "b", "b"), []any{int64(1), "a", "b"}},
		"union of no array":             {"x", fs.ArrayUnion("a"), []any{"a"}},
		"remove takes away every equal": {[]any{int64(1), "a", 1.0}, fs.ArrayRemove(1), []any{"a"}},
		"remove of no array":            {"x", fs.ArrayRemove(1), []any{}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := e.client.Collection("c").NewDoc()
			stored := map[string]any{}
			if c.stored != nil {
				stored["f"] = c.stored
			}
			must[*fs.WriteResult](t)(doc.Set(ctx, stored))
			must[*fs.WriteResult](t)(doc.Update(ctx, []fs.Update{{Path: "f", Value: c.transform}}))
			if diff := cmp.Diff(c.want, must[*fs.DocumentSnapshot](t)(doc.Get(ctx)).Data()["f"]); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
		})
	}
}

func TestOneCommitHasOneTime(t *testing.T) {
	t.Parallel()
	e, ctx := start(t, firestore.Options{}), t.Context()
	now := func(path, field string) *pb.Write {
		return &pb.Write{
			Operation:  &pb.Write_Update{Update: &pb.Document{Name: root + "/" + path}},
			UpdateMask: &pb.DocumentMask{},
			UpdateTransforms: []*pb.DocumentTransform_FieldTransform{{
				FieldPath: field, TransformType: &pb.DocumentTransform_FieldTransform_SetToServerValue{SetToServerValue: pb.DocumentTransform_FieldTransform_REQUEST_TIME},
			}},
		}
	}
	var last time.Time
	for range 100 {
		answer := must[*pb.CommitResponse](t)(e.raw.Commit(ctx, &pb.CommitRequest{
			Database: dbName, Writes: []*pb.Write{now("c/a", "x"), now("c/a", "y"), now("c/b", "x")},
		}))
		at := answer.GetCommitTime().AsTime()
		if !at.After(last) || at.Truncate(time.Microsecond) != at {
			t.Fatalf("committed at %v after %v, want growing by whole microseconds", at, last)
		}
		last = at
		for i, r := range answer.GetWriteResults() {
			if got := r.GetTransformResults()[0].GetTimestampValue().AsTime(); !got.Equal(at) || !r.GetUpdateTime().AsTime().Equal(at) {
				t.Fatalf("write %d: transformed to %v, updated %v; want the commit's time %v", i, got, r.GetUpdateTime().AsTime(), at)
			}
		}
	}
}

func TestCommitIsAllOrNothing(t *testing.T) {
	t.Parallel()
	e, ctx := start(t, firestore.Options{}), t.Context()
	twice := set("c/b", 1)
	twice.CurrentDocument = &pb.Precondition{ConditionType: &pb.Precondition_Exists{Exists: true}}
	wantStatus(t, e.commit(ctx, nil, set("c/a", 1), twice), codes.NotFound, "No document to update: "+root+"/c/b")
	if found := must[map[string]*pb.Document](t)(e.get(ctx, nil, "c/a", "c/b")); len(found) > 0 {
		t.Errorf("found %v, want nothing of a commit that failed", found)
	}
	before := e.Revision()
	wantCode(t, e.commit(ctx, nil, set("c/b", 1), twice), codes.OK) // in order: the first makes what the second needs
	if got := e.Revision(); got != before+1 {
		t.Errorf("revision %d, want %d: one for a commit", got, before+1)
	}
	wantCode(t, e.commit(ctx, nil, twice), codes.OK)
	if got := e.Revision(); got != before+1 {
		t.Errorf("revision %d, want %d: none for a commit that changed nothing", got, before+1)
	}
}

func TestPreconditions(t *testing.T) {
	t.Parallel()
	e, ctx := start(t, firestore.Options{}), t.Context()
	exists := func(want bool) *pb.Precondition {
		return &pb.Precondition{ConditionType: &pb.Precondition_Exists{Exists: want}}
	}
	at := &pb.Precondition{ConditionType: &pb.Precondition_UpdateTime{UpdateTime: &timestamppb.Timestamp{Seconds: 1}}}
	wantCode(t, e.commit(ctx, nil, set("c/there", 1)), codes.OK)
	for _, c := range []struct {
		path  string
		needs *pb.Precondition
		want  codes.Code
	}{
		{"c/there", exists(true), codes.OK},
		{"c/there", exists(false), codes.AlreadyExists},
		{"c/missing", exists(true), codes.NotFound},
		{"c/there", at, codes.FailedPrecondition},
		{"c/missing", at, codes.FailedPrecondition},
	} {
		for _, w := range []*pb.Write{set(c.path, 1), {Operation: &pb.Write_Delete{Delete: root + "/" + c.path}}} {
			if c.want == codes.OK && w.GetDelete() != "" {
				continue
			}
			w.CurrentDocument = c.needs
			t.Log(c.path, c.needs)
			wantCode(t, e.commit(ctx, nil, w), c.want)
		}
	}
}

func TestBatchWriteTellsOfEachWrite(t *testing.T) {
	t.Parallel()
	e, ctx := start(t, firestore.Options{}), t.Context()
	wantCode(t, e.commit(ctx, nil, set("c/there", 1)), codes.OK)
	create := set("c/there", 2)
	create.CurrentDocument = &pb.Precondition{ConditionType: &pb.Precondition_Exists{Exists: false}}
	answer := must[*pb.BatchWriteResponse](t)(e.raw.BatchWrite(ctx, &pb.BatchWriteRequest{Database: dbName, Writes: []*pb.Write{create, set("c/new", 3)}}))
	if got := answer.GetStatus()[0]; codes.Code(got.GetCode()) != codes.AlreadyExists || got.GetMessage() != "Document already exists: "+root+"/c/there" {
		t.Errorf("got %v, want ALREADY_EXISTS", got)
	}
	if got := answer.GetStatus()[1]; got.GetCode() != 0 || answer.GetWriteResults()[1].GetUpdateTime() == nil {
		t.Errorf("got %v, want OK with an update time", got)
	}
	_, err := e.raw.BatchWrite(ctx, &pb.BatchWriteRequest{Database: dbName, Writes: []*pb.Write{set("c/a", 1), set("c/a", 2)}})
	wantCode(t, err, codes.InvalidArgument)
}

func TestLimitsOfWrites(t *testing.T) {
	t.Parallel()
	e, ctx := start(t, firestore.Options{}), t.Context()
	text := func(n int) *pb.Value {
		return &pb.Value{ValueType: &pb.Value_StringValue{StringValue: strings.Repeat("x", n)}}
	}
	array := func(v ...*pb.Value) *pb.Value {
		return &pb.Value{ValueType: &pb.Value_ArrayValue{ArrayValue: &pb.ArrayValue{Values: v}}}
	}
	nested := func(depth int) *pb.Value {
		v := integer(1)
		for range depth {
			v = &pb.Value{ValueType: &pb.Value_MapValue{MapValue: &pb.MapValue{Fields: map[string]*pb.Value{"m": v}}}}
		}
		return v
	}
	many := make([]*pb.Value, 40_000)
	for i := range many {
		many[i] = &pb.Value{ValueType: &pb.Value_BooleanValue{BooleanValue: true}}
	}
	long := strings.Repeat("f", 100)
	size := 1_048_576 - 32 - (16 + len("c/d") + 1) - (len(long) + 1) - 1 // what is left for the text in the field of that name
	cases := map[string]struct {
		name, field string
		value       *pb.Value
		want        string // "": it passes; else what the refusal says
	}{
		"a document of the full size": {"c/d", long, text(size), ""},
		"a document one byte over":    {"c/d", long, text(size + 1), "Document '" + root + "/c/d' cannot be written because its size (1,048,577 bytes) exceeds the maximum allowed size of 1,048,576 bytes."},
		"a string as long as may be":  {"c/d", "s", text(1_048_487), ""},
		"a string over":               {"c/d", "s", text(1_048_488), `The value of property "s" is longer than 1048487 bytes.`},
		"nested as deep as may be":    {"c/d", "m", nested(20), ""},
		"nested deeper":               {"c/d", "m", nested(21), "Property m contains an invalid nested entity."},
		"an array in an array":        {"c/d", "m", array(array(integer(1))), "Property m contains an invalid nested entity."},
		"an array in a map in one":    {"c/d", "m", array(&pb.Value{ValueType: &pb.Value_MapValue{MapValue: &pb.MapValue{Fields: map[string]*pb.Value{"a": array()}}}}), ""},
		"too many index entries":      {"c/d", "a", array(many...), "too many index entries for entity " + root + "/c/d (40002, the limit is 40000)"},
		"a reserved field name":       {"c/d", "__x__", integer(1), `Field name "__x__" is invalid because it is reserved.`},
		"a reserved ID":               {"c/__x__", "n", integer(1), `Resource id "__x__" is invalid because it is reserved.`},
		"an ID of five underscores":   {"c/_____", "n", integer(1), `Resource id "_____" is invalid because it is reserved.`},
		"an ID of four underscores":   {"c/____", "n", integer(1), ""},
		"a numeric ID":                {"c/__id7__", "n", integer(1), ""},
		"a dot":                       {"c/.", "n", integer(1), `Document name "` + root + `/c/." contains a resource id "." at index 1.`},
		"two dots":                    {"c/d/e/..", "n", integer(1), `Document name "` + root + `/c/d/e/.." contains a resource id ".." at index 3.`},
		"an ID as long as may be":     {"c/" + strings.Repeat("x", 1500), "n", integer(1), ""},
		"an ID over":                  {"c/" + strings.Repeat("x", 1501), "n", integer(1), "Resource id is longer than 1500 bytes."},
		"a value that is not set":     {"c/d", "n", &pb.Value{}, `The value of property "n" is not set.`},
		"a timestamp that is none":    {"c/d", "t", &pb.Value{ValueType: &pb.Value_TimestampValue{TimestampValue: &timestamppb.Timestamp{Nanos: -1}}}, "invalid"},
		"a reference to a collection": {"c/d", "r", &pb.Value{ValueType: &pb.Value_ReferenceValue{ReferenceValue: root + "/c"}}, "odd number of path segments"},
		"a document of a collection":  {"c", "n", integer(1), "odd number of path segments"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := fmt.Sprintf("projects/p/databases/%x", name) // each its own space
			in := strings.NewReplacer(dbName, database)
			w := &pb.Write{Operation: &pb.Write_Update{Update: &pb.Document{Name: in.Replace(root + "/" + c.name), Fields: map[string]*pb.Value{c.field: c.value}}}}
			if c.field == "r" {
				c.value.ValueType = &pb.Value_ReferenceValue{ReferenceValue: in.Replace(c.value.GetReferenceValue())}
			}
			_, err := e.raw.Commit(ctx, &pb.CommitRequest{Database: database, Writes: []*pb.Write{w}})
			if c.want == "" {
				wantCode(t, err, codes.OK)
				return
			}
			wantCode(t, err, codes.InvalidArgument)
			if !strings.Contains(fmt.Sprint(err), in.Replace(c.want)) {
				t.Errorf("got %v, want %s", err, in.Replace(c.want))
			}
		})
	}
	big := make([]*pb.Write, 11)
	for i := range big {
		big[i] = set(fmt.Sprintf("c/%d", i), 1)
		big[i].GetUpdate().Fields["s"] = text(1_000_000)
	}
	wantStatus(t, e.commit(ctx, nil, big...), codes.InvalidArgument, "Request payload size exceeds the limit: 10485760 bytes.")
}

func TestOddFieldPaths(t *testing.T) {
	t.Parallel()
	e, ctx := start(t, firestore.Options{}), t.Context()
	doc := e.client.Doc("c/d")
	odd := fs.FieldPath{"a.b", "back`quote", `back\slash`, "~*/[]"}
	must[*fs.WriteResult](t)(doc.Set(ctx, map[string]any{"a.b": map[string]any{"keep": 1}}))
	must[*fs.WriteResult](t)(doc.Update(ctx, []fs.Update{{FieldPath: odd, Value: "x"}}))
	d := must[*fs.DocumentSnapshot](t)(doc.Get(ctx))
	if got := must[any](t)(d.DataAtPath(odd)); got != "x" {
		t.Errorf("got %v, want x", got)
	}
	if got := must[any](t)(d.DataAtPath(fs.FieldPath{"a.b", "keep"})); got != int64(1) {
		t.Errorf("got %v, want what lay beside", got)
	}
	must[*fs.WriteResult](t)(doc.Update(ctx, []fs.Update{{FieldPath: odd, Value: fs.Delete}}))
	if _, err := must[*fs.DocumentSnapshot](t)(doc.Get(ctx)).DataAtPath(odd); err == nil {
		t.Error("the field is still there")
	}
}
