package firestore

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/clock"
	"github.com/comeback-checkout/comeback/emulators/disk"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/index"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/store"
)

// Options are what a Server is made of. All but Clock may be left out.
type Options struct {
	Clock *clock.Clock

	// Disk keeps the documents; without one they end with the server.
	Disk *disk.DB

	// Indexes are files in Firebase's format (firestore.indexes.json). Together
	// they say which queries may be asked and which fields expire. Without any,
	// every query passes.
	Indexes [][]byte

	// TTLDelay is how long after it expired a document is deleted (default 24 h,
	// the time within which the service typically does).
	TTLDelay time.Duration

	// Latency is added to each call, in real time; to a stream once.
	Latency time.Duration

	// Seed makes the dice of faults repeatable.
	Seed uint64
}

// Server is the emulator. It is safe for concurrent use.
type Server struct {
	o        Options
	indexes  *index.Definitions // nil: every query passes
	grpc     *grpc.Server
	faults   faults
	revision atomic.Uint64
	expiries *expiries

	mu        sync.Mutex
	addr      net.Addr
	databases map[string]*database
}

// service answers the calls of google.firestore.v1.
type service struct{ *Server }

var _ pb.FirestoreServer = service{}

// New makes a server from what the disk holds. Nothing is served yet.
func New(o Options) (*Server, error) {
	if o.Clock == nil {
		return nil, errors.New("the Firestore emulator needs a clock: set Options.Clock")
	}
	if o.Disk == nil {
		nothing, err := disk.Open("")
		if err != nil {
			return nil, err
		}
		o.Disk = nothing
	}
	if o.TTLDelay == 0 {
		o.TTLDelay = 24 * time.Hour
	}
	s := &Server{o: o, databases: map[string]*database{}}
	if len(o.Indexes) > 0 {
		var err error
		if s.indexes, err = index.Parse(o.Indexes...); err != nil {
			return nil, err
		}
	}
	s.faults.init(o.Seed)
	s.expiries = newExpiries(s)
	if err := s.load(); err != nil {
		return nil, err
	}
	s.grpc = grpc.NewServer(
		grpc.UnaryInterceptor(s.interceptUnary),
		grpc.StreamInterceptor(s.interceptStream),
		grpc.WaitForHandlers(true),        // so that after Close nothing uses the disk any more
		grpc.MaxRecvMsgSize(2*maxRequest), // what is over maxRequest is refused with the service's words
		grpc.StatsHandler(connections{s}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}),
	)
	pb.RegisterFirestoreServer(s.grpc, service{s})
	return s, nil
}

func (s *Server) load() error {
	return store.Load(s.o.Disk, func(d *pb.Document) error {
		db, path, err := s.document(d.GetName())
		if err != nil {
			return fmt.Errorf("loading kept documents: %w", err)
		}
		db.store.Restore(path, d)
		s.expiries.note(db, store.Change{Path: path, Doc: d})
		return nil
	})
}

// Serve answers on the listener, which may be a bufconn, until Close.
func (s *Server) Serve(lis net.Listener) error {
	s.mu.Lock()
	s.addr = lis.Addr()
	s.mu.Unlock()
	return s.grpc.Serve(lis)
}

// Listen serves in the background on the TCP address, of which ":0" chooses a
// port, and tells the address.
func (s *Server) Listen(addr string) (net.Addr, error) {
	lis, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listening for Firestore clients: %w", err)
	}
	s.mu.Lock()
	s.addr = lis.Addr()
	s.mu.Unlock()
	go func() { _ = s.grpc.Serve(lis) }() // returns on Close; a broken listener shows in the clients
	return lis.Addr(), nil
}

// Addr is the address served last, or nil.
func (s *Server) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// Close breaks off all calls and frees the address. What was answered is kept.
// The clock and the disk stay the caller's.
func (s *Server) Close() error {
	s.expiries.close()
	s.grpc.Stop()
	return nil
}

// Revision grows with each commit that changed something.
func (s *Server) Revision() uint64 { return s.revision.Load() }

// database finds the database of that name, projects/P/databases/D, making it if
// it is new: every project and database exists.
func (s *Server) database(name string) (*database, error) {
	parts := strings.Split(name, "/")
	if len(parts) != 4 || parts[0] != "projects" || parts[1] == "" || parts[2] != "databases" || parts[3] == "" {
		return nil, status.Errorf(codes.InvalidArgument, "Database name %q does not match \"projects/{project}/databases/{database}\".", name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	db := s.databases[name]
	if db == nil {
		db = newDatabase(s, name)
		s.databases[name] = db
	}
	return db, nil
}
