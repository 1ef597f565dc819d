package terraform_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/comeback-checkout/comeback/functions"
	"github.com/comeback-checkout/comeback/terraform/tftest"
)

// TestMinimal takes the smallest example through its life: a first apply, changed sources,
// every input, and an end that takes the data along.
func TestMinimal(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "minimal")
	d.begin()
	d.changedSource()
	d.inputs()
	d.endWithData()
}

// TestStores takes the large example through its life: a first apply, a change in place
// and a replacement, and an end that leaves the data for another beginning.
func TestStores(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "stores")
	d.begin()
	d.set(`log_level = "DEBUG"`)
	d.Edit("terraform/scheduler.tf", `"comeback-sweep"`, `"comeback-sweep-2"`)
	d.want("another log level and another name of the job", append(eachFunction("update"), "replace google_cloud_scheduler_job.sweep"))
	d.apply()
	d.destroy()
	d.dataStay(2)
	d.beginAgain()
}

// begin validates, reads the plan, applies it, and finds nothing left to do.
func (d *deployment) begin() {
	d.Helper()
	d.valid()
	planned{d.T, d.firstPlan()}.asWanted(d.example)
	d.apply(tfexec.DirOrPlan(d.Path("plan")))
	d.apisComeFirst()
	d.functionsComeLast()
	d.want("a second plan", nil)
}

// changedSource holds that a changed Go file changes the archive's object and the
// functions, and nothing else; the same sources give the same archive.
func (d *deployment) changedSource() {
	d.Helper()
	d.Edit("functions/checkout.go", "package functions", "package functions // changed")
	d.want("a changed source", append(eachFunction("update"), "replace google_storage_bucket_object.functions"))
	d.Edit("functions/checkout.go", "package functions // changed", "package functions")
	d.want("the same source again", nil)
}

// endWithData holds that keep_data = false, applied before, lets destroy delete all.
func (d *deployment) endWithData() {
	d.Helper()
	d.set("keep_data = false")
	d.apply()
	d.destroy()
	for _, id := range []string{"projects/your-project-id/databases/comeback", "projects/your-project-id/secrets/COMEBACK_ID_KEY"} {
		if !slices.ContainsFunc(d.Ops(), func(op tftest.Op) bool { return op.Op == "delete" && op.ID == id }) {
			d.Errorf("%s was not deleted", id)
		}
	}
}

// beginAgain takes over the database that an earlier deployment left.
func (d *deployment) beginAgain() {
	d.Helper()
	d.set(`queue_suffix = "b"`) // the names of the deleted queues are blocked
	if err := d.tf.Import(d.Context(), "module.comeback.google_firestore_database.comeback", "projects/your-project-id/databases/comeback"); err != nil {
		d.Fatalf("taking the database over: %v", err)
	}
	for _, c := range d.changes() {
		if strings.Contains(c, "google_firestore_database.") {
			d.Errorf("the database that stayed: got %s, want it as it is", c)
		}
	}
}

// set sets an input of the example.
func (d *deployment) set(input string) {
	d.Helper()
	d.Edit("terraform/examples/"+d.example+"/main.tf", "alert_email ", input+"\n  alert_email ")
}

// want holds what a plan would change.
func (d *deployment) want(what string, want []string) {
	d.Helper()
	slices.Sort(want)
	if diff := cmp.Diff(want, d.changes()); diff != "" {
		d.Errorf("%s: want (-), got (+):\n%s", what, diff)
	}
}

func eachFunction(action string) []string {
	var list []string
	for _, name := range functions.Names() {
		list = append(list, action+` module.function["`+name+`"].google_cloudfunctions2_function.this`)
	}
	return list
}

// valid says what `terraform fmt` and `terraform validate` find.
func (d *deployment) valid() {
	d.Helper()
	if formatted, files, err := d.tf.FormatCheck(d.Context(), tfexec.Recursive(true), tfexec.Dir("../..")); err != nil || !formatted {
		d.Errorf("terraform fmt: %v, %v", files, err)
	}
	v, err := d.tf.Validate(d.Context())
	if err != nil {
		d.Fatal(err)
	}
	if !v.Valid || v.WarningCount > 0 {
		d.Errorf("terraform validate: %+v", v.Diagnostics)
	}
}

// functionsComeLast holds that all that a function needs was there before the first one:
// APIs, accounts, the source, the secrets, and what its build and it itself may do.
func (d *deployment) functionsComeLast() {
	d.Helper()
	first, made := 0, map[string]int{}
	for i, op := range d.Ops() {
		made[op.Type]++
		if op.Type == "google_cloudfunctions2_function" && first == 0 {
			first = i
		}
	}
	if made["google_cloudfunctions2_function"] != len(functions.Names()) {
		d.Fatalf("%d functions were made", made["google_cloudfunctions2_function"])
	}
	for i, op := range d.Ops() {
		switch op.Type {
		case "google_project_iam_member":
			if i > first && strings.Contains(op.ID, "comeback-build") {
				d.Errorf("%s came after a function was built", op.ID)
			}
		case "google_project_service", "google_service_account", "google_storage_bucket_object", "google_secret_manager_secret", "google_cloud_tasks_queue":
			if i > first {
				d.Errorf("%s %s came after a function", op.Type, op.ID)
			}
		}
	}
	for name, needs := range map[string]int{"checkout": 2, "order": 2, "remind": 3, "sendgrid-events": 2, "shopify": 1, "woocommerce": 1, "recover": 1, "unsubscribe": 1, "privacy": 2} {
		d.grantsComeFirst(name, needs)
	}
}

// grantsComeFirst holds that a function came after so many grants of secrets at least.
func (d *deployment) grantsComeFirst(name string, needs int) {
	d.Helper()
	grants := 0
	for _, op := range d.Ops() {
		if op.Type == "google_secret_manager_secret_iam_member" && strings.Contains(op.ID, "comeback-"+name) {
			grants++
		}
		if op.Type == "google_cloudfunctions2_function" && strings.HasSuffix(op.ID, "/comeback-"+name) && grants < needs {
			d.Errorf("%s came after %d grants of secrets, want %d before it", name, grants, needs)
		}
	}
}

// dataStay holds what destroy leaves: the database with the settings of its fields, the
// keys of the address hashes, and enabled APIs.
func (d *deployment) dataStay(keys int) {
	d.Helper()
	kept := map[string]int{}
	for _, op := range d.Ops() {
		if op.Op == "abandon" {
			kept[op.Type]++
		}
	}
	if kept["google_firestore_field"] == 0 || kept["google_project_service"] == 0 {
		d.Errorf("destroy left %v", kept)
	}
	delete(kept, "google_firestore_field")
	delete(kept, "google_project_service")
	if diff := cmp.Diff(map[string]int{"google_firestore_database": 1, "google_secret_manager_secret": keys}, kept); diff != "" {
		d.Errorf("what destroy left: want (-), got (+):\n%s", diff)
	}
}
