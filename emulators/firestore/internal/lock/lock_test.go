package lock_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/comeback-checkout/comeback/emulators/firestore/internal/lock"
)

func on(mode lock.Mode, keys ...string) (locks []lock.Lock) {
	for _, k := range keys {
		locks = append(locks, lock.Lock{Key: k, Mode: mode})
	}
	return locks
}

// call is a request that may wait.
type call struct{ done chan error }

func acquire(t *testing.T, table *lock.Table, o *lock.Owner, locks ...lock.Lock) call {
	t.Helper()
	c := call{make(chan error, 1)}
	go func() { c.done <- table.Acquire(t.Context(), o, locks...) }()
	synctest.Wait()
	return c
}

// want checks that the call has ended so, or that it waits.
func (c call) want(t *testing.T, what string, err error) {
	t.Helper()
	synctest.Wait()
	select {
	case got := <-c.done:
		if !errors.Is(got, err) || err == errWaits {
			t.Errorf("%s: got %v, want %v", what, got, err)
		}
	default:
		if !errors.Is(err, errWaits) {
			t.Errorf("%s: waits, want %v", what, err)
		}
	}
}

var errWaits = errors.New("waits")

func TestWriterIsNotStarved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		table := &lock.Table{}
		reader, writer, late := &lock.Owner{Age: 1}, &lock.Owner{Age: 2}, &lock.Owner{Age: 3}
		acquire(t, table, reader, on(lock.Shared, "a")...).want(t, "reader", nil)
		w := acquire(t, table, writer, on(lock.Exclusive, "a")...)
		w.want(t, "writer", errWaits)
		l := acquire(t, table, late, on(lock.Shared, "a")...)
		l.want(t, "a reader that came later", errWaits)
		acquire(t, table, reader, on(lock.Shared, "a", "b")...).want(t, "the holder once more", nil)
		table.Release(reader)
		w.want(t, "writer, the reader gone", nil)
		l.want(t, "the later reader", errWaits)
		table.Release(writer)
		l.want(t, "the later reader, the writer gone", nil)
		table.Release(late)
	})
}

func TestLongCircleLosesItsYoungest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		table := &lock.Table{}
		aborted := make(chan struct{})
		a, b, c := &lock.Owner{Age: 1}, &lock.Owner{Age: 3, OnAborted: func() { close(aborted) }}, &lock.Owner{Age: 2}
		for o, key := range map[*lock.Owner]string{a: "a", b: "b", c: "c"} {
			acquire(t, table, o, on(lock.Exclusive, key)...).want(t, "first lock", nil)
		}
		ab := acquire(t, table, a, on(lock.Exclusive, "b")...)
		bc := acquire(t, table, b, on(lock.Exclusive, "c")...)
		ab.want(t, "a for b", errWaits)
		bc.want(t, "b for c", errWaits)
		ca := acquire(t, table, c, on(lock.Exclusive, "a")...)
		bc.want(t, "the youngest", lock.Contention)
		<-aborted
		ab.want(t, "a for b, which lost its locks", nil)
		ca.want(t, "c for a", errWaits)
		if err := table.Acquire(t.Context(), b, on(lock.Shared, "x")...); !errors.Is(err, lock.Contention) {
			t.Errorf("an aborted owner got %v, want it refused", err)
		}
		table.Release(a)
		ca.want(t, "c for a, which ended", nil)
		table.Release(c)
	})
}

func TestWaitingTakesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		table := &lock.Table{}
		holder, plain := &lock.Owner{Age: 1}, &lock.Owner{Age: 2}
		acquire(t, table, holder, on(lock.Shared, "b")...).want(t, "holder", nil)
		ctx, cancel := context.WithCancel(t.Context())
		waiting := async(func() error { return table.Acquire(ctx, plain, on(lock.Exclusive, "a", "b")...) })
		waiting.want(t, "plain", errWaits)
		acquire(t, table, holder, on(lock.Exclusive, "a")...).want(t, "the holder, for what the other waits for too", nil)
		cancel()
		if err := <-waiting.done; err == nil || errors.Is(err, lock.Contention) {
			t.Errorf("got %v, want the caller's cancelling", err)
		}
		table.Release(holder)
	})
}

func async(f func() error) call {
	c := call{make(chan error, 1)}
	go func() { c.done <- f() }()
	synctest.Wait()
	return c
}

// Many that wait for one document, each also for all who came before it, are looked through
// once each: the ways between them are countless.
func TestManyWaitForOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		table := &lock.Table{}
		holder := &lock.Owner{Age: 1}
		acquire(t, table, holder, on(lock.Exclusive, "a")...).want(t, "holder", nil)
		calls := make([]call, 100)
		owners := make([]*lock.Owner, len(calls))
		for i := range calls {
			owners[i] = &lock.Owner{Age: uint64(2 + i)}
			calls[i] = acquire(t, table, owners[i], on(lock.Exclusive, "a")...)
		}
		for i, c := range calls {
			c.want(t, "one that waits", errWaits)
			if i == 0 {
				table.Release(holder)
			} else {
				table.Release(owners[i-1])
			}
			c.want(t, "one whose turn it is", nil)
		}
	})
}
