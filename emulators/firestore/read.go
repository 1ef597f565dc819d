package firestore

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/firestore/internal/docname"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/lock"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/query"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/store"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/value"
)

// consistency is what requests say about when they read.
type consistency interface {
	GetTransaction() []byte
	GetReadTime() *timestamppb.Timestamp
}

// reader is one call's way to read: now, at a time, or in a transaction.
type reader struct {
	db    *database
	at    int64        // 0: now
	tx    *transaction // nil: none, or one that is read-only
	begun []byte       // the ID of a transaction begun by this call
	done  func()
}

// reader prepares a call's reads; done must be called at the end.
func (db *database) reader(ctx context.Context, c consistency) (*reader, error) {
	r := &reader{db: db, at: micros(c.GetReadTime()), done: func() {}}
	id := c.GetTransaction()
	if n, ok := c.(interface {
		GetNewTransaction() *pb.TransactionOptions
	}); ok && n.GetNewTransaction() != nil {
		tx, err := db.begin(ctx, n.GetNewTransaction())
		if err != nil {
			return nil, err
		}
		id, r.begun = []byte(tx.id), []byte(tx.id)
	}
	if len(id) == 0 {
		return r, nil
	}
	tx, done, err := db.use(ctx, id)
	if err != nil {
		return nil, err
	}
	r.done = done
	if tx.readOnly {
		r.at = tx.at
	} else {
		r.tx = tx
	}
	return r, nil
}

// documents reads the documents at the paths, nil for each that is missing, and
// tells the time. In a transaction they are locked first.
func (r *reader) documents(ctx context.Context, paths ...string) (docs []*pb.Document, at int64, err error) {
	if r.tx != nil {
		locks := make([]lock.Lock, len(paths))
		for i, p := range paths {
			locks[i] = documentLock(p, lock.Shared)
		}
		if err := r.db.locks.Acquire(ctx, r.tx.owner, locks...); err != nil {
			return nil, 0, err
		}
	}
	err = r.db.store.View(r.at, func(v store.Snapshot) error {
		at = v.Time()
		for _, p := range paths {
			docs = append(docs, v.Get(p))
		}
		return nil
	})
	return docs, at, err
}

// query runs the query. In a transaction its range is locked first.
func (r *reader) query(ctx context.Context, q *query.Query) (docs []*pb.Document, at int64, err error) {
	if r.tx != nil {
		l := lock.Lock{Key: groupKey(q.Collection), Mode: lock.ReadRange, Range: q}
		if err := r.db.locks.Acquire(ctx, r.tx.owner, l); err != nil {
			return nil, 0, err
		}
	}
	q.Prepare(r.db.store)
	err = r.db.store.View(r.at, func(v store.Snapshot) error {
		at = v.Time()
		docs = q.Run(v)
		return nil
	})
	return docs, at, err
}

// BatchGetDocuments reads documents, in the order of the request; a transaction
// that it begins comes in the first answer.
func (s service) BatchGetDocuments(r *pb.BatchGetDocumentsRequest, out pb.Firestore_BatchGetDocumentsServer) error {
	db, err := s.database(r.GetDatabase())
	if err != nil {
		return err
	}
	mask, err := parseMask(r.GetMask())
	if err != nil {
		return err
	}
	paths := make([]string, len(r.GetDocuments()))
	for i, name := range r.GetDocuments() {
		if paths[i], err = db.path(name); err != nil {
			return err
		}
	}
	read, err := db.reader(out.Context(), r)
	if err != nil {
		return err
	}
	defer read.done()
	docs, at, err := read.documents(out.Context(), paths...)
	if err != nil {
		return err
	}
	if len(docs) == 0 && read.begun != nil {
		return out.Send(&pb.BatchGetDocumentsResponse{Transaction: read.begun, ReadTime: timestamp(at)})
	}
	for i, d := range docs {
		answer := &pb.BatchGetDocumentsResponse{ReadTime: timestamp(at)}
		if i == 0 {
			answer.Transaction = read.begun
		}
		if d == nil {
			answer.Result = &pb.BatchGetDocumentsResponse_Missing{Missing: r.GetDocuments()[i]}
		} else {
			answer.Result = &pb.BatchGetDocumentsResponse_Found{Found: masked(d, mask)}
		}
		if err := out.Send(answer); err != nil {
			return err
		}
	}
	return nil
}

// GetDocument reads one document.
func (s service) GetDocument(ctx context.Context, r *pb.GetDocumentRequest) (*pb.Document, error) {
	db, path, err := s.document(r.GetName())
	if err != nil {
		return nil, err
	}
	mask, err := parseMask(r.GetMask())
	if err != nil {
		return nil, err
	}
	read, err := db.reader(ctx, r)
	if err != nil {
		return nil, err
	}
	defer read.done()
	docs, _, err := read.documents(ctx, path)
	if err != nil {
		return nil, err
	}
	if docs[0] == nil {
		return nil, missing(r.GetName())
	}
	return masked(docs[0], mask), nil
}

// parseMask reads a mask of paths; nil for none, which is not an empty one.
func parseMask(m *pb.DocumentMask) ([]value.Path, error) {
	if m == nil {
		return nil, nil
	}
	paths := make([]value.Path, len(m.GetFieldPaths()))
	for i, s := range m.GetFieldPaths() {
		var err error
		if paths[i], err = value.ParseFieldPath(s); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

func masked(d *pb.Document, mask []value.Path) *pb.Document {
	if mask == nil {
		return d
	}
	return query.Project(d, mask)
}

// collectionQuery is the query for a whole collection below the parent's path.
func collectionQuery(parent, collectionID string) (*query.Query, error) {
	if err := docname.CheckID(collectionID); err != nil {
		return nil, err
	}
	return query.Parse(parent, &pb.StructuredQuery{
		From: []*pb.StructuredQuery_CollectionSelector{{CollectionId: collectionID}},
	})
}
