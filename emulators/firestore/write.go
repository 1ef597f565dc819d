package firestore

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/firestore/internal/value"
)

// maxTransforms is how many a commit may apply to one document.
const maxTransforms = 500

// write is a checked write of one document.
type write struct {
	name, path string
	deletes    bool
	fields     value.Fields
	mask       []value.Path // nil: the fields replace all
	transforms []*pb.DocumentTransform_FieldTransform
	needs      *pb.Precondition
}

// parseWrite checks all of a write that does not depend on what is stored.
func (db *database) parseWrite(in *pb.Write) (*write, error) {
	w := &write{needs: in.GetCurrentDocument(), transforms: in.GetUpdateTransforms()}
	var err error
	switch op := in.GetOperation().(type) {
	case *pb.Write_Update:
		w.name, w.fields = op.Update.GetName(), op.Update.GetFields()
		if err = value.Check(w.fields); err == nil {
			w.mask, err = parseMask(in.GetUpdateMask())
		}
	case *pb.Write_Delete:
		w.name, w.deletes = op.Delete, true
		if in.GetUpdateMask() != nil || len(w.transforms) > 0 {
			err = status.Error(codes.InvalidArgument, "A delete can have neither a mask nor transforms.")
		}
	case *pb.Write_Transform: // the form that update_transforms replaced
		w.name, w.transforms, w.mask = op.Transform.GetDocument(), op.Transform.GetFieldTransforms(), []value.Path{}
	default:
		err = status.Error(codes.InvalidArgument, "A write must be an update, a delete or a transform.")
	}
	if err != nil {
		return nil, err
	}
	if len(w.transforms) > maxTransforms {
		return nil, status.Errorf(codes.InvalidArgument, "A write can have at most %d transforms.", maxTransforms)
	}
	for _, t := range w.transforms {
		if err := value.CheckTransform(t); err != nil {
			return nil, err
		}
	}
	w.path, err = db.path(w.name)
	return w, err
}

// check holds the precondition against the stored document, nil where there is none.
func (w *write) check(current *pb.Document) error {
	switch c := w.needs.GetConditionType().(type) {
	case *pb.Precondition_Exists:
		switch {
		case c.Exists && current == nil:
			return status.Errorf(codes.NotFound, "No document to update: %s", w.name)
		case !c.Exists && current != nil:
			return status.Errorf(codes.AlreadyExists, "Document already exists: %s", w.name)
		}
	case *pb.Precondition_UpdateTime:
		stored, wanted := micros(current.GetUpdateTime()), micros(c.UpdateTime)
		if stored != wanted {
			return status.Errorf(codes.FailedPrecondition,
				"the stored version (%d) does not match the required base version (%d)", stored, wanted)
		}
	}
	return nil
}

// apply makes the document that follows the current one, nil where it is deleted,
// and the transforms' results.
func (w *write) apply(current *pb.Document, now *timestamppb.Timestamp) (*pb.Document, []*pb.Value, error) {
	if err := w.check(current); err != nil || w.deletes {
		return nil, nil, err
	}
	next := &pb.Document{Name: w.name, Fields: w.fields, CreateTime: now, UpdateTime: now}
	if current != nil {
		next.CreateTime = current.GetCreateTime()
	}
	if w.mask != nil {
		next.Fields = current.GetFields()
		for _, p := range w.mask {
			next.Fields = p.Set(next.Fields, p.Get(w.fields))
		}
	}
	var results []*pb.Value
	for _, t := range w.transforms {
		p, err := value.ParseFieldPath(t.GetFieldPath())
		if err != nil {
			return nil, nil, err
		}
		updated, result := value.Transform(t, p.Get(next.Fields), now)
		next.Fields = p.Set(next.Fields, updated)
		results = append(results, result)
	}
	return next, results, nil
}

// isSame says whether a write left the document as it was, its type of each
// number too, so that its update time stays.
func isSame(a, b *pb.Document) bool {
	if a == nil || b == nil {
		return a == b
	}
	if len(a.GetFields()) != len(b.GetFields()) || micros(a.GetCreateTime()) != micros(b.GetCreateTime()) {
		return false
	}
	for name, v := range a.GetFields() {
		if w, ok := b.GetFields()[name]; !ok || !proto.Equal(v, w) {
			return false
		}
	}
	return true
}
