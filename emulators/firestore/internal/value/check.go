package value

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/firestore/internal/docname"
)

// The service's limits (firebase.google.com/docs/firestore/quotas).
const (
	maxFieldName = 1500      // bytes
	maxValue     = 1_048_487 // bytes of one string or bytes value
	maxDepth     = 20        // maps and arrays in each other
	maxDocument  = 1_048_576 // bytes, by the formula of Size
	maxEntries   = 40_000    // index entries of one document
)

const microsecond = 1000 // in nanoseconds

// Check checks the fields of a document that is written, and cuts their
// timestamps to the microsecond, in place.
func Check(f Fields) error {
	return checkFields(f, nil, 0)
}

func checkFields(f Fields, at Path, depth int) error {
	for name, v := range f {
		if err := checkFieldName(name); err != nil && !(name == "__type__" && TypeOf(f[name]) == String) {
			return err
		}
		if err := check(v, append(at, name), depth); err != nil {
			return err
		}
	}
	return nil
}

func checkFieldName(name string) error {
	switch {
	case name == "":
		return status.Error(codes.InvalidArgument, "Field name must not be empty.")
	case len(name) > maxFieldName:
		return status.Errorf(codes.InvalidArgument, "Field name is longer than %d bytes.", maxFieldName)
	case !utf8.ValidString(name):
		return status.Errorf(codes.InvalidArgument, "Field name %q is not valid UTF-8.", name)
	case len(name) >= 4 && strings.HasPrefix(name, "__") && strings.HasSuffix(name, "__"):
		return status.Errorf(codes.InvalidArgument, "Field name %q is invalid because it is reserved.", name)
	}
	return nil
}

func check(v *pb.Value, at Path, depth int) error {
	switch x := v.GetValueType().(type) {
	case nil:
		return status.Errorf(codes.InvalidArgument, "The value of property %q is not set.", at)
	case *pb.Value_StringValue:
		return checkLength(len(x.StringValue), at)
	case *pb.Value_BytesValue:
		return checkLength(len(x.BytesValue), at)
	case *pb.Value_TimestampValue:
		if err := x.TimestampValue.CheckValid(); err != nil {
			return status.Errorf(codes.InvalidArgument, "The timestamp of property %q is invalid: %v.", at, err)
		}
		x.TimestampValue.Nanos -= x.TimestampValue.Nanos % microsecond
	case *pb.Value_ReferenceValue:
		if _, _, err := docname.Document(x.ReferenceValue); err != nil {
			return err
		}
	case *pb.Value_GeoPointValue:
		if lat, lng := x.GeoPointValue.GetLatitude(), x.GeoPointValue.GetLongitude(); !(lat >= -90 && lat <= 90 && lng >= -180 && lng <= 180) {
			return status.Errorf(codes.InvalidArgument, "The geo point of property %q is off the globe.", at)
		}
	case *pb.Value_ArrayValue:
		return checkArray(x.ArrayValue.GetValues(), at, depth+1)
	case *pb.Value_MapValue:
		if depth+1 > maxDepth {
			return invalidNesting(at)
		}
		return checkFields(x.MapValue.GetFields(), at, depth+1)
	case *pb.Value_BooleanValue, *pb.Value_IntegerValue, *pb.Value_DoubleValue, *pb.Value_NullValue:
	default: // what the message allows only in pipelines
		return status.Errorf(codes.InvalidArgument, "The value of property %q cannot be stored.", at)
	}
	return nil
}

func checkLength(n int, at Path) error {
	if n > maxValue {
		return status.Errorf(codes.InvalidArgument, "The value of property %q is longer than %d bytes.", at[len(at)-1], maxValue)
	}
	return nil
}

func checkArray(elements []*pb.Value, at Path, depth int) error {
	if depth > maxDepth {
		return invalidNesting(at)
	}
	for _, e := range elements {
		if TypeOf(e) == Array {
			return invalidNesting(at)
		}
		if err := check(e, at, depth); err != nil {
			return err
		}
	}
	return nil
}

func invalidNesting(at Path) error {
	return status.Errorf(codes.InvalidArgument, "Property %s contains an invalid nested entity.", at[0])
}

// CheckSize holds a whole document to its size and its number of index entries.
// exempt says which fields no index holds.
func CheckSize(name string, f Fields, exempt func(Path) bool) error {
	if n := Size(name, f); n > maxDocument {
		return status.Errorf(codes.InvalidArgument,
			"Document '%s' cannot be written because its size (%s bytes) exceeds the maximum allowed size of 1,048,576 bytes.", name, grouped(n))
	}
	if n := entries(f, nil, exempt); n > maxEntries {
		return status.Errorf(codes.InvalidArgument, "too many index entries for entity %s (%d, the limit is %d)", name, n, maxEntries)
	}
	return nil
}

func grouped(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}
