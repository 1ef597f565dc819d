// Package value knows Firestore's values: their order, their equality, their
// sizes and limits, the paths to fields, and the transforms of fields.
package value

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strings"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/firestore/internal/docname"
)

// Fields is the content of a document or of a map. What is stored is never
// changed in place: changes copy the maps on their way.
type Fields = map[string]*pb.Value

// Type is a place in Firestore's order across types; a comparison by a query
// meets only values of its own type.
type Type int

// The types in their order (firebase.google.com/docs/firestore/manage-data/data-types).
const (
	Null Type = iota
	Bool
	Number
	Timestamp
	String
	Bytes
	Reference
	GeoPoint
	Array
	Vector
	Map
)

// TypeOf tells a value's type. A value without any is null.
func TypeOf(v *pb.Value) Type {
	switch x := v.GetValueType().(type) {
	case *pb.Value_BooleanValue:
		return Bool
	case *pb.Value_IntegerValue, *pb.Value_DoubleValue:
		return Number
	case *pb.Value_TimestampValue:
		return Timestamp
	case *pb.Value_StringValue:
		return String
	case *pb.Value_BytesValue:
		return Bytes
	case *pb.Value_ReferenceValue:
		return Reference
	case *pb.Value_GeoPointValue:
		return GeoPoint
	case *pb.Value_ArrayValue:
		return Array
	case *pb.Value_MapValue:
		if x.MapValue.GetFields()["__type__"].GetStringValue() == "__vector__" {
			return Vector
		}
		return Map
	}
	return Null
}

// Compare orders any two values: by type, then as that type orders them.
func Compare(a, b *pb.Value) int {
	t := TypeOf(a)
	if u := TypeOf(b); t != u {
		return cmp.Compare(t, u)
	}
	switch t {
	case Bool:
		return compareBools(a.GetBooleanValue(), b.GetBooleanValue())
	case Number:
		return compareNumbers(a, b)
	case Timestamp:
		x, y := a.GetTimestampValue(), b.GetTimestampValue()
		return cmp.Or(cmp.Compare(x.GetSeconds(), y.GetSeconds()), cmp.Compare(x.GetNanos(), y.GetNanos()))
	case String:
		return strings.Compare(a.GetStringValue(), b.GetStringValue())
	case Bytes:
		return bytes.Compare(a.GetBytesValue(), b.GetBytesValue())
	case Reference:
		return docname.Compare(a.GetReferenceValue(), b.GetReferenceValue())
	case GeoPoint:
		x, y := a.GetGeoPointValue(), b.GetGeoPointValue()
		return cmp.Or(cmp.Compare(x.GetLatitude(), y.GetLatitude()), cmp.Compare(x.GetLongitude(), y.GetLongitude()))
	case Array:
		return slices.CompareFunc(a.GetArrayValue().GetValues(), b.GetArrayValue().GetValues(), Compare)
	case Vector:
		x, y := vector(a), vector(b)
		return cmp.Or(cmp.Compare(len(x), len(y)), slices.CompareFunc(x, y, Compare))
	case Map:
		return compareMaps(a.GetMapValue().GetFields(), b.GetMapValue().GetFields())
	}
	return 0
}

// Equal says whether two values are the same to a query and to the array
// transforms: 1 is 1.0, and NaN is NaN.
func Equal(a, b *pb.Value) bool { return Compare(a, b) == 0 }

// IsNaN says whether the value is the double that is not a number.
func IsNaN(v *pb.Value) bool {
	d, ok := v.GetValueType().(*pb.Value_DoubleValue)
	return ok && math.IsNaN(d.DoubleValue)
}

func vector(v *pb.Value) []*pb.Value {
	return v.GetMapValue().GetFields()["value"].GetArrayValue().GetValues()
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func compareMaps(a, b Fields) int {
	x, y := sortedKeys(a), sortedKeys(b)
	for i := range min(len(x), len(y)) {
		if c := cmp.Or(strings.Compare(x[i], y[i]), Compare(a[x[i]], b[y[i]])); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(x), len(y))
}

func sortedKeys(f Fields) []string {
	keys := make([]string, 0, len(f))
	for k := range f {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// compareNumbers puts integers and doubles exactly on one line, NaN first. A
// conversion to double would take 2^53+1 for 2^53.
func compareNumbers(a, b *pb.Value) int {
	i, aIsInt := a.GetValueType().(*pb.Value_IntegerValue)
	j, bIsInt := b.GetValueType().(*pb.Value_IntegerValue)
	switch {
	case aIsInt && bIsInt:
		return cmp.Compare(i.IntegerValue, j.IntegerValue)
	case aIsInt:
		return compareIntDouble(i.IntegerValue, b.GetDoubleValue())
	case bIsInt:
		return -compareIntDouble(j.IntegerValue, a.GetDoubleValue())
	}
	return cmp.Compare(a.GetDoubleValue(), b.GetDoubleValue()) // NaN first, −0 is 0
}

func compareIntDouble(i int64, d float64) int {
	switch {
	case math.IsNaN(d) || d < -1<<63:
		return 1
	case d >= 1<<63:
		return -1
	}
	whole := math.Trunc(d)
	return cmp.Or(cmp.Compare(i, int64(whole)), cmp.Compare(0, d-whole))
}
