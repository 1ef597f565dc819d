package sendgrid

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/comeback-checkout/comeback/emulators/clock"
	"github.com/comeback-checkout/comeback/emulators/disk"
)

const messagesBucket = "sendgrid.messages"

// mailbox holds what was accepted, oldest first.
type mailbox struct {
	mu   sync.Mutex
	last uint64    // the highest seq given out
	kept []*record // by seq
}

// seqKey orders keys on disk as the numbers are ordered.
func seqKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

func (b *mailbox) load(d *disk.DB) error {
	return d.Load(messagesBucket, func(key, value []byte) error {
		r := new(record)
		if err := json.Unmarshal(value, r); err != nil {
			return fmt.Errorf("reading mail %x: %w", key, err)
		}
		r.seq = binary.BigEndian.Uint64(key)
		b.last = r.seq
		b.kept = append(b.kept, r)
		return nil
	})
}

// number gives the request's mails their place and time in one step, so that
// the order of both is the same.
func (b *mailbox) number(m *mailSend, id string, c *clock.Clock) []*record {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := m.records(id, c.Now())
	for _, r := range all {
		b.last++
		r.seq = b.last
	}
	return all
}

func (b *mailbox) add(all []*record) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range all {
		// At the end, but for a request whose write overtook another's.
		at, _ := slices.BinarySearchFunc(b.kept, r, func(a, b *record) int { return cmp.Compare(a.seq, b.seq) })
		b.kept = slices.Insert(b.kept, at, r)
	}
}

func (b *mailbox) find(id string) *record {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range slices.Backward(b.kept) {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// accept keeps the request's mails and their first events, durably, and gives
// back the request's ID.
func (s *Server) accept(m *mailSend) (id string, err error) {
	id = randomID()
	all := s.box.number(m, id, s.clock)
	ops := make([]disk.Op, 0, 3*len(all))
	var events []*event
	for _, r := range all {
		value, err := json.Marshal(r)
		if err != nil {
			return "", fmt.Errorf("encoding mail %s: %w", r.ID, err)
		}
		ops = append(ops, disk.Op{Bucket: messagesBucket, Key: seqKey(r.seq), Value: value})
		if s.options.EventsURL != "" {
			events = append(events, s.webhook.number(r.event("processed", r.SentAt, nil)), s.webhook.number(r.event("delivered", r.SentAt, nil)))
		}
	}
	for _, e := range events {
		ops = append(ops, e.put())
	}
	if err := s.disk.Write(ops...); err != nil {
		return "", fmt.Errorf("keeping mail %s: %w", id, err)
	}
	s.box.add(all)
	s.webhook.add(events)
	s.flushLater()
	if s.options.OnAccept != nil {
		for _, r := range all {
			s.options.OnAccept(r.clone())
		}
	}
	return id, nil
}

// Messages are the mails accepted and not deleted, oldest first; never nil.
func (s *Server) Messages() []Message {
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	all := make([]Message, len(s.box.kept))
	for i, r := range s.box.kept {
		all[i] = r.clone()
	}
	return all
}

// Delete empties the mailbox. Events under way are still sent.
func (s *Server) Delete() error {
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	ops := make([]disk.Op, len(s.box.kept))
	for i, r := range s.box.kept {
		ops[i] = disk.Op{Bucket: messagesBucket, Key: seqKey(r.seq)}
	}
	if err := s.disk.Write(ops...); err != nil {
		return fmt.Errorf("emptying the mailbox: %w", err)
	}
	s.box.kept = nil
	return nil
}
