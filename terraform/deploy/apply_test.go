package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// plainModule needs no provider but the one that Terraform has built in.
const plainModule = `
variable "project" { type = string }
variable "count_of" {
  type    = number
  default = 2
}
resource "terraform_data" "some" {
  count = var.count_of
  input = "value ${count.index}"
}
output "next_steps" { value = "1. Try it.\n2. Use it." }
output "urls" { value = { Checkout = "https://checkout.example.com" } }
`

// module writes a root module into a folder of its own.
func module(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// on gives the arguments of a command that works on dir.
func on(dir, command string, more ...string) []string {
	return append([]string{command, "-dir", dir}, more...)
}

// withTerraform lets the stage's program find the real Terraform.
func withTerraform(t *testing.T, input string) *stage {
	t.Helper()
	s := newStage(t, input).with(map[string]string{"PATH": os.Getenv("PATH")})
	s.terraformEnv = map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": t.TempDir(), "CHECKPOINT_DISABLE": "1",
		"TF_CLI_CONFIG_FILE": os.DevNull,
	}
	s.program.releases = "http://127.0.0.1:1" // a test downloads nothing
	return s
}

func TestPlanApplyDestroy(t *testing.T) {
	t.Parallel()
	dir := module(t, plainModule)
	do := func(input string, want int, said []string, args ...string) *stage {
		t.Helper()
		s := withTerraform(t, input)
		if got := s.status(t, args...); got != want {
			t.Errorf("%v: got status %d, want %d", args, got, want)
		}
		s.wantSaid(t, said...)
		return s
	}
	const p = "-project=" + project
	do("", exitError, []string{"No value for required variable", "-project, -config"}, on(dir, "plan")...)
	do("", exitError, []string{"there are no outputs: nothing was applied"}, on(dir, "outputs")...)
	do("", exitChanges, []string{"Comeback in project my-shop-123:", "create     2 terraform_data", "2 to create."}, on(dir, "plan", p)...)
	do("", exitRefused, []string{"nobody is here to ask"}, on(dir, "apply", p)...)
	do("no\n", exitRefused, []string{"Type yes to go on", "stopped, as you said"}, on(dir, "apply", p)...)
	do("", exitDone, []string{"There is nothing to destroy"}, on(dir, "destroy", p, "-yes")...)
	do("yes\n", exitDone, []string{"[2/2] created", "Next:\n1. Try it.\n2. Use it."}, on(dir, "apply", p)...)
	do("", exitDone, []string{"Nothing to change."}, on(dir, "plan", p)...)
	do("", exitDone, []string{"Nothing to change.", "2. Use it."}, on(dir, "apply", p)...)
	do("", exitDone, []string{"urls = \n  Checkout = https://checkout.example.com\n", "next_steps = \n  1. Try it."}, on(dir, "outputs")...)
	do("", exitDone, []string{"destroy    1 terraform_data\n             terraform_data.some[1]"}, on(dir, "apply", p, "-yes", "-var=count_of=1")...)
	do("my-shop\n", exitRefused, []string{"Type my-shop-123 to go on"}, on(dir, "destroy", p)...)
	do("my-shop-123\n", exitDone, []string{"destroy    1 terraform_data", "[1/1] destroyed", "-var queue_suffix=b"}, on(dir, "destroy", p)...)
}

