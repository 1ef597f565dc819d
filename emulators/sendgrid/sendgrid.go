// Package sendgrid is the part of SendGrid's v3 API that sends mail, as a real
// HTTP server on one machine: POST /v3/mail/send with the service's validation,
// a mailbox in place of the Internet, and signed event webhooks.
//
// It refuses what the service documents that it refuses, with its status and its
// text. It differs where the service is undocumented (when events come, and the
// steps in which a refused webhook is tried again) and in what it leaves out:
// nothing in a mail is rewritten (tracking settings and unsubscribe groups are
// accepted without effect), attachments are checked but not kept, senders need
// no verification, and templates, substitutions and scheduled sending are
// answered 501 rather than pretended.
package sendgrid

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/comeback-checkout/comeback/emulators/clock"
	"github.com/comeback-checkout/comeback/emulators/disk"
)

// Options say how a Server works. The zero value is a server in memory, on real
// time, that takes any API key and sends no events.
type Options struct {
	Clock     *clock.Clock  // nil: a clock of its own
	Disk      *disk.DB      // keeps mails, unsent events and the signing key; nil: memory only
	APIKeys   []string      // the keys that it accepts; empty: every key, but there must be one
	EventsURL string        // where events are posted; "": nowhere
	OnAccept  func(Message) // called with each accepted mail, before the request is answered
	Seed      uint64        // of the dice for faults with a rate
	Log       *slog.Logger  // nil: silent; never gets addresses or contents
}

// Server is the emulator. It is safe for concurrent use.
type Server struct {
	options  Options
	clock    *clock.Clock
	ownClock bool
	disk     *disk.DB
	key      *ecdsa.PrivateKey
	box      mailbox
	faults   faults
	webhook  webhook
	http     *http.Server
	ctx      context.Context // ends with Close
	cancel   context.CancelFunc

	mu   sync.Mutex
	addr net.Addr
}

// New makes a server and loads what Options.Disk keeps; events that were not
// taken by their receiver before the last stop are sent again. Close it when done.
func New(o Options) (*Server, error) {
	s := &Server{options: o, clock: o.Clock, disk: o.Disk}
	if s.disk == nil {
		s.disk = &disk.DB{} // keeps nothing
	}
	if s.options.Log == nil {
		s.options.Log = slog.New(slog.DiscardHandler)
	}
	s.faults.seed(o.Seed)
	s.webhook.client = newPoster()
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if err := s.load(); err != nil {
		s.cancel()
		return nil, fmt.Errorf("loading the SendGrid emulator's data: %w", err)
	}
	if s.clock == nil {
		s.clock, s.ownClock = clock.New(0), true
	}
	s.http = &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second}
	s.flushLater()
	return s, nil
}

func (s *Server) load() (err error) {
	if s.key, err = loadKey(s.disk); err != nil {
		return err
	}
	if err := s.box.load(s.disk); err != nil {
		return err
	}
	return s.webhook.load(s.disk)
}

// Listen opens addr (host:port; port 0 takes a free one) and serves it until Close.
func (s *Server) Listen(addr string) (net.Addr, error) {
	lis, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("opening the SendGrid emulator's port: %w", err)
	}
	s.setAddr(lis)
	go func() {
		if err := s.Serve(lis); err != nil {
			s.options.Log.Error("the SendGrid emulator stopped serving", "error", err)
		}
	}()
	return lis.Addr(), nil
}

// Serve serves lis until Close, and then returns nil.
func (s *Server) Serve(lis net.Listener) error {
	s.setAddr(lis)
	if err := s.http.Serve(lis); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (s *Server) setAddr(lis net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addr = lis.Addr()
}

// Addr is the address served last, or nil before Listen or Serve.
func (s *Server) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// Close cuts all connections and sends no more events; those still unsent stay
// on Options.Disk, which is the caller's to close.
func (s *Server) Close() error {
	s.cancel()
	s.webhook.client.CloseIdleConnections()
	if s.ownClock {
		s.clock.Close()
	}
	return s.http.Close()
}

// Handler is the API: POST /v3/mail/send; every other path is 404.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v3/mail/send", s.send)
	mux.HandleFunc("/v3/mail/send", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", http.MethodPost)
		refuse(w, http.StatusMethodNotAllowed, apiError{Message: "POST method allowed only"})
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, apiError{Message: "not found: the emulator has POST /v3/mail/send only"})
	})
	return mux
}
