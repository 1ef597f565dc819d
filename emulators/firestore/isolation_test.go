package firestore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/firestore"
)

// attempt runs f in transactions, at once again after ABORTED, until one commits.
func (e *emulator) attempt(ctx context.Context, f func(tx []byte) ([]*pb.Write, error)) error {
	var last []byte
	for {
		begun, err := e.raw.BeginTransaction(ctx, &pb.BeginTransactionRequest{Database: dbName, Options: &pb.TransactionOptions{
			Mode: &pb.TransactionOptions_ReadWrite_{ReadWrite: &pb.TransactionOptions_ReadWrite{RetryTransaction: last}},
		}})
		if err != nil {
			return err
		}
		last = begun.GetTransaction()
		writes, err := f(last)
		if err == nil {
			err = e.commit(ctx, last, writes...)
		}
		if status.Code(err) != codes.Aborted {
			return err
		}
		_ = e.rollback(ctx, last)
	}
}

// TestTransfersKeepTheSum moves money between accounts, opens and closes accounts,
// and counts all of it, everything at once: each count must find the same sum.
func TestTransfersKeepTheSum(t *testing.T) {
	t.Parallel()
	const accounts, each, movers, rounds = 5, 100, 6, 15
	e, ctx := start(t, firestore.Options{}), t.Context()
	for i := range accounts {
		wantCode(t, e.commit(ctx, nil, set(fmt.Sprint("c/", i), each)), codes.OK)
	}
	n := func(d *pb.Document) int64 { return d.GetFields()["n"].GetIntegerValue() }
	var all sync.WaitGroup
	for m := range movers {
		dice := rand.New(rand.NewPCG(1, uint64(m)))
		all.Go(func() {
			for range rounds {
				from, to := fmt.Sprint("c/", dice.IntN(accounts)), fmt.Sprint("c/", dice.IntN(2*accounts)) // some are new
				if from == to {
					continue
				}
				err := e.attempt(ctx, func(tx []byte) ([]*pb.Write, error) {
					found, err := e.get(ctx, tx, from, to)
					if err != nil {
						return nil, err
					}
					return []*pb.Write{set(from, n(found[from])-1), set(to, n(found[to])+1)}, nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 2 {
		all.Go(func() {
			for range rounds {
				var sum int64
				err := e.attempt(ctx, func(tx []byte) ([]*pb.Write, error) {
					ids, err := e.query(ctx, tx, "n", pb.StructuredQuery_FieldFilter_GREATER_THAN, -1000)
					if err != nil {
						return nil, err
					}
					found, err := e.get(ctx, tx, ids...) // the range is locked: nothing of it may have changed
					sum = 0
					for _, d := range found {
						sum += n(d)
					}
					return []*pb.Write{set("sums/last", sum)}, err
				})
				if err != nil || sum != accounts*each {
					t.Errorf("counted %d, %v; want %d", sum, err, accounts*each)
				}
			}
		})
	}
	all.Wait()
}
