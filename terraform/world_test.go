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
	tf      *tfexec.Terraform
	example string
}

func newDeployment(t *testing.T, example string) *deployment {
	t.Helper()
	w := tftest.New(t)
	d := &deployment{t, w, w.Terraform("terraform/examples/" + example), example}
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
func (d *deployment) tryChanges(options ...tfexec.PlanOption) ([]string, error) {
	var out bytes.Buffer
	_, planErr := d.tf.PlanJSON(d.Context(), &out, options...)
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

func (d *deployment) apply(options ...tfexec.ApplyOption) {
	d.Helper()
	if err := d.tf.Apply(d.Context(), options...); err != nil {
		d.Fatal(err)
	}
}

func (d *deployment) destroy() {
	d.Helper()
	if err := d.tf.Destroy(d.Context()); err != nil {
		d.Fatal(err)
	}
}

// firstPlan is what a first apply of the example would do; the plan is kept as "plan".
func (d *deployment) firstPlan() *tfjson.Plan {
	d.Helper()
	if _, err := d.tf.Plan(d.Context(), tfexec.Out(d.Path("plan"))); err != nil {
		d.Fatal(err)
	}
	plan, err := d.tf.ShowPlanFile(d.Context(), d.Path("plan"))
	if err != nil {
		d.Fatal(err)
	}
	return plan
}

// plannedArchive is the source archive that a plan of the smallest example makes.
func plannedArchive(t *testing.T) string {
	t.Helper()
	d := newDeployment(t, "minimal")
	d.Sources()
	d.changes()
	return d.Path("terraform/.build/functions.zip")
}
