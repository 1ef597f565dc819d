package firestoredb

import (
	"context"
	"net"
	"strings"
	"testing"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/comeback-checkout/comeback/emulators/clock"
	emulator "github.com/comeback-checkout/comeback/emulators/firestore"
	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/recovery/recoverytest"
	"github.com/comeback-checkout/comeback/terraform"
)

// emulated is a DB on an emulator of its own, in memory.
type emulated struct {
	*DB
	*testing.T
	server *emulator.Server
	// onRollback, if set, stands in for the answer to a rollback.
	onRollback func(context.Context)
}

// open starts an emulator that enforces the index definitions; without any, every
// query passes.
func open(t *testing.T, c recovery.Clock, indexes ...[]byte) *emulated {
	t.Helper()
	time := clock.New(0)
	t.Cleanup(time.Close)
	server, err := emulator.New(emulator.Options{Clock: time, Indexes: indexes})
	if err != nil {
		t.Fatal(err)
	}
	lis := bufconn.Listen(1 << 20)
	go func() { _ = server.Serve(lis) }()
	t.Cleanup(func() { _ = server.Close() })
	e := &emulated{T: t, server: server}
	conn, err := grpc.NewClient("passthrough:///memory", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithUnaryInterceptor(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			if strings.HasSuffix(method, "/Rollback") && e.onRollback != nil {
				e.onRollback(ctx)
			}
			return call(ctx, method, req, reply, cc, opts...)
		}),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	client, err := firestore.NewClient(context.Background(), "p", option.WithGRPCConn(conn))
	if err != nil {
		t.Fatal(err)
	}
	e.DB = New(client, c)
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// Messages implements recoverytest.InspectedDB.
func (e *emulated) Messages() []recovery.Message {
	e.Helper()
	var list []recovery.Message
	for it := e.client.CollectionGroup("messages").OrderBy(firestore.DocumentID, firestore.Asc).Documents(e.Context()); ; {
		snap, err := it.Next()
		if err == iterator.Done { //nolint:errorlint // it comes as it is
			return list
		}
		if err != nil {
			e.Fatal(err)
		}
		var d messageDoc
		if err := snap.DataTo(&d); err != nil {
			e.Fatal(err)
		}
		m := *d.message(snap.Ref.Parent.Parent.ID)
		if snap.Ref.ID != m.Key() {
			e.Errorf("the row of %s is at %s", m.Key(), snap.Ref.ID)
		}
		list = append(list, m)
	}
}

func TestDB(t *testing.T) {
	t.Parallel()
	recoverytest.TestDB(t, func(t *testing.T, c recovery.Clock) recoverytest.InspectedDB {
		return open(t, c, terraform.Indexes)
	})
}
