package firestore_test

import (
	"slices"
	"testing"

	"google.golang.org/grpc/codes"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/firestore"
)

func TestLists(t *testing.T) {
	t.Parallel()
	e, ctx := start(t, firestore.Options{}), t.Context()
	for _, path := range []string{"a/1", "a/2/x/1", "a/3", "a/4/y/1/z/1", "b/1"} {
		wantCode(t, e.commit(ctx, nil, set(path, 1)), codes.OK)
	}
	collections := func(parent string) (ids []string) {
		r := &pb.ListCollectionIdsRequest{Parent: parent, PageSize: 1}
		for {
			answer := must[*pb.ListCollectionIdsResponse](t)(e.raw.ListCollectionIds(ctx, r))
			ids = append(ids, answer.GetCollectionIds()...)
			if r.PageToken = answer.GetNextPageToken(); r.PageToken == "" {
				return ids
			}
		}
	}
	documents := func(showMissing bool) (ids []string) {
		r := &pb.ListDocumentsRequest{Parent: root, CollectionId: "a", PageSize: 2, ShowMissing: showMissing}
		for {
			answer := must[*pb.ListDocumentsResponse](t)(e.raw.ListDocuments(ctx, r))
			for _, d := range answer.GetDocuments() {
				id := d.GetName()[len(root)+3:]
				if d.GetCreateTime() == nil {
					id += " missing"
				}
				ids = append(ids, id)
			}
			if r.PageToken = answer.GetNextPageToken(); r.PageToken == "" {
				return ids
			}
		}
	}
	for name, c := range map[string]struct{ got, want []string }{
		"collections at the root":         {collections(root), []string{"a", "b"}},
		"collections of a missing one":    {collections(root + "/a/4"), []string{"y"}},
		"collections below a missing one": {collections(root + "/a/4/y/1"), []string{"z"}},
		"collections of one without":      {collections(root + "/a/1"), nil},
		"documents":                       {documents(false), []string{"1", "3"}},
		"documents with the missing":      {documents(true), []string{"1", "2 missing", "3", "4 missing"}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: got %v, want %v", name, c.got, c.want)
		}
	}
}

func TestSingleDocumentCalls(t *testing.T) {
	t.Parallel()
	e, ctx := start(t, firestore.Options{}), t.Context()
	create := &pb.CreateDocumentRequest{
		Parent: root, CollectionId: "c", DocumentId: "d",
		Document: &pb.Document{Fields: map[string]*pb.Value{"a": integer(1), "b": integer(2)}},
	}
	made := must[*pb.Document](t)(e.raw.CreateDocument(ctx, create))
	if made.GetName() != root+"/c/d" || made.GetUpdateTime() == nil {
		t.Errorf("got %v, want c/d with its times", made)
	}
	_, err := e.raw.CreateDocument(ctx, create)
	wantCode(t, err, codes.AlreadyExists)
	create.DocumentId = ""
	if made := must[*pb.Document](t)(e.raw.CreateDocument(ctx, create)); len(made.GetName()) != len(root+"/c/")+20 {
		t.Errorf("got %s, want an ID of 20 letters", made.GetName())
	}
	updated := must[*pb.Document](t)(e.raw.UpdateDocument(ctx, &pb.UpdateDocumentRequest{
		Document:   &pb.Document{Name: root + "/c/d", Fields: map[string]*pb.Value{"a": integer(3)}},
		UpdateMask: &pb.DocumentMask{FieldPaths: []string{"a"}},
		Mask:       &pb.DocumentMask{FieldPaths: []string{"b"}},
	}))
	if f := updated.GetFields(); len(f) != 1 || f["b"].GetIntegerValue() != 2 {
		t.Errorf("got %v, want b alone", f)
	}
	if got := must[*pb.Document](t)(e.raw.GetDocument(ctx, &pb.GetDocumentRequest{Name: root + "/c/d"})).GetFields()["a"].GetIntegerValue(); got != 3 {
		t.Errorf("got %d, want 3", got)
	}
	if _, err := e.raw.DeleteDocument(ctx, &pb.DeleteDocumentRequest{Name: root + "/c/d"}); err != nil {
		t.Fatal(err)
	}
	_, err = e.raw.GetDocument(ctx, &pb.GetDocumentRequest{Name: root + "/c/d"})
	wantCode(t, err, codes.NotFound)
}

func TestRefusesWhatItDoesNotDo(t *testing.T) {
	t.Parallel()
	e, ctx := start(t, firestore.Options{}), t.Context()
	explain := &pb.RunQueryRequest{
		Parent: root, ExplainOptions: &pb.ExplainOptions{},
		QueryType: &pb.RunQueryRequest_StructuredQuery{StructuredQuery: &pb.StructuredQuery{From: []*pb.StructuredQuery_CollectionSelector{{CollectionId: "c"}}}},
	}
	nearest := &pb.RunQueryRequest{Parent: root, QueryType: &pb.RunQueryRequest_StructuredQuery{StructuredQuery: &pb.StructuredQuery{
		From: []*pb.StructuredQuery_CollectionSelector{{CollectionId: "c"}}, FindNearest: &pb.StructuredQuery_FindNearest{},
	}}}
	for name, call := range map[string]func() error{
		"Listen": func() error { s, err := e.raw.Listen(ctx); return first(s.Recv, err) },
		"Write":  func() error { s, err := e.raw.Write(ctx); return first(s.Recv, err) },
		"ExecutePipeline": func() error {
			s, err := e.raw.ExecutePipeline(ctx, &pb.ExecutePipelineRequest{})
			return first(s.Recv, err)
		},
		"explain_options": func() error { s, err := e.raw.RunQuery(ctx, explain); return first(s.Recv, err) },
		"find_nearest":    func() error { s, err := e.raw.RunQuery(ctx, nearest); return first(s.Recv, err) },
		"PartitionQuery": func() error {
			_, err := e.raw.PartitionQuery(ctx, &pb.PartitionQueryRequest{Parent: root})
			return err
		},
	} {
		t.Log(name)
		wantCode(t, call(), codes.Unimplemented)
	}
}

// first is the error of a stream's first answer.
func first[T any](receive func() (T, error), err error) error {
	if err == nil {
		_, err = receive()
	}
	return err
}
