package index

import (
	"cmp"
	"slices"

	"github.com/comeback-checkout/comeback/emulators/firestore/internal/query"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/value"
)

// need is what one disjunct of a query asks of indexes.
type need struct {
	group, scope string
	equal        []string // fields, in any order
	contains     []string // at most one
	suffix       []field  // ordered fields, with the name at the end
}

// Check refuses a query, or one with aggregations of those fields, that no index
// serves, with FAILED_PRECONDITION and the words of the service.
func (d *Definitions) Check(database string, q *query.Query, aggregated ...value.Path) error {
	if d == nil || q.Collection == "" {
		return nil
	}
	for _, disjunct := range q.Disjuncts {
		if n := needOf(q, disjunct, aggregated); !d.serves(n) {
			return n.missing(database)
		}
	}
	return nil
}

func needOf(q *query.Query, disjunct query.Disjunct, aggregated []value.Path) need {
	n := need{group: q.Collection, scope: collection}
	if q.Group {
		n.scope = collectionGroup
	}
	for _, c := range disjunct {
		switch name := c.Path.String(); {
		case c.IsContains():
			n.contains = add(n.contains, name)
		case !c.IsInequality() && name != value.Name:
			n.equal = add(n.equal, name)
		}
	}
	for _, o := range q.Orders {
		f := field{FieldPath: o.Path.String(), Order: direction(o.Descending)}
		if o.IsName() {
			n.suffix = append(n.suffix, sums(aggregated, n, f.Order)...)
		}
		if !slices.Contains(n.equal, f.FieldPath) { // an order by one value orders nothing
			n.suffix = append(n.suffix, f)
		}
	}
	return n
}

// sums are the aggregated fields that no filter and no order brings along.
func sums(aggregated []value.Path, n need, order string) []field {
	var out []field
	for _, p := range aggregated {
		f := field{FieldPath: p.String(), Order: order}
		same := func(o field) bool { return o.FieldPath == f.FieldPath }
		if f.FieldPath != value.Name && !slices.Contains(n.equal, f.FieldPath) && !slices.ContainsFunc(append(out, n.suffix...), same) {
			out = append(out, f)
		}
	}
	return out
}

func add(names []string, name string) []string {
	if slices.Contains(names, name) {
		return names
	}
	return append(names, name)
}

func direction(isDescending bool) string {
	if isDescending {
		return descending
	}
	return ascending
}

// serves says whether the indexes that end as the result is ordered bring, merged,
// all the fields that the filter wants equal.
func (d *Definitions) serves(n need) bool {
	if len(n.equal)+len(n.contains) == 0 && len(n.suffix) == 1 && n.suffix[0].Order == ascending {
		return true // all documents by name are to be had without an index
	}
	wanted := slices.Concat(n.equal, n.contains)
	for _, c := range d.candidates(n) {
		prefix, ok := c.prefixFor(n)
		if !ok {
			continue
		}
		wanted = slices.DeleteFunc(wanted, func(name string) bool { return slices.Contains(prefix, name) })
		if len(wanted) == 0 {
			return true
		}
	}
	return false
}

// candidates are the composite indexes and those of single fields that the query
// may use.
func (d *Definitions) candidates(n need) []composite {
	var out []composite
	for _, c := range d.composites {
		if c.CollectionGroup == n.group && c.QueryScope == n.scope {
			out = append(out, c)
		}
	}
	names := slices.Concat(n.equal, n.contains)
	for _, f := range n.suffix {
		names = add(names, f.FieldPath)
	}
	for _, name := range names {
		p, err := value.ParsePath(name)
		if err != nil || name == value.Name {
			continue
		}
		for _, s := range d.singles(n.group, p) {
			if s.QueryScope == n.scope {
				out = append(out, composite{Fields: []field{{FieldPath: name, Order: s.Order, ArrayConfig: s.ArrayConfig}}})
			}
		}
	}
	return out
}

// prefixFor cuts the index into the fields wanted equal, in any order, and the
// suffix that the query is ordered by, and returns the former. The directions must
// be the query's: the service reads no index backwards, but wants another one
// (firebase.google.com/docs/firestore/query-data/index-overview).
func (c composite) prefixFor(n need) ([]string, bool) {
	fields := c.Fields
	if last := fields[len(fields)-1]; last.FieldPath != value.Name {
		fields = append(slices.Clone(fields), field{FieldPath: value.Name, Order: cmp.Or(last.Order, ascending)})
	}
	at := len(fields) - len(n.suffix)
	if at < 0 {
		return nil, false
	}
	var prefix []string
	for _, f := range fields[:at] {
		ok := f.Order != "" && slices.Contains(n.equal, f.FieldPath) || f.ArrayConfig != "" && slices.Contains(n.contains, f.FieldPath)
		if !ok {
			return nil, false
		}
		prefix = append(prefix, f.FieldPath)
	}
	onlyName := len(n.suffix) == 1 // what is equal may be read in either direction
	return prefix, onlyName && at > 0 || slices.EqualFunc(fields[at:], n.suffix, sameOrder)
}

func sameOrder(a, b field) bool { return a.FieldPath == b.FieldPath && a.Order == b.Order }
