package query

import (
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/firestore/internal/docname"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/value"
)

type filter interface {
	matches(*pb.Document) bool
}

type (
	conjunction []filter
	disjunction []filter
)

func (fs conjunction) matches(d *pb.Document) bool {
	return !slices.ContainsFunc(fs, func(f filter) bool { return !f.matches(d) })
}

func (fs disjunction) matches(d *pb.Document) bool {
	return slices.ContainsFunc(fs, func(f filter) bool { return f.matches(d) })
}

// Op is what a Condition asks of a field.
type Op int

// The operators of fields and, as the negations of null and NaN, of unary filters.
const (
	Equal Op = iota
	NotEqual
	Less
	LessOrEqual
	Greater
	GreaterOrEqual
	In
	NotIn
	ArrayContains
	ArrayContainsAny
	IsNaN
	IsNotNaN
)

// Condition is a filter on one field.
type Condition struct {
	Path    value.Path
	Op      Op
	Operand *pb.Value
	among   []*pb.Value // the operand's elements, of In, NotIn and ArrayContainsAny
}

// IsInequality says whether the result must be ordered by the field.
func (c Condition) IsInequality() bool {
	switch c.Op {
	case NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual, NotIn, IsNotNaN:
		return true
	}
	return false
}

// IsContains says whether it looks into an array.
func (c Condition) IsContains() bool { return c.Op == ArrayContains || c.Op == ArrayContainsAny }

func fieldOf(d *pb.Document, p value.Path) *pb.Value {
	if isName(p) {
		return &pb.Value{ValueType: &pb.Value_ReferenceValue{ReferenceValue: d.GetName()}}
	}
	return p.Get(d.GetFields())
}

func (c Condition) matches(d *pb.Document) bool {
	v := fieldOf(d, c.Path)
	if v == nil {
		return false
	}
	switch c.Op {
	case Equal:
		return equals(v, c.Operand)
	case In:
		return slices.ContainsFunc(c.among, func(o *pb.Value) bool { return equals(v, o) })
	case NotEqual:
		return !isNull(v) && !equals(v, c.Operand)
	case NotIn:
		return !isNull(v) && !slices.ContainsFunc(c.among, func(o *pb.Value) bool { return isNull(o) || equals(v, o) })
	case ArrayContains:
		return contains(v, c.Operand)
	case ArrayContainsAny:
		return slices.ContainsFunc(c.among, func(o *pb.Value) bool { return contains(v, o) })
	case IsNaN:
		return value.IsNaN(v)
	case IsNotNaN:
		return !isNull(v) && !value.IsNaN(v)
	}
	return c.inRange(v)
}

// inRange compares with a value of its own type only; with NaN nothing is in range.
func (c Condition) inRange(v *pb.Value) bool {
	if value.TypeOf(v) != value.TypeOf(c.Operand) || value.IsNaN(v) || value.IsNaN(c.Operand) {
		return false
	}
	switch n := value.Compare(v, c.Operand); c.Op {
	case Less:
		return n < 0
	case LessOrEqual:
		return n <= 0
	case Greater:
		return n > 0
	default:
		return n >= 0
	}
}

func isNull(v *pb.Value) bool { return value.TypeOf(v) == value.Null }

func equals(v, operand *pb.Value) bool { return !value.IsNaN(operand) && value.Equal(v, operand) }

func contains(v, operand *pb.Value) bool {
	return value.TypeOf(v) == value.Array && !isNull(operand) &&
		slices.ContainsFunc(v.GetArrayValue().GetValues(), func(e *pb.Value) bool { return equals(e, operand) })
}

// The service's limits on a filter.
const (
	maxDisjuncts = 30
	maxNotIn     = 10
)

var operators = map[pb.StructuredQuery_FieldFilter_Operator]Op{
	pb.StructuredQuery_FieldFilter_EQUAL:                 Equal,
	pb.StructuredQuery_FieldFilter_NOT_EQUAL:             NotEqual,
	pb.StructuredQuery_FieldFilter_LESS_THAN:             Less,
	pb.StructuredQuery_FieldFilter_LESS_THAN_OR_EQUAL:    LessOrEqual,
	pb.StructuredQuery_FieldFilter_GREATER_THAN:          Greater,
	pb.StructuredQuery_FieldFilter_GREATER_THAN_OR_EQUAL: GreaterOrEqual,
	pb.StructuredQuery_FieldFilter_IN:                    In,
	pb.StructuredQuery_FieldFilter_NOT_IN:                NotIn,
	pb.StructuredQuery_FieldFilter_ARRAY_CONTAINS:        ArrayContains,
	pb.StructuredQuery_FieldFilter_ARRAY_CONTAINS_ANY:    ArrayContainsAny,
}

