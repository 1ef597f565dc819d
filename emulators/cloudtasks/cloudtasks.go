// Package cloudtasks is an emulator of Google Cloud Tasks (google.cloud.tasks.v2)
// that the official client talks to over gRPC and that dispatches tasks over
// HTTP. It refuses what the service refuses, with the same codes and, where they
// are known, the same words; what it does not do (App Engine tasks, OAuth tokens,
// queue-level targets, IAM, batches, filters) it answers UNIMPLEMENTED.
//
// It differs from the service where the service is unspecified or undetermined:
// a task is dispatched as soon as it is due and the queue's limits allow, in the
// order of schedule times, with no ramp-up and no spread; what an overloaded
// handler does to its queue is written at type throttle. Delivery is at least
// once here too: an attempt that was in flight when the process died is made
// again.
package cloudtasks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/comeback-checkout/comeback/emulators/clock"
	"github.com/comeback-checkout/comeback/emulators/disk"
	"google.golang.org/grpc"
)

// Options say how a Server behaves; the zero value is a fresh one in memory.
type Options struct {
	// Clock is the time of schedules, retries, rates, tokens and windows; RPCs and
	// HTTP calls with their deadlines run on real time. Default: real time.
	Clock *clock.Clock
	// Path is the file that keeps queues, tasks and the signing key. Default: nothing is kept.
	Path string
	// Issuer is the iss of the OIDC tokens. Default: the service's own.
	Issuer string
	// Dedup is for how long the name of a task that is gone stays taken. Default:
	// 24 h, the longest that the service says ("up to 24 hours").
	Dedup time.Duration
	// Unlimited lifts the rates of all queues; their concurrency limits stay.
	Unlimited bool
	// Latency is added to each RPC, in real time.
	Latency time.Duration
	// Log gets what no answer can tell. Default: slog.Default().
	Log *slog.Logger
}

// Server is one emulated Cloud Tasks. It is safe for concurrent use.
type Server struct {
	clock     *clock.Clock
	ownsClock bool
	dedup     time.Duration
	unlimited bool
	log       *slog.Logger

	db     *disk.DB
	tokens *tokens
	faults faults
	grpc   *grpc.Server
	http   *http.Transport

	stopping context.Context // ends the calls in flight at Close
	stop     context.CancelFunc
	work     sync.WaitGroup // the calls in flight

	savingQueues sync.Mutex // one writer of queues at a time, so that the newest state is written last

	mu         sync.Mutex
	serving    bool // tasks are dispatched
	addr       net.Addr
	queues     map[string]*queue // by full name
	deleted    map[string]time.Time
	tombstones tombstones
	made       uint64 // counts tasks, so that those of one instant go out in the order they were made
	dispatched uint64
}

// New loads what is kept at o.Path. Tasks are dispatched from the first Serve or
// Listen on, so that a host can bring up their targets first.
func New(o Options) (*Server, error) {
	db, err := disk.Open(o.Path)
	if err != nil {
		return nil, fmt.Errorf("opening the tasks: %w", err)
	}
	s := &Server{
		clock:      o.Clock,
		dedup:      o.Dedup,
		unlimited:  o.Unlimited,
		log:        o.Log,
		db:         db,
		queues:     map[string]*queue{},
		deleted:    map[string]time.Time{},
		tombstones: tombstones{until: map[string]time.Time{}},
		http:       newTransport(),
	}
	if s.clock == nil {
		s.clock, s.ownsClock = clock.New(0), true
	}
	if s.dedup == 0 {
		s.dedup = 24 * time.Hour
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	s.stopping, s.stop = context.WithCancel(context.Background())
	s.tokens, err = newTokens(o.Issuer, s.clock.Now, db)
	if err = errors.Join(err, s.load()); err != nil {
		return nil, errors.Join(fmt.Errorf("loading the tasks of %s: %w", o.Path, err), s.Close())
	}
	s.grpc = grpc.NewServer(grpc.UnaryInterceptor(delay(o.Latency)))
	cloudtaskspb.RegisterCloudTasksServer(s.grpc, api{s: s})
	return s, nil
}

// Serve answers RPCs on lis, which it closes at its end, until Close.
func (s *Server) Serve(lis net.Listener) error {
	s.mu.Lock()
	s.addr, s.serving = lis.Addr(), s.stopping.Err() == nil
	for _, q := range s.queues {
		q.pump()
	}
	s.mu.Unlock()
	return s.grpc.Serve(lis)
}

// Listen serves on a TCP address (":0" picks a port) in the background.
func (s *Server) Listen(addr string) (net.Addr, error) {
	lis, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listening for Cloud Tasks: %w", err)
	}
	s.mu.Lock()
	s.addr = lis.Addr() // Addr may be asked before the goroutine runs
	s.mu.Unlock()
	go func() {
		if err := s.Serve(lis); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			s.log.Error("the Cloud Tasks emulator stopped", "error", err)
		}
	}()
	return lis.Addr(), nil
}

// Addr is where the server listens; nil before it does.
func (s *Server) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// Close stops serving and dispatching, gives up the calls in flight (they are
// made again after a restart) and closes the data file.
func (s *Server) Close() error {
	s.mu.Lock()
	s.serving = false
	s.stop()
	for _, q := range s.queues {
		q.sleep()
	}
	s.mu.Unlock()
	if s.grpc != nil {
		s.grpc.Stop()
	}
	s.work.Wait()
	s.http.CloseIdleConnections()
	if s.ownsClock {
		s.clock.Close()
	}
	return s.db.Close()
}

// api is the gRPC side of a Server. What it lacks is UNIMPLEMENTED.
type api struct {
	cloudtaskspb.UnimplementedCloudTasksServer
	s *Server
}

func delay(latency time.Duration) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
		if err := pause(ctx, latency); err != nil {
			return nil, err
		}
		return handle(ctx, req)
	}
}
