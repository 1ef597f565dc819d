package main

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-exec/tfexec"
)

const aboutDestroy = `Removes the deployment, after showing what goes and asking for the project's name. The
database and the key of the address hashes stay, unless keep_data = false was applied
before; a later apply takes them over.`

func (p *program) destroy(ctx context.Context, args []string) error {
	o := newOptions("destroy", aboutDestroy).withValues()
	yes := o.Bool("yes", false, "do not ask")
	full := o.Bool("full", false, "list every resource, also of long lists")
	if err := o.parse(p, args); err != nil {
		return err
	}
	if _, err := p.cloud(ctx, o.project); err != nil {
		return err
	}
	s, err := p.open(ctx, o)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.begin(ctx); err != nil {
		return err
	}
	pl, err := s.plan(ctx, tfexec.Destroy(true))
	if err != nil {
		return err
	}
	changes := changesOf(pl.Plan)
	project := pl.projectID()
	if len(changes) == 0 {
		fmt.Fprintln(p.out, "There is nothing to destroy: Terraform's state is empty.")
		return nil
	}
	fmt.Fprintf(p.out, "Comeback in project %s:\n", project)
	p.report(changes, *full)
	stays := left(changes, project)
	for _, line := range stays {
		fmt.Fprintln(p.out, line)
	}
	if len(stays) > 0 && pl.saysFalse("keep_data") {
		fmt.Fprintln(p.out, "keep_data = false counts once it was applied: run deploy apply with it first, if these are to go too.")
	}
	if err := s.agree(ctx, *yes, "Destroy this?", project); err != nil {
		return err
	}
	if err := s.apply(ctx, pl); err != nil {
		return err
	}
	for _, line := range stays {
		fmt.Fprintln(p.out, line)
	}
	fmt.Fprintln(p.out, "Destroyed. The queues' names are blocked for about 7 days: an apply before then needs -var queue_suffix=b.")
	return nil
}

// left says what a destroy leaves there, and how to delete it.
func left(changes []change, project string) []string {
	var all []string
	for _, c := range changes {
		switch {
		case c.Action != doLeave:
		case c.kind == "google_firestore_database":
			name := c.text("name")
			all = append(all, fmt.Sprintf(`The Firestore database %s stays. To delete it with every document:
  gcloud firestore databases update --database=%s --project=%s --no-delete-protection
  gcloud firestore databases delete --database=%s --project=%s`, name, name, project, name, project))
		case c.kind == "google_secret_manager_secret":
			name := c.text("secret_id")
			all = append(all, fmt.Sprintf(`The secret %s stays, since the database is of no use without it. To delete it:
  gcloud secrets delete %s --project=%s`, name, name, project))
		}
	}
	return all
}

// saysFalse says that a variable is set to false.
func (pl *planned) saysFalse(variable string) bool {
	v := pl.Variables[variable]
	return v != nil && (v.Value == false || v.Value == "false")
}
