package terraform_test

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// The public may call what the public calls; nobody but Cloud Tasks and Cloud Scheduler
// the rest, and only there counts Cloud Run's check.
func (p planned) invokers() {
	p.Helper()
	callers := map[string][]string{}
	for address, g := range p.all("google_cloud_run_service_iam_member") {
		if got := g.text("role"); got != "roles/run.invoker" {
			p.Errorf("%s grants %s", address, got)
		}
		function, _, _ := strings.Cut(strings.TrimPrefix(address[strings.Index(address, `module.function["`):], `module.function["`), `"`)
		callers[function] = append(callers[function], g.text("member"))
	}
	want := map[string][]string{
		"Checkout":       {"allUsers"},
		"Order":          {"allUsers"},
		"Privacy":        {"allUsers"},
		"Recover":        {"allUsers"},
		"Shopify":        {"allUsers"},
		"Unsubscribe":    {"allUsers"},
		"WooCommerce":    {"allUsers"},
		"Remind":         {"serviceAccount:" + p.environmentOf("Remind")["COMEBACK_TASKS_ACCOUNT"]},
		"SendGridEvents": {"allUsers"},
		"Sweep":          {"serviceAccount:" + p.environmentOf("Sweep")["COMEBACK_SCHEDULER_ACCOUNT"]},
	}
	if diff := cmp.Diff(want, callers); diff != "" {
		p.Errorf("who may call the functions: want (-), got (+):\n%s", diff)
	}
	for name := range p.byEntryPoint() {
		check, public := p.environmentOf(name)["COMEBACK_CALLER_CHECK"], slices.Contains(callers[name], "allUsers")
		if (check == "iam") == public || public && check != "" {
			p.Errorf("%s: public %v, and COMEBACK_CALLER_CHECK is %q", name, public, check)
		}
	}
}

// address is where a function is reached: by Google's name for it, or by its local path
// under the domain.
func (p planned) address(function string) string {
	return fmt.Sprintf("https://%s-%s.cloudfunctions.net/%s", p.byEntryPoint()[function].text("location"), p.byEntryPoint()[function].text("project"), p.byEntryPoint()[function].text("name"))
}

// The links in mails begin with the address of the function that they are for, and
// behind a domain whatever follows it leads there too.
func (p planned) links() {
	p.Helper()
	urls, _ := p.plan.OutputChanges["urls"].After.(map[string]any)
	remind := p.environmentOf("Remind")
	for function, variable := range map[string]string{"Recover": "COMEBACK_RECOVER_URL", "Unsubscribe": "COMEBACK_UNSUBSCRIBE_URL"} {
		base := remind[variable]
		if base == "" || base != urls[function] || !strings.HasPrefix(base, "https://") {
			p.Errorf("%s: got %q, want the address of %s, %v", variable, base, function, urls[function])
		}
		if address, _ := strings.CutPrefix(base, "https://"); base != p.address(function) {
			_, path, _ := strings.Cut(address, "/")
			p.routed("/" + path + "/*")
		}
	}
}

// routed holds that the load balancer has a rule for a path; a plan does not know yet to
// which backend.
func (p planned) routed(path string) {
	p.Helper()
	for _, m := range p.all("google_compute_url_map") {
		for _, rule := range m.block("path_matcher").blocks("path_rule") {
			if list, _ := rule["paths"].([]any); slices.Contains(list, any(path)) {
				return
			}
		}
	}
	p.Errorf("the load balancer has no rule for %s", path)
}

