package functions

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/comeback-checkout/comeback/internal/app"
)

// A request that ran out of time leaves its connection as it was: callers keep theirs
// open, and the next request on it is nobody else's fault.
func TestConnectionAfterDeadline(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, method, body string }{
		{"a body", http.MethodPost, `{"email":"ana@example.net"}`},
		{"no body", http.MethodPost, ""},
		{"a page", http.MethodGet, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var ends []error
				e := endpoint{deadline: time.Second, methods: []string{tc.method}, limit: 1 << 10}
				e.serve = func(ctx context.Context, _ *app.App, r *request) (response, error) {
					if _, err := r.body(); err != nil {
						return response{}, err
					}
					if len(ends) == 0 {
						<-ctx.Done()
						time.Sleep(time.Second) // the answer takes a while, by the test's clock
					}
					ends = append(ends, ctx.Err())
					return response{status: http.StatusOK}, ctx.Err()
				}
				a := open().App
				client := served(t, e.handler(func(context.Context) (*app.App, error) { return a, nil }))
				for range 2 {
					req, err := http.NewRequestWithContext(t.Context(), tc.method, "http://functions/", strings.NewReader(tc.body))
					if err != nil {
						t.Fatal(err)
					}
					res, err := client.Do(req)
					if err != nil {
						t.Fatal(err)
					}
					_, _ = io.Copy(io.Discard, res.Body)
					_ = res.Body.Close()
				}
				if len(ends) != 2 || !errors.Is(ends[0], context.DeadlineExceeded) || ends[1] != nil {
					t.Errorf("the requests' contexts: got %v, want the first at its deadline and the second open", ends)
				}
			})
		})
	}
}

// served is a client whose one connection leads to h.
func served(t *testing.T, h http.Handler) *http.Client {
	t.Helper()
	near, far := net.Pipe()
	lis := &oneConn{conn: make(chan net.Conn, 1), closed: make(chan struct{})}
	lis.conn <- far
	srv := &http.Server{Handler: h}
	go func() { _ = srv.Serve(lis) }()
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		if near == nil {
			return nil, errors.New("the connection was not kept")
		}
		conn := near
		near = nil
		return conn, nil
	}}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = srv.Close()
	})
	return &http.Client{Transport: transport}
}

// oneConn is a listener that accepts one connection.
type oneConn struct {
	conn   chan net.Conn
	closed chan struct{}
}

func (l *oneConn) Accept() (net.Conn, error) {
	select {
	case c := <-l.conn:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *oneConn) Close() error   { close(l.closed); return nil }
func (l *oneConn) Addr() net.Addr { return &net.TCPAddr{} }
