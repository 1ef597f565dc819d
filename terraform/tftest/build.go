package tftest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-exec/tfexec"
)

// fallback is the Terraform that is built where none is installed: the last one before
// its licence changed, and above the lowest that the configuration takes.
const fallback = "1.5.7"

var executable = sync.OnceValues(func() (string, error) { return find(background) })

func find(ctx context.Context) (string, error) {
	oldest := version.Must(version.NewVersion("1.5.0"))
	for _, name := range []string{"terraform", "tofu"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		tf, err := tfexec.NewTerraform(os.TempDir(), path)
		if err != nil {
			return "", err
		}
		if err := tf.SetEnv(map[string]string{"CHECKPOINT_DISABLE": "1", "PATH": os.Getenv("PATH"), "HOME": os.Getenv("HOME")}); err != nil {
			return "", err
		}
		if v, _, err := tf.Version(ctx, true); err == nil && v.Core().GreaterThanOrEqual(oldest) {
			return path, nil
		}
	}
	dir, err := made("terraform-"+fallback, func(dir string) error {
		cmd := exec.CommandContext(ctx, "go", "install", "github.com/hashicorp/terraform@v"+fallback)
		cmd.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=")
		return run(cmd)
	})
	return filepath.Join(dir, "terraform"), err
}

// versions are those that the mirror says it has: what was recorded of each.
var versions = map[string]string{"google": "7.45.0", "archive": "2.8.0"}

// mirror is a filesystem mirror with the test provider under every provider's name, for
// Terraform's registry and for OpenTofu's. It is made once for a state of its sources.
func mirror(t testing.TB) string {
	t.Helper()
	source := filepath.Join(repository(t), "terraform", "testprovider")
	sum, err := sumOf(source)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := made("testprovider-"+sum, func(dir string) error {
		binary := filepath.Join(dir, "provider")
		cmd := exec.CommandContext(background, "go", "build", "-buildvcs=false", "-ldflags=-s -w", "-o", binary, ".")
		cmd.Dir = source
		if err := run(cmd); err != nil {
			return err
		}
		for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
			for name, v := range versions {
				at := filepath.Join(dir, host, "hashicorp", name, v, runtime.GOOS+"_"+runtime.GOARCH)
				if err := os.MkdirAll(at, 0o700); err != nil {
					return err
				}
				if err := os.Link(binary, filepath.Join(at, "terraform-provider-"+name+"_v"+v)); err != nil {
					return err
				}
			}
		}
		return os.Remove(binary)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

var making sync.Mutex

// made is a folder of the user's cache, made once: whoever comes second, in this process
// or another, finds it whole.
func made(name string, fill func(dir string) error) (string, error) {
	making.Lock()
	defer making.Unlock()
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	cache = filepath.Join(cache, "comeback-tests")
	dir := filepath.Join(cache, name)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return "", err
	}
	part, err := os.MkdirTemp(cache, "part-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(part)
	if err := fill(part); err != nil {
		return "", err
	}
	err = os.Rename(part, dir)
	if _, there := os.Stat(dir); err != nil && there == nil { // another process was first
		return dir, nil
	}
	return dir, err
}

func run(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	return nil
}

// sumOf is a hash of all files below dir that a build reads.
func sumOf(dir string) (string, error) {
	h := sha256.New()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") {
			return err
		}
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		fmt.Fprintf(h, "%s %d\n%s", filepath.Base(path), len(data), data)
		return err
	})
	return fmt.Sprintf("%x", h.Sum(nil)[:8]), err
}