func parseFilter(f *pb.StructuredQuery_Filter) (filter, error) {
	switch x := f.GetFilterType().(type) {
	case *pb.StructuredQuery_Filter_CompositeFilter:
		return parseComposite(x.CompositeFilter)
	case *pb.StructuredQuery_Filter_FieldFilter:
		return parseField(x.FieldFilter)
	case *pb.StructuredQuery_Filter_UnaryFilter:
		return parseUnary(x.UnaryFilter)
	}
	return nil, status.Error(codes.InvalidArgument, "a filter must be composite, of a field or unary")
}

func parseComposite(f *pb.StructuredQuery_CompositeFilter) (filter, error) {
	if len(f.GetFilters()) == 0 {
		return nil, status.Error(codes.InvalidArgument, "a composite filter must have at least one sub-filter")
	}
	var parts []filter
	for _, sub := range f.GetFilters() {
		part, err := parseFilter(sub)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	switch f.GetOp() {
	case pb.StructuredQuery_CompositeFilter_AND:
		return conjunction(parts), nil
	case pb.StructuredQuery_CompositeFilter_OR:
		return disjunction(parts), nil
	}
	return nil, status.Error(codes.InvalidArgument, "a composite filter's operator must be AND or OR")
}

func parseField(f *pb.StructuredQuery_FieldFilter) (filter, error) {
	p, err := parsePath(f.GetField())
	if err != nil {
		return nil, err
	}
	op, ok := operators[f.GetOp()]
	if !ok {
		return nil, status.Errorf(codes.InvalidArgument, "the filter on %q has no operator that is known", p)
	}
	c := Condition{Path: p, Op: op, Operand: f.GetValue()}
	if op == In || op == NotIn || op == ArrayContainsAny {
		if c.among, err = among(f); err != nil {
			return nil, err
		}
	}
	if isName(p) {
		return c, checkNameOperands(c)
	}
	return c, nil
}

func among(f *pb.StructuredQuery_FieldFilter) ([]*pb.Value, error) {
	values := f.GetValue().GetArrayValue().GetValues()
	limit := maxDisjuncts
	if f.GetOp() == pb.StructuredQuery_FieldFilter_NOT_IN {
		limit = maxNotIn
	}
	switch {
	case len(values) == 0:
		return nil, status.Errorf(codes.InvalidArgument, "'%s' requires an non-empty ArrayValue.", f.GetOp())
	case len(values) > limit:
		return nil, status.Errorf(codes.InvalidArgument, "'%s' supports up to %d comparison values.", f.GetOp(), limit)
	}
	return values, nil
}

func checkNameOperands(c Condition) error {
	operands := c.among
	if operands == nil {
		operands = []*pb.Value{c.Operand}
	}
	for _, o := range operands {
		if value.TypeOf(o) != value.Reference || c.IsContains() {
			return status.Error(codes.InvalidArgument, "__key__ filter value must be a Key")
		}
		if _, _, err := docname.Document(o.GetReferenceValue()); err != nil {
			return err
		}
	}
	return nil
}

func parseUnary(f *pb.StructuredQuery_UnaryFilter) (filter, error) {
	p, err := parsePath(f.GetField())
	if err != nil {
		return nil, err
	}
	null := &pb.Value{ValueType: &pb.Value_NullValue{}}
	switch f.GetOp() {
	case pb.StructuredQuery_UnaryFilter_IS_NULL:
		return Condition{Path: p, Op: Equal, Operand: null}, nil
	case pb.StructuredQuery_UnaryFilter_IS_NOT_NULL:
		return Condition{Path: p, Op: NotEqual, Operand: null}, nil
	case pb.StructuredQuery_UnaryFilter_IS_NAN:
		return Condition{Path: p, Op: IsNaN}, nil
	case pb.StructuredQuery_UnaryFilter_IS_NOT_NAN:
		return Condition{Path: p, Op: IsNotNaN}, nil
	}
	return nil, status.Errorf(codes.InvalidArgument, "the unary filter on %q has no operator that is known", p)
}
