package firestore

import (
	"context"

	"google.golang.org/protobuf/types/known/emptypb"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
)

// Rollback ends a transaction without its writes; again it does nothing. One that
// was committed, or that the server aborted, is ABORTED.
func (s service) Rollback(_ context.Context, r *pb.RollbackRequest) (*emptypb.Empty, error) {
	db, err := s.database(r.GetDatabase())
	if err != nil {
		return nil, err
	}
	id := r.GetTransaction()
	db.mu.Lock()
	tx, how := db.txs[string(id)], db.ended[string(id)]
	db.mu.Unlock()
	if tx != nil {
		tx.end(rolledBack)
		return &emptypb.Empty{}, nil
	}
	if _, issued := ageIn(id); !issued {
		return nil, errInvalid
	}
	if how != rolledBack {
		return nil, errExpired
	}
	return &emptypb.Empty{}, nil
}
