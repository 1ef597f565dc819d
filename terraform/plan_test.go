package terraform_test

import (
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	tfjson "github.com/hashicorp/terraform-json"

	"github.com/comeback-checkout/comeback/functions"
	"github.com/comeback-checkout/comeback/internal/config"
)

// asWanted holds what a first apply of an example would make.
func (p planned) asWanted(example string) {
	p.Helper()
	file, err := os.ReadFile("examples/" + example + "/comeback.yaml")
	if err != nil {
		p.Fatal(err)
	}
	p.functions()
	p.webhooks()
	p.environment(file)
	p.secrets(file)
	p.invokers()
	p.tasks()
	p.scheduler()
	p.accounts()
	p.rights()
	p.afterGrants()
	p.data()
	p.firestore()
	p.alerts()
	p.metrics()
}

// planned is a plan with what tests ask of it.
type planned struct {
	*testing.T
	plan *tfjson.Plan
}

// object is a resource as planned, its blocks as lists.
type object map[string]any

// all lists the planned resources of a type by address.
func (p planned) all(kind string) map[string]object {
	p.Helper()
	found := map[string]object{}
	for _, c := range p.plan.ResourceChanges {
		if after, ok := c.Change.After.(map[string]any); ok && c.Type == kind && c.Mode == tfjson.ManagedResourceMode {
			found[c.Address] = after
		}
	}
	if len(found) == 0 {
		p.Errorf("the plan has no %s", kind)
	}
	return found
}

// text is the string at a path of keys; a block counts as its one element.
func (o object) text(keys ...string) string {
	var v any = map[string]any(o)
	for _, key := range keys {
		if list, ok := v.([]any); ok && len(list) == 1 {
			v = list[0]
		}
		m, _ := v.(map[string]any)
		v = m[key]
	}
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

func (o object) block(name string) object {
	list, _ := o[name].([]any)
	if len(list) != 1 {
		return nil
	}
	m, _ := list[0].(map[string]any)
	return m
}

func (o object) blocks(name string) []object {
	list, _ := o[name].([]any)
	var blocks []object
	for _, b := range list {
		if m, ok := b.(map[string]any); ok {
			blocks = append(blocks, m)
		}
	}
	return blocks
}

// byEntryPoint lists the functions by the name that the source registers.
func (p planned) byEntryPoint() map[string]object {
	list := map[string]object{}
	for _, f := range p.all("google_cloudfunctions2_function") {
		list[f.text("build_config", "entry_point")] = f
	}
	return list
}

func (p planned) environmentOf(function string) map[string]string {
	env := map[string]string{}
	vars, _ := p.byEntryPoint()[function].block("service_config")["environment_variables"].(map[string]any)
	for k, v := range vars {
		env[k] = fmt.Sprint(v)
	}
	return env
}

func (p planned) secretsOf(function string) []string {
	var names []string
	for _, s := range p.byEntryPoint()[function].block("service_config").blocks("secret_environment_variables") {
		names = append(names, s.text("key"))
		if s.text("key") != s.text("secret") {
			p.Errorf("%s: the variable %s is filled from the secret %s", function, s.text("key"), s.text("secret"))
		}
	}
	slices.Sort(names)
	return names
}

// accountOf is the account that a function runs as, as a member of a grant.
func (p planned) accountOf(function string) string {
	return "serviceAccount:" + p.byEntryPoint()[function].text("service_config", "service_account_email")
}

// The webhooks' addresses are those of the functions that they are for.
func (p planned) webhooks() {
	p.Helper()
	outputs := map[string]map[string]any{}
	for _, name := range []string{"urls", "webhook_urls"} {
		if change := p.plan.OutputChanges[name]; change != nil {
			outputs[name], _ = change.After.(map[string]any)
		}
	}
	if diff := cmp.Diff(map[string]any{"sendgrid": outputs["urls"]["SendGridEvents"]}, outputs["webhook_urls"]); diff != "" {
		p.Errorf("the webhooks' addresses: want (-), got (+):\n%s", diff)
	}
}

// Every registered function is deployed, and no other, each with an account of its own.
func (p planned) functions() {
	p.Helper()
	want := slices.Sorted(slices.Values(functions.Names()))
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(p.byEntryPoint()))); diff != "" {
		p.Errorf("the functions that are registered (-) and deployed (+):\n%s", diff)
	}
	accounts := map[string]bool{}
	for name, f := range p.byEntryPoint() {
		accounts[p.accountOf(name)] = true
		if got := f.text("build_config", "runtime"); got != "go126" {
			p.Errorf("%s: got runtime %s, want go126", name, got)
		}
		if f.text("service_config", "max_instance_request_concurrency") != "1" && f.text("service_config", "available_cpu") != "1" {
			p.Errorf("%s serves several requests at once and has no whole CPU", name)
		}
	}
	// Their own deadline is 29 s, and the tasks' dispatch deadline 30 s.
	for _, name := range []string{"Remind", "Sweep"} {
		if got := p.byEntryPoint()[name].text("service_config", "timeout_seconds"); got != "30" {
			p.Errorf("%s: got a timeout of %s s, want 30", name, got)
		}
	}
	if len(accounts) != len(want) {
		p.Errorf("got %d accounts for %d functions: want one each", len(accounts), len(want))
	}
}

