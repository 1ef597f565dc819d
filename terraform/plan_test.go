package terraform_test

import (
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

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
	p.webhooks(file)
	p.environment(file)
	p.secrets(file)
	p.invokers()
	p.links()
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

// The webhooks' addresses are those of the functions that they are for, and only those
// of shop systems that a store is on.
func (p planned) webhooks(file []byte) {
	p.Helper()
	outputs := map[string]map[string]any{}
	for _, name := range []string{"urls", "webhook_urls"} {
		if change := p.plan.OutputChanges[name]; change != nil {
			outputs[name], _ = change.After.(map[string]any)
		}
	}
	urls := outputs["urls"]
	want := map[string]any{"sendgrid": urls["SendGridEvents"]}
	for key, function := range map[string]string{"shopify": "Shopify", "woocommerce": "WooCommerce"} {
		if strings.Contains(string(file), "\n    "+key+":") {
			want[key] = urls[function]
		}
	}
	if diff := cmp.Diff(want, outputs["webhook_urls"]); diff != "" {
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
	// Shopify waits 5 s: nothing runs on for nobody, and the function's own deadline of 4 s
	// comes first.
	if got := p.byEntryPoint()["Shopify"].text("service_config", "timeout_seconds"); got != "10" {
		p.Errorf("Shopify: got a timeout of %s s, want 10", got)
	}
	if len(accounts) != len(want) {
		p.Errorf("got %d accounts for %d functions: want one each", len(accounts), len(want))
	}
}

// notDeployed are the variables that no function is given in the cloud.
var notDeployed = map[string]string{
	"GOOGLE_CLOUD_PROJECT":         "COMEBACK_PROJECT says it",
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
