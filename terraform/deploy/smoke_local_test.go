package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/comeback-checkout/comeback/terraform/deploy/cloud"
)

// local is all of Comeback on this machine as a process of its own, in virtual time,
// and smoke as it would be called to try it.
type local struct {
	*testing.T
	functions, console, firestore string
	documents                     *firestore.Client

	path   string            // of Checkout
	config string            // that smoke is given
	env    map[string]string // of smoke
}

// buildLocal builds the local system; the program goes with the test.
func buildLocal(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "local")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "../../emulators/local").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

const localTime = "2026-11-20T17:30:00Z"

// newLocal runs the system with further keys of its one store.
func newLocal(t *testing.T, path string, keys ...string) *local {
	t.Helper()
	l := &local{T: t, config: storeFile(t, keys...), path: "/checkout"}
	const free = "127.0.0.1:0"
	cmd := exec.CommandContext(t.Context(), path, "-data", "", "-now", localTime, "-config", l.config,
		"-functions", free, "-console", free, "-firestore", free, "-cloudtasks", free, "-sendgrid", free)
	cmd.Env = append(os.Environ(), "FIRESTORE_EMULATOR_HOST=")
	cmd.Stderr = t.Output()
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
	})
	l.readAddresses(output)
	l.env = map[string]string{"FIRESTORE_EMULATOR_HOST": l.firestore, "COMEBACK_API_KEY": "local"}
	l.documents, err = firestore.NewClientWithDatabase(t.Context(), "comeback-local", "comeback", option.WithEndpoint(l.firestore),
		option.WithoutAuthentication(), option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.documents.Close() })
	return l
}

// storeFile is a configuration file of one store with further keys, each a line.
func storeFile(t *testing.T, keys ...string) string {
	t.Helper()
	lines := append([]string{
		"from: {email: shop@example.com}", `postal_address: "1 Pier Road, Bristol"`, "consent: opt_in", "cart_url: https://shop.example.com/cart",
	}, keys...)
	path := filepath.Join(t.TempDir(), "comeback.yaml")
	text := "stores:\n  default:\n    " + strings.Join(lines, "\n    ") + "\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// readAddresses reads what the system prints until it is ready.
func (l *local) readAddresses(output io.Reader) {
	l.Helper()
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		switch fields := strings.Fields(lines.Text()); {
		case len(fields) == 2 && fields[0] == "functions":
			l.functions = fields[1]
		case len(fields) == 2 && fields[0] == "console":
			l.console = fields[1]
		case len(fields) == 2 && fields[0] == "firestore":
			l.firestore = fields[1]
			return
		}
	}
	l.Fatal("the local system did not get ready")
}

// ask calls the console.
func (l *local) ask(method, path, body string, into any) {
	l.Helper()
	req, err := http.NewRequestWithContext(l.Context(), method, l.console+path, strings.NewReader(body))
	if err != nil {
		l.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		l.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		l.Fatalf("%s %s: got %d", method, path, res.StatusCode)
	}
	if into != nil {
		if err := json.NewDecoder(res.Body).Decode(into); err != nil {
			l.Fatal(err)
		}
	}
}

func (l *local) now() time.Time {
	var clock struct{ Now time.Time }
	l.ask(http.MethodGet, "/api/clock", "", &clock)
	return clock.Now
}

func (l *local) advance(d time.Duration) {
	l.Helper()
	l.ask(http.MethodPost, "/api/clock", `{"advance":"`+d.String()+`"}`, nil)
}

// mails are the recipients of all mails so far.
func (l *local) mails() []string {
	l.Helper()
	var list []struct{ To string }
	l.ask(http.MethodGet, "/api/messages", "", &list)
	to := []string{}
	for _, m := range list {
		to = append(to, m.To)
	}
	return to
}

// left counts the store's documents.
func (l *local) left() (n int) {
	l.Helper()
	for _, collection := range []string{"checkouts", "shoppers", "messages", "carts", "orders"} {
		list, err := l.documents.Collection("stores/default/" + collection).Documents(l.Context()).GetAll()
		if err != nil {
			l.Fatal(err)
		}
		n += len(list)
	}
	return n
}

// smoke runs the command; each of its pauses is the system's. It gives the exit
// status and what was printed.
func (l *local) smoke(ctx context.Context, args ...string) (int, string) {
	l.Helper()
	var out strings.Builder
	p := &program{
		out: &out, errOut: &out, now: l.now,
		wait: func(ctx context.Context, d time.Duration) error {
			if ctx.Err() == nil {
				l.advance(d)
			}
			return ctx.Err()
		},
		lookup: func(name string) (string, bool) { v, ok := l.env[name]; return v, ok },
		cloud: func(context.Context, string) (*cloud.Client, error) {
			l.Error("it asked Google Cloud")
			return nil, cloud.ErrCredentials
		},
	}
	all := append([]string{
		"-project", "comeback-local", "-config", l.config, "-url", l.functions + l.path, "-to", "you@example.com",
	}, args...)
	code := p.status(ctx, p.smoke(ctx, all))
	return code, out.String()
}

// want checks the status and parts of what was printed.
func (l *local) want(code int, text string, wantCode int, parts ...string) {
	l.Helper()
	if code != wantCode {
		l.Errorf("got status %d, want %d", code, wantCode)
	}
	for _, part := range parts {
		if !strings.Contains(text, part) {
			l.Errorf("%q is missing from:\n%s", part, text)
		}
	}
}
