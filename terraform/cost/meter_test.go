package cost

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/comeback-checkout/comeback/emulators/clock"
	emulator "github.com/comeback-checkout/comeback/emulators/firestore"
	"github.com/comeback-checkout/comeback/terraform"
)

// meter counts, on the wire between Firestore's client and the emulator, what
// Firestore bills.
type meter struct {
	mu   sync.Mutex
	used Use
	// documents are the paths of all documents that were written and are not marks:
	// each expires once.
	documents map[string]bool
}

// take returns what was used since it was last called.
func (m *meter) take() Use {
	m.mu.Lock()
	defer m.mu.Unlock()
	used := m.used
	m.used = Use{}
	return used
}

// isMark says whether a document is a caller's mark. There is at most one a minute,
// and the formula counts them apart.
func isMark(name string) bool { return strings.Contains(name, "/heard/") }

// commit counts the writes of a commit.
func (m *meter) commit(writes []*firestorepb.Write) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, w := range writes {
		name := w.GetUpdate().GetName()
		if isMark(name) {
			continue
		}
		m.used.Writes++
		m.documents[name] = true
	}
}

func (m *meter) read(documents int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.used.Reads += float64(documents)
}

func (m *meter) unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	err := invoke(ctx, method, req, reply, cc, opts...)
	// A commit whose precondition fails writes nothing.
	if r, ok := req.(*firestorepb.CommitRequest); ok && err == nil {
		m.commit(r.GetWrites())
	}
	return err
}

func (m *meter) stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	s, err := open(ctx, desc, cc, method, opts...)
	return &meteredStream{ClientStream: s, meter: m}, err
}

// meteredStream counts a read for each document that is asked for, there or not, and
// for each one that a query finds; a query that finds none is one too.
type meteredStream struct {
	grpc.ClientStream
	meter *meter
	query bool
	found int
}

func (s *meteredStream) SendMsg(msg any) error {
	switch r := msg.(type) {
	case *firestorepb.BatchGetDocumentsRequest:
		for _, name := range r.GetDocuments() {
			if !isMark(name) {
				s.meter.read(1)
			}
		}
	case *firestorepb.RunQueryRequest:
		s.query = true
		s.meter.read(1)
	}
	return s.ClientStream.SendMsg(msg)
}

func (s *meteredStream) RecvMsg(msg any) error {
	err := s.ClientStream.RecvMsg(msg)
	if r, ok := msg.(*firestorepb.RunQueryResponse); ok && err == nil && s.query && r.GetDocument() != nil {
		if s.found++; s.found > 1 {
			s.meter.read(1)
		}
	}
	return err
}

// metered is a Firestore client on an emulator in memory, with a meter on its wire.
func metered(t *testing.T) (*firestore.Client, *meter) {
	t.Helper()
	time := clock.New(0)
	t.Cleanup(time.Close)
	server, err := emulator.New(emulator.Options{Clock: time, Indexes: [][]byte{terraform.Indexes}})
	if err != nil {
		t.Fatal(err)
	}
	lis := bufconn.Listen(1 << 20)
	go func() { _ = server.Serve(lis) }()
	t.Cleanup(func() { _ = server.Close() })
	m := &meter{documents: map[string]bool{}}
	conn, err := grpc.NewClient("passthrough:///memory", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }),
		grpc.WithUnaryInterceptor(m.unary), grpc.WithStreamInterceptor(m.stream))
	if err != nil {
		t.Fatal(err)
	}
	client, err := firestore.NewClient(context.Background(), "p", option.WithGRPCConn(conn))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client, m
}
