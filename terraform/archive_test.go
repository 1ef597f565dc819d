package terraform_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/emulators/clock"
	"github.com/comeback-checkout/comeback/emulators/cloudtasks"
	"github.com/comeback-checkout/comeback/emulators/firestore"
	"github.com/comeback-checkout/comeback/emulators/sendgrid"
	"github.com/comeback-checkout/comeback/functions"
	"github.com/comeback-checkout/comeback/terraform"
)

// The archive that Terraform makes builds as Google's Go buildpack builds it, and each
// function of it does its work: from a checkout to an e-mail, in processes of their own.
func TestArchive(t *testing.T) {
	t.Parallel()
	archive := plannedArchive(t)
	if info, err := os.Stat(archive); err != nil || info.Size() >= 1<<20 {
		t.Fatalf("the archive: got %v, %v, want less than 1 MB", info, err)
	}
	p := buildAsBuildpack(t, archive)
	addresses := map[string]string{}
	for _, name := range functions.Names() {
		addresses[name] = freeAddress(t)
	}
	s := startServices(t, addresses["SendGridEvents"])
	s.vars["COMEBACK_REMIND_URL"], s.vars["COMEBACK_SWEEP_URL"] = addresses["Remind"], addresses["Sweep"]
	s.vars["COMEBACK_RECOVER_URL"], s.vars["COMEBACK_UNSUBSCRIBE_URL"] = addresses["Recover"], addresses["Unsubscribe"]
	for name, address := range addresses {
		p.serve(t, s, name, address)
	}

	// A test that hangs tells nothing; the build, which a busy machine is long at, ends
	// by itself.
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	// Due at once: its task runs, and the mail is handed over.
	abandoned := time.Now().Add(-30 * time.Minute).UTC().Format(time.RFC3339)
	s.post(t, addresses["Checkout"], "Bearer key", http.StatusCreated, fmt.Sprintf(`{"checkout_id":"c1","email":"ana@example.net","accepts_marketing":true,"abandoned_at":%q}`, abandoned))
	select {
	case m := <-s.mails:
		if m.To != "ana@example.net" {
			t.Errorf("got a mail to %s, want ana@example.net", m.To)
		}
		s.links(t, m)
	case <-ctx.Done():
		t.Fatal("no mail came")
	}
	select {
	case status := <-s.events:
		if status != http.StatusOK {
			t.Errorf("SendGrid's events: got %d, want 200", status)
		}
	case <-ctx.Done():
		t.Fatal("no event came")
	}
	answer := s.post(t, addresses["Order"], "Bearer key", http.StatusOK, `{"order_id":"o1","checkout_id":"c1"}`)
	if want := `"matched":["c1"]`; !strings.Contains(answer, want) {
		t.Errorf("the order: got %s, want it to hold %s", answer, want)
	}
	token, err := s.tasks.Token(s.vars["COMEBACK_SCHEDULER_ACCOUNT"], addresses["Sweep"])
	if err != nil {
		t.Fatal(err)
	}
	s.post(t, addresses["Sweep"], "Bearer "+token, http.StatusOK, "")
	s.post(t, addresses["Shopify"], "", http.StatusUnauthorized, `{"id":1}`) // no store is on either
	s.post(t, addresses["WooCommerce"], "", http.StatusOK, "webhook_id=1")
	if answer, want := s.post(t, addresses["Privacy"]+"/erase", "Bearer key", http.StatusOK, `{"email":"ana@example.net"}`), `"erased":true,"checkouts":1,"orders":1,"messages":1`; !strings.Contains(answer, want) {
		t.Errorf("the erasure: got %s, want it to hold %s", answer, want)
	}
}

// program is what the buildpack makes: one program for all functions, told by
// FUNCTION_TARGET which one to serve.
type program string

const fnSource = "serverless_function_source_code"

