package firestore_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	fs "cloud.google.com/go/firestore"
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/clock"
	"github.com/comeback-checkout/comeback/emulators/firestore"
)

const (
	dbName = "projects/p/databases/(default)"
	root   = dbName + "/documents"
)

// emulator is a server in memory with its clients.
type emulator struct {
	*firestore.Server
	clock  *clock.Clock
	lis    *bufconn.Listener
	client *fs.Client
	raw    pb.FirestoreClient
}

func newClock(t testing.TB) *clock.Clock {
	t.Helper()
	c := clock.New(0)
	t.Cleanup(c.Close)
	return c
}

func start(t testing.TB, o firestore.Options) *emulator {
	t.Helper()
	if o.Clock == nil {
		o.Clock = newClock(t)
	}
	e := &emulator{clock: o.Clock, lis: bufconn.Listen(1 << 20)}
	var err error
	if e.Server, err = firestore.New(o); err != nil {
		t.Fatal(err)
	}
	go func() { _ = e.Serve(e.lis) }()
	t.Cleanup(func() { _ = e.Close() })
	conn := e.dial(t)
	e.raw = pb.NewFirestoreClient(conn)
	if e.client, err = fs.NewClient(t.Context(), "p", option.WithGRPCConn(conn)); err != nil {
		t.Fatal(err)
	}
	return e
}

func (e *emulator) dial(t testing.TB) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///memory", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return e.lis.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func must[T any](t testing.TB) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func wantCode(t *testing.T, err error, want codes.Code) {
	t.Helper()
	if got := status.Code(err); got != want {
		t.Errorf("got %v (%v), want %v", got, err, want)
	}
}

// wantStatus checks the service's words too.
func wantStatus(t *testing.T, err error, code codes.Code, text string) {
	t.Helper()
	if got := status.Convert(err); got.Code() != code || got.Message() != text {
		t.Errorf("got %v %q, want %v %q", got.Code(), got.Message(), code, text)
	}
}

func TestDocumentsLife(t *testing.T) {
	t.Parallel()
	e, ctx := start(t, firestore.Options{}), t.Context()
	doc := e.client.Doc("c/d")
	_, err := doc.Get(ctx)
	wantCode(t, err, codes.NotFound)
	created := must[*fs.WriteResult](t)(doc.Create(ctx, map[string]any{"n": 1, "s": "x", "at": time.Unix(1, 123456789)}))
	_, err = doc.Create(ctx, map[string]any{"n": 2})
	wantStatus(t, err, codes.AlreadyExists, "Document already exists: "+root+"/c/d")

	got := must[*fs.DocumentSnapshot](t)(doc.Get(ctx))
	if !got.UpdateTime.Equal(created.UpdateTime) || !got.CreateTime.Equal(created.UpdateTime) || got.ReadTime.Before(got.UpdateTime) {
		t.Errorf("created %v, updated %v, read %v; want the commit's time %v for both, read after", got.CreateTime, got.UpdateTime, got.ReadTime, created.UpdateTime)
	}
	if at := got.Data()["at"].(time.Time); !at.Equal(time.Unix(1, 123456000)) {
		t.Errorf("got %v, want the timestamp cut to the microsecond", at)
	}

	same := must[*fs.WriteResult](t)(doc.Set(ctx, map[string]any{"n": 1}, fs.MergeAll))
	if !same.UpdateTime.Equal(created.UpdateTime) {
		t.Errorf("a write that changed nothing moved the update time from %v to %v", created.UpdateTime, same.UpdateTime)
	}
	updated := must[*fs.WriteResult](t)(doc.Update(ctx, []fs.Update{{Path: "n", Value: fs.Increment(2)}, {Path: "s", Value: fs.Delete}}))
	if !updated.UpdateTime.After(created.UpdateTime) {
		t.Errorf("updated at %v, want after %v", updated.UpdateTime, created.UpdateTime)
	}
	if got := fmt.Sprint(must[*fs.DocumentSnapshot](t)(doc.Get(ctx)).Data()["n"]); got != "3" {
		t.Errorf("n is %v, want 3", got)
	}
	_, err = doc.Delete(ctx, fs.LastUpdateTime(created.UpdateTime))
	wantStatus(t, err, codes.FailedPrecondition, fmt.Sprintf("the stored version (%d) does not match the required base version (%d)",
		updated.UpdateTime.UnixMicro(), created.UpdateTime.UnixMicro()))
	must[*fs.WriteResult](t)(doc.Delete(ctx))
	must[*fs.WriteResult](t)(doc.Delete(ctx))
	_, err = doc.Update(ctx, []fs.Update{{Path: "n", Value: 1}})
	wantStatus(t, err, codes.NotFound, "No document to update: "+root+"/c/d")
}
