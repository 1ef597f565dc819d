package firestore_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	fs "cloud.google.com/go/firestore"
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/disk"
	"github.com/comeback-checkout/comeback/emulators/firestore"
)

func openDisk(t testing.TB, path string) *disk.DB {
	t.Helper()
	db := must[*disk.DB](t)(disk.Open(path))
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestDocumentsSurviveARestart(t *testing.T) {
	t.Parallel()
	ctx, path, shared := t.Context(), filepath.Join(t.TempDir(), "data.db"), newClock(t)
	kept := openDisk(t, path)
	first := start(t, firestore.Options{Clock: shared, Disk: kept, Indexes: [][]byte{[]byte(ttl)}})
	wantCode(t, first.commit(ctx, nil, set("c/a", 1), set("c/gone", 1), set("c/a/sub/b", 2)), codes.OK)
	wantCode(t, first.commit(ctx, nil, &pb.Write{Operation: &pb.Write_Delete{Delete: root + "/c/gone"}}), codes.OK)
	must[*fs.WriteResult](t)(first.client.Doc("c/expires").Set(ctx, map[string]any{"expires_at": shared.Now()}))
	tx := first.begin(t, nil)
	all := []string{"c/a", "c/gone", "c/a/sub/b", "c/expires"}
	before := must[map[string]*pb.Document](t)(first.get(ctx, nil, all...))
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := kept.Close(); err != nil {
		t.Fatal(err)
	}

	again := start(t, firestore.Options{Clock: shared, Disk: openDisk(t, path), Indexes: [][]byte{[]byte(ttl)}})
	after := must[map[string]*pb.Document](t)(again.get(ctx, nil, all...))
	if diff := cmp.Diff(before, after, protocmp.Transform()); diff != "" || len(after) != 3 {
		t.Errorf("want -, got +\n%s", diff)
	}
	wantStatus(t, again.commit(ctx, tx, set("c/a", 2)), codes.Aborted, isExpired)
	if err := shared.Advance(ctx, shared.Now().Add(25*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if found := must[map[string]*pb.Document](t)(again.get(ctx, nil, "c/expires")); len(found) > 0 {
		t.Error("a document that was kept did not expire")
	}
}

func TestReadTime(t *testing.T) {
	t.Parallel()
	e, ctx := start(t, firestore.Options{}), t.Context()
	doc := e.client.Doc("c/d")
	created := must[*fs.WriteResult](t)(doc.Set(ctx, map[string]any{"n": 1}))
	updated := must[*fs.WriteResult](t)(doc.Set(ctx, map[string]any{"n": 2}))
	deleted := e.clock.Now()
	must[*fs.WriteResult](t)(doc.Delete(ctx))
	read := func(at time.Time) (*pb.Document, error) {
		return e.raw.GetDocument(ctx, &pb.GetDocumentRequest{
			Name: root + "/c/d", ConsistencySelector: &pb.GetDocumentRequest_ReadTime{ReadTime: timestamppb.New(at)},
		})
	}
	for _, c := range []struct {
		at   time.Time
		want int64
	}{{created.UpdateTime, 1}, {updated.UpdateTime.Add(-time.Microsecond), 1}, {updated.UpdateTime, 2}, {deleted, 2}} {
		if got := must[*pb.Document](t)(read(c.at)).GetFields()["n"].GetIntegerValue(); got != c.want {
			t.Errorf("at %v: got %d, want %d", c.at, got, c.want)
		}
	}
	_, err := read(created.UpdateTime.Add(-time.Microsecond))
	wantCode(t, err, codes.NotFound)
	_, err = read(e.clock.Now().Add(time.Hour))
	wantCode(t, err, codes.InvalidArgument)

	if err := e.clock.Advance(ctx, e.clock.Now().Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	wantCode(t, e.commit(ctx, nil, set("c/other", 1)), codes.OK) // what is too old goes with a commit
	_, err = read(created.UpdateTime)
	wantStatus(t, err, codes.FailedPrecondition, "The requested snapshot version is too old.")
}
