package cloudtasks

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/comeback-checkout/comeback/emulators/disk"
	"google.golang.org/protobuf/proto"
)

// The buckets of the data file; keys are full names.
const (
	queueBucket   = "queues"
	deletedBucket = "deleted-queues" // value: free again from, in Unix microseconds
	taskBucket    = "tasks"
	tombBucket    = "tombstones" // value: free again from, in Unix microseconds
	keyBucket     = "keys"
)

// save writes the task as it is by then; it returns when a kill -9 would not
// lose it.
func (s *Server) save(t *task) error {
	t.saving.Lock()
	defer t.saving.Unlock()
	s.mu.Lock()
	ops, err := s.changes(t)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.db.Write(ops...)
}

func (s *Server) changes(t *task) ([]disk.Op, error) {
	key := []byte(t.pb.Name)
	if !t.gone {
		record, err := t.record()
		return []disk.Op{{Bucket: taskBucket, Key: key, Value: record}}, err
	}
	ops := []disk.Op{{Bucket: taskBucket, Key: key}}
	if until, ok := s.tombstones.until[t.pb.Name]; ok {
		ops = append(ops, disk.Op{Bucket: tombBucket, Key: key, Value: instant(until)})
	}
	for _, name := range s.tombstones.expired(s.clock.Now()) {
		ops = append(ops, disk.Op{Bucket: tombBucket, Key: []byte(name)})
	}
	return ops, nil
}

// record is the task as it is kept: what the headers count, then the message.
func (t *task) record() ([]byte, error) {
	b := binary.AppendUvarint(nil, t.executions)
	b = binary.AppendUvarint(b, t.previous)
	return proto.MarshalOptions{}.MarshalAppend(b, t.pb)
}

func parseTask(record []byte) (*task, error) {
	t := &task{index: -1, pb: &cloudtaskspb.Task{}}
	for _, field := range []*uint64{&t.executions, &t.previous} {
		v, n := binary.Uvarint(record)
		if n <= 0 {
			return nil, errors.New("the record is cut short")
		}
		*field, record = v, record[n:]
	}
	return t, proto.Unmarshal(record, t.pb)
}

// saveQueue writes the queue as it is by then.
func (s *Server) saveQueue(q *queue) error {
	s.savingQueues.Lock()
	defer s.savingQueues.Unlock()
	s.mu.Lock()
	key := []byte(q.pb.Name)
	ops := []disk.Op{{Bucket: queueBucket, Key: key}, {Bucket: deletedBucket, Key: key}}
	var err error
	if q.deleted {
		ops[1].Value = instant(s.deleted[q.pb.Name])
	} else {
		ops[0].Value, err = proto.Marshal(q.pb)
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.db.Write(ops...)
}

// load reads what is kept.
func (s *Server) load() error {
	err := errors.Join(
		s.db.Load(queueBucket, func(_, value []byte) error {
			pb := &cloudtaskspb.Queue{}
			if err := proto.Unmarshal(value, pb); err != nil {
				return err
			}
			s.newQueue(pb)
			return nil
		}),
		s.db.Load(deletedBucket, func(key, value []byte) error {
			s.deleted[string(key)] = parseInstant(value)
			return nil
		}),
		s.db.Load(tombBucket, func(key, value []byte) error {
			s.tombstones.add(string(key), parseInstant(value))
			return nil
		}),
		s.db.Load(taskBucket, s.loadTask),
	)
	slices.SortFunc(s.tombstones.order, func(a, b string) int {
		return s.tombstones.until[a].Compare(s.tombstones.until[b])
	})
	return err
}

func (s *Server) loadTask(key, value []byte) error {
	t, err := parseTask(value)
	if err != nil {
		return fmt.Errorf("task %s: %w", key, err)
	}
	parent, id, err := splitTask(t.pb.Name)
	if err != nil {
		return err
	}
	q := s.queues[parent]
	if q == nil {
		return nil // its queue was deleted, and the process died before the task was
	}
	s.made++
	t.queue, t.made = q, s.made
	q.tasks[id] = t
	q.enqueue(t)
	return nil
}

func instant(t time.Time) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(t.UnixMicro()))
}

func parseInstant(b []byte) time.Time {
	if len(b) != 8 {
		return time.Time{}
	}
	return time.UnixMicro(int64(binary.BigEndian.Uint64(b))).UTC()
}
