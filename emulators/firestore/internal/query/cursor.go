package query

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/firestore/internal/docname"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/value"
)

// cursor is a position between documents: right before or right after those
// whose first ordered values are these.
type cursor struct {
	values []*pb.Value
	before bool
}

func (q *Query) parseCursors(sq *pb.StructuredQuery) (err error) {
	if q.start, err = q.parseCursor(sq.GetStartAt()); err == nil {
		q.end, err = q.parseCursor(sq.GetEndAt())
	}
	return err
}

func (q *Query) parseCursor(c *pb.Cursor) (*cursor, error) {
	if c == nil {
		return nil, nil
	}
	if len(c.GetValues()) > len(q.Orders) {
		return nil, status.Error(codes.InvalidArgument, "Cursor has too many values.")
	}
	for i, v := range c.GetValues() {
		if q.Orders[i].IsName() && value.TypeOf(v) != value.Reference {
			return nil, status.Error(codes.InvalidArgument, "Cursor position for __name__ must be a document's name.")
		}
	}
	return &cursor{c.GetValues(), c.GetBefore()}, nil
}

func (q *Query) withinCursors(d *pb.Document) bool {
	if q.start != nil {
		if n := q.compareTo(d, q.start.values); n < 0 || n == 0 && !q.start.before {
			return false
		}
	}
	if q.end != nil {
		if n := q.compareTo(d, q.end.values); n > 0 || n == 0 && q.end.before {
			return false
		}
	}
	return true
}

// compareTo orders a document and the first values of a position.
func (q *Query) compareTo(d *pb.Document, values []*pb.Value) int {
	for i, v := range values {
		if n := value.Compare(fieldOf(d, q.Orders[i].Path), v); n != 0 {
			return directed(n, q.Orders[i])
		}
	}
	return 0
}

// compare orders two documents of the result.
func (q *Query) compare(a, b *pb.Document) int {
	for _, o := range q.Orders {
		var n int
		if o.IsName() {
			n = docname.Compare(a.GetName(), b.GetName())
		} else {
			n = value.Compare(o.Path.Get(a.GetFields()), o.Path.Get(b.GetFields()))
		}
		if n != 0 {
			return directed(n, o)
		}
	}
	return 0
}

func directed(n int, o Order) int {
	if o.Descending {
		return -n
	}
	return n
}
