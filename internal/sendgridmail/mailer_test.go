package sendgridmail

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

func TestSendAsksOnce(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	m := sendingTo(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if got := r.Method + " " + r.URL.Path; got != "POST /v3/mail/send" {
			t.Errorf("request is %s, want POST /v3/mail/send", got)
		}
		if got := r.Header.Get("Authorization"); got != "Bearer SG.key" {
			t.Errorf("Authorization is %q, want the store's key", got)
		}
		if got := r.Header.Get("Content-Type"); got != "application/json" {
			t.Errorf("Content-Type is %q, want application/json", got)
		}
		http.Redirect(w, r, "/v3/mail/send/", http.StatusTemporaryRedirect)
	}))
	_, err := m.Send(t.Context(), example())
	if e := sendError(t, err); e.Kind != recovery.ErrDeployment || requests.Load() != 1 {
		t.Errorf("redirected: got %v after %d requests, want ErrDeployment after 1", e, requests.Load())
	}
}

// A request that was written and got no answer is not repeated (promise 2), on a
// new connection as on a used one.
func TestLostAnswerIsNotRepeated(t *testing.T) {
	t.Parallel()
	for _, before := range []int32{0, 1} {
		var requests atomic.Int32
		m := sendingTo(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			if requests.Add(1) <= before {
				w.WriteHeader(http.StatusAccepted)
				return
			}
			panic(http.ErrAbortHandler) // closes the connection without an answer
		}))
		for range before {
			if _, err := m.Send(t.Context(), example()); err != nil {
				t.Fatalf("the first mail: %v", err)
			}
		}
		_, err := m.Send(t.Context(), example())
		if e := sendError(t, err); e.Kind != recovery.ErrUnknown || requests.Load() != before+1 {
			t.Errorf("after %d answers: got %v and %d requests, want ErrUnknown and %d", before, e, requests.Load(), before+1)
		}
	}
}

func TestDeadlineAfterTheRequest(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	m := sendingTo(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // until then the server does not see the client leave
		cancel()
		<-r.Context().Done()
	}))
	_, err := m.Send(ctx, example())
	if e := sendError(t, err); e.Kind != recovery.ErrUnknown {
		t.Errorf("got %v, want ErrUnknown", e)
	}
}

func TestNoConnection(t *testing.T) {
	t.Parallel()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := lis.Addr().String()
	lis.Close()
	_, err = toHost("http://"+addr).Send(t.Context(), example())
	if e := sendError(t, err); e.Kind != recovery.ErrOverload {
		t.Errorf("refused: got %v, want ErrOverload", e)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = answering(t, http.StatusAccepted, "").Send(ctx, example())
	if e := sendError(t, err); e.Kind != recovery.ErrOverload {
		t.Errorf("deadline before the connection: got %v, want ErrOverload", e)
	}
}

// What cannot be sent is found before a byte is written.
func TestRefusedUnsent(t *testing.T) {
	t.Parallel()
	m := sendingTo(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a request was made")
	}))
	m.accounts["no-url"] = Account{Key: "SG.key", Host: "http://%zz"}
	m.accounts["bad-key"] = Account{Key: "SG.key\n", Host: m.accounts["default"].Host}
	for _, c := range []struct {
		name   string
		change func(*recovery.Mail)
		want   error
	}{
		{"another header", func(m *recovery.Mail) { m.To[0].Email = "ana@example.net\r\nBcc: x@example.net" }, recovery.ErrRejected},
		{"control character", func(m *recovery.Mail) { m.To[0].Email = "ana\x00@example.net" }, recovery.ErrRejected},
		{"no recipient", func(m *recovery.Mail) { m.To = nil }, recovery.ErrRejected},
		{"empty recipient", func(m *recovery.Mail) { m.To[0].Email = "" }, recovery.ErrRejected},
		{"sender", func(m *recovery.Mail) { m.From.Email = "shop@example.com\n" }, recovery.ErrRejected},
		{"reply-to", func(m *recovery.Mail) { m.ReplyTo = "help@example.com\n" }, recovery.ErrRejected},
		{"another header by the link to unsubscribe", func(m *recovery.Mail) { m.Unsubscribe = "https://x/u/t>\r\nBcc: x@example.net" }, recovery.ErrRejected},
		{"a second link to unsubscribe", func(m *recovery.Mail) { m.Unsubscribe = "https://x/u/t>, <https://y" }, recovery.ErrRejected},
		{"store without an account", func(m *recovery.Mail) { m.Store = "other" }, recovery.ErrDeployment},
		{"host that is no URL", func(m *recovery.Mail) { m.Store = "no-url" }, recovery.ErrDeployment},
		{"key with a line break", func(m *recovery.Mail) { m.Store = "bad-key" }, recovery.ErrDeployment},
	} {
		mail := example()
		c.change(&mail)
		_, err := m.Send(t.Context(), mail)
		if e := sendError(t, err); e.Kind != c.want || strings.Contains(e.Detail, "@") {
			t.Errorf("%s: got %v, want %v without an address", c.name, e, c.want)
		}
	}
}

// Mails that are sent side by side, by several stores, get each its own answer.
func TestSideBySide(t *testing.T) {
	t.Parallel()
	m := sendingTo(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Args map[string]string `json:"custom_args"`
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Errorf("decoding: %v", err)
		}
		w.Header().Set("X-Message-Id", body.Args["message_id"]+" "+r.Header.Get("Authorization"))
		w.WriteHeader(http.StatusAccepted)
	}))
	m.accounts["other"] = Account{Key: "SG.other", Host: m.accounts["default"].Host}
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			mail, key := example(), "SG.key"
			if mail.MessageID = fmt.Sprint(i); i%2 == 0 {
				mail.Store, key = "other", "SG.other"
			}
			id, err := m.Send(t.Context(), mail)
			if want := fmt.Sprintf("%d Bearer %s", i, key); id != want || err != nil {
				t.Errorf("mail %d: got %q, %v; want %q", i, id, err, want)
			}
		})
	}
	wg.Wait()
}

func BenchmarkSend(b *testing.B) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusAccepted)
	}), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(lis) }()
	b.Cleanup(func() { _ = server.Close() })
	m := toHost("http://" + lis.Addr().String())
	for b.Loop() {
		if _, err := m.Send(b.Context(), example()); err != nil {
			b.Fatal(err)
		}
	}
}
