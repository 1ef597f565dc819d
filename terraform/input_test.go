package terraform_test

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
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
		`secret_values = { SENDGRID_API_KEY = "x" }`, `domain = "comeback.shop.example.com"`, `alerts = { late_seconds = 5, silent_hours = 8, orderless = 7 }`, `labels = { team = "shop" }`,
	})
	d.honoured()
	d.set(`queue_suffix = "b"`)
	d.Edit(file, "stores:\n", "queues: 2\nstores:\n")
	d.with(nil)
	d.with([]string{`queues = 3`}, "Set the number in one place")
	d.apply()
	if got, want := d.queues(), []string{"comeback-", "comeback--b"}; !slices.Equal(got, want) {
		d.Errorf("another suffix and another queue: got queues like %v, want %v", got, want)
	}
	const both = "api_keys: [env:COMEBACK_ID_KEY]"
	d.Edit(file, "consent: opt_in", "consent: opt_in\n    "+both)
	for _, change := range d.changes() {
		if strings.Contains(change, "kept[") {
			d.Errorf("a key of the address hashes that is an API key too: got %s, want it kept", change)
		}
	}
	d.Edit(file, "\n    "+both, "")
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
	list, err := d.tryChanges(tfexec.Refresh(false), tfexec.Out(d.Path("inputs"))) // what is there is known
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

// honoured holds that the inputs of the last plan, which are all of those that change
// nothing else, reached what they are about.
func (d *deployment) honoured() {
	d.Helper()
	plan, err := d.tf.ShowPlanFile(d.Context(), d.Path("inputs"))
	if err != nil {
		d.Fatal(err)
	}
	p := planned{d.T, plan}
	checkout, remind := p.byEntryPoint()["Checkout"], p.byEntryPoint()["Remind"]
	got := map[string]string{
		"labels":      checkout.text("labels", "team"),
		"concurrency": remind.text("service_config", "max_instance_request_concurrency"),
		"cpu":         remind.text("service_config", "available_cpu"),
		"memory":      remind.text("service_config", "available_memory"),
	}
	for _, s := range checkout.block("service_config").blocks("secret_environment_variables") {
		got["version of "+s.text("key")] = s.text("version")
	}
	for _, g := range p.all("google_cloud_run_service_iam_member") {
		if g.text("member") == "allUsers" {
			got["public"] = "allUsers"
		}
	}
	for _, job := range p.all("google_cloud_scheduler_job") {
		got["scheduler_region"] = job.text("region")
	}
	for _, q := range p.all("google_cloud_tasks_queue") {
		got["queue_concurrency"] = q.text("rate_limits", "max_concurrent_dispatches")
	}
	for _, policy := range p.all("google_monitoring_alert_policy") {
		if policy.text("display_name") == "Comeback: Reminders are late" {
			query := strings.Fields(policy.text("conditions", "condition_prometheus_query_language", "query"))
			got["late_seconds"] = query[len(query)-1]
		}
		for _, c := range policy.blocks("conditions") {
			switch query := c.text("condition_prometheus_query_language", "query"); {
			case strings.Contains(query, `,source="SendGridEvents"`):
				got["silent_hours"] = strings.Join(silentSpans.FindAllString(query, -1), ", ")
			case strings.Contains(query, "unless"):
				got["orderless"] = strings.Join(orderless.FindAllString(query, -1), ", ")
			}
		}
	}
	if urls, ok := plan.OutputChanges["urls"].After.(map[string]any); ok {
		got["Checkout"], got["Remind"] = fmt.Sprint(urls["Checkout"]), fmt.Sprint(urls["Remind"])
	}
	want := map[string]string{
		"labels": "shop", "concurrency": "10", "cpu": "2", "memory": "1Gi", "queue_concurrency": "5",
		"version of COMEBACK_API_KEY": "3", "version of COMEBACK_ID_KEY": "latest",
		"scheduler_region": "europe-west1", "late_seconds": "5000",
		"silent_hours": "> 28800000, [360m] offset 60m", // mails of 7 h to 1 h ago
		"orderless":    "[480m], >= 7 unless, [480m]",

		"Checkout": "https://comeback.shop.example.com/checkout", "Remind": p.address("Remind"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		d.Errorf("the inputs: want (-), got (+):\n%s", diff)
	}
}

// silentSpans are what the alert on SendGrid's silence makes of silent_hours.
var silentSpans = regexp.MustCompile(`> \d{2,}|\[\d+m\] offset \d+m`)

// orderless is what the alert on missing orders makes of orderless and silent_hours.
var orderless = regexp.MustCompile(`>= \d+ unless|\[\d+m\]`)

// hash is the part of a queue's name that tells it from the others.
var hash = regexp.MustCompile(`[0-9a-f]{6}`)

// queues are the names of the queues that were made, in order, without their hashes.
func (d *deployment) queues() []string {
	d.Helper()
	var names []string
	for _, op := range d.Ops() {
		if op.Op == "create" && op.Type == "google_cloud_tasks_queue" {
			names = append(names, hash.ReplaceAllString(path.Base(op.ID), ""))
		}
	}
	return names
}