// Whoever enqueues leads its tasks to Remind, as the account that Remind expects, on
// queues that are there, and may do so.
func (p planned) tasks() {
	p.Helper()
	queues := map[string]bool{}
	atOnce := 0
	for _, q := range p.all("google_cloud_tasks_queue") {
		queues["projects/"+q.text("project")+"/locations/"+q.text("location")+"/queues/"+q.text("name")] = true
		var n int
		_, _ = fmt.Sscan(q.text("rate_limits", "max_concurrent_dispatches"), &n)
		atOnce += n
	}
	var instances, concurrency int
	_, _ = fmt.Sscan(p.byEntryPoint()["Remind"].text("service_config", "max_instance_count"), &instances)
	_, _ = fmt.Sscan(p.byEntryPoint()["Remind"].text("service_config", "max_instance_request_concurrency"), &concurrency)
	if atOnce == 0 || atOnce > instances*concurrency {
		p.Errorf("the queues run %d tasks at once, Remind %d × %d", atOnce, instances, concurrency)
	}
	remind := p.environmentOf("Remind")
	if got, want := remind["COMEBACK_REMIND_URL"], p.address("Remind"); got != want {
		p.Errorf("Remind's address: got %s, want %s", got, want)
	}
	enqueuers := map[string]bool{}
	for name := range p.byEntryPoint() {
		env := p.environmentOf(name)
		if env["COMEBACK_QUEUES"] == "" {
			continue
		}
		enqueuers[p.accountOf(name)] = true
		if env["COMEBACK_REMIND_URL"] != remind["COMEBACK_REMIND_URL"] || env["COMEBACK_TASKS_ACCOUNT"] != remind["COMEBACK_TASKS_ACCOUNT"] {
			p.Errorf("%s creates tasks for %s as %s, Remind is %s and expects %s", name, env["COMEBACK_REMIND_URL"], env["COMEBACK_TASKS_ACCOUNT"], remind["COMEBACK_REMIND_URL"], remind["COMEBACK_TASKS_ACCOUNT"])
		}
		list := strings.Split(env["COMEBACK_QUEUES"], ",")
		if len(list) != len(queues) || slices.ContainsFunc(list, func(q string) bool { return !queues[q] }) {
			p.Errorf("%s knows the queues %v, there are %v", name, list, slices.Sorted(maps.Keys(queues)))
		}
	}
	p.granted("google_cloud_tasks_queue_iam_member", "roles/cloudtasks.enqueuer", "name", len(queues), enqueuers)
	p.granted("google_service_account_iam_member", "roles/iam.serviceAccountUser", "service_account_id", 1, enqueuers)
	for _, g := range p.all("google_service_account_iam_member") {
		if got, want := path.Base(g.text("service_account_id")), remind["COMEBACK_TASKS_ACCOUNT"]; got != want {
			p.Errorf("%s may act as %s, want as %s alone", g.text("member"), got, want)
		}
	}
}

// granted holds that exactly the members have the role on each of so many things.
func (p planned) granted(kind, role, on string, things int, members map[string]bool) {
	p.Helper()
	got := map[string]map[string]bool{}
	for _, g := range p.all(kind) {
		if g.text("role") != role {
			p.Errorf("%s grants %s, want %s", kind, g.text("role"), role)
		}
		if got[g.text(on)] == nil {
			got[g.text(on)] = map[string]bool{}
		}
		got[g.text(on)][g.text("member")] = true
	}
	if len(got) != things {
		p.Errorf("%s: %d things are granted, want %d", kind, len(got), things)
	}
	for thing, have := range got {
		if diff := cmp.Diff(members, have); diff != "" {
			p.Errorf("who has %s on %s: want (-), got (+):\n%s", role, thing, diff)
		}
	}
}

// Cloud Scheduler calls Sweep each minute, as the account and for the audience that
// Sweep expects.
func (p planned) scheduler() {
	p.Helper()
	env := p.environmentOf("Sweep")
	for _, job := range p.all("google_cloud_scheduler_job") {
		got := []string{job.text("schedule"), job.text("http_target", "http_method"), job.text("http_target", "uri"), job.text("http_target", "oidc_token", "audience"), job.text("http_target", "oidc_token", "service_account_email")}
		want := []string{"* * * * *", "POST", p.address("Sweep"), env["COMEBACK_SWEEP_URL"], env["COMEBACK_SCHEDULER_ACCOUNT"]}
		if diff := cmp.Diff(want, got); diff != "" {
			p.Errorf("the job: want (-), got (+):\n%s", diff)
		}
	}
}

// Every account that the environment or a grant names is made.
func (p planned) accounts() {
	p.Helper()
	made := map[string]bool{"allUsers": true}
	for _, a := range p.all("google_service_account") {
		made["serviceAccount:"+a.text("account_id")+"@"+a.text("project")+".iam.gserviceaccount.com"] = true
	}
	for _, kind := range []string{"google_project_iam_member", "google_secret_manager_secret_iam_member", "google_cloud_run_service_iam_member", "google_cloud_tasks_queue_iam_member", "google_service_account_iam_member"} {
		for address, g := range p.all(kind) {
			if !made[g.text("member")] {
				p.Errorf("%s names %s, which is not made", address, g.text("member"))
			}
		}
	}
	for address, g := range p.all("google_project_iam_member") {
		database := g.text("condition", "expression")
		if g.text("role") == "roles/datastore.user" && !strings.Contains(database, "/databases/comeback\"") {
			p.Errorf("%s is not limited to the database: %s", address, database)
		}
	}
}
