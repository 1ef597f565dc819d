package firestore

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/firestore/internal/lock"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/store"
)

// The service's limits on a transaction, and our own: how long an idle one keeps
// its locks from others.
const (
	maxIdle    = 60 * time.Second
	maxTotal   = 270 * time.Second
	yieldAfter = 2 * time.Second
	keptEnds   = 10_000
)

var (
	errExpired  = status.Error(codes.Aborted, "The referenced transaction has expired or is no longer valid.")
	errInvalid  = status.Error(codes.InvalidArgument, "Invalid transaction.")
	errReadOnly = status.Error(codes.InvalidArgument, "Cannot modify entities in a read-only transaction.")
)

// ending is how a transaction ended.
type ending int

const (
	rolledBack ending = iota + 1
	committed
	expired // aborted, or too long idle
)

// transaction is one under way.
type transaction struct {
	id       string
	db       *database
	readOnly bool
	at       int64 // what a read-only one reads
	owner    *lock.Owner
	conn     *connection
	begun    time.Time
	timer    *time.Timer

	committing sync.Mutex // held while its commit is under way

	calls    atomic.Int32 // under way
	lastUse  atomic.Int64 // nanoseconds since begun
	orphaned atomic.Bool  // its client gave up a call, or is gone
}

// IDs hold what is needed to tell, after the transaction has ended or the server
// was restarted, that they were issued, and how old the first attempt is.
const idMark = "comeback"

var run = rand.Uint64() // tells IDs of one process from those of the one before

func newID(number, age uint64) string {
	id := binary.BigEndian.AppendUint64([]byte(idMark), run)
	return string(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(id, number), age))
}

// ageIn reads the age out of an ID; ok is false for one that was never issued.
func ageIn(id []byte) (age uint64, ok bool) {
	if len(id) != len(idMark)+24 || string(id[:len(idMark)]) != idMark {
		return 0, false
	}
	return binary.BigEndian.Uint64(id[len(id)-8:]), true
}

// begin starts a transaction. A retry keeps the age of its first attempt, so that
// it wins in the end.
func (db *database) begin(ctx context.Context, o *pb.TransactionOptions) (*transaction, error) {
	db.mu.Lock()
	db.begun++
	number := db.begun
	db.mu.Unlock()
	age := number
	if retry := o.GetReadWrite().GetRetryTransaction(); len(retry) > 0 {
		first, ok := ageIn(retry)
		if !ok {
			return nil, errInvalid
		}
		if first == readOnlyAge {
			return nil, status.Error(codes.InvalidArgument, "Cannot retry a read-only transaction")
		}
		age = first
	}
	tx := &transaction{db: db, begun: time.Now(), conn: connectionOf(ctx)}
	if ro := o.GetReadOnly(); ro != nil {
		tx.readOnly, age = true, readOnlyAge
		err := db.store.View(micros(ro.GetReadTime()), func(v store.Snapshot) error {
			tx.at = v.Time()
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	tx.id = newID(number, age)
	tx.owner = &lock.Owner{Age: age, Yields: tx.yields, OnAborted: func() { tx.end(expired) }}
	db.mu.Lock()
	tx.timer = time.AfterFunc(maxIdle, tx.expire)
	db.txs[tx.id] = tx
	db.mu.Unlock()
	return tx, nil
}

// readOnlyAge marks the IDs of read-only transactions, which have no locks and so no age.
const readOnlyAge = 0

// use finds the transaction for a call; done must be called at its end.
func (db *database) use(ctx context.Context, id []byte) (tx *transaction, done func(), err error) {
	db.mu.Lock()
	tx = db.txs[string(id)]
	db.mu.Unlock()
	if tx == nil {
		if _, ok := ageIn(id); !ok {
			return nil, nil, errInvalid
		}
		return nil, nil, errExpired
	}
	tx.calls.Add(1)
	tx.orphaned.Store(false)
	return tx, func() {
		tx.lastUse.Store(int64(time.Since(tx.begun)))
		if ctx.Err() != nil {
			tx.orphaned.Store(true)
		}
		tx.calls.Add(-1)
	}, nil
}

// end ends the transaction, unless it has ended; a commit in progress comes first.
func (tx *transaction) end(how ending) {
	tx.committing.Lock()
	defer tx.committing.Unlock()
	tx.endLocked(how)
}

// endLocked, with committing held, takes the transaction away with its locks.
func (tx *transaction) endLocked(how ending) {
	db := tx.db
	db.mu.Lock()
	if db.txs[tx.id] == nil {
		db.mu.Unlock()
		return
	}
	delete(db.txs, tx.id)
	tx.timer.Stop()
	db.ended[tx.id] = how
	db.endedFIFO = append(db.endedFIFO, tx.id)
	if len(db.endedFIFO) > keptEnds {
		delete(db.ended, db.endedFIFO[0])
		db.endedFIFO = db.endedFIFO[1:]
	}
	db.mu.Unlock()
	db.locks.Release(tx.owner)
}

// isOver says whether the transaction has ended.
func (tx *transaction) isOver() bool {
	tx.db.mu.Lock()
	defer tx.db.mu.Unlock()
	return tx.db.txs[tx.id] == nil
}

// yields says whether the transaction should lose its locks to who waits for them.
func (tx *transaction) yields() bool {
	return tx.calls.Load() == 0 && (tx.orphaned.Load() || tx.idle() > yieldAfter)
}

func (tx *transaction) idle() time.Duration {
	return time.Since(tx.begun) - time.Duration(tx.lastUse.Load())
}

// expire ends the transaction if it is too old or too long idle, or looks again later.
func (tx *transaction) expire() {
	tx.db.mu.Lock()
	timer := tx.timer
	tx.db.mu.Unlock()
	left := min(maxTotal-time.Since(tx.begun), maxIdle-tx.idle())
	if tx.calls.Load() > 0 {
		left = max(left, time.Second)
	}
	if left <= 0 {
		tx.end(expired)
		return
	}
	timer.Reset(left)
}

// BeginTransaction starts a transaction.
func (s service) BeginTransaction(ctx context.Context, r *pb.BeginTransactionRequest) (*pb.BeginTransactionResponse, error) {
	db, err := s.database(r.GetDatabase())
	if err != nil {
		return nil, err
	}
	tx, err := db.begin(ctx, r.GetOptions())
	if err != nil {
		return nil, err
	}
	return &pb.BeginTransactionResponse{Transaction: []byte(tx.id)}, nil
}
