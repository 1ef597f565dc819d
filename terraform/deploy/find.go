package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
	"github.com/hashicorp/terraform-exec/tfexec"
)

var (
	// oldest is what the module's required_version says.
	oldest = version.Must(version.NewVersion("1.5.0"))
	// installed is the version that is downloaded where there is none.
	installed = version.Must(version.NewVersion("1.11.4"))
)

// findTerraform gives a terraform or tofu that is new enough, to work in the options'
// folder: the one that was asked for, else the first on the PATH, else one that it
// installs.
func (p *program) findTerraform(ctx context.Context, o *options) (*tfexec.Terraform, error) {
	if o.terraform != "" {
		path, err := exec.LookPath(o.terraform)
		if err != nil {
			return nil, fmt.Errorf("-terraform %s: %w", o.terraform, err)
		}
		tf, err := p.newTerraform(ctx, o.dir, path)
		if err != nil {
			return nil, fmt.Errorf("-terraform %s: %w", o.terraform, err)
		}
		return tf, nil
	}
	var faults []error
	for _, find := range []func() (string, error){
		func() (string, error) { return p.lookPath("terraform") },
		func() (string, error) { return p.lookPath("tofu") },
		func() (string, error) { return p.install(ctx) },
	} {
		path, err := find()
		if err == nil {
			var tf *tfexec.Terraform
			if tf, err = p.newTerraform(ctx, o.dir, path); err == nil {
				return tf, nil
			}
		}
		faults = append(faults, err)
	}
	return nil, fmt.Errorf("no terraform or tofu to work with: %w. Install one (https://developer.hashicorp.com/terraform/install or https://opentofu.org/docs/intro/install), or name one with -terraform",
		errors.Join(faults...))
}

// lookPath is exec.LookPath in the program's own environment.
func (p *program) lookPath(name string) (string, error) {
	if runtime.GOOS == "windows" {
		return exec.LookPath(name)
	}
	for _, dir := range filepath.SplitList(p.variable("PATH")) {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
			return filepath.Abs(path)
		}
	}
	return "", fmt.Errorf("%s is not on the PATH", name)
}

// newTerraform is the program at path, if it is new enough.
func (p *program) newTerraform(ctx context.Context, dir, path string) (*tfexec.Terraform, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	tf, err := tfexec.NewTerraform(dir, path)
	if err != nil {
		return nil, err
	}
	if p.terraformEnv != nil {
		if err := tf.SetEnv(p.terraformEnv); err != nil {
			return nil, err
		}
	}
	v, _, err := tf.Version(ctx, true)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s does not say its version: %w", path, err)
	case v.LessThan(oldest):
		return nil, fmt.Errorf("%s is of version %s, want %s or later", path, v, oldest)
	}
	return tf, nil
}

// install downloads Terraform into the user's cache, unless it is there.
func (p *program) install(ctx context.Context) (string, error) {
	cache := p.variable("XDG_CACHE_HOME")
	if cache == "" {
		var err error
		if cache, err = os.UserCacheDir(); err != nil {
			return "", err
		}
	}
	dir := filepath.Join(cache, "comeback", "terraform-"+installed.String())
	path := filepath.Join(dir, product.Terraform.BinaryName())
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	fmt.Fprintf(p.errOut, "no terraform or tofu on the PATH: downloading Terraform %s into %s\n", installed, dir)
	source := releases.ExactVersion{
		Product: product.Terraform, Version: installed, InstallDir: dir,
		Timeout: 5 * time.Minute, ApiBaseURL: p.releases,
	}
	path, err := source.Install(ctx)
	if err != nil {
		return "", fmt.Errorf("downloading Terraform %s: %w", installed, err)
	}
	return path, nil
}
