package store

import (
	"sort"
	"strings"

	"github.com/tidwall/btree"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/firestore/internal/docname"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/value"
)

// fieldIndex orders a collection group's newest documents by one field. It is
// made when a query first asks for it. It serves speed only: what queries may be
// asked is decided elsewhere, and they filter what it returns once more.
type fieldIndex struct {
	path value.Path
	tree *btree.BTreeG[indexEntry]
}

// indexEntry has a nil entry only as a bound, which comes before all of its value.
type indexEntry struct {
	value *pb.Value
	entry *entry
}

func newFieldIndex(path value.Path) *fieldIndex {
	less := func(a, b indexEntry) bool {
		if c := value.Compare(a.value, b.value); c != 0 {
			return c < 0
		}
		return b.entry != nil && (a.entry == nil || a.entry.key < b.entry.key)
	}
	return &fieldIndex{path: path, tree: btree.NewBTreeGOptions(less, btree.Options{NoLocks: true})}
}

// Index makes sure that an index by the field exists for the collection group.
func (s *Store) Index(collectionID string, path value.Path) {
	name := path.String()
	s.mu.RLock()
	_, ok := s.indexes[collectionID][name]
	s.mu.RUnlock()
	if ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.indexes[collectionID] == nil {
		s.indexes[collectionID] = map[string]*fieldIndex{}
	}
	if s.indexes[collectionID][name] != nil {
		return
	}
	ix := newFieldIndex(path)
	s.indexes[collectionID][name] = ix
	if g := s.groups[collectionID]; g != nil {
		g.Scan(func(e *entry) bool {
			ix.put(e, (Snapshot{latest: true}).of(e))
			return true
		})
	}
}

func (ix *fieldIndex) put(e *entry, d *pb.Document) {
	if v := ix.path.Get(d.GetFields()); v != nil {
		ix.tree.Set(indexEntry{v, e})
	}
}

// reindex, with the store locked, moves the entry to where its next version belongs.
func (s *Store) reindex(e *entry, next *pb.Document) {
	_, id, _ := docname.Cut(e.path)
	for _, ix := range s.indexes[id] {
		if v := ix.path.Get((Snapshot{latest: true}).of(e).GetFields()); v != nil {
			ix.tree.Delete(indexEntry{v, e})
		}
		ix.put(e, next)
	}
}

// Bounds are the values of a field that a query can accept, both ends included.
type Bounds struct{ Low, High *pb.Value }

// CountByField says how many documents of the whole group lie within the bounds.
// It returns false without an Index or for a
// snapshot of another time than now.
func (v Snapshot) CountByField(collectionID string, path value.Path, within Bounds) (int, bool) {
	ix := v.s.indexes[collectionID][path.String()]
	if ix == nil || !v.latest {
		return 0, false
	}
	from, to := 0, ix.tree.Len()
	if within.Low != nil {
		from = sort.Search(to, func(i int) bool { return value.Compare(ix.at(i), within.Low) >= 0 })
	}
	if within.High != nil {
		to = sort.Search(to, func(i int) bool { return value.Compare(ix.at(i), within.High) > 0 })
	}
	return max(to-from, 0), true
}

func (ix *fieldIndex) at(i int) *pb.Value {
	e, _ := ix.tree.GetAt(i)
	return e.value
}

// ByField walks the group's documents below the parent whose field lies within
// the bounds, in the field's order, until f returns false. CountByField must have
// found the index.
func (v Snapshot) ByField(parent, collectionID string, path value.Path, within Bounds, f func(path string, d *pb.Document) bool) {
	ix, prefix := v.s.indexes[collectionID][path.String()], docname.Key(parent)
	ix.tree.Ascend(indexEntry{value: within.Low}, func(ie indexEntry) bool {
		if within.High != nil && value.Compare(ie.value, within.High) > 0 {
			return false
		}
		return !strings.HasPrefix(ie.entry.key, prefix) || f(ie.entry.path, v.of(ie.entry))
	})
}