// notDeployed are the variables that no function is given in the cloud.
var notDeployed = map[string]string{
	"GOOGLE_CLOUD_PROJECT":         "COMEBACK_PROJECT says it",
	"COMEBACK_RECOVER_URL":         "no function makes links yet",
	"COMEBACK_UNSUBSCRIBE_URL":     "no function makes links yet",
	"COMEBACK_OIDC_ISSUER":         "must be Google's",
	"COMEBACK_OIDC_KEYS_URL":       "must be Google's",
	"FIRESTORE_EMULATOR_HOST":      "for one machine",
	"CLOUD_TASKS_EMULATOR_HOST":    "for one machine",
	"COMEBACK_SENDGRID_HOST":       "for one machine",
	"COMEBACK_SENDGRID_EVENTS_KEY": "for one machine",
	"K_SERVICE":                    "set by Cloud Run",
	"FUNCTION_TARGET":              "set by the buildpack",
}

// variables are those of the environment that hold no secret.
func variables() []string {
	var names []string
	for _, v := range config.Variables() {
		if !strings.HasPrefix(v.Meaning, "secret:") && v.Name != "SENDGRID_EVENTS_PUBLIC_KEY" {
			names = append(names, v.Name)
		}
	}
	return names
}

// Each function is given every variable that its configuration needs and none else, and
// starts with them as in the cloud.
func (p planned) environment(file []byte) {
	p.Helper()
	given := map[string]bool{}
	for name := range p.byEntryPoint() {
		env := p.environmentOf(name)
		want := append(config.Requires(name), "COMEBACK_PROJECT", "COMEBACK_DATABASE", "LOG_LEVEL")
		if env["COMEBACK_CALLER_CHECK"] != "" { // p.invokers holds where
			want = append(want, "COMEBACK_CALLER_CHECK")
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(env))); diff != "" {
			p.Errorf("the variables that %s needs (-) and is given (+):\n%s", name, diff)
		}
		for k := range env {
			given[k] = true
		}
		if _, err := config.Load(file, p.cloudLookup(name), name); err != nil {
			p.Errorf("%s would not start: %v", name, err)
		}
	}
	for _, name := range variables() {
		if why, listed := notDeployed[name]; given[name] == listed {
			p.Errorf("%s: given to a function is %v, listed as not deployed is %v (%s)", name, given[name], listed, why)
		}
	}
}

// cloudLookup is the environment of a deployed function.
func (p planned) cloudLookup(function string) func(string) (string, bool) {
	env := p.environmentOf(function)
	env["K_SERVICE"], env["FUNCTION_TARGET"] = path.Base(p.byEntryPoint()[function].text("name")), function
	for _, name := range p.secretsOf(function) {
		env[name] = "a value of its own for " + name
		if strings.HasSuffix(name, "_EVENTS_PUBLIC_KEY") {
			env[name] = " " // as apply leaves it, before SendGrid has told the key
		}
	}
	return func(name string) (string, bool) { v, ok := env[name]; return v, ok }
}

// Each function is given the secrets of its own work and no other, and each secret is
// granted to exactly the accounts that read it.
func (p planned) secrets(file []byte) {
	p.Helper()
	readers := map[string][]string{}
	for name := range p.byEntryPoint() {
		want := secretsReadBy(file, name)
		if diff := cmp.Diff(want, p.secretsOf(name)); diff != "" {
			p.Errorf("the secrets that %s reads (-) and is given (+):\n%s", name, diff)
		}
		for _, secret := range want {
			readers[secret] = append(readers[secret], p.accountOf(name))
		}
	}
	granted := map[string][]string{}
	for _, g := range p.all("google_secret_manager_secret_iam_member") {
		if got := g.text("role"); got != "roles/secretmanager.secretAccessor" {
			p.Errorf("a secret is granted by %s", got)
		}
		granted[g.text("secret_id")] = append(granted[g.text("secret_id")], g.text("member"))
	}
	for _, list := range []map[string][]string{readers, granted} {
		for _, members := range list {
			slices.Sort(members)
		}
	}
	if diff := cmp.Diff(readers, granted); diff != "" {
		p.Errorf("who reads each secret (-), and who may (+):\n%s", diff)
	}
	var made []string
	for _, s := range p.all("google_secret_manager_secret") {
		made = append(made, s.text("secret_id"))
	}
	slices.Sort(made)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(readers)), made); diff != "" {
		p.Errorf("the secrets that are read (-) and made (+):\n%s", diff)
	}
}

// secretsReadBy lists what a function looks up when it loads the file, beside the
// variables that hold no secret.
func secretsReadBy(file []byte, function string) []string {
	known := variables()
	var names []string
	_, _ = config.Load(file, func(name string) (string, bool) {
		if !slices.Contains(known, name) {
			names = append(names, name)
		}
		return map[string]string{"K_SERVICE": "x"}[name], name == "K_SERVICE"
	}, function) // its faults are of the values, which are not there
	slices.Sort(names)
	return slices.Compact(names)
}

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
