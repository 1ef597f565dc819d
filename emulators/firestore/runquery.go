package firestore

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/firestore/internal/query"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/value"
)

var errExplain = status.Error(codes.Unimplemented, "this emulator has no query profiling (explain_options)")

// prepareQuery checks a query, also whether an index that is defined serves it.
func (s *Server) prepareQuery(parent string, sq *pb.StructuredQuery, aggregated ...value.Path) (*database, *query.Query, error) {
	db, path, err := s.parent(parent)
	if err != nil {
		return nil, nil, err
	}
	if sq == nil {
		return nil, nil, status.Error(codes.InvalidArgument, "a structured query is required")
	}
	q, err := query.Parse(path, sq)
	if err != nil {
		return nil, nil, err
	}
	return db, q, s.indexes.Check(db.name, q, aggregated...)
}

// RunQuery streams the result of a query; the last answer, which may be the only
// one, has the read time without a document where there is none.
func (s service) RunQuery(r *pb.RunQueryRequest, out pb.Firestore_RunQueryServer) error {
	if r.GetExplainOptions() != nil {
		return errExplain
	}
	db, q, err := s.prepareQuery(r.GetParent(), r.GetStructuredQuery())
	if err != nil {
		return err
	}
	read, err := db.reader(out.Context(), r)
	if err != nil {
		return err
	}
	defer read.done()
	docs, at, err := read.query(out.Context(), q)
	if err != nil {
		return err
	}
	if len(docs) == 0 {
		return out.Send(&pb.RunQueryResponse{Transaction: read.begun, ReadTime: timestamp(at)})
	}
	for i, d := range docs {
		answer := &pb.RunQueryResponse{Document: q.Project(d), ReadTime: timestamp(at)}
		if i == 0 {
			answer.Transaction = read.begun
		}
		if err := out.Send(answer); err != nil {
			return err
		}
	}
	return nil
}

// RunAggregationQuery counts, sums and averages over a query's result.
func (s service) RunAggregationQuery(r *pb.RunAggregationQueryRequest, out pb.Firestore_RunAggregationQueryServer) error {
	if r.GetExplainOptions() != nil {
		return errExplain
	}
	a, err := query.ParseAggregation(r.GetStructuredAggregationQuery().GetAggregations())
	if err != nil {
		return err
	}
	db, q, err := s.prepareQuery(r.GetParent(), r.GetStructuredAggregationQuery().GetStructuredQuery(), a.Fields...)
	if err != nil {
		return err
	}
	read, err := db.reader(out.Context(), r)
	if err != nil {
		return err
	}
	defer read.done()
	docs, at, err := read.query(out.Context(), q)
	if err != nil {
		return err
	}
	return out.Send(&pb.RunAggregationQueryResponse{
		Result:      &pb.AggregationResult{AggregateFields: a.Over(docs)},
		Transaction: read.begun,
		ReadTime:    timestamp(at),
	})
}
