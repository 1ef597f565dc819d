package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/comeback-checkout/comeback/terraform/deploy/cloud"
)

func TestStatus(t *testing.T) {
	t.Parallel()
	ended, end := context.WithCancel(t.Context())
	end()
	for _, tc := range []struct {
		name string
		ctx  context.Context
		err  error
		want int
		said string
	}{
		{"done", t.Context(), nil, exitDone, ""},
		{"help", t.Context(), flag.ErrHelp, exitDone, ""},
		{"an error", t.Context(), errors.New("no such thing"), exitError, "deploy: no such thing\n"},
		{"changes", t.Context(), exit{code: exitChanges}, exitChanges, ""},
		{"refused", t.Context(), refused("nobody is here"), exitRefused, "deploy: nobody is here\n"},
		{"interrupted", ended, errors.New("killed"), exitInterrupted, "interrupted\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, "")
			if got := s.program.status(tc.ctx, tc.err); got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
			if got := s.errOut.String(); got != tc.said {
				t.Errorf("got %q, want %q", got, tc.said)
			}
		})
	}
}

// TestCommandLine holds what is refused before anything else is touched: there is no
// terraform here, and no Google Cloud.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	good := filepath.Join("..", "examples", "minimal", "comeback.yaml")
	bad := filepath.Join(t.TempDir(), "comeback.yaml")
	if err := os.WriteFile(bad, []byte("stores:\n  default:\n    colour: red\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		args []string
		want int
		said string
	}{
		{"nothing", nil, exitUsage, "usage: "},
		{"help", []string{"help"}, exitDone, "  apply  "},
		{"no such command", []string{"aply"}, exitUsage, `no command "aply"`},
		{"help of a command", []string{"plan", "-help"}, exitDone, "-alert-email address"},
		{"a flag that there is not", []string{"plan", "-projet", "x"}, exitError, "-projet: see deploy plan -help"},
		{"too much", []string{"outputs", "urls"}, exitError, `unexpected argument "urls"`},
		{"a project's number", []string{"plan", "-project", "123456789012"}, exitError, "want a project's ID such as my-shop-123"},
		{"a zone", []string{"plan", "-region", "europe-west1-b"}, exitError, "want a region such as europe-west1"},
		{"a variable without a value", []string{"apply", "-var", "keep_data"}, exitError, "want name=value"},
		{"no configuration", []string{"plan", "-config", bad + ".gone"}, exitError, "no such file"},
		{"every fault of the configuration", []string{"plan", "-config", bad}, exitError, "stores.default.colour: unknown key"},
		{"every other fault too", []string{"apply", "-config", bad}, exitError, "stores.default.postal_address: missing"},
		{"no folder", []string{"plan", "-config", good, "-dir", "/nowhere"}, exitError, "want the folder of Terraform's root module"},
		{"no credentials", []string{"plan", "-project", "my-shop-123", "-config", good, "-terraform", "true"}, exitError, "does not say its version"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, "")
			if got := s.status(t, tc.args...); got != tc.want {
				t.Errorf("got status %d, want %d", got, tc.want)
			}
			s.wantSaid(t, tc.said)
		})
	}
}

func TestWorkspace(t *testing.T) {
	t.Parallel()
	s := newStage(t, "").with(map[string]string{"TF_WORKSPACE": "staging"})
	if got := s.status(t, "outputs"); got != exitError {
		t.Errorf("got status %d, want %d", got, exitError)
	}
	s.wantSaid(t, "terraform workspace select")
}

func TestNoCredentials(t *testing.T) {
	t.Parallel()
	s := newStage(t, "")
	s.program.cloud = func(ctx context.Context, project string) (*cloud.Client, error) {
		return nil, cloud.ErrCredentials
	}
	if got := s.status(t, "destroy", "-project", "my-shop-123"); got != exitError {
		t.Errorf("got status %d, want %d", got, exitError)
	}
	s.wantSaid(t, "no usable Google Cloud credentials")
}
