package firestore

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
)

func unimplemented(what string) error {
	return status.Errorf(codes.Unimplemented, "this emulator does not have %s", what)
}

// Listen is not here yet: no snapshots of queries that follow changes.
func (s service) Listen(pb.Firestore_ListenServer) error {
	return unimplemented("Listen (snapshot listeners)")
}

// Write is the stream of writes that only web and mobile SDKs use.
func (s service) Write(pb.Firestore_WriteServer) error {
	return unimplemented("the Write stream; use Commit")
}

// PartitionQuery would cut a query into parts.
func (s service) PartitionQuery(context.Context, *pb.PartitionQueryRequest) (*pb.PartitionQueryResponse, error) {
	return nil, unimplemented("PartitionQuery")
}

// ExecutePipeline belongs to the Enterprise edition.
func (s service) ExecutePipeline(*pb.ExecutePipelineRequest, pb.Firestore_ExecutePipelineServer) error {
	return unimplemented("pipelines, which belong to the Enterprise edition")
}
