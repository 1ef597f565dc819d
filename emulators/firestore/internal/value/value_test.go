package value_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/firestore/internal/value"
)

func integer(n int64) *pb.Value {
	return &pb.Value{ValueType: &pb.Value_IntegerValue{IntegerValue: n}}
}

func double(d float64) *pb.Value {
	return &pb.Value{ValueType: &pb.Value_DoubleValue{DoubleValue: d}}
}

func text(s string) *pb.Value {
	return &pb.Value{ValueType: &pb.Value_StringValue{StringValue: s}}
}

func mapOf(f value.Fields) *pb.Value {
	return &pb.Value{ValueType: &pb.Value_MapValue{MapValue: &pb.MapValue{Fields: f}}}
}

// Sorting and searching need an order: total, and the same from both sides.
func TestNumbersAreOrdered(t *testing.T) {
	t.Parallel()
	edges := []*pb.Value{
		double(math.NaN()), double(math.Inf(-1)), double(-1 << 63), integer(math.MinInt64), integer(math.MinInt64 + 1), double(-0.5),
		double(math.Copysign(0, -1)), integer(0), double(0), double(5e-324), integer(1), double(1), double(1 << 53), integer(1 << 53),
		integer(1<<53 + 1), integer(math.MaxInt64 - 1), integer(math.MaxInt64), double(1 << 63), double(math.Inf(1)),
	}
	number := rapid.OneOf(rapid.SampledFrom(edges), rapid.Map(rapid.Int64(), integer), rapid.Map(rapid.Float64(), double))
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := number.Draw(t, "a"), number.Draw(t, "b"), number.Draw(t, "c")
		if value.Compare(a, b) != -value.Compare(b, a) {
			t.Errorf("%v and %v compare as %d, and as %d turned round", a, b, value.Compare(a, b), value.Compare(b, a))
		}
		if value.Compare(a, b) <= 0 && value.Compare(b, c) <= 0 && value.Compare(a, c) > 0 {
			t.Errorf("%v ≤ %v ≤ %v, but the first is greater than the last", a, b, c)
		}
	})
	if !slices.IsSortedFunc(edges, value.Compare) {
		t.Error("the edges are out of order")
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]value.Path{
		"a":              {"a"},
		"_a1.b":          {"_a1", "b"},
		"`a.b`.c":        {"a.b", "c"},
		"a.`\\`x\\\\y`":  {"a", "`x\\y"},
		"`1`.`é`.`a b!`": {"1", "é", "a b!"},
	} {
		got, err := value.ParsePath(s)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %q, %v; want %q", s, got, err, want)
		}
		if back := got.String(); back != s {
			t.Errorf("%q is written %s, want %s", want, back, s)
		}
	}
	for _, bad := range []string{"", ".", "a.", ".a", "a..b", "1a", "a b", "`a", "``", "`a`b", "`a\\"} {
		if p, err := value.ParsePath(bad); err == nil {
			t.Errorf("%q was read as %q", bad, p)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		p := value.Path(rapid.SliceOfN(rapid.StringN(1, 5, -1), 1, 4).Draw(t, "path"))
		if back, err := value.ParsePath(p.String()); err != nil || !slices.Equal(p, back) {
			t.Errorf("%q written and read is %q, %v", p, back, err)
		}
	})
}

func TestSetLeavesTheOriginal(t *testing.T) {
	t.Parallel()
	inner := value.Fields{"x": integer(1), "y": integer(2)}
	stored := value.Fields{"m": mapOf(inner), "s": text("s")}
	changed := value.Path{"m", "x"}.Set(stored, integer(9))
	changed = value.Path{"s", "deep", "er"}.Set(changed, integer(3)) // makes maps where there is none
	changed = value.Path{"m", "y"}.Set(changed, nil)
	changed = value.Path{"none", "such"}.Set(changed, nil)
	if got := len(inner); got != 2 || inner["x"].GetIntegerValue() != 1 || stored["s"].GetStringValue() != "s" {
		t.Errorf("the stored fields changed: %v", stored)
	}
	want := mapOf(value.Fields{
		"m": mapOf(value.Fields{"x": integer(9)}),
		"s": mapOf(value.Fields{"deep": mapOf(value.Fields{"er": integer(3)})}),
	})
	if !value.Equal(mapOf(changed), want) {
		t.Errorf("got %v, want %v", changed, want)
	}
}

// The example of firebase.google.com/docs/firestore/storage-size: a document of 147 bytes.
func TestSizeOfTheDocumentedExample(t *testing.T) {
	t.Parallel()
	fields := value.Fields{
		"type":        text("Personal"),
		"done":        {ValueType: &pb.Value_BooleanValue{}},
		"priority":    integer(1),
		"description": text("Learn Cloud Firestore"),
	}
	if got := value.Size("projects/p/databases/d/documents/users/jeff/tasks/my_task_id", fields); got != 147 {
		t.Errorf("got %d bytes, want 147", got)
	}
}
