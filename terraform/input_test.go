package terraform_test

import (
	"slices"
	"strings"

	"github.com/hashicorp/terraform-exec/tfexec"
)

// inputs holds that no change of an ordinary input destroys the database or a queue; what
// would is refused, with what to do. Fewer queues alone delete some.
func (d *deployment) inputs() {
	d.Helper()
	const file = "terraform/examples/minimal/comeback.yaml"
	d.Edit("terraform/examples/minimal/main.tf", `  region      = "us-central1"`, "") // it is the default
	d.with([]string{`region = "europe-west1"`}, "The database is in us-central1 and cannot move", "The queues are in us-central1 and cannot move")
	d.with(
		[]string{`firestore_location = "eur3"`, `queue_concurrency = 5000`, `secret_values = { SENDGRID_KEY = "x" }`},
		"The database is in us-central1 and cannot move", "which slows whole queues", "no function reads SENDGRID_KEY",
	)
	d.with([]string{`functions = { Checkout = { cpu = "0.5" } }`}, "Checkout: more than one request at once needs cpu")
	d.with([]string{`functions = { remind = { max_instances = 100 } }`, `secret_versions = { API_KEY = "1" }`}, "there is no remind", "no function reads API_KEY")
	d.with(
		[]string{`functions = { Remind = { concurrency = 2000 } }`, `alerts = { failed_share = 5 }`, `labels = { Team = "shop" }`, `domain = "https://shop.example.com"`},
		"concurrency 1 to 1000", "shares below 1", "Want lower-case letters", "Want a domain's name",
	)
	d.with([]string{`queues = 2`, `functions = { Remind = { max_instances = 1, concurrency = 1 } }`}, "which slows whole queues")
	d.with([]string{`region = "europe-west1"`, `firestore_location = "us-central1"`, `tasks_region = "us-central1"`})
	d.with([]string{
		`scheduler_region = "europe-west1"`, `queue_suffix = "b"`, `queue_concurrency = 5`, `public = []`, `keep_data = false`,
		`functions = { Remind = { concurrency = 10, cpu = "2", memory = "1Gi" } }`, `secret_versions = { COMEBACK_API_KEY = "3" }`,
		`secret_values = { SENDGRID_API_KEY = "x" }`, `domain = "comeback.shop.example.com"`, `alerts = { late_seconds = 5 }`, `labels = { team = "shop" }`,
	})
	d.Edit(file, "stores:\n", "queues: 2\nstores:\n")
	d.with(nil)
	d.with([]string{`queues = 3`}, "Set the number in one place")
	d.apply()
	d.Edit(file, "queues: 2", "queues: 1")
	if got := d.changes(); !slices.Contains(got, `delete google_cloud_tasks_queue.reminders["1"]`) {
		d.Errorf("fewer queues: got %v, want one deleted", got)
	}
}

// with plans with these inputs. It must be refused for each of the reasons, or without
// any must leave the database, the queues and the sources' bucket in place.
func (d *deployment) with(inputs []string, reasons ...string) {
	d.Helper()
	block := strings.Join(append(inputs, "alert_email "), "\n  ")
	const file = "terraform/examples/minimal/main.tf"
	d.Edit(file, "alert_email ", block)
	list, err := d.tryChanges(tfexec.Refresh(false)) // what is there is known
	d.Edit(file, block, "alert_email ")
	for _, reason := range reasons {
		if err == nil || !strings.Contains(err.Error(), reason) {
			d.Errorf("%v: got %v, want it refused: %s", inputs, err, reason)
		}
	}
	if len(reasons) > 0 {
		return
	}
	if err != nil {
		d.Errorf("%v: %v", inputs, err)
	}
	for _, c := range list {
		action, address, _ := strings.Cut(c, " ")
		lost := strings.HasPrefix(address, "google_firestore_database.") || strings.HasPrefix(address, "google_cloud_tasks_queue.") || strings.HasPrefix(address, "google_storage_bucket.")
		if lost && (action == "delete" || action == "replace") {
			d.Errorf("%v: %s", inputs, c)
		}
	}
}
