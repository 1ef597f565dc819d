package query

import (
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/firestore/internal/value"
)

// maxAggregations is how many one query may ask for.
const maxAggregations = 5

// Aggregation is a checked set of aggregations.
type Aggregation struct {
	Fields []value.Path // those that are summed or averaged
	parts  []part
}

type part struct {
	alias string
	path  value.Path // nil: counts
	upTo  int64      // of a count; 0: no limit
	mean  bool
}

// ParseAggregation checks a request's aggregations.
func ParseAggregation(in []*pb.StructuredAggregationQuery_Aggregation) (*Aggregation, error) {
	if len(in) == 0 || len(in) > maxAggregations {
		return nil, status.Errorf(codes.InvalidArgument, "an aggregation query must have 1 to %d aggregations", maxAggregations)
	}
	a, aliases := &Aggregation{}, map[string]bool{}
	for i, x := range in {
		p, err := parsePart(x)
		if err != nil {
			return nil, err
		}
		if p.alias == "" {
			p.alias = fmt.Sprintf("field_%d", i+1)
		}
		if aliases[p.alias] {
			return nil, status.Errorf(codes.InvalidArgument, "aggregation alias %q is used twice", p.alias)
		}
		aliases[p.alias] = true
		if p.path != nil {
			a.Fields = append(a.Fields, p.path)
		}
		a.parts = append(a.parts, p)
	}
	return a, nil
}

func parsePart(x *pb.StructuredAggregationQuery_Aggregation) (p part, err error) {
	p.alias = x.GetAlias()
	switch op := x.GetOperator().(type) {
	case *pb.StructuredAggregationQuery_Aggregation_Count_:
		p.upTo = op.Count.GetUpTo().GetValue()
		if p.upTo < 0 || op.Count.GetUpTo() != nil && p.upTo == 0 {
			return p, status.Error(codes.InvalidArgument, "up_to of a count must be greater than 0")
		}
	case *pb.StructuredAggregationQuery_Aggregation_Sum_:
		p.path, err = parsePath(op.Sum.GetField())
	case *pb.StructuredAggregationQuery_Aggregation_Avg_:
		p.mean = true
		p.path, err = parsePath(op.Avg.GetField())
	default:
		err = status.Error(codes.InvalidArgument, "an aggregation must be count, sum or avg")
	}
	return p, err
}

// Over aggregates a query's result. Only documents that have all the aggregated
// fields count.
func (a *Aggregation) Over(docs []*pb.Document) map[string]*pb.Value {
	var counted []*pb.Document
	for _, d := range docs {
		if a.hasFields(d) {
			counted = append(counted, d)
		}
	}
	out := map[string]*pb.Value{}
	for _, p := range a.parts {
		out[p.alias] = p.over(counted)
	}
	return out
}

func (a *Aggregation) hasFields(d *pb.Document) bool {
	for _, p := range a.Fields {
		if fieldOf(d, p) == nil {
			return false
		}
	}
	return true
}

func (p part) over(docs []*pb.Document) *pb.Value {
	if p.path == nil {
		n := int64(len(docs))
		if p.upTo > 0 {
			n = min(n, p.upTo)
		}
		return integer(n)
	}
	var t total
	for _, d := range docs {
		t.add(fieldOf(d, p.path))
	}
	if p.mean {
		return t.mean()
	}
	return t.sum()
}

func integer(n int64) *pb.Value {
	return &pb.Value{ValueType: &pb.Value_IntegerValue{IntegerValue: n}}
}

func double(d float64) *pb.Value {
	return &pb.Value{ValueType: &pb.Value_DoubleValue{DoubleValue: d}}
}
