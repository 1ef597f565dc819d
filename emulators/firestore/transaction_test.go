package firestore_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	fs "cloud.google.com/go/firestore"
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/firestore"
)

const (
	contention = "Too much contention on these documents. Please try again."
	isExpired  = "The referenced transaction has expired or is no longer valid."
)

// TestIncrementsInTransactions is what other emulators fail: no update is lost.
func TestIncrementsInTransactions(t *testing.T) {
	t.Parallel()
	e, ctx := start(t, firestore.Options{}), t.Context()
	counter := e.client.Doc("c/counter")
	must[*fs.WriteResult](t)(counter.Set(ctx, map[string]any{"n": 0}))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 5 {
				err := e.client.RunTransaction(ctx, func(_ context.Context, tx *fs.Transaction) error {
					d, err := tx.Get(counter)
					if err != nil {
						return err
					}
					return tx.Set(counter, map[string]any{"n": d.Data()["n"].(int64) + 1})
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got := must[*fs.DocumentSnapshot](t)(counter.Get(ctx)).Data()["n"]; got != int64(40) {
		t.Errorf("got %v, want 40", got)
	}
}

// inBubble runs a test on fake time, in which synctest.Wait tells that a call waits.
func inBubble(t *testing.T, test func(t *testing.T, e *emulator)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { test(t, start(t, firestore.Options{})) })
}

func (e *emulator) begin(t *testing.T, o *pb.TransactionOptions) []byte {
	t.Helper()
	return must[*pb.BeginTransactionResponse](t)(e.raw.BeginTransaction(t.Context(), &pb.BeginTransactionRequest{Database: dbName, Options: o})).GetTransaction()
}

func (e *emulator) beginRetry(t *testing.T, id []byte) []byte {
	t.Helper()
	return e.begin(t, &pb.TransactionOptions{Mode: &pb.TransactionOptions_ReadWrite_{ReadWrite: &pb.TransactionOptions_ReadWrite{RetryTransaction: id}}})
}

var readOnly = &pb.TransactionOptions{Mode: &pb.TransactionOptions_ReadOnly_{ReadOnly: &pb.TransactionOptions_ReadOnly{}}}

// get reads the documents in the transaction, nil for none, and returns those found.
func (e *emulator) get(ctx context.Context, tx []byte, paths ...string) (map[string]*pb.Document, error) {
	r := &pb.BatchGetDocumentsRequest{Database: dbName}
	if tx != nil {
		r.ConsistencySelector = &pb.BatchGetDocumentsRequest_Transaction{Transaction: tx}
	}
	for _, p := range paths {
		r.Documents = append(r.Documents, root+"/"+p)
	}
	stream, err := e.raw.BatchGetDocuments(ctx, r)
	if err != nil {
		return nil, err
	}
	found := map[string]*pb.Document{}
	for {
		answer, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		if d := answer.GetFound(); d != nil {
			found[d.GetName()[len(root)+1:]] = d
		}
	}
}

func (e *emulator) commit(ctx context.Context, tx []byte, writes ...*pb.Write) error {
	_, err := e.raw.Commit(ctx, &pb.CommitRequest{Database: dbName, Transaction: tx, Writes: writes})
	return err
}

func (e *emulator) rollback(ctx context.Context, tx []byte) error {
	_, err := e.raw.Rollback(ctx, &pb.RollbackRequest{Database: dbName, Transaction: tx})
	return err
}

func integer(n int64) *pb.Value {
	return &pb.Value{ValueType: &pb.Value_IntegerValue{IntegerValue: n}}
}

// set is the write that gives the document one field.
func set(path string, n int64) *pb.Write {
	return &pb.Write{Operation: &pb.Write_Update{Update: &pb.Document{Name: root + "/" + path, Fields: map[string]*pb.Value{"n": integer(n)}}}}
}

// async runs f and gives its error when it is done.
func async(f func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	return done
}

// wantWaiting fails the test unless the call is still waiting for something.
func wantWaiting(t *testing.T, call <-chan error) {
	t.Helper()
	synctest.Wait()
	select {
	case err := <-call:
		t.Fatalf("ended with %v, want it to wait", err)
	default:
	}
}

func TestOfTwoReadersBothCommitting(t *testing.T) {
	inBubble(t, func(t *testing.T, e *emulator) {
		ctx := t.Context()
		older, younger := e.begin(t, nil), e.begin(t, nil)
		for _, tx := range [][]byte{younger, older} {
			must[map[string]*pb.Document](t)(e.get(ctx, tx, "c/missing")) // shared locks, also on what is not there
		}
		first := async(func() error { return e.commit(ctx, older, set("c/missing", 1)) })
		wantWaiting(t, first)
		wantStatus(t, e.commit(ctx, younger, set("c/missing", 2)), codes.Aborted, contention)
		if err := <-first; err != nil {
			t.Errorf("the older got %v, want it committed", err)
		}
		wantCode(t, e.rollback(ctx, younger), codes.Aborted)
	})
}

func TestRetryKeepsItsAge(t *testing.T) {
	inBubble(t, func(t *testing.T, e *emulator) {
		ctx := t.Context()
		first := e.begin(t, nil)
		other := e.begin(t, nil)
		wantCode(t, e.rollback(ctx, first), codes.OK)
		retry := e.beginRetry(t, first)
		for _, tx := range [][]byte{other, retry} {
			must[map[string]*pb.Document](t)(e.get(ctx, tx, "c/d"))
		}
		waiting := async(func() error { return e.commit(ctx, other, set("c/d", 1)) })
		wantWaiting(t, waiting)
		wantCode(t, e.commit(ctx, retry, set("c/d", 2)), codes.OK)
		wantStatus(t, <-waiting, codes.Aborted, contention)
	})
}

func TestPlainWriteWaitsForTransaction(t *testing.T) {
	inBubble(t, func(t *testing.T, e *emulator) {
		ctx := t.Context()
		tx := e.begin(t, nil)
		must[map[string]*pb.Document](t)(e.get(ctx, tx, "c/d"))
		plain := async(func() error { return e.commit(ctx, nil, set("c/d", 1)) })
		wantWaiting(t, plain)
		if found := must[map[string]*pb.Document](t)(e.get(ctx, nil, "c/d")); len(found) > 0 { // a plain read does not wait
			t.Errorf("read %v, want what was before", found)
		}
		wantCode(t, e.commit(ctx, tx, set("c/d", 2)), codes.OK)
		wantCode(t, <-plain, codes.OK)
		if got := must[map[string]*pb.Document](t)(e.get(ctx, nil, "c/d"))["c/d"].GetFields()["n"].GetIntegerValue(); got != 1 {
			t.Errorf("got %d, want 1 of the write that waited", got)
		}
	})
}

func TestBusyHolderMakesWritersGiveUp(t *testing.T) {
	inBubble(t, func(t *testing.T, e *emulator) {
		ctx := t.Context()
		tx := e.begin(t, nil)
		must[map[string]*pb.Document](t)(e.get(ctx, tx, "c/d"))
		began := time.Now()
		plain := async(func() error { return e.commit(ctx, nil, set("c/d", 1)) })
		for wait := true; wait; { // the holder stays busy, so it keeps its locks
			select {
			case err := <-plain:
				wantStatus(t, err, codes.Aborted, contention)
				wait = false
			case <-time.After(500 * time.Millisecond):
				must[map[string]*pb.Document](t)(e.get(ctx, tx, "c/other"))
			}
		}
		if waited := time.Since(began); waited != 10*time.Second {
			t.Errorf("waited %s, want 10s", waited)
		}
	})
}

func TestIdleHolderYields(t *testing.T) {
	inBubble(t, func(t *testing.T, e *emulator) {
		ctx := t.Context()
		tx := e.begin(t, nil)
		must[map[string]*pb.Document](t)(e.get(ctx, tx, "c/d"))
		began := time.Now()
		wantCode(t, e.commit(ctx, nil, set("c/d", 1)), codes.OK)
		if waited := time.Since(began); waited > 3*time.Second {
			t.Errorf("waited %s, want an idle holder to yield after about 2s", waited)
		}
		wantStatus(t, e.commit(ctx, tx, set("c/d", 2)), codes.Aborted, isExpired)
	})
}

func TestHolderWhoseClientIsGoneYieldsAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, e *emulator) {
		ctx := t.Context()
		conn := e.dial(t)
		gone := &emulator{raw: pb.NewFirestoreClient(conn)}
		tx := gone.begin(t, nil)
		must[map[string]*pb.Document](t)(gone.get(ctx, tx, "c/d"))
		began := time.Now()
		plain := async(func() error { return e.commit(ctx, nil, set("c/d", 1)) })
		wantWaiting(t, plain)
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		wantCode(t, <-plain, codes.OK)
		if waited := time.Since(began); waited > time.Second {
			t.Errorf("waited %s for a client that is gone", waited)
		}
	})
}

func TestCancelledCallYieldsAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, e *emulator) {
		ctx, cancel := context.WithCancel(t.Context())
		holder, dying := e.begin(t, nil), e.begin(t, nil)
		must[map[string]*pb.Document](t)(e.get(ctx, dying, "c/d"))
		must[map[string]*pb.Document](t)(e.get(ctx, holder, "c/e"))
		commit := async(func() error { return e.commit(ctx, dying, set("c/e", 1)) }) // waits for the holder
		wantWaiting(t, commit)
		cancel()
		wantCode(t, <-commit, codes.Canceled)
		began := time.Now()
		wantCode(t, e.commit(t.Context(), nil, set("c/d", 2)), codes.OK)
		if waited := time.Since(began); waited > time.Second {
			t.Errorf("waited %s for a call that was cancelled", waited)
		}
	})
}

func TestQueriesLockTheirRange(t *testing.T) {
	inBubble(t, func(t *testing.T, e *emulator) {
		ctx := t.Context()
		wantCode(t, e.commit(ctx, nil, set("c/in", 5), set("c/out", 50)), codes.OK)
		tx := e.begin(t, nil)
		found, err := e.query(ctx, tx, "n", pb.StructuredQuery_FieldFilter_LESS_THAN, 10)
		if err != nil || len(found) != 1 {
			t.Fatalf("found %v, %v; want one document", found, err)
		}
		// What stays out of the result may be written at once.
		wantCode(t, e.commit(ctx, nil, set("c/out", 51), set("c/new", 60), set("d/elsewhere", 1)), codes.OK)
		for name, w := range map[string]*pb.Write{
			"enters":  set("c/x", 6),
			"changes": set("c/in", 7),
			"leaves":  set("c/in", 70),
			"goes":    {Operation: &pb.Write_Delete{Delete: root + "/c/in"}},
		} {
			gaveUp, cancel := context.WithCancel(ctx)
			plain := async(func() error { return e.commit(gaveUp, nil, w) })
			t.Log(name)
			wantWaiting(t, plain)
			cancel()
			wantCode(t, <-plain, codes.Canceled)
		}
		wantCode(t, e.commit(ctx, tx, set("c/in", 8)), codes.OK)
		wantCode(t, e.commit(ctx, nil, set("c/x", 6)), codes.OK)
	})
}

