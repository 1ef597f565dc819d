// Package lock is the lock table of one database: what makes its transactions
// pessimistic, as those of Firestore's server clients are.
//
// There are two kinds of locks. A document, whether it exists or not, is locked
// shared by reads and exclusively by writes. A query locks its range: whatever
// it could return. A write conflicts with a range where the document as it was
// or as it will be lies in it, so nothing enters, leaves or changes a result
// that a transaction has read.
//
// Who cannot have all the locks of a request at once waits and takes none of
// them. So a plain commit, which asks once, is never part of a deadlock. Among
// transactions the youngest of a deadlock is aborted.
package lock

import (
	"context"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// How long a request waits for others (the service does not say how long it
// waits; Google's emulator about 2 s).
const maxWait = 10 * time.Second

// Contention is how a request ends that waited in vain or that was the youngest of a deadlock.
var Contention = status.Error(codes.Aborted, "Too much contention on these documents. Please try again.")

// Mode is what a lock is taken for.
type Mode int

// The modes. Shared conflicts with Exclusive, and ReadRange with WriteRange
// where the write touches the range; nothing else does, but two Exclusive.
const (
	Shared Mode = iota
	Exclusive
	ReadRange
	WriteRange
)

// Range is what a query could return.
type Range any

// Lock is a lock on the document or the collection group that Key names.
type Lock struct {
	Key   string
	Mode  Mode
	Range Range              // of a ReadRange
	Meets func(r Range) bool // of a WriteRange: does the write touch the range, as things are now?
}

// Owner holds locks. Its fields are set before its first request and not changed.
type Owner struct {
	Age       uint64      // smaller is older
	Yields    func() bool // says that the owner does nothing with its locks: if somebody waits for them, it loses them
	OnAborted func()      // is called, in its own goroutine, when the owner lost its locks to others

	held    map[string][]Lock
	waiting int // requests
	aborted bool
}

// Table holds the locks. Its zero value is ready for use.
type Table struct {
	mu      sync.Mutex
	holders map[string][]*Owner
	queue   []*request // who waits, the longest waiting first
}

type request struct {
	owner *Owner
	locks []Lock
	done  chan error // buffered
}

// Acquire takes all the locks for the owner, waiting for those who hold them. It
// fails with Contention, or with ctx's error.
func (t *Table) Acquire(ctx context.Context, owner *Owner, locks ...Lock) error {
	r := &request{owner: owner, locks: locks, done: make(chan error, 1)}
	t.mu.Lock()
	switch {
	case owner.aborted:
		t.mu.Unlock()
		return Contention
	case len(t.blockers(r)) == 0:
		t.grant(r)
		t.mu.Unlock()
		return nil
	}
	t.queue = append(t.queue, r)
	owner.waiting++
	t.breakDeadlocks(owner)
	t.mu.Unlock()
	return t.wait(ctx, r)
}

// yieldInterval is how often a waiting request looks for owners that yield.
const yieldInterval = 100 * time.Millisecond

func (t *Table) wait(ctx context.Context, r *request) error {
	timeout := time.NewTimer(maxWait)
	defer timeout.Stop()
	look := time.NewTicker(yieldInterval)
	defer look.Stop()
	for {
		select {
		case err := <-r.done:
			return err
		case <-look.C:
			t.takeFromIdle(r)
		case <-timeout.C:
			return t.giveUp(r, Contention)
		case <-ctx.Done():
			return t.giveUp(r, status.FromContextError(ctx.Err()).Err())
		}
	}
}

// giveUp takes the request out of the queue, unless it was settled meanwhile.
func (t *Table) giveUp(r *request, err error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case settled := <-r.done:
		return settled
	default:
	}
	t.dequeue(r)
	t.grantWaiting()
	return err
}

func (t *Table) takeFromIdle(r *request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !slices.Contains(t.queue, r) {
		return
	}
	for _, o := range t.blockers(r) {
		if o.waiting == 0 && o.Yields != nil && o.Yields() {
			t.abort(o)
		}
	}
	t.grantWaiting()
}

// Release ends all that the owner holds or waits for.
func (t *Table) Release(owner *Owner) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drop(owner)
	t.grantWaiting()
}

// drop takes away the owner's locks; its waiting requests fail.
func (t *Table) drop(owner *Owner) {
	owner.aborted = true
	for key := range owner.held {
		t.holders[key] = slices.DeleteFunc(t.holders[key], func(o *Owner) bool { return o == owner })
		if len(t.holders[key]) == 0 {
			delete(t.holders, key)
		}
	}
	owner.held = nil
	for _, r := range slices.Clone(t.queue) {
		if r.owner == owner {
			t.dequeue(r)
			r.done <- Contention
		}
	}
}

func (t *Table) abort(owner *Owner) {
	t.drop(owner)
	if owner.OnAborted != nil {
		go owner.OnAborted()
	}
}

func (t *Table) dequeue(r *request) {
	t.queue = slices.DeleteFunc(t.queue, func(other *request) bool { return other == r })
	r.owner.waiting--
}

func (t *Table) grant(r *request) {
	if r.owner.held == nil {
		r.owner.held = map[string][]Lock{}
	}
	if t.holders == nil {
		t.holders = map[string][]*Owner{}
	}
	for _, l := range r.locks {
		if len(r.owner.held[l.Key]) == 0 {
			t.holders[l.Key] = append(t.holders[l.Key], r.owner)
		}
		if l.Mode == ReadRange || !slices.ContainsFunc(r.owner.held[l.Key], func(h Lock) bool { return h.Mode == l.Mode }) {
			r.owner.held[l.Key] = append(r.owner.held[l.Key], l)
		}
	}
}

// grantWaiting grants what has become possible, the longest waiting first.
func (t *Table) grantWaiting() {
	for i := 0; i < len(t.queue); {
		r := t.queue[i]
		if len(t.blockers(r)) > 0 {
			i++
			continue
		}
		t.dequeue(r)
		t.grant(r)
		r.done <- nil
	}
}
