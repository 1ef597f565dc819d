package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/comeback-checkout/comeback/terraform/deploy/cloud"
)

// adoption is a resource that is in the project and not in Terraform's state, because
// a destroy has left it there.
type adoption struct {
	what        string // in plain words
	address, id string
	database    bool
}

// adoptable finds what a plan would create although it is there: the database and the
// keys of the address hashes, which outlive a deployment.
func adoptable(ctx context.Context, client *cloud.Client, d *deployment) ([]adoption, error) {
	var all []adoption
	for _, c := range d.changes {
		if c.Action != doCreate {
			continue
		}
		switch {
		case c.kind == "google_firestore_database":
			name, _ := c.after["name"].(string)
			there, err := client.DatabaseExists(ctx, name)
			if err != nil && !errors.Is(err, cloud.ErrDisabled) {
				return nil, err
			}
			if there {
				all = append(all, adoption{"the database " + name, c.Address, "projects/" + d.project + "/databases/" + name, true})
			}
		case c.kind == "google_secret_manager_secret" && c.name == "kept":
			name, _ := c.after["secret_id"].(string)
			there, _, err := client.SecretState(ctx, name)
			if err != nil && !errors.Is(err, cloud.ErrDisabled) {
				return nil, err
			}
			if there {
				all = append(all, adoption{"the secret " + name, c.Address, "projects/" + d.project + "/secrets/" + name, false})
			}
		}
	}
	return all, nil
}

// adopt takes over what is there, and plans again. A deployment that takes over
// nothing stays as it is.
func (s *session) adopt(ctx context.Context, d *deployment) (*deployment, error) {
	if len(d.takes) == 0 {
		return d, nil
	}
	options := []tfexec.ImportOption{tfexec.LockTimeout(lockTimeout)}
	for _, path := range s.o.varFiles {
		options = append(options, tfexec.VarFile(path))
	}
	for _, v := range s.o.assignments() {
		options = append(options, tfexec.Var(v))
	}
	for _, a := range d.takes {
		fmt.Fprintf(s.out, "taking over %s, which is there from an earlier deployment\n", a.what)
		if err := s.tf.Import(s.gentle(ctx), a.address, a.id, options...); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, failure("terraform import "+a.address, textDiagnostics(err))
		}
	}
	pl, err := s.plan(ctx)
	if err != nil {
		return nil, err
	}
	return s.inspect(ctx, pl)
}
