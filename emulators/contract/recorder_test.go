package contract

import (
	"bytes"
	"io"
	"net/http"
	"sync"

	"github.com/comeback-checkout/comeback/emulators/clock"
)

// exchange is one request and its answer, as they went over the wire.
type exchange struct {
	request  *http.Request
	sent     []byte
	status   int
	header   http.Header
	received []byte
}

// recorder keeps every exchange, whoever called: the test, Cloud Tasks or SendGrid.
type recorder struct {
	mu   sync.Mutex
	list []exchange
}

func (c *recorder) all() []exchange {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.list
}

func (c *recorder) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		e := exchange{request: r.Clone(r.Context()), sent: body}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if err != nil {
			r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), broken{err}))
		}
		if r.Header.Get("X-CloudTasks-TaskName") != "" { // a dispatch's clock waits for it
			r = r.WithContext(clock.WithinWork(r.Context()))
		}
		into := &copier{ResponseWriter: w, exchange: &e}
		next.ServeHTTP(into, r)
		e.header = w.Header().Clone()
		c.mu.Lock()
		defer c.mu.Unlock()
		c.list = append(c.list, e)
	})
}

// broken is the rest of a body that was cut off.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// copier keeps what is answered. It offers nothing of the connection: its deadline for a
// body would meet one that is read already, and end the requests that come after.
type copier struct {
	http.ResponseWriter
	exchange *exchange
}

func (c *copier) WriteHeader(status int) {
	c.exchange.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c *copier) Write(b []byte) (int, error) {
	if c.exchange.request.Method != http.MethodHead { // the server drops it
		c.exchange.received = append(c.exchange.received, b...)
	}
	return c.ResponseWriter.Write(b)
}

// later is a handler that is set when everything stands, with the keys of the tokens
// beside it.
type later struct {
	keys string
	jwks func() http.Handler
	mu   sync.Mutex
	next http.Handler
}

func (l *later) set(h http.Handler) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next = h
}

func (l *later) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == l.keys {
		l.jwks().ServeHTTP(w, r)
		return
	}
	l.mu.Lock()
	h := l.next
	l.mu.Unlock()
	h.ServeHTTP(w, r)
}

// gate holds requests while it is shut.
type gate struct {
	mu      sync.Mutex
	open    chan struct{} // nil: open
	arrived chan struct{}
}

// shut holds what comes from now on. One who comes is told of by arrived.
func (g *gate) shut() (arrived <-chan struct{}, open func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	held := make(chan struct{})
	g.open, g.arrived = held, make(chan struct{}, 1)
	return g.arrived, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.open = nil
		close(held)
	}
}

func (g *gate) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		held, arrived := g.open, g.arrived
		g.mu.Unlock()
		if held != nil {
			arrived <- struct{}{}
			<-held
		}
		next.ServeHTTP(w, r)
	})
}
