// Package disk keeps an emulator's state in one file, so that it survives a
// restart and a kill -9 of the process. It does not promise to survive a power
// cut: the file is handed to the disk about once a second, not on each write.
package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// ErrLocked says that another process works with the file.
var ErrLocked = errors.New("another process uses it: stop that one, or choose another data folder")

// ErrClosed says that the DB was closed before the write.
var ErrClosed = errors.New("the data file is closed")

// Op is one change: Key gets Value in Bucket, or is deleted where Value is nil.
// Bucket and Key must not be empty; a key may have 32,768 bytes (bbolt's limit).
type Op struct {
	Bucket     string
	Key, Value []byte
}

// DB is an open data file. It is safe for concurrent use.
type DB struct {
	bolt    *bbolt.DB // nil: nothing is kept
	stopped sync.WaitGroup
	closing chan struct{}

	mu     sync.Mutex
	queued []*write      // what the writer takes next, as one transaction
	wake   chan struct{} // tells the writer that there is something
	closed bool
}

// write is one caller's call of Write.
type write struct {
	ops  []Op
	done chan error
}

// Open opens the file at path, making it and its folder where needed. A path of
// "" keeps nothing: Write succeeds, Load finds nothing. The file is locked; a
// second Open, of this process or another, fails with ErrLocked.
func Open(path string) (*DB, error) {
	if path == "" {
		return &DB{}, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("making the data folder: %w", err)
	}
	bolt, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:        time.Millisecond, // 0 would wait for the lock for ever
		NoSync:         true,
		NoFreelistSync: true,
		FreelistType:   bbolt.FreelistMapType,
	})
	if errors.Is(err, bolterrors.ErrTimeout) {
		err = ErrLocked
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	d := &DB{bolt: bolt, closing: make(chan struct{}), wake: make(chan struct{}, 1)}
	d.stopped.Go(d.writeQueued)
	d.stopped.Go(d.syncRegularly)
	return d, nil
}

// Load calls f with each key of the bucket and its value, in key order. Both are
// valid only during the call, in which f must not use the DB. An error of f ends
// it and is returned. A bucket that nothing was written to has no keys.
func (d *DB) Load(bucket string, f func(key, value []byte) error) error {
	if d.bolt == nil {
		return nil
	}
	return d.bolt.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(bucket))
		if b == nil {
			return nil
		}
		return b.ForEach(f)
	})
}

// Close finishes the writes that were begun, hands all to the disk and unlocks
// the file. Closing again does nothing.
func (d *DB) Close() error {
	d.mu.Lock()
	if d.bolt == nil || d.closed {
		d.mu.Unlock()
		return nil
	}
	d.closed = true
	close(d.closing)
	d.mu.Unlock()
	d.stopped.Wait()
	return errors.Join(d.bolt.Sync(), d.bolt.Close())
}
