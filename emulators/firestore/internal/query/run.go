package query

import (
	"slices"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/firestore/internal/store"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/value"
)

// Run finds the result in the snapshot: whole documents, in their order.
func (q *Query) Run(v store.Snapshot) []*pb.Document {
	var found []*pb.Document
	// By name alone is how the store walks, also the documents of one value of a
	// field; by a range of a field it walks only where that field is an order.
	sorted := len(q.Orders) == 1 && !q.Orders[0].Descending
	enough := q.offset + q.limit
	take := func(_ string, d *pb.Document) bool {
		if q.accepts(d) {
			found = append(found, d)
		}
		return !sorted || q.limit < 0 || len(found) < enough
	}
	if !q.walkSome(v, take) {
		q.walkAll(v, take)
	}
	if !sorted {
		slices.SortFunc(found, q.compare)
	}
	return q.cut(found)
}

func (q *Query) cut(found []*pb.Document) []*pb.Document {
	found = found[min(q.offset, len(found)):]
	if q.limit >= 0 {
		found = found[:min(q.limit, len(found))]
	}
	return found
}

func (q *Query) walkAll(v store.Snapshot, f func(string, *pb.Document) bool) {
	if q.Group {
		v.Group(q.Parent, q.Collection, f)
	} else {
		v.Collection(q.Parent, q.Collection, f)
	}
}

// Project reduces a document to the fields that the query selects.
func (q *Query) Project(d *pb.Document) *pb.Document {
	if q.fields == nil {
		return d
	}
	return Project(d, q.fields)
}

// Project reduces a document to the fields.
func Project(d *pb.Document, fields []value.Path) *pb.Document {
	out := &pb.Document{Name: d.GetName(), CreateTime: d.GetCreateTime(), UpdateTime: d.GetUpdateTime()}
	for _, p := range fields {
		if v := p.Get(d.GetFields()); v != nil {
			out.Fields = p.Set(out.Fields, v)
		}
	}
	return out
}
