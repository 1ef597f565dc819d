package firestore

import (
	"context"
	"math/rand/v2"

	"google.golang.org/protobuf/types/known/emptypb"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/firestore/internal/docname"
)

// CreateDocument creates a document, with an ID of its own choice if none is given.
func (s service) CreateDocument(ctx context.Context, r *pb.CreateDocumentRequest) (*pb.Document, error) {
	db, parent, err := s.parent(r.GetParent())
	if err != nil {
		return nil, err
	}
	id := r.GetDocumentId()
	if id == "" {
		id = randomID()
	}
	for _, part := range []string{r.GetCollectionId(), id} {
		if err := docname.CheckID(part); err != nil { // a slash in one would lead elsewhere
			return nil, err
		}
	}
	path := docname.Join(docname.Join(parent, r.GetCollectionId()), id)
	return db.writeOne(ctx, &pb.Write{
		Operation:       &pb.Write_Update{Update: &pb.Document{Name: db.nameOf(path), Fields: r.GetDocument().GetFields()}},
		CurrentDocument: &pb.Precondition{ConditionType: &pb.Precondition_Exists{Exists: false}},
	}, r.GetMask())
}

// UpdateDocument updates or inserts a document.
func (s service) UpdateDocument(ctx context.Context, r *pb.UpdateDocumentRequest) (*pb.Document, error) {
	db, _, err := s.document(r.GetDocument().GetName())
	if err != nil {
		return nil, err
	}
	return db.writeOne(ctx, &pb.Write{
		Operation:       &pb.Write_Update{Update: r.GetDocument()},
		UpdateMask:      r.GetUpdateMask(),
		CurrentDocument: r.GetCurrentDocument(),
	}, r.GetMask())
}

// DeleteDocument deletes a document; one that is missing is fine.
func (s service) DeleteDocument(ctx context.Context, r *pb.DeleteDocumentRequest) (*emptypb.Empty, error) {
	db, _, err := s.document(r.GetName())
	if err != nil {
		return nil, err
	}
	w, err := db.parseWrite(&pb.Write{Operation: &pb.Write_Delete{Delete: r.GetName()}, CurrentDocument: r.GetCurrentDocument()})
	if err != nil {
		return nil, err
	}
	if _, err := db.commit(ctx, []*write{w}); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, nil
}

// writeOne commits one write and returns the document that it made.
func (db *database) writeOne(ctx context.Context, in *pb.Write, mask *pb.DocumentMask) (*pb.Document, error) {
	paths, err := parseMask(mask)
	if err != nil {
		return nil, err
	}
	w, err := db.parseWrite(in)
	if err != nil {
		return nil, err
	}
	if _, err := db.commit(ctx, []*write{w}); err != nil {
		return nil, err
	}
	docs, _, err := (&reader{db: db}).documents(ctx, w.path)
	if err != nil {
		return nil, err
	}
	if docs[0] == nil {
		return nil, missing(w.name) // somebody deleted it right after
	}
	return masked(docs[0], paths), nil
}

func randomID() string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	id := make([]byte, 20) // as the client libraries make them
	for i := range id {
		id[i] = letters[rand.IntN(len(letters))]
	}
	return string(id)
}
