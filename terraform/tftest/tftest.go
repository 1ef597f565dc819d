// Package tftest runs a real Terraform over copies of the configuration, with the test
// provider in place of Google's, for tests only. Nothing reaches the network.
package tftest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-exec/tfexec"
)

// World is a copy of the repository, as far as a plan reads it, with a cloud of its own.
type World struct {
	Repo  string // the copy's root
	Cloud string // the folder that stands for the cloud

	t      testing.TB
	exec   string
	config string
}

// New copies the repository's configuration to a temporary folder, with the functions'
// sources for its archive. The packages behind them are left out, and with them a third
// of the work of each plan: see Sources.
func New(t testing.TB) *World {
	t.Helper()
	w := &World{Repo: t.TempDir(), Cloud: t.TempDir(), t: t, exec: Executable(t)}
	root := repository(t)
	for _, part := range []string{"terraform", "functions", "go.mod", "go.sum"} {
		w.must(copyTree(filepath.Join(root, part), filepath.Join(w.Repo, part)))
	}
	w.config = filepath.Join(w.Repo, "terraform.rc")
	w.must(os.WriteFile(w.config, []byte(`provider_installation {
  filesystem_mirror { path = "`+filepath.ToSlash(mirror(t))+`" }
}
`), 0o600))
	return w
}

// Sources copies what is left of the functions' sources, for an archive that builds.
func (w *World) Sources() {
	w.t.Helper()
	w.must(copyTree(filepath.Join(repository(w.t), "internal"), w.Path("internal")))
}

// Env is the environment of a Terraform that knows this world only.
func (w *World) Env() map[string]string {
	env := map[string]string{}
	for _, kv := range os.Environ() {
		if k, v, _ := strings.Cut(kv, "="); !strings.HasPrefix(k, "TF_") && !strings.HasPrefix(k, "GOOGLE_") {
			env[k] = v
		}
	}
	maps.Copy(env, map[string]string{
		"TF_CLI_CONFIG_FILE": w.config, "COMEBACK_TEST_CLOUD": w.Cloud, "CHECKPOINT_DISABLE": "1",
	})
	return env
}

// Path is a file or folder of the copy.
func (w *World) Path(path string) string { return filepath.Join(w.Repo, filepath.FromSlash(path)) }

// Terraform is a Terraform in a folder of the copy, initialised.
func (w *World) Terraform(dir string) *tfexec.Terraform {
	w.t.Helper()
	tf, err := tfexec.NewTerraform(w.Path(dir), w.exec)
	w.must(err)
	w.must(tf.SetEnv(w.Env()))
	w.must(tf.Init(w.t.Context()))
	return tf
}

// Executable is the terraform or tofu that the tests run: COMEBACK_TERRAFORM, else one
// of the PATH that is new enough, else Terraform 1.5.7 built from its source, once.
func Executable(t testing.TB) string {
	t.Helper()
	if exec := os.Getenv("COMEBACK_TERRAFORM"); exec != "" {
		return exec
	}
	exec, err := executable()
	if err != nil {
		t.Fatal(err)
	}
	return exec
}

// GiveSecrets gives secrets of the cloud a version each, as `gcloud secrets versions
// add` does.
func (w *World) GiveSecrets(names ...string) {
	w.t.Helper()
	dir := filepath.Join(w.Cloud, "versions")
	w.must(os.MkdirAll(dir, 0o700))
	for _, name := range names {
		w.must(os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
}

// Fault makes calls to the cloud fail: so many of an operation (create, update or
// delete) on a type whose full name holds Name, with this error.
type Fault struct {
	Type  string `json:"type"`
	Name  string `json:"name"`
	Op    string `json:"op"`
	Times int    `json:"times"`
	Error string `json:"error"`
}

// Fail sets the faults to come.
func (w *World) Fail(faults ...Fault) {
	w.t.Helper()
	data, err := json.Marshal(faults)
	w.must(err)
	w.must(os.WriteFile(filepath.Join(w.Cloud, "faults.json"), data, 0o600))
}

// Op is something that was done in the cloud: create, update, delete, or abandon, which
// leaves a thing where it is.
type Op struct{ Op, Type, ID string }

// Ops lists what was done in the cloud, in order.
func (w *World) Ops() []Op {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(w.Cloud, "ops.jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	w.must(err)
	var ops []Op
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		var op Op
		w.must(json.Unmarshal(lines.Bytes(), &op))
		ops = append(ops, op)
	}
	return ops
}

// Add copies one more file of the repository, such as a test's own configuration.
func (w *World) Add(path string) {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(repository(w.t), filepath.FromSlash(path)))
	w.must(err)
	w.must(os.MkdirAll(filepath.Dir(w.Path(path)), 0o700))
	w.must(os.WriteFile(w.Path(path), data, 0o600))
}

// Edit replaces text in a file of the copy, which must hold it.
func (w *World) Edit(path, from, to string) {
	w.t.Helper()
	data, err := os.ReadFile(w.Path(path))
	w.must(err)
	if !bytes.Contains(data, []byte(from)) {
		w.t.Fatalf("%s does not hold %q", path, from)
	}
	w.must(os.WriteFile(w.Path(path), bytes.ReplaceAll(data, []byte(from), []byte(to)), 0o600))
}

func (w *World) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// left are folders and files that no copy gets: tests, tools and what Terraform leaves
// behind. A lock file would name the real providers' sums.
func left(path string, d fs.DirEntry) bool {
	name := d.Name()
	if d.IsDir() {
		return slices.Contains([]string{".terraform", ".build", "testdata", "testprovider", "tftest", "deploy", "cost", "recoverytest"}, name)
	}
	return strings.HasSuffix(name, "_test.go") || strings.Contains(name, ".tfstate") || name == ".terraform.lock.hcl" ||
		strings.HasSuffix(name, ".tfvars") || filepath.Base(path) == "backend.tf"
}

func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if left(path, d) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if d.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o600)
	})
}

// repository is the root of this repository.
func repository(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		if data, readErr := os.ReadFile(filepath.Join(dir, "go.mod")); readErr == nil && bytes.HasPrefix(data, []byte("module github.com/comeback-checkout/comeback\n")) {
			return dir
		}
		if filepath.Dir(dir) == dir {
			break
		}
		dir = filepath.Dir(dir)
	}
	t.Fatalf("no repository above the test's folder: %v", err)
	return ""
}

// background outlives a test: what is built once serves all.
var background = context.Background()
