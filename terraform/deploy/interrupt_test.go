//go:build unix

package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/terraform/deploy/cloud"
)

// asCommand lets the test's program stand for the command, so that it can be sent
// signals. Its Google Cloud is one that nobody asks anything.
const asCommand = "COMEBACK_TEST_DEPLOY"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) == "" {
		os.Exit(m.Run())
	}
	p := newProgram()
	p.cloud = func(ctx context.Context, project string) (*cloud.Client, error) {
		return cloud.New(ctx, project, cloud.Options{HTTPClient: http.DefaultClient})
	}
	ctx := p.catchSignals()
	os.Exit(p.run(ctx, os.Args[1:]))
}

// waiting is a module whose second resource waits for the pipe's writer to go.
const waiting = `
variable "project" {}
resource "terraform_data" "first" {
  input = "done"
}
resource "terraform_data" "second" {
  depends_on = [terraform_data.first]
  provisioner "local-exec" {
    command = "cat pipe"
  }
}
resource "terraform_data" "third" {
  depends_on = [terraform_data.second]
}
`

// TestInterrupt ends the command in the middle of an apply, as a Ctrl-C, a terminal that
// is closed and a Ctrl-C that ends the reader of the output too do. Each time Terraform
// finishes what it has begun: with its parent it would be killed at once, and forget it.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		signal os.Signal
		unread bool // nobody reads the output any more
	}{
		{"Ctrl-C", os.Interrupt, false},
		{"the terminal is closed", syscall.SIGHUP, false},
		{"Ctrl-C, piped", os.Interrupt, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := startWaiting(t)
			if tc.unread {
				r.stdout.Close()
			}
			if err := r.cmd.Process.Signal(tc.signal); err != nil {
				t.Fatal(err)
			}
			<-r.ended
			if got := r.cmd.ProcessState.ExitCode(); got != exitInterrupted {
				t.Errorf("got %v, want status %d:\n%s", r.cmd.ProcessState, exitInterrupted, r.out)
			}
			r.wantSaid(t, "stopping: Terraform finishes", "interrupted")
			if !tc.unread {
				r.wantSaid(t, "created    terraform_data.first")
			}
			if strings.Contains(r.out.String(), "goroutine") {
				t.Errorf("a person is shown a stack:\n%s", r.out)
			}
			wantState(t, r.dir, map[string]string{"first": "", "second": "tainted"})
			if files, err := filepath.Glob(filepath.Join(r.dir, "comeback-deploy-*")); err != nil || len(files) > 0 {
				t.Errorf("got %v, %v: want no plan left behind, which may hold secrets", files, err)
			}
		})
	}
}

// running is the command in the middle of an apply.
type running struct {
	cmd    *exec.Cmd
	dir    string
	out    *output // what it prints, to either
	stdout *os.File
	ended  chan struct{} // closed when the command has ended
}

// startWaiting starts an apply, and returns once its second resource waits.
func startWaiting(t *testing.T) *running {
	t.Helper()
	r := &running{dir: module(t, waiting), out: &output{}, ended: make(chan struct{})}
	pipe := filepath.Join(r.dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	r.cmd = exec.CommandContext(ctx, os.Args[0], on(r.dir, "apply", "-project", project, "-yes")...)
	r.cmd.Env = append(os.Environ(), asCommand+"=1", "TMPDIR="+r.dir, "TF_CLI_CONFIG_FILE="+os.DevNull, "CHECKPOINT_DISABLE=1")
	r.cmd.WaitDelay = time.Second
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.stdout = read
	r.cmd.Stdout, r.cmd.Stderr = write, r.out
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	copied := make(chan struct{})
	go func() {
		_, _ = io.Copy(r.out, read)
		close(copied)
	}()
	go func() {
		_ = r.cmd.Wait()
		<-copied
		close(r.ended)
	}()
	opened := make(chan *os.File, 1)
	go func() { // blocks until the second resource reads
		f, _ := os.OpenFile(pipe, os.O_WRONLY, 0)
		opened <- f
	}()
	select {
	case f := <-opened:
		t.Cleanup(func() { f.Close() })
	case <-r.ended:
		t.Fatalf("the command ended before it was interrupted:\n%s", r.out)
	}
	return r
}

func (r *running) wantSaid(t *testing.T, texts ...string) {
	t.Helper()
	for _, want := range texts {
		if !strings.Contains(r.out.String(), want) {
			t.Errorf("got this output, want %q in it:\n%s", want, r.out)
		}
	}
}

// wantState holds Terraform's state against what is known to be done: the status of
// each resource by name.
func wantState(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(dir, "terraform.tfstate"))
	if err != nil {
		t.Fatal(err)
	}
	var state struct {
		Resources []struct {
			Name      string
			Instances []struct{ Status string }
		}
	}
	if err := json.Unmarshal(file, &state); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range state.Resources {
		got[r.Name] = r.Instances[0].Status
	}
	if len(got) != len(want) || got["first"] != want["first"] || got["second"] != want["second"] {
		t.Errorf("got the state %v, want %v", got, want)
	}
	if _, err := os.Stat(filepath.Join(dir, ".terraform.tfstate.lock.info")); err == nil {
		t.Error("the state is left locked")
	}
}
