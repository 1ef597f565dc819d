package query

import (
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/firestore/internal/value"
)

// Disjunct is a set of conditions that must all hold. A query's filter is true
// where one of its disjuncts is; the service plans each by itself.
type Disjunct []Condition

func (q *Query) parseWhere(sq *pb.StructuredQuery) error {
	q.Disjuncts = []Disjunct{nil}
	if sq.GetWhere() == nil {
		return nil
	}
	var err error
	if q.where, err = parseFilter(sq.GetWhere()); err != nil {
		return err
	}
	if count(q.where) > maxDisjuncts {
		return status.Errorf(codes.InvalidArgument, "'OR' supports up to %d disjunctions in the query's disjunctive normal form.", maxDisjuncts)
	}
	q.Disjuncts = disjuncts(q.where)
	for _, d := range q.Disjuncts {
		if err := d.check(); err != nil {
			return err
		}
	}
	return nil
}

func (d Disjunct) check() error {
	contains, notIns := 0, 0
	for _, c := range d {
		switch {
		case c.IsContains():
			contains++
		case c.Op == NotIn || c.Op == NotEqual && !isNull(c.Operand):
			notIns++
		}
	}
	switch {
	case contains > 1:
		return status.Error(codes.InvalidArgument, "A maximum of 1 'ARRAY_CONTAINS' filter is allowed per disjunction.")
	case notIns > 1 && slices.ContainsFunc(d, func(c Condition) bool { return c.Op == NotIn }):
		return status.Error(codes.InvalidArgument, "'NOT_IN' cannot be combined with another 'NOT_IN' or 'NOT_EQUAL' filter.")
	}
	return nil
}

// count is the number of disjuncts, found without making them; past the limit it
// need not be exact.
func count(f filter) int {
	switch x := f.(type) {
	case conjunction:
		n := 1
		for _, part := range x {
			n = min(n*count(part), maxDisjuncts+1)
		}
		return n
	case disjunction:
		n := 0
		for _, part := range x {
			n = min(n+count(part), maxDisjuncts+1)
		}
		return n
	}
	if c := f.(Condition); c.Op == In || c.Op == ArrayContainsAny {
		return len(c.among)
	}
	return 1
}

func disjuncts(f filter) []Disjunct {
	switch x := f.(type) {
	case conjunction:
		out := []Disjunct{nil}
		for _, part := range x {
			out = product(out, disjuncts(part))
		}
		return out
	case disjunction:
		var out []Disjunct
		for _, part := range x {
			out = append(out, disjuncts(part)...)
		}
		return out
	}
	return f.(Condition).split()
}

func product(a, b []Disjunct) []Disjunct {
	var out []Disjunct
	for _, x := range a {
		for _, y := range b {
			out = append(out, slices.Concat(x, y))
		}
	}
	return out
}

// split makes an equality of each value of In, and so on.
func (c Condition) split() []Disjunct {
	single := map[Op]Op{In: Equal, ArrayContainsAny: ArrayContains}
	op, ok := single[c.Op]
	if !ok {
		return []Disjunct{{c}}
	}
	var out []Disjunct
	for _, v := range c.among {
		out = append(out, Disjunct{{Path: c.Path, Op: op, Operand: v}})
	}
	return out
}

// inequalities are the fields with inequalities, in the order of their names.
func (q *Query) inequalities() []value.Path {
	var paths []value.Path
	for _, d := range q.Disjuncts {
		for _, c := range d {
			if c.IsInequality() {
				paths = append(paths, c.Path)
			}
		}
	}
	slices.SortFunc(paths, func(a, b value.Path) int { return strings.Compare(a.String(), b.String()) })
	return slices.CompactFunc(paths, slices.Equal)
}
