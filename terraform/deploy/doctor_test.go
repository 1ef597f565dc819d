package main

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/comeback-checkout/comeback/internal/config"
	"github.com/comeback-checkout/comeback/terraform/deploy/cloud"
	"github.com/comeback-checkout/comeback/terraform/deploy/cloud/cloudtest"
)

// patient is a project, a SendGrid account and an environment to be examined.
type patient struct {
	*testing.T
	google   *cloudtest.Server
	sendgrid *sendgridServer
	host     string // of the functions
	env      map[string]string
	args     []string
}

// newPatient is in good health.
func newPatient(t *testing.T) *patient {
	t.Helper()
	p := &patient{T: t, google: cloudtest.New(t), sendgrid: newSendGrid(t), host: serveFunctions(t, nil)}
	p.google.PutSecret("SENDGRID_API_KEY", "SG.send\n")
	p.sendgrid.domains = []sendgridDomain{{"example.com", true}}
	p.env = map[string]string{"PATH": os.Getenv("PATH"), "COMEBACK_SENDGRID_HOST": p.sendgrid.URL, "SENDGRID_ADMIN_KEY": "SG.admin"}
	p.args = []string{"doctor", "-project", "my-shop-123", "-region", "europe-west1", "-config", p.config(`stores: {default: {
		from: {email: shop@example.com}, postal_address: "1 Pier Road, Bristol", consent: opt_in}}`)}
	return p
}

func (p *patient) config(yaml string) string {
	p.Helper()
	path := filepath.Join(p.TempDir(), "comeback.yaml")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(yaml, "\t", " ")), 0o600); err != nil {
		p.Fatal(err)
	}
	return path
}

// run gives the exit status and what was printed.
func (p *patient) run(more ...string) (int, string) {
	p.Helper()
	var out, errOut strings.Builder
	program := &program{
		out: &out, errOut: &errOut, now: time.Now, wait: wait,
		lookup: func(name string) (string, bool) { v, ok := p.env[name]; return v, ok },
		cloud: func(ctx context.Context, project string) (*cloud.Client, error) {
			return cloud.New(ctx, project, p.google.Options())
		},
		terraformEnv:  map[string]string{"PATH": os.Getenv("PATH"), "TF_CLI_CONFIG_FILE": os.DevNull, "CHECKPOINT_DISABLE": "1"},
		functionsHost: p.host,
	}
	args := append(slices.Clone(p.args), more...)
	do := program.doctor
	if args[0] == "smoke" {
		do = program.smoke
	}
	code := program.status(p.Context(), do(p.Context(), args[1:]))
	text := out.String() + errOut.String()
	for _, secret := range []string{"SG.send", "SG.admin", "shpat_", "ck_", "cs_"} {
		if strings.Contains(text, secret) {
			p.Errorf("%s is printed: %s", secret, text)
		}
	}
	return code, text
}

