package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/hashicorp/terraform-exec/tfexec"
)

// lockTimeout is how long Terraform waits for somebody else's run on the same state.
const lockTimeout = "60s"

// session is Terraform at work in one folder.
type session struct {
	*program
	o    *options
	tf   *tfexec.Terraform
	temp string // plan files, which may hold secret_values

	takeover string // the file of takeovers, if this run has written one

	// granted says that this run has enabled an API, made an account or granted
	// something, which takes Google a while to notice everywhere.
	granted bool
}

// open finds Terraform and makes it ready to work. The caller closes the session.
func (p *program) open(ctx context.Context, o *options) (*session, error) {
	if p.variable("TF_WORKSPACE") != "" {
		return nil, errors.New("TF_WORKSPACE is set, which counts for nothing here: run terraform workspace select in the folder instead, and unset it")
	}
	var err error
	if o.dir, err = o.folder(); err != nil {
		return nil, err
	}
	s := &session{program: p, o: o}
	if s.tf, err = p.findTerraform(ctx, o); err != nil {
		return nil, err
	}
	// However long it takes to finish what was begun: a killed Terraform forgets it.
	if err := s.tf.SetWaitDelay(0); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		fmt.Fprintln(p.errOut, "warning:", err)
	}
	if s.temp, err = os.MkdirTemp("", "comeback-deploy-"); err != nil {
		return nil, err
	}
	p.abandoned.Store(s.temp, true)
	return s, nil
}

// close removes what the session has written.
func (s *session) close() {
	_ = os.RemoveAll(s.temp)
	if s.takeover != "" {
		_ = os.Remove(s.takeover)
	}
}

// gentle is the context for Terraform's own commands.
func (s *session) gentle(ctx context.Context) context.Context {
	if s.terraformContext != nil {
		return s.terraformContext
	}
	return ctx
}

// begin makes the folder ready for a plan, whatever a killed run has left there.
func (s *session) begin(ctx context.Context) error {
	if err := os.Remove(filepath.Join(s.o.dir, takeoverFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := s.init(ctx); err != nil {
		return err
	}
	return s.checkState()
}

// checkState fails if a killed Terraform has left its state empty. To take that for an
// empty project would mean to make everything again beside what is there.
func (s *session) checkState() error {
	data := cmp.Or(s.variable("TF_DATA_DIR"), ".terraform")
	if !filepath.IsAbs(data) {
		data = filepath.Join(s.o.dir, data)
	}
	for _, elsewhere := range []string{"terraform.tfstate", "environment"} { // a backend, a workspace
		if _, err := os.Stat(filepath.Join(data, elsewhere)); err == nil {
			return nil
		}
	}
	size := func(path string) int64 {
		if info, err := os.Stat(path); err == nil {
			return info.Size()
		}
		return -1
	}
	state := filepath.Join(s.o.dir, "terraform.tfstate")
	if size(state) != 0 || size(state+".backup") <= 0 {
		return nil
	}
	return fmt.Errorf(`the state of Terraform, %s, is empty, since a run was killed before it was written. Copy the one before it, terraform.tfstate.backup, over it, and run this again; what the killed run has made beyond that is there already, and needs terraform import. Where nothing was deployed, remove both files`, state)
}

// init downloads the providers and opens the state.
func (s *session) init(ctx context.Context) error {
	if err := s.tf.Init(s.gentle(ctx)); err != nil {
		return failure("terraform init", textDiagnostics(err))
	}
	return nil
}

// planned is one plan: its file, and what it says.
type planned struct {
	file string
	*tfjson.Plan
}

// plan makes a plan of everything, unless options say otherwise.
func (s *session) plan(ctx context.Context, more ...tfexec.PlanOption) (*planned, error) {
	file := filepath.Join(s.temp, "plan")
	options := []tfexec.PlanOption{tfexec.Out(file), tfexec.LockTimeout(lockTimeout)}
	for _, path := range s.o.varFiles {
		options = append(options, tfexec.VarFile(path))
	}
	for _, v := range s.o.assignments() {
		options = append(options, tfexec.Var(v))
	}
	ui := &ui{}
	_, err := s.tf.PlanJSON(s.gentle(ctx), ui, append(options, more...)...)
	s.tf.SetStdout(nil)
	if err != nil {
		return nil, s.failed(ctx, "terraform plan", ui, err)
	}
	plan, err := s.tf.ShowPlanFile(s.gentle(ctx), file)
	if err != nil {
		return nil, s.failed(ctx, "terraform show", ui, err)
	}
	pl := &planned{file: file, Plan: plan}
	return pl, s.o.checkProject(plan.PriorState, pl.variable("project"))
}

// apply does exactly what the plan says, and prints each thing that is done.
func (s *session) apply(ctx context.Context, p *planned) error {
	progress := newProgress(s.program, changesOf(p.Plan))
	ui := &ui{each: func(m message) {
		progress.show(m)
		s.granted = s.granted || m.grants()
	}}
	err := s.tf.ApplyJSON(s.gentle(ctx), ui, tfexec.DirOrPlan(p.file), tfexec.LockTimeout(lockTimeout))
	s.tf.SetStdout(nil)
	if err != nil {
		return s.failed(ctx, "terraform apply", ui, err)
	}
	return nil
}

// failed is what a command of Terraform ended with.
func (s *session) failed(ctx context.Context, what string, ui *ui, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if len(ui.faults) > 0 {
		return failure(what, ui.faults)
	}
	return failure(what, textDiagnostics(err))
}
