package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/comeback-checkout/comeback/terraform/deploy/cloud"
)

// program is what the commands need of the world around them; tests give it another.
type program struct {
	in          *bufio.Reader
	out, errOut io.Writer
	interactive bool // a person is at the other end of in
	colour      bool // out shows colours

	// readSecret reads a line that is not shown while it is typed.
	readSecret func(ctx context.Context) (string, error)
	// lookup reads the environment.
	lookup func(string) (string, bool)
	now    func() time.Time
	// wait returns after d, or with the context's error.
	wait func(ctx context.Context, d time.Duration) error
	// cloud connects to Google Cloud as the operator.
	cloud func(ctx context.Context, project string) (*cloud.Client, error)

	// terraformEnv is Terraform's environment; nil stands for this process's.
	terraformEnv map[string]string
	// terraformContext ends when Terraform is to be interrupted; nil: with the command's.
	terraformContext context.Context
	// abandoned are files and folders that go even if the program is ended at once: plan
	// files hold what Terraform's variables hold.
	abandoned sync.Map
	// functionsHost is where the functions are; "" stands for Google's address of them.
	functionsHost string
	// releases is where Terraform is downloaded from; "" stands for HashiCorp's site.
	releases string
}

func newProgram() *program {
	_, noColour := os.LookupEnv("NO_COLOR")
	p := &program{
		in:          bufio.NewReader(os.Stdin),
		out:         os.Stdout,
		errOut:      os.Stderr,
		interactive: term.IsTerminal(int(os.Stdin.Fd())),
		colour:      term.IsTerminal(int(os.Stdout.Fd())) && !noColour,
		lookup:      os.LookupEnv,
		now:         time.Now,
		wait:        wait,
		cloud: func(ctx context.Context, project string) (*cloud.Client, error) {
			return cloud.New(ctx, project, cloud.Options{})
		},
	}
	p.readSecret = readSecret
	return p
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// variable is an environment variable's value, "" if it is not set.
func (p *program) variable(name string) string {
	v, _ := p.lookup(name)
	return v
}
