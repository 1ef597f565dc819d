package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

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

// takeoverFile is written into the root module's folder for as long as the command runs.
// What it says of resources that are in the state already counts for nothing.
const takeoverFile = "comeback_takeover.tf"

// adopt lets the session's plans take over what is there. Import blocks and not terraform
// import: nothing is done before somebody agrees to the plan.
func (s *session) adopt(takes []adoption) error {
	var b strings.Builder
	b.WriteString("# Written by deploy, and removed again when it ends.\n")
	for _, a := range takes {
		fmt.Fprintf(&b, "\nimport {\n  to = %s\n  id = %q\n}\n", a.address, a.id)
	}
	s.takeover = filepath.Join(s.o.dir, takeoverFile)
	s.abandoned.Store(s.takeover, true)
	return os.WriteFile(s.takeover, []byte(b.String()), 0o600)
}
