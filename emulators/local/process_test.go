package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asProgram makes this test binary run the program instead of the tests.
const asProgram = "COMEBACK_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(asProgram) != "":
		main()
		return
	case os.Getenv(asFunction) != "":
		serveFunction()
		return
	}
	os.Exit(m.Run())
}

// process is the program, run as a child on any free ports.
type process struct {
	*world // only for its requests: nothing of the child is reachable from here
	cmd    *exec.Cmd
	done   chan struct{}
}

func startProcess(t testing.TB, args ...string) *process {
	t.Helper()
	p, output := spawn(t, args...)
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) == 2 && fields[0] == "functions" {
			p.FunctionsURL = fields[1]
		}
		if len(fields) == 2 && fields[0] == "console" {
			p.ConsoleURL = fields[1]
			break
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, output)
		_ = p.cmd.Wait()
		close(p.done)
	}()
	if p.ConsoleURL == "" {
		t.Fatal("the program did not get ready")
	}
	return p
}

func spawn(t testing.TB, args ...string) (*process, io.Reader) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], append(anyPorts(), args...)...)
	cmd.Env = append(os.Environ(), asProgram+"=1", "FIRESTORE_EMULATOR_HOST=")
	cmd.Stderr = os.Stderr
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{world: &world{t, &System{}}, cmd: cmd, done: make(chan struct{})}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-p.done
	})
	return p, output
}

// anyPorts are the flags that let every server choose its port.
func anyPorts() []string {
	const free = "127.0.0.1:0"
	return []string{"-functions", free, "-console", free, "-firestore", free, "-cloudtasks", free, "-sendgrid", free}
}

// restart starts the program again where it was: tasks lead to its old address, which
// is a quiet one, so that nobody has taken it.
func (p *process) restart(args ...string) *process {
	p.t.Helper()
	return startProcess(p.t, append(args, "-functions", strings.TrimPrefix(p.FunctionsURL, "http://"))...)
}

// kill ends the process as kill -9 does.
func (p *process) kill() {
	p.t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
	<-p.done
}

// A kill -9 between the mail's acceptance and the record of it never leads to a
// second mail, and SendGrid's events tell what became of the first. Promise 2.
func TestKilledBetweenClaimAndOutcome(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	p := startProcess(t, "-data", data, "-now", at(0), "-functions", quietAddress(t))
	p.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	// Each call to Firestore takes long, so that there is time to kill in between.
	p.console(http.StatusOK, http.MethodPost, "/api/faults", `{"target":"firestore","mode":"slow","latency":"300ms"}`)
	go func() { // its answer is lost with the process
		req, _ := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodPost, p.ConsoleURL+"/api/clock", strings.NewReader(`{"advance":"30m"}`))
		_, _ = do(req)
	}()
	for len(p.mails()) == 0 {
		if t.Context().Err() != nil {
			t.Fatal("no mail came")
		}
	}
	p.kill()

	p = p.restart("-data", data)
	p.wantMails(ana) // the mailbox survived
	p.advance(2 * time.Hour)
	p.wantMails(ana)
	p.wantStates(p.checkoutNow(sample(t, "checkout.json")), "sent", "scheduled", "scheduled")
	p.advance(80 * time.Hour)
	p.wantMails(ana, ana, ana)
}

// What was answered survives a kill -9: documents, tasks, mails and the clock.
func TestEverythingSurvivesAKill(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	p := startProcess(t, "-data", data, "-now", at(0), "-functions", quietAddress(t))
	p.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	p.advance(30 * time.Minute)
	p.post(http.StatusCreated, checkoutPath, sample(t, "checkout-minimal.json"))
	before := p.clock()
	p.kill()

	p = p.restart("-data", data)
	if after := p.clock(); after.Before(before) {
		t.Errorf("the clock went back from %v to %v", before, after)
	}
	p.wantMails(ana)
	if n := len(p.pending()); n != 5 {
		t.Errorf("%d tasks are pending, want 5", n)
	}
	p.post(http.StatusOK, orderPath, sample(t, "order.json"))
	p.kill()

	p = p.restart("-data", data)
	p.advance(80 * time.Hour)
	p.wantMails(ana, "sam@example.org", "sam@example.org", "sam@example.org")

	// SIGTERM ends it in order.
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-p.done
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("SIGTERM ended it with status %d, want 0", code)
	}
}

func (p *process) clock() time.Time {
	p.t.Helper()
	var now struct{ Now time.Time }
	p.list("/api/clock", &now)
	return now.Now
}

// The kept clock never goes back, and one data directory serves one process.
func TestRefusesToStart(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	p := startProcess(t, "-data", data, "-now", at(0))
	p.advance(time.Hour)
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"a directory in use":     {[]string{"-data", data, "-now", at(48 * time.Hour)}, "another process"},
		"a clock that is ahead":  {[]string{"-data", data, "-now", at(30 * time.Minute)}, "never goes back"},
		"a faulty configuration": {[]string{"-data", "", "-config", faultyConfig(t)}, "postal_address"},
		"an odd instant":         {[]string{"-now", "tomorrow"}, "RFC 3339"},
		"a part that is nowhere": {[]string{"-data", "", "-sendgrid", "off"}, "COMEBACK_SENDGRID_HOST"},
		"an unknown flag":        {[]string{"-colour"}, "-colour"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errOut strings.Builder
			err := run(t.Context(), append(anyPorts(), tc.args...), &out, &errOut)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}

// A process that is refused leaves the kept clock alone.
func TestRefusedProcessLeavesClock(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	newWorld(t, func(o *Options) { o.Data = data })
	kept := filepath.Join(data, "clock")
	before, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	var out, errOut strings.Builder
	if run(t.Context(), append(anyPorts(), "-data", data, "-now", at(48*time.Hour)), &out, &errOut) == nil {
		t.Fatal("two processes share a directory")
	}
	if after, err := os.ReadFile(kept); err != nil || string(after) != string(before) {
		t.Errorf("the kept clock went from %q to %q, %v", before, after, err)
	}
}

func faultyConfig(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "comeback.yaml")
	if err := os.WriteFile(path, []byte("stores: {default: {from: {email: shop@example.com}}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
