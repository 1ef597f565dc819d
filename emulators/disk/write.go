package disk

import (
	"fmt"
	"runtime"
	"time"

	"go.etcd.io/bbolt"
)

// syncInterval is how much a power cut may cost.
const syncInterval = time.Second

// Write commits ops as one: all of them or, on an error, none. Callers at the
// same time share one transaction, which makes many small writes fast. It
// returns when they would survive a kill -9. It keeps nothing of ops.
func (d *DB) Write(ops ...Op) error {
	for _, op := range ops {
		if err := check(op); err != nil {
			return err
		}
	}
	if d.bolt == nil || len(ops) == 0 {
		return nil
	}
	w := &write{ops: ops, done: make(chan error, 1)}
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return ErrClosed
	}
	d.queued = append(d.queued, w)
	d.mu.Unlock()
	select {
	case d.wake <- struct{}{}:
	default: // the writer is told already
	}
	return <-w.done
}

// check refuses beforehand what bbolt would, so that one caller's mistake cannot
// fail the transaction of others.
func check(op Op) error {
	switch {
	case op.Bucket == "":
		return fmt.Errorf("writing key %q: want a bucket", op.Key)
	case len(op.Key) == 0 || len(op.Key) > bbolt.MaxKeySize:
		return fmt.Errorf("writing to bucket %s: want a key of 1 to %d bytes, got %d", op.Bucket, bbolt.MaxKeySize, len(op.Key))
	}
	return nil
}

// writeQueued commits what is queued until the DB closes, and then the rest.
func (d *DB) writeQueued() {
	for {
		select {
		case <-d.wake:
			runtime.Gosched() // whoever is about to write too joins this transaction: far fewer of them under load
			d.commit()
		case <-d.closing:
			d.commit() // no more can come: Write looks at closed under the lock
			return
		}
	}
}

func (d *DB) commit() {
	d.mu.Lock()
	batch := d.queued
	d.queued = nil
	d.mu.Unlock()
	if len(batch) == 0 {
		return
	}
	err := d.bolt.Update(func(tx *bbolt.Tx) error {
		for _, w := range batch {
			for _, op := range w.ops {
				if err := apply(tx, op); err != nil {
					return fmt.Errorf("writing to bucket %s: %w", op.Bucket, err)
				}
			}
		}
		return nil
	})
	for _, w := range batch {
		w.done <- err
	}
}

func apply(tx *bbolt.Tx, op Op) error {
	b, err := tx.CreateBucketIfNotExists([]byte(op.Bucket))
	if err != nil {
		return err
	}
	if op.Value == nil {
		return b.Delete(op.Key)
	}
	return b.Put(op.Key, op.Value)
}

// syncRegularly hands the file to the disk, off the way of the writers.
func (d *DB) syncRegularly() {
	ticker := time.NewTicker(syncInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			_ = d.bolt.Sync() // Close tells of a disk that does not take it
		case <-d.closing:
			return
		}
	}
}
