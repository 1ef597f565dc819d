package main

import (
	"bufio"
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// A body that does not come is not waited for longer than the request's deadline, and
// the answer asks for it again: nothing final can be said of what did not come whole.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.CallerDeadline = 100 * time.Millisecond })
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.FunctionsURL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "POST /checkout HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer local\r\nContent-Length: 100\r\n\r\n{\"email\"")
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
		t.Errorf("got %d, Retry-After %q; want 503 with one", res.StatusCode, res.Header.Get("Retry-After"))
	}
}

// Logs hold hashes only, whatever a caller sends in whatever field. Promise 9.
func TestLogsHoldNothingPersonal(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	w := newWorld(t, func(o *Options) {
		o.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	w.post(http.StatusOK, orderPath, sample(t, "order.json"))
	for _, requestBody := range []string{
		`{"email":"ana.lima@"}`,
		`{"email":"b@example.net","currency":"EUR","total":"ana.lima@example.net"}`,
		`{"email":"b@example.net","recover_url":"https://ana.lima.example.org/"}`,
		`{"email":"b@example.net","locale":"ana.lima@example.net"}`,
		`{"email":"b@example.net","updated_at":"ana.lima@example.net"}`,
		`ana.lima@example.net`,
	} {
		w.post(http.StatusBadRequest, checkoutPath, requestBody)
	}
	w.advance(80 * time.Hour)
	text := log.String()
	if !strings.Contains(text, `"function":"Remind"`) {
		t.Error("the log is empty")
	}
	for _, personal := range []string{"ana.lima", "Ana", "Lima", "chk_7f3a91", "cus_981"} {
		if i := strings.Index(text, personal); i >= 0 {
			t.Errorf("the log holds %q: …%s…", personal, text[max(0, i-100):min(len(text), i+100)])
		}
	}
}

// lockedBuffer takes lines from several goroutines.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
