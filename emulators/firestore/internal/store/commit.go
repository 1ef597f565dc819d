package store

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/disk"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/docname"
)

// bucket is where the file keeps documents, by their whole names.
const bucket = "firestore"

// Change is a document's next version; Doc is nil where it is deleted.
type Change struct {
	Path string
	Doc  *pb.Document
}

// Commit is one that has its time. Apply or Abandon must follow.
type Commit struct {
	s     *Store
	at    int64
	after <-chan struct{} // closed when the commit before it has ended
	done  chan struct{}
}

// Begin gives a commit its time, later than all before. Who begins must keep
// others from changing the same documents until the commit has ended.
func (s *Store) Begin() *Commit {
	s.order.Lock()
	defer s.order.Unlock()
	c := &Commit{s: s, at: s.times.begin(), after: s.tail, done: make(chan struct{})}
	s.tail = c.done
	return c
}

// Time is the commit's, in microseconds since 1970.
func (c *Commit) Time() int64 { return c.at }

// Apply makes the changes durable, then visible. After an error none is visible.
func (c *Commit) Apply(changes []Change) error {
	err := c.s.save(changes)
	if err != nil {
		changes = nil
	}
	c.end(changes)
	return err
}

// Abandon ends the commit without a change.
func (c *Commit) Abandon() { c.end(nil) }

func (c *Commit) end(changes []Change) {
	if c.after != nil {
		<-c.after
	}
	s := c.s
	s.mu.Lock()
	for _, ch := range changes {
		s.set(ch, c.at)
	}
	s.times.end(c.at)
	s.prune(c.at)
	if len(changes) > 0 && s.o.OnApply != nil {
		s.o.OnApply(changes)
	}
	s.mu.Unlock()
	close(c.done)
}

// set, with the store locked, gives a document its next version.
func (s *Store) set(ch Change, at int64) {
	e := &entry{key: docname.Key(ch.Path), path: ch.Path}
	if known, ok := s.all.Get(e); ok {
		e = known
		s.old = append(s.old, superseded{e, at})
	} else {
		s.all.Set(e)
		s.group(ch.Path).Set(e)
	}
	s.reindex(e, ch.Doc)
	e.versions = append(e.versions, version{at, ch.Doc})
}

// prune, with the store locked, forgets versions that nobody may ask for any more.
func (s *Store) prune(now int64) {
	keepFrom := now - retention.Microseconds()
	for len(s.old) > 0 && (s.old[0].at <= keepFrom || len(s.old) > maxOld) {
		e := s.old[0].entry
		s.floor = s.old[0].at
		s.old[0].entry = nil
		s.old = s.old[1:]
		e.versions[0].doc = nil
		e.versions = e.versions[1:]
		if len(e.versions) == 1 && e.versions[0].doc == nil {
			s.all.Delete(e)
			s.group(e.path).Delete(e)
		}
	}
}

// save writes the changes to the file as one.
func (s *Store) save(changes []Change) error {
	ops := make([]disk.Op, len(changes))
	for i, ch := range changes {
		ops[i] = disk.Op{Bucket: bucket, Key: []byte(s.o.Database + "/documents/" + ch.Path)}
		if ch.Doc == nil {
			continue
		}
		var err error
		if ops[i].Value, err = proto.Marshal(ch.Doc); err != nil {
			return fmt.Errorf("encoding %s: %w", ch.Doc.GetName(), err)
		}
	}
	if err := s.o.Disk.Write(ops...); err != nil {
		return fmt.Errorf("keeping a commit: %w", err)
	}
	return nil
}

// Load calls f with each document in the file.
func Load(db *disk.DB, f func(*pb.Document) error) error {
	return db.Load(bucket, func(key, value []byte) error {
		d := &pb.Document{}
		if err := proto.Unmarshal(value, d); err != nil {
			return fmt.Errorf("reading the kept document %s: %w", key, err)
		}
		return f(d)
	})
}

// Restore puts back a document from the file, before the Store is used.
func (s *Store) Restore(path string, d *pb.Document) {
	at := d.GetUpdateTime().AsTime().UnixMicro()
	s.times.seen(at)
	s.floor = max(s.floor, at)
	s.set(Change{Path: path, Doc: d}, at)
}