// want examines and checks the status and parts of what is printed, spaces aside.
func (p *patient) want(code int, parts ...string) {
	p.Helper()
	got, text := p.run()
	if got != code {
		p.Errorf("got status %d, want %d", got, code)
	}
	plain := strings.Join(strings.Fields(text), " ")
	for _, part := range parts {
		if !strings.Contains(plain, part) {
			p.Errorf("%q is missing from:\n%s", part, text)
		}
	}
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		hurt func(*patient)
		code int
		want []string
	}{
		{"in good health", func(*patient) {}, 0, []string{
			"ok credentials good for project my-shop-123", "ok billing on", "ok APIs all 12 enabled",
			"ok who may be granted allUsers", "ok where europe-west1 is allowed",
			"ok SendGrid key, default SENDGRID_API_KEY may send", "ok sender, default domain example.com is authenticated",
		}},
		{"no credentials", func(p *patient) { p.google.Token = "other" }, 1, []string{"FAIL credentials", "gcloud auth application-default login", "to check it without Secret Manager"}},
		{"somebody else's project", func(p *patient) { p.google.Project = "other" }, 1, []string{"FAIL project", "check that this is its ID"}},
		{"a project that goes", func(p *patient) { p.google.Delete() }, 1, []string{"DELETE_REQUESTED", "gcloud projects undelete my-shop-123"}},
		{"no billing", func(p *patient) { p.google.StopBilling() }, 1, []string{"FAIL billing off", "https://console.cloud.google.com/billing/linkedaccount?project=my-shop-123", "1 of"}},
		{"billing that cannot be seen", func(p *patient) { p.google.Disable("cloudbilling.googleapis.com") }, 0, []string{"warning billing not known"}},
		{"a fresh project", func(p *patient) { p.google.Disable("run.googleapis.com", "secretmanager.googleapis.com") }, 0, []string{
			"ok APIs 10 of 12 enabled; apply enables the others", "warning SendGrid, default SENDGRID_API_KEY has no value yet",
		}},
		{"no resource manager", func(p *patient) { p.google.Disable("cloudresourcemanager.googleapis.com") }, 1, []string{
			"FAIL APIs cloudresourcemanager.googleapis.com: disabled", "gcloud services enable cloudresourcemanager.googleapis.com --project my-shop-123",
		}},
		{"no service usage", func(p *patient) { p.google.Disable("serviceusage.googleapis.com") }, 1, []string{
			"FAIL APIs", "gcloud services enable cloudresourcemanager.googleapis.com serviceusage.googleapis.com",
		}},
		{"domain restricted sharing", func(p *patient) {
			p.google.SetPolicy(cloud.MemberDomains, cloud.Policy{Allowed: []string{"C03xgje4y"}})
		}, 0, []string{
			"warning who may be granted the organisation refuses allUsers", "-var 'public=[]'",
		}},
		{"a policy that cannot be read", func(p *patient) {
			p.google.Fail(cloud.ResourceManager, "getEffectiveOrgPolicy", 2, http.StatusForbidden, "PERMISSION_DENIED", "no")
		}, 0, []string{"warning who may be granted not known", "warning where not known", "roles/orgpolicy.policyViewer"}},
		{"a region that is not allowed", func(p *patient) {
			p.google.SetPolicy(cloud.ResourceLocations, cloud.Policy{Allowed: []string{"in:us-locations"}})
		}, 1, []string{"FAIL where the organisation does not allow europe-west1: in:us-locations"}},
		{"IAP that may not call", func(p *patient) { p.google.PutBackend("comeback-dashboard") }, 1, []string{
			"FAIL IAP", "gcloud beta services identity create --service=iap.googleapis.com --project=my-shop-123",
			"--member=serviceAccount:service-123456789012@gcp-sa-iap.iam.gserviceaccount.com",
		}},
		{"IAP that may call", func(p *patient) {
			p.google.PutBackend("comeback-dashboard", "serviceAccount:"+cloud.IAPAgent(cloudtest.ProjectNumber))
		}, 0, []string{"ok IAP may call comeback-dashboard"}},
		{"IAP of somebody else", func(p *patient) { p.google.PutBackend("wiki") }, 0, nil},
		{"a revoked key", func(p *patient) { delete(p.sendgrid.keys, "SG.send") }, 1, []string{
			"FAIL SendGrid key, default SENDGRID_API_KEY is refused: SendGrid answered 401", "credits are used up",
		}},
		{"a key that may not send", func(p *patient) { p.sendgrid.keys["SG.send"] = []string{"stats.read"} }, 1, []string{"FAIL SendGrid key", "mail.send"}},
		{"a key from the environment", func(p *patient) { p.env["SENDGRID_API_KEY"] = "SG.wrong" }, 1, []string{"is refused"}},
		{"a sender that nobody may look up", func(p *patient) { delete(p.env, "SENDGRID_ADMIN_KEY") }, 0, []string{"warning sender, default not known", "SENDGRID_ADMIN_KEY"}},
		{"records that are not seen", func(p *patient) { p.sendgrid.domains[0].Valid = false }, 1, []string{"FAIL sender, default domain example.com is not authenticated yet"}},
		{"a verified single sender", func(p *patient) {
			p.sendgrid.domains, p.sendgrid.senders = nil, []verifiedSender{{"Shop@example.com", true}}
		}, 0, []string{"warning sender, default shop@example.com is a verified single sender"}},
		{"a sender that nobody verified", func(p *patient) {
			p.sendgrid.domains, p.sendgrid.senders = nil, []verifiedSender{{"shop@example.com", false}}
		}, 1, []string{"FAIL sender, default SendGrid will refuse mail from shop@example.com"}},
		{"another domain", func(p *patient) { p.sendgrid.domains[0].Domain = "example.org" }, 1, []string{"FAIL sender"}},
		{"SendGrid away", func(p *patient) { p.sendgrid.Close() }, 0, []string{"warning SendGrid key", "not reached"}},
		{"without a configuration", func(p *patient) { p.args = p.args[:5] }, 0, []string{"ok billing on"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newPatient(t)
			tc.hurt(p)
			p.want(tc.code, tc.want...)
			if len(p.sendgrid.changes) > 0 {
				t.Errorf("it changed %q", p.sendgrid.changes)
			}
		})
	}
}

