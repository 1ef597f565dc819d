package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// build builds the program, without the race detector: that makes it start in a third
// of the time and work ten times as fast, so that more is under way at each kill.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "local")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, out)
	}
	return binary
}

// program is one life of the system under siege.
type program struct {
	s     *siege
	cmd   *exec.Cmd
	ready chan struct{}
	done  chan struct{}
}

// start starts the program where its lives before were.
func (s *siege) start() *program {
	s.t.Helper()
	stderr, err := os.OpenFile(s.stderr, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer stderr.Close()
	const free = "127.0.0.1:0"
	p := &program{s: s, ready: make(chan struct{}), done: make(chan struct{})}
	p.cmd = exec.CommandContext(s.t.Context(), s.binary, "-data", s.data, "-config", s.config, "-firestore", free, "-cloudtasks", free, "-sendgrid", free,
		"-functions", strings.TrimPrefix(s.FunctionsURL, "http://"), "-console", strings.TrimPrefix(s.ConsoleURL, "http://"))
	p.cmd.Env = append(os.Environ(), "FIRESTORE_EMULATOR_HOST=", "LOG_LEVEL=ERROR")
	if s.eventsKey != "" {
		p.cmd.Env = append(p.cmd.Env, eventsKeyVariable+"="+s.eventsKey)
	}
	p.cmd.Stderr = stderr
	output, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	go p.watch(output)
	s.t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it has ended, unless the test failed
		<-p.done
	})
	return p
}

// watch notes when the program serves, and when it has ended.
func (p *program) watch(output io.Reader) {
	defer close(p.done)
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "ready") {
			close(p.ready)
			break
		}
	}
	_, _ = io.Copy(io.Discard, output)
	_ = p.cmd.Wait() // it was killed
}

func (p *program) waitReady() {
	p.s.t.Helper()
	select {
	case <-p.ready:
	case <-p.done:
		p.s.t.Fatalf("life %d did not start: %s", p.s.kills.Load(), p.s.lastWords())
	}
}

// kill is kill -9. A program that ended before it is a failure.
func (p *program) kill() {
	p.s.t.Helper()
	select {
	case <-p.done:
		p.s.t.Fatalf("life %d ended by itself: %s", p.s.kills.Load(), p.s.lastWords())
	default:
	}
	if err := p.cmd.Process.Kill(); err != nil {
		p.s.t.Fatal(err)
	}
	<-p.done
}

// lastWords is the end of what all lives wrote to their standard error.
func (s *siege) lastWords() string {
	text, _ := os.ReadFile(s.stderr)
	return string(text[max(0, len(text)-2000):])
}

// tell asks the console of a program that may be dead.
func (s *siege) tell(method, path, requestBody string) (answer, error) {
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.ConsoleURL+path, strings.NewReader(requestBody))
	if err != nil {
		return answer{}, err
	}
	return do(req)
}

// clock is what the clock shows, unless the program is dead.
func (s *siege) clock() (now time.Time, known bool) {
	a, err := s.tell(http.MethodGet, "/api/clock", "")
	text, _ := a.Body["now"].(string)
	if err == nil {
		now, err = time.Parse(time.RFC3339, text)
	}
	return now, err == nil
}

// quietAddress is a free address on a port that the machine does not hand out by
// itself: nobody takes it while the program is dead.
func quietAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(12_000))
		if lis, err := net.Listen("tcp", address); err == nil {
			_ = lis.Close()
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}

const eventsKeyVariable = "SIEGE_EVENTS_KEY"

// environment is what the siege's system finds set.
func (s *siege) environment(name string) (string, bool) {
	if name != eventsKeyVariable || s.eventsKey == "" {
		return "", false
	}
	return s.eventsKey, true
}
