package query

import (
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/firestore/internal/store"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/value"
)

// Prepare has the store order by the fields that could narrow the query down.
func (q *Query) Prepare(s *store.Store) {
	if q.Collection == "" {
		return
	}
	for path := range q.bounds() {
		s.Index(q.Collection, path.path())
	}
}

// walkSome walks the documents that lie within the narrowest bounds of a field,
// in no useful order. It returns false where there are none.
func (q *Query) walkSome(v store.Snapshot, f func(string, *pb.Document) bool) bool {
	var best pathKey
	fewest := -1
	bounds := q.bounds()
	for path, b := range bounds {
		if n, ok := v.CountByField(q.Collection, path.path(), b); ok && (fewest < 0 || n < fewest) {
			best, fewest = path, n
		}
	}
	if fewest < 0 {
		return false
	}
	v.ByField(q.Parent, q.Collection, best.path(), bounds[best], func(path string, d *pb.Document) bool {
		return !q.covers(path) || f(path, d)
	})
	return true
}

// pathKey is a path as it is written, which can be a map's key.
type pathKey string

func (k pathKey) path() value.Path {
	p, _ := value.ParsePath(string(k)) // was written by Path.String
	return p
}

// bounds are those that every document of the result meets: of the conditions
// that are joined by AND at the top.
func (q *Query) bounds() map[pathKey]store.Bounds {
	conditions, ok := q.where.(conjunction)
	if !ok && q.where != nil {
		conditions = conjunction{q.where}
	}
	out := map[pathKey]store.Bounds{}
	for _, f := range conditions {
		c, ok := f.(Condition)
		if !ok || isName(c.Path) {
			continue
		}
		key := pathKey(c.Path.String())
		b := out[key]
		switch c.Op {
		case Equal:
			b = store.Bounds{Low: c.Operand, High: c.Operand}
		case Less, LessOrEqual:
			b.High = lower(b.High, c.Operand, 1)
		case Greater, GreaterOrEqual:
			b.Low = lower(b.Low, c.Operand, -1)
		default:
			continue
		}
		out[key] = b
	}
	return out
}

// lower is the smaller (sign 1) or larger (sign -1) of two bounds, nil being none.
func lower(a, b *pb.Value, sign int) *pb.Value {
	if a != nil && sign*value.Compare(a, b) < 0 {
		return a
	}
	return b
}
