package value

import (
	"math"
	"math/bits"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
)

// CheckTransform checks a transform before any is applied.
func CheckTransform(t *pb.DocumentTransform_FieldTransform) error {
	p, err := ParseFieldPath(t.GetFieldPath())
	if err != nil {
		return err
	}
	switch x := t.GetTransformType().(type) {
	case *pb.DocumentTransform_FieldTransform_SetToServerValue:
		if x.SetToServerValue != pb.DocumentTransform_FieldTransform_REQUEST_TIME {
			return status.Error(codes.InvalidArgument, "A server value must be REQUEST_TIME.")
		}
	case *pb.DocumentTransform_FieldTransform_Increment:
		return checkOperand(p, x.Increment)
	case *pb.DocumentTransform_FieldTransform_Maximum:
		return checkOperand(p, x.Maximum)
	case *pb.DocumentTransform_FieldTransform_Minimum:
		return checkOperand(p, x.Minimum)
	case *pb.DocumentTransform_FieldTransform_AppendMissingElements:
		return checkArray(x.AppendMissingElements.GetValues(), p, len(p))
	case *pb.DocumentTransform_FieldTransform_RemoveAllFromArray:
		return checkArray(x.RemoveAllFromArray.GetValues(), p, len(p))
	default:
		return status.Errorf(codes.InvalidArgument, "The transform of property %q names no operation that is known.", p)
	}
	return nil
}

func checkOperand(p Path, v *pb.Value) error {
	if TypeOf(v) != Number {
		return status.Errorf(codes.InvalidArgument, "The operand of the transform of property %q must be a number.", p)
	}
	return nil
}

// Transform applies a checked transform to the old value, nil where there is
// none, and returns the new one and what the answer tells of it.
func Transform(t *pb.DocumentTransform_FieldTransform, old *pb.Value, now *timestamppb.Timestamp) (updated, result *pb.Value) {
	switch x := t.GetTransformType().(type) {
	case *pb.DocumentTransform_FieldTransform_SetToServerValue:
		updated = &pb.Value{ValueType: &pb.Value_TimestampValue{TimestampValue: now}}
	case *pb.DocumentTransform_FieldTransform_Increment:
		updated = increment(old, x.Increment)
	case *pb.DocumentTransform_FieldTransform_Maximum:
		updated = extreme(old, x.Maximum, 1)
	case *pb.DocumentTransform_FieldTransform_Minimum:
		updated = extreme(old, x.Minimum, -1)
	case *pb.DocumentTransform_FieldTransform_AppendMissingElements:
		return union(old, x.AppendMissingElements.GetValues()), null
	case *pb.DocumentTransform_FieldTransform_RemoveAllFromArray:
		return without(old, x.RemoveAllFromArray.GetValues()), null
	}
	return updated, updated
}

var null = &pb.Value{ValueType: &pb.Value_NullValue{}}

// increment adds: integers saturate, a double on either side gives a double, and
// what is not a number is replaced by the operand.
func increment(old, by *pb.Value) *pb.Value {
	if TypeOf(old) != Number {
		return by
	}
	i, isInt := old.GetValueType().(*pb.Value_IntegerValue)
	j, byInt := by.GetValueType().(*pb.Value_IntegerValue)
	if isInt && byInt {
		return &pb.Value{ValueType: &pb.Value_IntegerValue{IntegerValue: saturated(i.IntegerValue, j.IntegerValue)}}
	}
	return &pb.Value{ValueType: &pb.Value_DoubleValue{DoubleValue: AsDouble(old) + AsDouble(by)}}
}

func saturated(a, b int64) int64 {
	sum, _ := bits.Add64(uint64(a), uint64(b), 0)
	switch s := int64(sum); {
	case a > 0 && b > 0 && s < 0:
		return math.MaxInt64
	case a < 0 && b < 0 && s >= 0:
		return math.MinInt64
	default:
		return s
	}
}

// extreme keeps the larger (sign 1) or smaller (sign -1) number. Of two that are
// equal the stored one stays; a NaN on either side wins, as it does in the service's
// double arithmetic.
func extreme(old, with *pb.Value, sign int) *pb.Value {
	switch {
	case TypeOf(old) != Number, IsNaN(with):
		return with
	case IsNaN(old), sign*Compare(with, old) <= 0:
		return old
	}
	return with
}

// AsDouble is a number's value as a double.
func AsDouble(v *pb.Value) float64 {
	if i, ok := v.GetValueType().(*pb.Value_IntegerValue); ok {
		return float64(i.IntegerValue)
	}
	return v.GetDoubleValue()
}

func union(old *pb.Value, add []*pb.Value) *pb.Value {
	elements := slices.Clone(old.GetArrayValue().GetValues())
	for _, e := range add {
		if !Contains(elements, e) {
			elements = append(elements, e)
		}
	}
	return array(elements)
}

func without(old *pb.Value, remove []*pb.Value) *pb.Value {
	var elements []*pb.Value
	for _, e := range old.GetArrayValue().GetValues() {
		if !Contains(remove, e) {
			elements = append(elements, e)
		}
	}
	return array(elements)
}

func array(elements []*pb.Value) *pb.Value {
	return &pb.Value{ValueType: &pb.Value_ArrayValue{ArrayValue: &pb.ArrayValue{Values: elements}}}
}

// Contains says whether one of the elements equals v.
func Contains(elements []*pb.Value, v *pb.Value) bool {
	return slices.ContainsFunc(elements, func(e *pb.Value) bool { return Equal(e, v) })
}
