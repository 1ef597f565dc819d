package terraform_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-exec/tfexec"
	tfjson "github.com/hashicorp/terraform-json"

	"github.com/comeback-checkout/comeback/internal/config"
	"github.com/comeback-checkout/comeback/terraform/tftest"
)

// deployment is an example in a world of its own, whose secrets all have a version.
type deployment struct {
	*testing.T
	*tftest.World
	tf *tfexec.Terraform
}

func newDeployment(t *testing.T, example string) *deployment {
	t.Helper()
	w := tftest.New(t)
	d := &deployment{t, w, w.Terraform("terraform/examples/" + example)}
	w.GiveSecrets(secretsOf(t, example)...)
	return d
}

// secretsOf lists the names of all secrets that an example's stores refer to.
func secretsOf(t *testing.T, example string) []string {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("examples", example, "comeback.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, function := range config.Functions() {
		names = append(names, secretsReadBy(file, function)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// changes lists what a plan does, as "action address", sorted, without what stays. What
// fails ends the test.
func (d *deployment) changes() []string {
	d.Helper()
	list, err := d.tryChanges()
	if err != nil {
		d.Fatal(err)
	}
	return list
}

// tryChanges reads what a plan says as it goes, which is quicker than to have the plan
// shown. The error holds everything that Terraform refuses.
func (d *deployment) tryChanges() ([]string, error) {
	var out bytes.Buffer
	_, planErr := d.tf.PlanJSON(d.Context(), &out)
	var list []string
	var errs []error
	for lines := json.NewDecoder(&out); ; {
		var line struct {
			Type   string
			Change struct {
				Action   string
				Resource struct{ Addr string }
			}
			Diagnostic struct{ Severity, Summary, Detail string }
		}
		if err := lines.Decode(&line); err != nil {
			break
		}
		switch {
		case line.Type == "planned_change":
			list = append(list, line.Change.Action+" "+strings.TrimPrefix(line.Change.Resource.Addr, "module.comeback."))
		case line.Diagnostic.Severity == "error":
			errs = append(errs, fmt.Errorf("%s: %s", line.Diagnostic.Summary, line.Diagnostic.Detail))
		}
	}
	slices.Sort(list)
	if planErr != nil {
		errs = append(errs, planErr)
	}
	return list, errors.Join(errs...)
}

func (d *deployment) apply() {
	d.Helper()
	if err := d.tf.Apply(d.Context()); err != nil {
		d.Fatal(err)
	}
}

func (d *deployment) destroy() {
	d.Helper()
	if err := d.tf.Destroy(d.Context()); err != nil {
		d.Fatal(err)
	}
}

// firstPlan is what a first apply of an example would do.
func firstPlan(t *testing.T, example string) *tfjson.Plan {
	t.Helper()
	d := newDeployment(t, example)
	file := d.Path("plan")
	if _, err := d.tf.Plan(t.Context(), tfexec.Out(file)); err != nil {
		t.Fatal(err)
	}
	plan, err := d.tf.ShowPlanFile(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// plannedArchive is the source archive that a plan of the smallest example makes.
func plannedArchive(t *testing.T) string {
	t.Helper()
	d := newDeployment(t, "minimal")
	d.changes()
	return d.Path("terraform/.build/functions.zip")
}