// buildAsBuildpack follows cmd/go/functions_framework/lib/lib.go of
// GoogleCloudPlatform/buildpacks: the source moves to a folder, must be one package at
// the module's root, gets a main of the declarative kind, is tidied and built. The one
// difference is that this main listens on the loopback address only.
func buildAsBuildpack(t *testing.T, archive string) program {
	t.Helper()
	root := t.TempDir()
	source := filepath.Join(root, fnSource)
	unpack(t, archive, source)
	if got := packagesAt(t, source); !slices.Equal(got, []string{"functions"}) {
		t.Fatalf("packages at the archive's root: got %v, want functions alone", got)
	}
	module := strings.TrimSpace(goTool(t, source, "list", "-m"))
	if first, _, _ := strings.Cut(module, "/"); !strings.Contains(first, ".") {
		t.Fatalf("the module is %s: the buildpack wants a dot in its first element", module)
	}
	main := filepath.Join(source, "functions.local", "app", "main.go")
	if err := os.MkdirAll(filepath.Dir(main), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(main, fmt.Appendf(nil, generatedMain, module), 0o600); err != nil {
		t.Fatal(err)
	}
	goTool(t, source, "mod", "tidy")
	binary := filepath.Join(root, "main")
	goTool(t, source, "build", "-o", binary, "./functions.local/app")
	return program(binary)
}

const generatedMain = `package main

import (
	"log"
	"net/http"
	"os"

	_ %q

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"
)

func main() {
	http.HandleFunc("/robots.txt", http.NotFound)
	http.HandleFunc("/favicon.ico", http.NotFound)
	if err := funcframework.StartHostPort("127.0.0.1", os.Getenv("PORT")); err != nil {
		log.Fatalf("Function failed to start: %%v", err)
	}
}
`

// goTool runs go in dir with what the module cache holds, and returns its output.
func goTool(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=", "GOTOOLCHAIN=local", "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}

func unpack(t *testing.T, archive, dir string) {
	t.Helper()
	r, err := zip.OpenReader(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := os.CopyFS(dir, r); err != nil {
		t.Fatal(err)
	}
}

// packagesAt lists the packages of all Go files in dir, tests and build tags or not.
func packagesAt(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, f.Name.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// services are the emulators, on real time, with what the functions are told of them.
type services struct {
	tasks  *cloudtasks.Server
	mails  chan sendgrid.Message
	events chan int // how each post of SendGrid's events was answered
	vars   map[string]string
}

// startServices lets SendGrid post its events to the address.
func startServices(t *testing.T, events string) *services {
	t.Helper()
	const queue = "projects/my-shop/locations/us-central1/queues/comeback"
	s := &services{mails: make(chan sendgrid.Message, 10), events: make(chan int, 10)}
	now := clock.New(0) // real time
	t.Cleanup(now.Close)
	db, err := firestore.New(firestore.Options{Clock: now, Indexes: [][]byte{terraform.Indexes}})
	s.must(t, err)
	t.Cleanup(func() { s.must(t, db.Close()) })
	s.tasks, err = cloudtasks.New(cloudtasks.Options{Clock: now, Issuer: "http://tasks.example.net"})
	s.must(t, err)
	t.Cleanup(func() { s.must(t, s.tasks.Close()) })
	s.must(t, s.tasks.EnsureQueue(queue, nil, nil))
	mail, err := sendgrid.New(sendgrid.Options{Clock: now, APIKeys: []string{"sendgrid-key"}, EventsURL: s.tap(t, events), OnAccept: func(m sendgrid.Message) { s.mails <- m }})
	s.must(t, err)
	t.Cleanup(func() { s.must(t, mail.Close()) })
	keys := httptest.NewServer(s.tasks.JWKSHandler())
	t.Cleanup(keys.Close)
	s.vars = map[string]string{
		"FIRESTORE_EMULATOR_HOST":    s.listen(t, db),
		"CLOUD_TASKS_EMULATOR_HOST":  s.listen(t, s.tasks),
		"COMEBACK_SENDGRID_HOST":     "http://" + s.listen(t, mail),
		"COMEBACK_OIDC_ISSUER":       "http://tasks.example.net",
		"COMEBACK_OIDC_KEYS_URL":     keys.URL,
		"COMEBACK_PROJECT":           "my-shop",
		"COMEBACK_QUEUES":            queue,
		"COMEBACK_TASKS_ACCOUNT":     "comeback-tasks@my-shop.iam.gserviceaccount.com",
		"COMEBACK_SCHEDULER_ACCOUNT": "comeback-scheduler@my-shop.iam.gserviceaccount.com",
		"COMEBACK_API_KEY":           "key",
		"COMEBACK_ID_KEY":            "id-key",
		"COMEBACK_LINK_KEY":          "link-key",
		"SENDGRID_API_KEY":           "sendgrid-key",
		"SENDGRID_EVENTS_PUBLIC_KEY": mail.PublicKey(),
	}
	return s
}

// tap passes posts of events on to the function, and tells how they were answered.
func (s *services) tap(t *testing.T, function string) string {
	t.Helper()
	to, err := url.Parse(function)
	s.must(t, err)
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.ModifyResponse = func(res *http.Response) error {
		s.events <- res.StatusCode
		return nil
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return server.URL
}

func (s *services) must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *services) listen(t *testing.T, server interface {
	Listen(string) (net.Addr, error)
},
) string {
	t.Helper()
	addr, err := server.Listen("127.0.0.1:0")
	s.must(t, err)
	return addr.String()
}

func (s *services) post(t *testing.T, url, authorization string, want int, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	s.must(t, err)
	req.Header.Set("Authorization", authorization)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	s.must(t, err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	s.must(t, err)
	var compact bytes.Buffer
	if err := json.Compact(&compact, answer); err != nil || res.StatusCode != want {
		t.Fatalf("POST %s: got %d %s (%v), want %d", url, res.StatusCode, answer, err, want)
	}
	return compact.String()
}

// freeAddress is a loopback address that nobody listens on now, on a port that the
// machine does not hand out by itself: nobody takes it before the function does.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(12_000))
		if lis, err := net.Listen("tcp", address); err == nil {
			_ = lis.Close()
			return "http://" + address
		}
	}
	t.Fatal("no port is free")
	return ""
}

// serve serves one function at address, and returns once it listens.
func (p program) serve(t *testing.T, s *services, function, address string) {
	t.Helper()
	host := strings.TrimPrefix(address, "http://")
	_, port, _ := net.SplitHostPort(host)
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, string(p))
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "FUNCTION_TARGET=" + function, "PORT=" + port}
	for k, v := range s.vars {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	s.must(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		cancel()
		<-ended
		if t.Failed() {
			t.Logf("%s said:\n%s", function, log.String())
		}
	})
	for {
		if conn, err := net.Dial("tcp", host); err == nil {
			conn.Close()
			return
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%s ended: %v", function, err)
		default:
		}
	}
}
