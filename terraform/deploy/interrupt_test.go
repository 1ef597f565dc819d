//go:build unix

package main

import (
	"context"
	"encoding/json"
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

// TestInterrupt sends the command a Ctrl-C in the middle of an apply.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	dir := module(t, waiting)
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], on(dir, "apply", "-project", project, "-yes")...)
	cmd.Env = append(os.Environ(), asCommand+"=1", "TF_CLI_CONFIG_FILE="+os.DevNull, "CHECKPOINT_DISABLE=1")
	cmd.WaitDelay = time.Second
	out := &output{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	opened := make(chan *os.File, 1)
	go func() { // blocks until the second resource reads
		f, _ := os.OpenFile(pipe, os.O_WRONLY, 0)
		opened <- f
	}()
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	select {
	case f := <-opened:
		defer f.Close()
	case <-ended:
		t.Fatalf("the command ended before it was interrupted:\n%s", out)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	<-ended
	if got := cmd.ProcessState.ExitCode(); got != exitInterrupted {
		t.Errorf("got status %d, want %d", got, exitInterrupted)
	}
	for _, want := range []string{"created    terraform_data.first", "stopping: Terraform finishes", "interrupted"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got this output, want %q in it:\n%s", want, out)
		}
	}
	if strings.Contains(out.String(), "goroutine") {
		t.Errorf("a person is shown a stack:\n%s", out)
	}
	wantState(t, dir, map[string]string{"first": "", "second": "tainted"})
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
