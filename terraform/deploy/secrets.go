package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/comeback-checkout/comeback/terraform/deploy/cloud"
)

// secret is a secret of the deployment, and what there is of it in the project.
type secret struct {
	name    string // as in Secret Manager, and of the environment variable that it fills
	key     string // of the configuration file that refers to it: api_keys, sendgrid-api_key
	address string // Terraform's
	exists  bool
	value   bool // it has a version that can be read
	given   bool // secret_values gives it one
}

// secretsOf lists the secrets that a plan ends with.
func secretsOf(ctx context.Context, client *cloud.Client, plan *tfjson.Plan) ([]secret, error) {
	var all []secret
	given := map[string]bool{}
	for _, r := range plannedResources(plan) {
		switch r.Type {
		case "google_secret_manager_secret_version":
			if name, ok := r.Index.(string); ok {
				given[name] = true
			}
		case "google_secret_manager_secret":
			name, _ := r.AttributeValues["secret_id"].(string)
			labels, _ := r.AttributeValues["labels"].(map[string]any)
			key, _ := labels["comeback-key"].(string)
			all = append(all, secret{name: name, key: key, address: r.Address})
		}
	}
	for i := range all {
		s := &all[i]
		s.given = given[s.name]
		var err error
		s.exists, s.value, err = client.SecretState(ctx, s.name)
		if err != nil && !errors.Is(err, cloud.ErrDisabled) {
			return nil, err
		}
	}
	return all, nil
}

// lacking are the secrets that need a value and have none.
func (d *deployment) lacking() []secret {
	var all []secret
	for _, s := range d.secrets {
		if !s.value && !s.given {
			all = append(all, s)
		}
	}
	return all
}

const idKey = "id_key"

// generated says that any random value will do.
func (s secret) generated() bool {
	return s.key == "api_keys" || s.key == "link_keys" || s.key == idKey
}

// agreed says that any random value will do too, once the other side is told it, which
// may have one already.
func (s secret) agreed() bool { return s.key == "woocommerce-secrets" }

// optional says that the functions work without; a secret without a version would keep
// them from starting all the same, so that it gets noValue.
func (s secret) optional() bool { return s.key == "sendgrid-events_public_key" }

// noValue is read as nothing: configuration cuts white space.
const noValue = " "

// source says where apply takes the value from.
func (s secret) source() string {
	switch {
	case s.generated():
		return "generates one"
	case s.agreed():
		return "takes it from the environment variable " + s.name + ", or generates one"
	case s.optional():
		return "takes it from the environment variable " + s.name + ", or does without"
	}
	return "takes it from the environment variable " + s.name + ", or asks"
}

// checkIDKeys refuses to make a new key of the address hashes for a database that has
// documents hashed with another.
func (d *deployment) checkIDKeys() error {
	if !d.hasDatabase() {
		return nil
	}
	known := false // some key of these has outlived everything
	for _, s := range d.secrets {
		known = known || s.key == idKey && s.value
	}
	inState := map[string]bool{}
	for _, r := range stateResources(d.PriorState) {
		inState[r.Address] = true
	}
	var lost []string
	for _, s := range d.lacking() {
		if s.key == idKey && (!known || s.exists || inState[s.address]) {
			lost = append(lost, s.name)
		}
	}
	if lost == nil {
		return nil
	}
	name := lost[0]
	return fmt.Errorf(`the database is there, and %s, the key of the address hashes in it, has no value. With a new key no suppression would be found again: who has unsubscribed would get mail. Do one of these:
  gcloud secrets versions list %s --project=%s     and enable the old version, if there is one
  gcloud secrets versions add %s --project=%s --data-file=FILE     with the old key, once the secret exists
  deploy apply -new-id-key     if nothing in the database is to be kept`,
		strings.Join(lost, ", "), name, d.project, name, d.project)
}

// hasDatabase says that the database was there before the plan.
func (d *deployment) hasDatabase() bool {
	for _, r := range stateResources(d.PriorState) {
		if r.Type == "google_firestore_database" {
			return true
		}
	}
	for _, a := range d.takes {
		if a.database {
			return true
		}
	}
	return false
}
