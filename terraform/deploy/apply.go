package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-exec/tfexec"
)

const aboutApply = `Creates or updates the deployment. In this order it

  1. checks the configuration, the credentials and Terraform;
  2. plans, and where an earlier deployment has left the database and the key of the
     address hashes in the project, plans to take them over;
  3. shows the plan, with a warning for all that loses data, and asks;
  4. gives each secret that has no version its first one: it generates the API keys,
     the link keys and the key of the address hashes, takes any other from the
     environment variable of its name, or asks. A version that is there stays;
  5. applies the plan. Where Google does not know of a fresh API or grant everywhere
     yet, it waits and tries again, three times in all;
  6. says what is left to do.`

func (p *program) apply(ctx context.Context, args []string) error {
	o := newOptions("apply", aboutApply).withValues()
	yes := o.Bool("yes", false, "do not ask")
	full := o.Bool("full", false, "list every resource, also of long lists")
	newIDKey := o.Bool("new-id-key", false, "generate a key of the address hashes although the database is there: no suppression in it is ever found again")
	if err := o.parse(p, args); err != nil {
		return err
	}
	s, err := p.open(ctx, o)
	if err != nil {
		return err
	}
	defer s.close()
	d, err := s.prepare(ctx, *newIDKey)
	if err != nil {
		return err
	}
	if err := p.checkSources(d.lacking()); err != nil {
		return err
	}
	d.print(p, *full)
	if !d.nothing() {
		if err := s.carryOut(ctx, d, *yes); err != nil {
			return err
		}
	}
	s.nextSteps(ctx)
	return nil
}

// carryOut asks, and then does what the plan says: the secrets first.
func (s *session) carryOut(ctx context.Context, d *deployment, yes bool) error {
	if err := s.agree(ctx, yes, "Apply this?", "yes"); err != nil {
		return err
	}
	pl := d.planned
	if lacking := d.lacking(); len(lacking) > 0 {
		values, err := s.values(ctx, lacking)
		if err != nil {
			return err
		}
		if pl, err = s.makeSecrets(ctx, d, values, yes); err != nil {
			return err
		}
		if err := s.stillAgreed(ctx, pl, d.changes, yes); err != nil {
			return err
		}
	}
	return s.applyPatiently(ctx, pl, d.changes, yes)
}

// makeSecrets creates the secrets that need a value, stores the values and plans the
// rest. Terraform never sees them.
func (s *session) makeSecrets(ctx context.Context, d *deployment, values map[string]string, yes bool) (*planned, error) {
	var targets []tfexec.PlanOption
	for _, sec := range d.lacking() {
		if !sec.exists {
			targets = append(targets, tfexec.Target(sec.address))
		}
	}
	if len(targets) > 0 {
		// Before Terraform 1.6 an import block for what is no target is an error.
		for _, a := range d.takes {
			targets = append(targets, tfexec.Target(a.address))
		}
		fmt.Fprintln(s.out, "\nThe secrets first:")
		pl, err := s.plan(ctx, targets...)
		if err != nil {
			return nil, err
		}
		if err := s.applyPatiently(ctx, pl, d.changes, yes, targets...); err != nil {
			return nil, err
		}
	}
	if err := s.store(ctx, d, values); err != nil {
		return nil, err
	}
	fmt.Fprintln(s.out, "\nThe rest:")
	return s.plan(ctx)
}

// applyPatiently applies the plan, and again what is left of it while its errors pass
// by themselves. A later plan that does more than was agreed to is asked about.
func (s *session) applyPatiently(ctx context.Context, pl *planned, agreed []change, yes bool, options ...tfexec.PlanOption) error {
	err := s.apply(ctx, pl)
	for attempt := 1; attempt < attempts && s.passes(err); attempt++ {
		if err := s.pauseFor(ctx, attempt, firstFault(err)); err != nil {
			return err
		}
		// Refreshing may meet the same error: that counts as an attempt too.
		if pl, err = s.plan(ctx, options...); err != nil {
			continue
		}
		if err := s.stillAgreed(ctx, pl, agreed, yes); err != nil {
			return err
		}
		err = s.apply(ctx, pl)
	}
	return err
}

// passes says whether an error goes away by itself.
func (s *session) passes(err error) bool {
	var f *faults
	return errors.As(err, &f) && f.passes(s.granted)
}

// stillAgreed asks once more if a plan does something that was not shown.
func (s *session) stillAgreed(ctx context.Context, pl *planned, agreed []change, yes bool) error {
	changes := changesOf(pl.Plan)
	if within(changes, agreed) {
		return nil
	}
	fmt.Fprintln(s.out, "The plan has become another meanwhile:")
	s.report(changes, false)
	return s.agree(ctx, yes, "Apply this?", "yes")
}

// nextSteps says what is left to do, if the root module tells.
func (s *session) nextSteps(ctx context.Context) {
	outputs, err := s.tf.Output(s.gentle(ctx))
	if err != nil {
		return
	}
	if steps := textOf(outputs["next_steps"].Value); steps != "" {
		fmt.Fprintf(s.out, "\nNext:\n%s\n", steps)
	}
}
