package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/terraform/deploy/cloud"
	"github.com/comeback-checkout/comeback/terraform/deploy/cloud/cloudtest"
)

// stage is a program with everything around it under the test's control.
type stage struct {
	*program
	out, errOut *output
	google      *cloudtest.Server
	env         map[string]string
	typed       []string        // answers to readSecret, in their order
	waits       []time.Duration // what the program waited for
}

// output is a buffer that a program may write while a test reads.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// newStage sets a program up that reads input, which stands for a person if it is not
// empty. Its environment is empty, and no time passes while it waits.
func newStage(t *testing.T, input string) *stage {
	t.Helper()
	s := &stage{out: &output{}, errOut: &output{}, google: cloudtest.New(t), env: map[string]string{}}
	s.program = &program{
		in:  bufio.NewReader(strings.NewReader(input)),
		out: s.out, errOut: s.errOut,
		interactive: input != "",
		lookup: func(name string) (string, bool) {
			v, ok := s.env[name]
			return v, ok
		},
		now: func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) },
		wait: func(_ context.Context, d time.Duration) error {
			s.waits = append(s.waits, d)
			return nil
		},
		readSecret: func(context.Context) (string, error) {
			if len(s.typed) == 0 {
				return "", errors.New("nothing more is typed")
			}
			v := s.typed[0]
			s.typed = s.typed[1:]
			return v, nil
		},
	}
	s.useCloud(s.google.Options())
	return s
}

// useCloud leads the program's calls of Google Cloud.
func (s *stage) useCloud(o cloud.Options) {
	s.program.cloud = func(ctx context.Context, project string) (*cloud.Client, error) { return cloud.New(ctx, project, o) }
}

// reset forgets what was printed.
func (s *stage) reset() {
	s.out, s.errOut = &output{}, &output{}
	s.program.out, s.program.errOut = s.out, s.errOut
}

// with sets environment variables.
func (s *stage) with(env map[string]string) *stage {
	maps.Copy(s.env, env)
	return s
}

// status runs a command line and gives its exit status.
func (s *stage) status(t *testing.T, args ...string) int {
	t.Helper()
	return s.run(t.Context(), args)
}

// wantSaid fails unless each text was printed, to out or to errOut.
func (s *stage) wantSaid(t *testing.T, texts ...string) {
	t.Helper()
	all := s.out.String() + s.errOut.String()
	for _, text := range texts {
		if !strings.Contains(all, text) {
			t.Errorf("got this output, want %q in it:\n%s", text, all)
		}
	}
}

// wantUnsaid fails if one of the texts was printed.
func (s *stage) wantUnsaid(t *testing.T, texts ...string) {
	t.Helper()
	all := s.out.String() + s.errOut.String()
	for _, text := range texts {
		if strings.Contains(all, text) {
			t.Errorf("got this output, want no %q in it:\n%s", text, all)
		}
	}
}
