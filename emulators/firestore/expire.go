package firestore

import (
	"cmp"
	"context"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/btree"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/clock"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/docname"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/store"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/value"
)

// expiries deletes documents whose TTL field has passed, TTLDelay later, rounded up to
// the minute so that many go at once. It sets one timer, for the earliest.
type expiries struct {
	s *Server

	mu     sync.Mutex
	queue  *btree.BTreeG[expiry]
	due    map[place]time.Time
	timer  *clock.Timer
	next   time.Time // the timer's
	closed bool      // no timer any more
	atWork bool      // a sweep is under way and will set the timer
}

// place is where a document is.
type place struct {
	db   *database
	path string
}

type expiry struct {
	due time.Time
	place
}

func newExpiries(s *Server) *expiries {
	less := func(a, b expiry) bool {
		return cmp.Or(a.due.Compare(b.due), strings.Compare(a.db.name, b.db.name), strings.Compare(a.path, b.path)) < 0
	}
	return &expiries{s: s, queue: btree.NewBTreeGOptions(less, btree.Options{NoLocks: true}), due: map[place]time.Time{}}
}

// note takes notice of a document's change.
func (e *expiries) note(db *database, c store.Change) {
	_, group, _ := docname.Cut(c.Path)
	field := e.s.indexes.TTL(group)
	if field == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	at := place{db, c.Path}
	if due, ok := e.due[at]; ok {
		e.queue.Delete(expiry{due, at})
		delete(e.due, at)
	}
	if due, ok := e.dueTime(field, c.Doc); ok {
		e.put(at, due)
	}
	e.schedule()
}

// dueTime is when a document is to be deleted; never, if its field holds anything
// but a timestamp.
func (e *expiries) dueTime(field value.Path, d *pb.Document) (time.Time, bool) {
	v := field.Get(d.GetFields())
	if value.TypeOf(v) != value.Timestamp {
		return time.Time{}, false
	}
	return v.GetTimestampValue().AsTime().Add(e.s.o.TTLDelay + time.Minute - 1).Truncate(time.Minute), true
}

func (e *expiries) put(at place, due time.Time) {
	e.due[at] = due
	e.queue.Set(expiry{due, at})
}

// schedule sets the timer if the earliest document is due before it.
func (e *expiries) schedule() {
	first, ok := e.queue.Min()
	if !ok || e.closed || e.atWork || e.timer != nil && !first.due.Before(e.next) {
		return
	}
	if e.timer != nil {
		e.timer.Stop()
	}
	e.next = first.due
	e.timer = e.s.o.Clock.AfterFunc(first.due, e.sweep)
}

// sweep deletes what is due.
func (e *expiries) sweep() {
	now := e.s.o.Clock.Now()
	for _, x := range e.start(now) {
		if err := e.delete(x, now); err != nil {
			e.postpone(x, now.Add(time.Minute))
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.atWork = false
	e.schedule()
}

// start begins a sweep with what is due.
func (e *expiries) start(now time.Time) (due []expiry) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.timer, e.atWork = nil, true
	e.queue.Scan(func(x expiry) bool {
		if x.due.After(now) {
			return false
		}
		due = append(due, x)
		return true
	})
	return due
}

// postpone tries a document again later, unless it changed meanwhile.
func (e *expiries) postpone(x expiry, until time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.due[x.place].Equal(x.due) {
		e.queue.Delete(x)
		e.put(x.place, until)
	}
}

// delete deletes the document, unless it was given more time or is changed at this moment.
func (e *expiries) delete(x expiry, now time.Time) error {
	docs, _, err := (&reader{db: x.db}).documents(context.Background(), x.path)
	if err != nil {
		return err
	}
	_, group, _ := docname.Cut(x.path)
	if due, ok := e.dueTime(e.s.indexes.TTL(group), docs[0]); !ok || due.After(now) {
		return nil
	}
	_, err = x.db.commit(context.Background(), []*write{{
		name: docs[0].GetName(), path: x.path, deletes: true,
		needs: &pb.Precondition{ConditionType: &pb.Precondition_UpdateTime{UpdateTime: docs[0].GetUpdateTime()}},
	}})
	return err
}

func (e *expiries) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	if e.timer != nil {
		e.timer.Stop()
	}
}
