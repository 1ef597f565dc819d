package terraform_test

import (
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

// plan plans and reads the plan; what fails ends the test.
func (d *deployment) plan(options ...tfexec.PlanOption) *tfjson.Plan {
	d.Helper()
	plan, err := d.tryPlan(options...)
	if err != nil {
		d.Fatal(err)
	}
	return plan
}

func (d *deployment) tryPlan(options ...tfexec.PlanOption) (*tfjson.Plan, error) {
	file := filepath.Join(d.TempDir(), "plan")
	if _, err := d.tf.Plan(d.Context(), append(options, tfexec.Out(file))...); err != nil {
		return nil, err
	}
	return d.tf.ShowPlanFile(d.Context(), file)
}

func (d *deployment) apply(options ...tfexec.ApplyOption) {
	d.Helper()
	if err := d.tf.Apply(d.Context(), options...); err != nil {
		d.Fatal(err)
	}
}

func (d *deployment) destroy(options ...tfexec.DestroyOption) {
	d.Helper()
	if err := d.tf.Destroy(d.Context(), options...); err != nil {
		d.Fatal(err)
	}
}

// changes lists what a plan does, "action address", sorted, without what stays.
func changes(plan *tfjson.Plan) []string {
	var list []string
	for _, c := range plan.ResourceChanges {
		if c.Mode != tfjson.ManagedResourceMode || c.Change.Actions.NoOp() {
			continue
		}
		var actions []string
		for _, a := range c.Change.Actions {
			actions = append(actions, string(a))
		}
		list = append(list, strings.Join(actions, "+")+" "+strings.TrimPrefix(c.Address, "module.comeback."))
	}
	slices.Sort(list)
	return list
}

func firstPlan(t *testing.T, example string) *tfjson.Plan {
	t.Helper()
	return newDeployment(t, example).plan()
}

// plannedArchive is the source archive that a plan of the smallest example makes.
func plannedArchive(t *testing.T) string {
	t.Helper()
	d := newDeployment(t, "minimal")
	d.plan()
	return d.Path("terraform/.build/functions.zip")
}