func TestDoctorJSON(t *testing.T) {
	t.Parallel()
	p := newPatient(t)
	p.google.StopBilling()
	code, text := p.run("-json")
	var got struct {
		OK       bool
		Project  string
		Findings []finding
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	want := finding{"billing", markFail, "off", "link an account at https://console.cloud.google.com/billing/linkedaccount?project=my-shop-123"}
	if code != exitError || got.OK || got.Project != "my-shop-123" || !slices.Contains(got.Findings, want) {
		t.Errorf("got status %d, %+v, want %+v among the findings", code, got, want)
	}
}

func TestPermits(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		allowed, denied []string
		region          string
		want, sure      bool
	}{
		{nil, nil, "europe-west1", true, true},
		{[]string{"europe-west1"}, nil, "europe-west1", true, true},
		{[]string{"is:europe-west1"}, nil, "europe-west1", true, true},
		{[]string{"in:europe-west1-locations"}, nil, "europe-west1", true, true},
		{[]string{"in:europe-west1-locations"}, nil, "europe-west2", false, true},
		{[]string{"in:us-locations", "asia-east1"}, nil, "europe-west1", false, true},
		{[]string{"in:europe-locations"}, nil, "europe-west1", true, true},
		{[]string{"in:eu-locations"}, nil, "us-central1", false, true},
		{[]string{"in:eu-locations"}, nil, "europe-west1", true, false}, // some of Europe's are not in the EU
		{[]string{"in:low-carbon-locations"}, nil, "europe-west1", true, false},
		{nil, []string{"us-central1"}, "us-central1", false, true},
		{nil, []string{"us-central1"}, "us-east1", true, true},
		{nil, []string{"in:us-locations"}, "us-east1", false, true},
		{[]string{"us-east1"}, []string{"in:northamerica-locations"}, "us-east1", true, false},
	} {
		allowed, sure := permits(cloud.Policy{Allowed: tc.allowed, Denied: tc.denied}, tc.region)
		if sure != tc.sure || sure && allowed != tc.want {
			t.Errorf("%v without %v, %s: got %v, sure %v, want %v, sure %v", tc.allowed, tc.denied, tc.region, allowed, sure, tc.want, tc.sure)
		}
	}
	if allowed, sure := permits(cloud.Policy{DenyAll: true}, "us-east1"); allowed || !sure {
		t.Errorf("nothing allowed: got %v, sure %v", allowed, sure)
	}
}

// The APIs that are looked for are those that Terraform enables.
func TestNeededAPIs(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("../services.tf")
	if err != nil {
		t.Fatal(err)
	}
	list, _, _ := strings.Cut(string(file), "var.domain == null")
	want := regexp.MustCompile(`[a-z]+\.googleapis\.com`).FindAllString(list, -1)
	slices.Sort(want)
	if diff := cmp.Diff(want, needed); diff != "" {
		t.Error(diff)
	}
}

// Each secret of the file is known by its variable, whatever the store.
func TestShopNamesSecrets(t *testing.T) {
	t.Parallel()
	p := newPatient(t)
	shop, err := readShop(p.config(`stores:
  default: {from: {email: a@example.com}, postal_address: x, api_keys: [env:KEY_A, env:KEY_B]}
  other:
    from: {email: b@example.com}
    postal_address: x
    sendgrid: {api_key: env:MAIL_KEY, region: eu, events_public_key: env:EVENTS}
    shopify: {shop: northwind.myshopify.com}
`))
	if err != nil {
		t.Fatal(err)
	}
	d, o := shop.stores["default"], shop.stores["other"]
	got := []string{}
	for _, s := range []config.Secret{
		d.APIKeys[0], d.APIKeys[1], d.SendGrid.APIKey, d.SendGrid.EventsPublicKey,
		o.APIKeys[0], o.SendGrid.APIKey, o.SendGrid.EventsPublicKey, o.Shopify.Secrets[0],
	} {
		got = append(got, shop.name(s))
	}
	want := []string{
		"KEY_A", "KEY_B", "SENDGRID_API_KEY", "SENDGRID_EVENTS_PUBLIC_KEY",
		"COMEBACK_API_KEY", "MAIL_KEY", "EVENTS", "SHOPIFY_SECRET",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"default", "other"}, slices.Sorted(maps.Keys(shop.stores))); diff != "" {
		t.Error(diff)
	}
}
