package firestore

import (
	"context"
	"math"
	"sync/atomic"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/firestore/internal/docname"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/lock"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/query"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/store"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/value"
)

// Commit applies all writes at one time, or none.
func (s service) Commit(ctx context.Context, r *pb.CommitRequest) (*pb.CommitResponse, error) {
	db, err := s.database(r.GetDatabase())
	if err != nil {
		return nil, err
	}
	writes := make([]*write, len(r.GetWrites()))
	for i, w := range r.GetWrites() {
		if writes[i], err = db.parseWrite(w); err != nil {
			return nil, err
		}
	}
	if len(r.GetTransaction()) == 0 {
		return db.commit(ctx, writes)
	}
	tx, done, err := db.use(ctx, r.GetTransaction())
	if err != nil {
		return nil, err
	}
	defer done()
	return tx.commit(ctx, writes)
}

// commit is a commit outside a transaction. It asks for all its locks at once and
// holds none before, so it waits but is never part of a deadlock.
func (db *database) commit(ctx context.Context, writes []*write) (*pb.CommitResponse, error) {
	owner := &lock.Owner{Age: math.MaxUint64}
	defer db.locks.Release(owner)
	return db.commitAs(ctx, owner, writes)
}

func (tx *transaction) commit(ctx context.Context, writes []*write) (*pb.CommitResponse, error) {
	tx.committing.Lock()
	defer tx.committing.Unlock()
	switch {
	case tx.isOver():
		return nil, errExpired
	case tx.readOnly && len(writes) > 0:
		return nil, errReadOnly
	}
	answer, err := tx.db.commitAs(ctx, tx.owner, writes)
	if err == nil {
		tx.endLocked(committed)
	}
	return answer, err
}

func (db *database) commitAs(ctx context.Context, owner *lock.Owner, writes []*write) (*pb.CommitResponse, error) {
	var granted atomic.Bool
	if err := db.locks.Acquire(ctx, owner, db.locksFor(writes, &granted)...); err != nil {
		return nil, err
	}
	granted.Store(true)
	c := db.store.Begin()
	var e *evaluation
	err := db.store.View(0, func(v store.Snapshot) (err error) {
		e, err = db.evaluate(v, writes, c.Time())
		return err
	})
	if err == nil {
		err = e.checkSizes(db.s)
	}
	if err != nil {
		c.Abandon()
		return nil, err
	}
	if err := c.Apply(e.changes()); err != nil {
		return nil, status.Errorf(codes.Internal, "%v", err)
	}
	return &pb.CommitResponse{WriteResults: e.results(), CommitTime: timestamp(c.Time())}, nil
}

// locksFor are the locks of a commit: on each document, and on each collection
// group (and on "", for queries over all collections) against the ranges that
// transactions have read.
func (db *database) locksFor(writes []*write, granted *atomic.Bool) []lock.Lock {
	meets := func(r lock.Range) bool { return granted.Load() || db.meets(writes, r.(*query.Query)) }
	groups := map[string]bool{"": true}
	var locks []lock.Lock
	for _, w := range writes {
		_, id, _ := docname.Cut(w.path)
		groups[id] = true
		locks = append(locks, documentLock(w.path, lock.Exclusive))
	}
	for id := range groups {
		locks = append(locks, lock.Lock{Key: groupKey(id), Mode: lock.WriteRange, Meets: meets})
	}
	return locks
}

// meets says whether the writes would change what the query can return, as things
// are now. Writes that would fail change nothing.
func (db *database) meets(writes []*write, q *query.Query) (met bool) {
	_ = db.store.View(0, func(v store.Snapshot) error {
		e, err := db.evaluate(v, writes, v.Time())
		if err != nil {
			return err
		}
		for path, before := range e.before {
			met = met || q.Matches(path, before) || q.Matches(path, e.after[path])
		}
		return nil
	})
	return met
}

// evaluation is what writes, applied in their order, make of the documents.
type evaluation struct {
	writes        []*write
	before, after map[string]*pb.Document // by path; nil: missing
	transformed   [][]*pb.Value           // results of each write's transforms
}

func (db *database) evaluate(v store.Snapshot, writes []*write, at int64) (*evaluation, error) {
	e := &evaluation{writes: writes, before: map[string]*pb.Document{}, after: map[string]*pb.Document{}}
	now := timestamp(at)
	for _, w := range writes {
		if _, seen := e.before[w.path]; !seen {
			e.before[w.path] = v.Get(w.path)
			e.after[w.path] = e.before[w.path]
		}
		next, results, err := w.apply(e.after[w.path], now)
		if err != nil {
			return nil, err
		}
		e.after[w.path] = next
		e.transformed = append(e.transformed, results)
	}
	for path, next := range e.after {
		if isSame(e.before[path], next) {
			e.after[path] = e.before[path] // with its update time
		}
	}
	return e, nil
}

func (e *evaluation) checkSizes(s *Server) error {
	for path, d := range e.after {
		if d == nil || d == e.before[path] {
			continue
		}
		_, group, _ := docname.Cut(path)
		exempt := func(p value.Path) bool { return s.indexes.IsExempt(group, p) }
		if err := value.CheckSize(d.GetName(), d.GetFields(), exempt); err != nil {
			return err
		}
	}
	return nil
}

func (e *evaluation) changes() []store.Change {
	var out []store.Change
	for path, d := range e.after {
		if d != e.before[path] {
			out = append(out, store.Change{Path: path, Doc: d})
		}
	}
	return out
}

func (e *evaluation) results() []*pb.WriteResult {
	out := make([]*pb.WriteResult, len(e.writes))
	for i, w := range e.writes {
		out[i] = &pb.WriteResult{TransformResults: e.transformed[i]}
		if !w.deletes {
			out[i].UpdateTime = e.after[w.path].GetUpdateTime()
		}
	}
	return out
}