// TestStateOfAKilledRun holds that a state which a killed Terraform has left empty is not
// taken for one of an empty project.
func TestStateOfAKilledRun(t *testing.T) {
	t.Parallel()
	dir := module(t, plainModule)
	state := filepath.Join(dir, "terraform.tfstate")
	if err := os.WriteFile(state, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	do := func(want int, command string) *stage {
		t.Helper()
		s := withTerraform(t, "")
		if got := s.status(t, on(dir, command, "-project", project, "-yes")...); got != want {
			t.Errorf("%s: got status %d, want %d:\n%s", command, got, want, s.errOut)
		}
		return s
	}
	do(exitDone, "apply") // nothing was there before
	if err := os.Rename(state, state+".backup"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(state, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	do(exitError, "apply").wantSaid(t, "is empty, since a run was killed", "terraform.tfstate.backup")
	do(exitError, "destroy").wantSaid(t, "is empty, since a run was killed")
}

func TestJSON(t *testing.T) {
	t.Parallel()
	dir := module(t, plainModule)
	s := withTerraform(t, "")
	if got := s.status(t, on(dir, "plan", "-project", project, "-json", "-var", "count_of=1")...); got != exitChanges {
		t.Fatalf("got status %d, want %d:\n%s", got, exitChanges, s.errOut)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(s.out.String()), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"project": project, "notes": []any{}, "warnings": []any{},
		"changes": []any{map[string]any{"action": "create", "kind": "terraform_data", "address": "terraform_data.some[0]"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}

	if got := withTerraform(t, "").status(t, on(dir, "apply", "-project", project, "-yes")...); got != exitDone {
		t.Fatalf("got status %d", got)
	}
	s = withTerraform(t, "")
	if got := s.status(t, on(dir, "outputs", "-json")...); got != exitDone {
		t.Fatalf("got status %d", got)
	}
	got = nil
	if err := json.Unmarshal([]byte(s.out.String()), &got); err != nil {
		t.Fatal(err)
	}
	want = map[string]any{"next_steps": "1. Try it.\n2. Use it.", "urls": map[string]any{"Checkout": "https://checkout.example.com"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
}

// failing is a module one of whose resources fails its first so many times.
func failing(t *testing.T, times int, text string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	script := fmt.Sprintf("echo x >> tries; [ $(wc -l < tries) -gt %d ] || { echo '%s' >&2; exit 1; }", times, text)
	main := fmt.Sprintf("variable \"project\" {}\nresource \"terraform_data\" \"fine\" {}\nresource \"terraform_data\" \"bad\" {\n  provisioner \"local-exec\" {\n    command = %q\n  }\n}\n",
		strings.ReplaceAll(script, "$(", "$$("))
	main = strings.ReplaceAll(main, "$$(", "$(")
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(main), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestApplyIsPatient(t *testing.T) {
	t.Parallel()
	const disabled = "Cloud Tasks API has not been used in project 1 before or it is disabled."
	for _, tc := range []struct {
		name        string
		times       int
		text        string
		want, tries int
	}{
		{"once", 1, disabled, exitDone, 2},
		{"twice", 2, disabled, exitDone, 3},
		{"for too long", 9, disabled, exitError, 3},
		{"an error that stays", 1, "The queue cannot be created because a queue with this name existed too recently.", exitError, 1},
		{"a permission that is lacking", 1, "Error 403: PERMISSION_DENIED", exitError, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := failing(t, tc.times, tc.text)
			s := withTerraform(t, "")
			if got := s.status(t, on(dir, "apply", "-project", project, "-yes")...); got != tc.want {
				t.Errorf("got status %d, want %d", got, tc.want)
			}
			tries, err := os.ReadFile(filepath.Join(dir, "tries"))
			if err != nil || len(tries)/2 != tc.tries {
				t.Errorf("got %d tries (%v), want %d", len(tries)/2, err, tc.tries)
			}
			if want := []time.Duration{30 * time.Second, 2 * time.Minute}[:tc.tries-1]; !slices.Equal(s.waits, want) {
				t.Errorf("got waits of %v, want %v", s.waits, want)
			}
			if tc.want != exitDone {
				s.wantSaid(t, "terraform apply:", tc.text, "failed     terraform_data.bad")
			}
		})
	}
}

// TestAsksAnew holds that a further try does nothing that nobody has agreed to.
func TestAsksAnew(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		input string
		want  int
	}{{"yes\n", exitRefused}, {"yes\nyes\n", exitDone}} {
		dir := failing(t, 1, "Cloud Tasks API has not been used in project 1 before or it is disabled.")
		more := "resource \"terraform_data\" \"more\" {\n  count = fileexists(\"tries\") ? 1 : 0\n}\n"
		if err := os.WriteFile(filepath.Join(dir, "more.tf"), []byte(more), 0o600); err != nil {
			t.Fatal(err)
		}
		s := withTerraform(t, tc.input)
		if got := s.status(t, on(dir, "apply", "-project", project)...); got != tc.want {
			t.Errorf("%q: got status %d, want %d", tc.input, got, tc.want)
		}
		s.wantSaid(t, "The plan has become another meanwhile", "terraform_data.more[0]")
	}
}

// TestConfigOfTerraform checks the file that a variable names, before anything is made.
func TestConfigOfTerraform(t *testing.T) {
	t.Parallel()
	dir := module(t, plainModule+"\nvariable \"config\" {}\n")
	for name, text := range map[string]string{
		"terraform.tfvars": "project = \"my-shop-123\"\nconfig = \"faulty.yaml\"\n",
		"faulty.yaml":      "stores: {default: {colour: red}}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := withTerraform(t, "")
	if got := s.status(t, on(dir, "apply", "-yes")...); got != exitError {
		t.Errorf("got status %d, want %d", got, exitError)
	}
	s.wantSaid(t, "faulty.yaml would not work in the cloud", "stores.default.colour: unknown key")
	if _, err := os.Stat(filepath.Join(dir, "terraform.tfstate")); err == nil {
		t.Error("something was applied all the same")
	}
}
