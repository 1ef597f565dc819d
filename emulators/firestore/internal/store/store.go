// Package store keeps the documents of one database: ordered in memory, with
// their recent versions, and durable in a file.
//
// A commit goes three steps: Begin gives it its time, Apply makes it durable and
// then visible, always in the order of the times. So who has seen a document
// will see it after a crash too, and a read at a time sees the same for ever.
package store

import (
	"strings"
	"sync"
	"time"

	"github.com/tidwall/btree"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/disk"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/docname"
)

// Old versions are kept for an hour, as in the service without point-in-time
// recovery, but of all documents together no more than maxOld.
const (
	retention = time.Hour
	maxOld    = 50_000
)

// Options are what a Store is made of.
type Options struct {
	Database string // projects/P/databases/D
	Now      func() time.Time
	Disk     *disk.DB
	OnApply  func([]Change) // is called after each commit that changed something, in order; must be quick and not use the Store
}

// Store is one database's documents. It is safe for concurrent use.
type Store struct {
	o     Options
	times times

	order sync.Mutex    // held while a commit takes its time and its place
	tail  chan struct{} // closed when the latest commit has ended

	mu      sync.RWMutex
	all     *btree.BTreeG[*entry]
	groups  map[string]*btree.BTreeG[*entry]  // by the collection's ID
	indexes map[string]map[string]*fieldIndex // by the collection's ID and the field
	old     []superseded                      // oldest first
	floor   int64                             // reads before this time find their versions gone
}

// entry is the place of a document, which may be deleted.
type entry struct {
	key, path string
	versions  []version // newest last
}

// version is a document from a time on; nil where it was deleted.
type version struct {
	at  int64 // microseconds since 1970
	doc *pb.Document
}

// superseded says that the entry's oldest version ended at the time.
type superseded struct {
	entry *entry
	at    int64
}

// New makes an empty Store.
func New(o Options) *Store {
	s := &Store{o: o, all: newTree(), groups: map[string]*btree.BTreeG[*entry]{}, indexes: map[string]map[string]*fieldIndex{}}
	s.times.now = o.Now
	return s
}

func newTree() *btree.BTreeG[*entry] {
	return btree.NewBTreeGOptions(func(a, b *entry) bool { return a.key < b.key }, btree.Options{NoLocks: true})
}

func (s *Store) group(path string) *btree.BTreeG[*entry] {
	_, id, _ := docname.Cut(path)
	g := s.groups[id]
	if g == nil {
		g = newTree()
		s.groups[id] = g
	}
	return g
}

// View calls f with the documents as they were at the time, 0 for now; f must not
// keep the Snapshot. Documents must not be changed. A time that is ahead is
// INVALID_ARGUMENT, one whose versions are gone FAILED_PRECONDITION.
func (s *Store) View(at int64, f func(Snapshot) error) error {
	if at != 0 && !s.settle(at) {
		return status.Error(codes.InvalidArgument, "The requested read time is in the future.")
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if at == 0 {
		return f(Snapshot{s: s, at: s.times.read(), latest: true})
	}
	if at < s.floor {
		return status.Error(codes.FailedPrecondition, "The requested snapshot version is too old.")
	}
	return f(Snapshot{s: s, at: at})
}

// settle waits until no commit of the time or before can come any more. It
// returns false where the time is ahead.
func (s *Store) settle(at int64) bool {
	s.order.Lock()
	ok, tail := s.times.reach(at), s.tail
	s.order.Unlock()
	if ok && tail != nil {
		<-tail
	}
	return ok
}

// Snapshot is the database at one time.
type Snapshot struct {
	s      *Store
	at     int64
	latest bool
}

// Time is the snapshot's, in microseconds since 1970: what was committed until
// then is in it, and nothing else.
func (v Snapshot) Time() int64 { return v.at }

func (v Snapshot) of(e *entry) *pb.Document {
	last := len(e.versions) - 1
	if v.latest && last >= 0 {
		return e.versions[last].doc
	}
	for i := last; i >= 0; i-- {
		if e.versions[i].at <= v.at {
			return e.versions[i].doc
		}
	}
	return nil
}

// Get finds the document at the path, or nil.
func (v Snapshot) Get(path string) *pb.Document {
	e, ok := v.s.all.Get(&entry{key: docname.Key(path)})
	if !ok {
		return nil
	}
	return v.of(e)
}

// Group walks the documents of all collections of that ID, "" for all, below the
// parent, "" for the root, in the order of their names until f returns false.
func (v Snapshot) Group(parent, collectionID string, f func(path string, d *pb.Document) bool) {
	if collectionID == "" {
		v.walk(v.s.all, docname.Key(parent), f)
	} else if g := v.s.groups[collectionID]; g != nil {
		v.walk(g, docname.Key(parent), f)
	}
}

// Collection is Group for the one collection right below the parent.
func (v Snapshot) Collection(parent, collectionID string, f func(path string, d *pb.Document) bool) {
	g := v.s.groups[collectionID]
	if g == nil {
		return
	}
	path := docname.Join(parent, collectionID)
	v.walk(g, docname.Key(path), func(p string, d *pb.Document) bool {
		if strings.Count(p, "/") != strings.Count(path, "/")+1 {
			return true // of a collection of the same ID, deeper
		}
		return f(p, d)
	})
}

func (v Snapshot) walk(tree *btree.BTreeG[*entry], prefix string, f func(path string, d *pb.Document) bool) {
	tree.Ascend(&entry{key: prefix}, func(e *entry) bool {
		if !strings.HasPrefix(e.key, prefix) {
			return false
		}
		d := v.of(e)
		return d == nil || f(e.path, d)
	})
}

// Children lists the IDs right below the path, in order and after the one given,
// "" for the start: of collections below ""
// or a document, of documents below a collection. Documents that exist only in
// having others below them are among them.
func (v Snapshot) Children(path, after string, f func(id string) bool) {
	prefix, depth := docname.Key(path), 0
	if path != "" {
		depth = strings.Count(path, "/") + 1
	}
	next := after
	for {
		from := prefix
		if next != "" {
			from = docname.Key(docname.Join(path, next)) + "\xff" // past all that is below it
		}
		next = ""
		v.walkFrom(from, prefix, func(p string) bool {
			segments := strings.SplitN(p, "/", depth+2)
			if len(segments) <= depth {
				return true // the document at the path itself
			}
			next = segments[depth]
			return false
		})
		if next == "" || !f(next) {
			return
		}
	}
}

func (v Snapshot) walkFrom(from, prefix string, f func(path string) bool) {
	v.s.all.Ascend(&entry{key: from}, func(e *entry) bool {
		if !strings.HasPrefix(e.key, prefix) {
			return false
		}
		return v.of(e) == nil || f(e.path)
	})
}