// query finds the documents of c whose field compares so.
func (e *emulator) query(ctx context.Context, tx []byte, field string, op pb.StructuredQuery_FieldFilter_Operator, n int64) (found []string, err error) {
	r := &pb.RunQueryRequest{Parent: root, QueryType: &pb.RunQueryRequest_StructuredQuery{StructuredQuery: &pb.StructuredQuery{
		From: []*pb.StructuredQuery_CollectionSelector{{CollectionId: "c"}},
		Where: &pb.StructuredQuery_Filter{FilterType: &pb.StructuredQuery_Filter_FieldFilter{FieldFilter: &pb.StructuredQuery_FieldFilter{
			Field: &pb.StructuredQuery_FieldReference{FieldPath: field}, Op: op, Value: integer(n),
		}}},
	}}}
	if tx != nil {
		r.ConsistencySelector = &pb.RunQueryRequest_Transaction{Transaction: tx}
	}
	stream, err := e.raw.RunQuery(ctx, r)
	if err != nil {
		return nil, err
	}
	for {
		answer, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		if d := answer.GetDocument(); d != nil {
			found = append(found, d.GetName()[len(root)+1:])
		}
	}
}

func TestReadOnlyTransactionSeesOneSnapshot(t *testing.T) {
	inBubble(t, func(t *testing.T, e *emulator) {
		ctx := t.Context()
		wantCode(t, e.commit(ctx, nil, set("c/a", 1)), codes.OK)
		tx := e.begin(t, readOnly)
		wantCode(t, e.commit(ctx, nil, set("c/a", 2), set("c/b", 2)), codes.OK) // does not wait
		found := must[map[string]*pb.Document](t)(e.get(ctx, tx, "c/a", "c/b"))
		if len(found) != 1 || found["c/a"].GetFields()["n"].GetIntegerValue() != 1 {
			t.Errorf("got %v, want c/a as it was alone", found)
		}
		if ids := must[[]string](t)(e.query(ctx, tx, "n", pb.StructuredQuery_FieldFilter_GREATER_THAN, 1)); len(ids) > 0 {
			t.Errorf("the query found %v, want nothing of later", ids)
		}
		wantStatus(t, e.commit(ctx, tx, set("c/a", 3)), codes.InvalidArgument, "Cannot modify entities in a read-only transaction.")
		wantCode(t, e.commit(ctx, tx), codes.OK)
		_, err := e.raw.BeginTransaction(ctx, &pb.BeginTransactionRequest{Database: dbName, Options: &pb.TransactionOptions{
			Mode: &pb.TransactionOptions_ReadWrite_{ReadWrite: &pb.TransactionOptions_ReadWrite{RetryTransaction: tx}},
		}})
		wantStatus(t, err, codes.InvalidArgument, "Cannot retry a read-only transaction")
	})
}

func TestTransactionsEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, e *emulator) {
		ctx := t.Context()
		done := e.begin(t, nil)
		wantCode(t, e.commit(ctx, done, set("c/d", 1)), codes.OK)
		wantStatus(t, e.commit(ctx, done, set("c/d", 2)), codes.Aborted, isExpired)
		wantCode(t, e.rollback(ctx, done), codes.Aborted)

		undone := e.begin(t, nil)
		wantCode(t, e.rollback(ctx, undone), codes.OK)
		wantCode(t, e.rollback(ctx, undone), codes.OK)
		_, err := e.get(ctx, undone, "c/d")
		wantStatus(t, err, codes.Aborted, isExpired)

		for _, unknown := range [][]byte{[]byte("x"), []byte("never issued by anybody, 32 long")} {
			wantStatus(t, e.commit(ctx, unknown, set("c/d", 1)), codes.InvalidArgument, "Invalid transaction.")
		}

		idle, busy := e.begin(t, nil), e.begin(t, nil)
		for range 5 { // 270 s in all, never idle for 60
			must[map[string]*pb.Document](t)(e.get(ctx, busy, "c/d"))
			<-time.After(50 * time.Second)
		}
		wantStatus(t, e.commit(ctx, idle), codes.Aborted, isExpired)
		must[map[string]*pb.Document](t)(e.get(ctx, busy, "c/d"))
		<-time.After(21 * time.Second)
		wantStatus(t, e.commit(ctx, busy), codes.Aborted, isExpired)
	})
}
