package firestore

import (
	"context"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
)

// BatchWrite applies each write as a commit of its own, in no order, and tells
// how each ended. No document may be written twice.
func (s service) BatchWrite(ctx context.Context, r *pb.BatchWriteRequest) (*pb.BatchWriteResponse, error) {
	db, err := s.database(r.GetDatabase())
	if err != nil {
		return nil, err
	}
	writes, seen := make([]*write, len(r.GetWrites())), map[string]bool{}
	answer := &pb.BatchWriteResponse{
		WriteResults: make([]*pb.WriteResult, len(writes)),
		Status:       make([]*rpcstatus.Status, len(writes)),
	}
	for i, in := range r.GetWrites() {
		w, err := db.parseWrite(in)
		if err != nil {
			return nil, err
		}
		if seen[w.path] {
			return nil, status.Errorf(codes.InvalidArgument, "BatchWrite cannot write the document %q more than once.", w.name)
		}
		seen[w.path] = true
		writes[i] = w
	}
	var all errgroup.Group
	for i, w := range writes {
		all.Go(func() error {
			answer.WriteResults[i], answer.Status[i] = &pb.WriteResult{}, &rpcstatus.Status{}
			if done, err := db.commit(ctx, []*write{w}); err != nil {
				answer.Status[i] = status.Convert(err).Proto()
			} else {
				answer.WriteResults[i] = done.GetWriteResults()[0]
			}
			return nil
		})
	}
	return answer, all.Wait()
}
