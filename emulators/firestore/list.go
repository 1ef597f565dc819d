package firestore

import (
	"context"
	"encoding/base64"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/firestore/internal/docname"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/lock"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/store"
)

// maxPage is how many entries one page of a list has at most, and by default.
const maxPage = 300

// pager takes one page of a list of IDs that comes in order.
type pager struct {
	after string // the last ID of the page before
	size  int
	ids   []string
	more  bool
}

func newPager(size int32, token string) (*pager, error) {
	after, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || size < 0 {
		return nil, status.Error(codes.InvalidArgument, "page_size must not be negative and page_token must come from the page before")
	}
	if size == 0 || size > maxPage {
		size = maxPage
	}
	return &pager{after: string(after), size: int(size)}, nil
}

// take returns false when the page is full.
func (p *pager) take(id string) bool {
	if len(p.ids) == p.size {
		p.more = true
		return false
	}
	p.ids = append(p.ids, id)
	return true
}

// next is the token of the next page, "" after the last.
func (p *pager) next() string {
	if !p.more {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString([]byte(p.ids[len(p.ids)-1]))
}

// ListCollectionIds lists the collections right below a document or the root, those
// of missing documents too.
func (s service) ListCollectionIds(ctx context.Context, r *pb.ListCollectionIdsRequest) (*pb.ListCollectionIdsResponse, error) {
	db, parent, err := s.parent(r.GetParent())
	if err != nil {
		return nil, err
	}
	page, err := newPager(r.GetPageSize(), r.GetPageToken())
	if err != nil {
		return nil, err
	}
	err = db.store.View(micros(r.GetReadTime()), func(v store.Snapshot) error {
		v.Children(parent, page.after, page.take)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &pb.ListCollectionIdsResponse{CollectionIds: page.ids, NextPageToken: page.next()}, nil
}

// ListDocuments lists a collection in the order of names. With show_missing it
// also names documents that exist only in having others below them.
func (s service) ListDocuments(ctx context.Context, r *pb.ListDocumentsRequest) (*pb.ListDocumentsResponse, error) {
	db, parent, err := s.parent(r.GetParent())
	if err != nil {
		return nil, err
	}
	if o := r.GetOrderBy(); o != "" && o != "__name__" && o != "__name__ asc" {
		return nil, status.Error(codes.Unimplemented, "this emulator lists documents only in the order of __name__")
	}
	mask, err := parseMask(r.GetMask())
	if err != nil {
		return nil, err
	}
	page, err := newPager(r.GetPageSize(), r.GetPageToken())
	if err != nil {
		return nil, err
	}
	read, err := db.reader(ctx, r)
	if err != nil {
		return nil, err
	}
	defer read.done()
	if err := read.lockCollection(ctx, parent, r.GetCollectionId()); err != nil {
		return nil, err
	}
	answer := &pb.ListDocumentsResponse{}
	err = db.store.View(read.at, func(v store.Snapshot) error {
		collection := docname.Join(parent, r.GetCollectionId())
		v.Children(collection, page.after, func(id string) bool {
			return !r.GetShowMissing() && v.Get(docname.Join(collection, id)) == nil || page.take(id)
		})
		for _, id := range page.ids {
			path := docname.Join(collection, id)
			d := v.Get(path)
			if d == nil {
				d = &pb.Document{Name: db.nameOf(path)}
			}
			answer.Documents = append(answer.Documents, masked(d, mask))
		}
		return nil
	})
	answer.NextPageToken = page.next()
	return answer, err
}

// lockCollection checks the collection's ID and, in a transaction, locks its range.
func (r *reader) lockCollection(ctx context.Context, parent, collectionID string) error {
	q, err := collectionQuery(parent, collectionID)
	if err != nil || r.tx == nil {
		return err
	}
	return r.db.locks.Acquire(ctx, r.tx.owner, lock.Lock{Key: groupKey(collectionID), Mode: lock.ReadRange, Range: q})
}
