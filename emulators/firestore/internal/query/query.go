// Package query reads and answers Firestore's structured queries.
package query

import (
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/firestore/internal/docname"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/value"
)

// Query is a checked query. It does not change.
type Query struct {
	Parent     string // the path that the collections hang under
	Collection string // the collections' ID; "" for every collection
	Group      bool   // all such collections below the parent, not just the one right under it
	Orders     []Order
	Disjuncts  []Disjunct // the filter in disjunctive normal form; one that is empty without a filter

	where      filter
	start, end *cursor
	offset     int
	limit      int          // -1: none
	fields     []value.Path // nil: all
}

// Order is one of the orders of a result, also of those that the request implies.
// The last is by name.
type Order struct {
	Path       value.Path
	Descending bool
}

// IsName says whether it orders by the document's name.
func (o Order) IsName() bool { return isName(o.Path) }

func isName(p value.Path) bool { return len(p) == 1 && p[0] == value.Name }

// Parse checks a request's query below the parent's path.
func Parse(parent string, sq *pb.StructuredQuery) (*Query, error) {
	q := &Query{Parent: parent, offset: int(sq.GetOffset()), limit: -1}
	if sq.GetFindNearest() != nil {
		return nil, status.Error(codes.Unimplemented, "this emulator has no vector search (find_nearest)")
	}
	if sq.GetOffset() < 0 || sq.GetLimit().GetValue() < 0 {
		return nil, status.Error(codes.InvalidArgument, "offset and limit must not be negative")
	}
	if sq.GetLimit() != nil {
		q.limit = int(sq.GetLimit().GetValue())
	}
	for _, step := range []func(*pb.StructuredQuery) error{q.parseFrom, q.parseWhere, q.parseOrders, q.parseCursors, q.parseSelect} {
		if err := step(sq); err != nil {
			return nil, err
		}
	}
	return q, nil
}

func (q *Query) parseFrom(sq *pb.StructuredQuery) error {
	if len(sq.GetFrom()) != 1 {
		return status.Error(codes.InvalidArgument, "a query must have exactly one collection selector")
	}
	from := sq.GetFrom()[0]
	q.Collection, q.Group = from.GetCollectionId(), from.GetAllDescendants()
	switch {
	case q.Collection == "" && !q.Group:
		return status.Error(codes.InvalidArgument, "a query needs a collection ID unless it asks for all descendants")
	case q.Collection == "":
		return nil
	case q.Group && q.Parent != "":
		return status.Error(codes.InvalidArgument, "a collection group query must have the database's root as its parent")
	}
	return docname.CheckID(q.Collection)
}

func (q *Query) parseOrders(sq *pb.StructuredQuery) error {
	ordered := map[string]bool{}
	add := func(o Order) {
		q.Orders = append(q.Orders, o)
		ordered[o.Path.String()] = true
	}
	last := false // the direction of the last explicit order counts for the implied ones
	for _, o := range sq.GetOrderBy() {
		p, err := parsePath(o.GetField())
		if err != nil {
			return err
		}
		if ordered[p.String()] {
			return status.Errorf(codes.InvalidArgument, "order by property %q was specified twice", p)
		}
		last = o.GetDirection() == pb.StructuredQuery_DESCENDING
		add(Order{p, last})
	}
	for _, p := range q.inequalities() {
		if !ordered[p.String()] && !isName(p) {
			add(Order{p, last})
		}
	}
	if !ordered[value.Name] {
		add(Order{value.Path{value.Name}, last})
	}
	return nil
}

func parsePath(f *pb.StructuredQuery_FieldReference) (value.Path, error) {
	if f.GetFieldPath() == value.Name {
		return value.Path{value.Name}, nil
	}
	return value.ParseFieldPath(f.GetFieldPath())
}

func (q *Query) parseSelect(sq *pb.StructuredQuery) error {
	if sq.GetSelect() == nil {
		return nil
	}
	q.fields = []value.Path{}
	for _, f := range sq.GetSelect().GetFields() {
		p, err := parsePath(f)
		if err != nil {
			return err
		}
		if !isName(p) {
			q.fields = append(q.fields, p)
		}
	}
	return nil
}

// covers says whether the document of that path belongs to the collections asked.
func (q *Query) covers(path string) bool {
	collection, id, _ := docname.Cut(path)
	switch {
	case !q.Group:
		return collection == docname.Join(q.Parent, q.Collection)
	case q.Parent != "" && !strings.HasPrefix(path, q.Parent+"/"):
		return false
	}
	return q.Collection == "" || id == q.Collection
}

// Matches says whether the document could be in the result, were there no limit
// and no offset. A nil document is in none.
func (q *Query) Matches(path string, d *pb.Document) bool {
	return d != nil && q.covers(path) && q.accepts(d)
}

// accepts looks at the filter, the orders' fields and the cursors.
func (q *Query) accepts(d *pb.Document) bool {
	if q.where != nil && !q.where.matches(d) {
		return false
	}
	for _, o := range q.Orders {
		if !o.IsName() && o.Path.Get(d.GetFields()) == nil {
			return false
		}
	}
	return q.withinCursors(d)
}
