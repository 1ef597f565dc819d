package main

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	tfjson "github.com/hashicorp/terraform-json"

	"github.com/comeback-checkout/comeback/terraform/deploy/cloud"
)

const project = "my-shop-123"

// ends is what a plan ends with.
func ends(resources ...*tfjson.StateResource) *tfjson.StateValues {
	return &tfjson.StateValues{RootModule: &tfjson.StateModule{ChildModules: []*tfjson.StateModule{{Resources: resources}}}}
}

func resource(kind, name string, index any, values attrs) *tfjson.StateResource {
	address := kind + "." + name
	if key, ok := index.(string); ok {
		address += "[\"" + key + "\"]"
	}
	return &tfjson.StateResource{Address: address, Mode: tfjson.ManagedResourceMode, Type: kind, Name: name, Index: index, AttributeValues: values}
}

func secretResource(name, key string) *tfjson.StateResource {
	block := "this"
	if key == idKey {
		block = "kept"
	}
	return resource("google_secret_manager_secret", block, name, attrs{"secret_id": name, "labels": attrs{"managed-by": "comeback", "comeback-key": key}})
}

func TestSecretsOf(t *testing.T) {
	t.Parallel()
	s := newStage(t, "")
	s.google.PutSecret("COMEBACK_LINK_KEY", "value")
	s.google.PutSecret("SENDGRID_API_KEY", "old")
	s.google.DisableVersions("SENDGRID_API_KEY")
	plan := &tfjson.Plan{PlannedValues: ends(
		secretResource("COMEBACK_API_KEY", "api_keys"),
		secretResource("COMEBACK_LINK_KEY", "link_keys"),
		secretResource("SENDGRID_API_KEY", "sendgrid-api_key"),
		secretResource("SHOPIFY_SECRET", "shopify-secrets"),
		resource("google_secret_manager_secret_version", "trial", "SHOPIFY_SECRET", attrs{}),
	)}
	got, err := secretsOf(t.Context(), s.google.Client(t, project), plan)
	if err != nil {
		t.Fatal(err)
	}
	want := []secret{
		{name: "COMEBACK_API_KEY", key: "api_keys"},
		{name: "COMEBACK_LINK_KEY", key: "link_keys", exists: true, value: true},
		{name: "SENDGRID_API_KEY", key: "sendgrid-api_key", exists: true},
		{name: "SHOPIFY_SECRET", key: "shopify-secrets", given: true},
	}
	for i := range want {
		want[i].address = `google_secret_manager_secret.this["` + want[i].name + `"]`
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(secret{})); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
	var lacking []string
	for _, l := range (&deployment{secrets: got}).lacking() {
		lacking = append(lacking, l.name)
	}
	if diff := cmp.Diff([]string{"COMEBACK_API_KEY", "SENDGRID_API_KEY"}, lacking); diff != "" {
		t.Errorf("secrets without a value (-want +got):\n%s", diff)
	}
}

// TestFreshProject has no API enabled: nothing can be there.
func TestFreshProject(t *testing.T) {
	t.Parallel()
	s := newStage(t, "")
	s.google.Disable("secretmanager.googleapis.com", "firestore.googleapis.com")
	plan := planOf(
		changed("google_firestore_database.comeback", nil, attrs{"name": "comeback"}, tfjson.ActionCreate),
		changed(`google_secret_manager_secret.kept["COMEBACK_ID_KEY"]`, nil, attrs{"secret_id": "COMEBACK_ID_KEY"}, tfjson.ActionCreate),
	)
	plan.PlannedValues = ends(secretResource("COMEBACK_ID_KEY", idKey))
	d := &deployment{project: project, changes: changesOf(plan)}
	takes, err := adoptable(t.Context(), s.google.Client(t, project), d)
	if err != nil || len(takes) > 0 {
		t.Errorf("got %v, %v, want nothing to take over", takes, err)
	}
	secrets, err := secretsOf(t.Context(), s.google.Client(t, project), plan)
	if err != nil || len(secrets) != 1 || secrets[0].exists {
		t.Errorf("got %v, %v, want one secret that is not there", secrets, err)
	}
}

func TestAdoptable(t *testing.T) {
	t.Parallel()
	s := newStage(t, "")
	s.google.PutDatabase("comeback")
	s.google.PutSecret("COMEBACK_ID_KEY", "value")
	s.google.PutSecret("COMEBACK_API_KEY", "value")
	d := &deployment{project: project, changes: changesOf(planOf(
		changed("module.a.google_firestore_database.comeback", nil, attrs{"name": "comeback"}, tfjson.ActionCreate),
		changed(`google_secret_manager_secret.kept["COMEBACK_ID_KEY"]`, nil, attrs{"secret_id": "COMEBACK_ID_KEY"}, tfjson.ActionCreate),
		changed(`google_secret_manager_secret.kept["OTHER_ID_KEY"]`, nil, attrs{"secret_id": "OTHER_ID_KEY"}, tfjson.ActionCreate),
		changed(`google_secret_manager_secret.this["COMEBACK_API_KEY"]`, nil, attrs{"secret_id": "COMEBACK_API_KEY"}, tfjson.ActionCreate),
	))}
	got, err := adoptable(t.Context(), s.google.Client(t, project), d)
	if err != nil {
		t.Fatal(err)
	}
	want := []adoption{
		{"the database comeback", "module.a.google_firestore_database.comeback", "projects/my-shop-123/databases/comeback", true},
		{"the secret COMEBACK_ID_KEY", `google_secret_manager_secret.kept["COMEBACK_ID_KEY"]`, "projects/my-shop-123/secrets/COMEBACK_ID_KEY", false},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(adoption{})); diff != "" {
		t.Errorf("taken over (-want +got):\n%s", diff)
	}
}

func TestCheckIDKeys(t *testing.T) {
	t.Parallel()
	database := &tfjson.State{Values: ends(resource("google_firestore_database", "comeback", nil, attrs{}))}
	withKey := &tfjson.State{Values: ends(resource("google_firestore_database", "comeback", nil, attrs{}), secretResource("COMEBACK_ID_KEY", idKey))}
	left := []adoption{{what: "the database comeback", database: true}}
	key := secret{name: "COMEBACK_ID_KEY", key: idKey, address: `google_secret_manager_secret.kept["COMEBACK_ID_KEY"]`}
	there, valued := key, key
	there.exists = true
	valued.exists, valued.value = true, true
	other := secret{name: "OTHER_ID_KEY", key: idKey, address: `google_secret_manager_secret.kept["OTHER_ID_KEY"]`}
	for _, tc := range []struct {
		name    string
		prior   *tfjson.State
		takes   []adoption
		secrets []secret
		refused bool
	}{
		{"a first deployment", nil, nil, []secret{key}, false},
		{"a first one that was cut short", nil, nil, []secret{there}, false},
		{"a database that was left, and its key", nil, left, []secret{valued}, false},
		{"a database that was left, and no key", nil, left, []secret{key}, true},
		{"the same once it was taken over", database, nil, []secret{key}, true},
		{"a key without a version", withKey, nil, []secret{there}, true},
		{"a key that somebody deleted", withKey, nil, []secret{key}, true},
		{"a second store with a key of its own", withKey, nil, []secret{valued, other}, false},
		{"another secret", database, nil, []secret{valued, {name: "A", key: "api_keys"}}, false},
	} {
		d := &deployment{planned: &planned{Plan: &tfjson.Plan{PriorState: tc.prior}}, project: project, takes: tc.takes, secrets: tc.secrets}
		if err := d.checkIDKeys(); (err != nil) != tc.refused || err != nil && !strings.Contains(err.Error(), "-new-id-key") {
			t.Errorf("%s: got %v, want refused %t", tc.name, err, tc.refused)
		}
	}
}

func TestCheckSources(t *testing.T) {
	t.Parallel()
	lacking := []secret{
		{name: "COMEBACK_API_KEY", key: "api_keys"},
		{name: "SENDGRID_API_KEY", key: "sendgrid-api_key"},
		{name: "SHOPIFY_SECRET", key: "shopify-secrets"},
		{name: "WOOCOMMERCE_SECRET", key: "woocommerce-secrets"},
		{name: "EVENTS", key: "sendgrid-events_public_key"},
	}
	for _, tc := range []struct {
		name, input string
		env         map[string]string
		want        string // "" for no error
	}{
		{"nobody and nothing", "", nil, "no value for SENDGRID_API_KEY, SHOPIFY_SECRET"},
		{"one of two", "", map[string]string{"SENDGRID_API_KEY": "SG.1", "SHOPIFY_SECRET": " \n"}, "no value for SHOPIFY_SECRET"},
		{"both", "", map[string]string{"SENDGRID_API_KEY": "SG.1", "SHOPIFY_SECRET": "s"}, ""},
		{"somebody to ask", "yes\n", nil, ""},
		{"a value for development", "yes\n", map[string]string{"SENDGRID_API_KEY": "local-sendgrid-key"}, "SENDGRID_API_KEY holds the value for development"},
	} {
		err := newStage(t, tc.input).with(tc.env).checkSources(lacking)
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: got %v, want %q", tc.name, err, tc.want)
		}
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	s := newStage(t, "yes\n").with(map[string]string{"SENDGRID_API_KEY": "SG.1\n", "COMEBACK_ID_KEY": "not taken", "WOO_2": "woo"})
	s.typed = []string{"", "local-shopify-secret", " typed "}
	got, err := s.values(t.Context(), []secret{
		{name: "COMEBACK_ID_KEY", key: idKey},
		{name: "COMEBACK_API_KEY", key: "api_keys"},
		{name: "SENDGRID_API_KEY", key: "sendgrid-api_key"},
		{name: "SHOPIFY_SECRET", key: "shopify-secrets"},
		{name: "WOO", key: "woocommerce-secrets"},
		{name: "WOO_2", key: "woocommerce-secrets"},
		{name: "EVENTS", key: "sendgrid-events_public_key"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"COMEBACK_ID_KEY", "COMEBACK_API_KEY", "WOO"} {
		if b, err := base64.RawURLEncoding.DecodeString(got[name]); err != nil || len(b) != 32 {
			t.Errorf("%s: got %d bytes, %v, want 32 random ones", name, len(b), err)
		}
	}
	if got["COMEBACK_ID_KEY"] == got["COMEBACK_API_KEY"] {
		t.Error("two keys are the same")
	}
	if got["SENDGRID_API_KEY"] != "SG.1" || got["SHOPIFY_SECRET"] != "typed" || got["WOO_2"] != "woo" || got["EVENTS"] != noValue {
		t.Errorf("got %q", got)
	}
	s.wantSaid(t, "value of SHOPIFY_SECRET", "nothing was typed", "the value for development")
	s.wantUnsaid(t, " typed ", got["COMEBACK_ID_KEY"], "SG.1")
}

func TestStore(t *testing.T) {
	t.Parallel()
	s := newStage(t, "").with(map[string]string{"WOO_2": "woo-given"})
	values := map[string]string{
		"COMEBACK_API_KEY": "api-value", "COMEBACK_LINK_KEY": "link-value", "SENDGRID_API_KEY": "SG.value", "EVENTS": noValue,
		"WOO": "woo-value", "WOO_2": "woo-given",
	}
	for name := range values {
		s.google.PutSecret(name)
	}
	s.google.Fail(cloud.SecretManager, "COMEBACK_API_KEY:addVersion", 2, 404, "NOT_FOUND", "Secret not found.")
	d := &deployment{project: project, client: s.google.Client(t, project), secrets: []secret{
		{name: "COMEBACK_API_KEY", key: "api_keys"},
		{name: "COMEBACK_LINK_KEY", key: "link_keys"},
		{name: "SENDGRID_API_KEY", key: "sendgrid-api_key"},
		{name: "EVENTS", key: "sendgrid-events_public_key"},
		{name: "WOO", key: "woocommerce-secrets"},
		{name: "WOO_2", key: "woocommerce-secrets"},
		{name: "THERE", key: "api_keys", value: true},
	}}
	ses := &session{program: s.program}
	if err := ses.store(t.Context(), d, values); err != nil {
		t.Fatal(err)
	}
	for name, want := range values {
		if diff := cmp.Diff([]string{want}, s.google.Versions(name)); diff != "" {
			t.Errorf("versions of %s (-want +got):\n%s", name, diff)
		}
	}
	if got := s.google.Versions("THERE"); got != nil {
		t.Errorf("a secret with a value got another: %q", got)
	}
	if len(s.waits) != 2 {
		t.Errorf("got %d waits, want 2", len(s.waits))
	}
	s.wantSaid(t, "generated COMEBACK_API_KEY", "gcloud secrets versions access latest --secret=COMEBACK_API_KEY --project=my-shop-123", "stored SENDGRID_API_KEY", "EVENTS holds nothing yet", "--secret=WOO --project", "stored WOO_2")
	s.wantUnsaid(t, "api-value", "link-value", "SG.value", "woo-value", "woo-given")
}

// TestStoreKeeps holds that a value which somebody else gave since the plan stays: a
// second key of the address hashes would lose every suppression.
func TestStoreKeeps(t *testing.T) {
	t.Parallel()
	s := newStage(t, "")
	s.google.PutSecret("COMEBACK_ID_KEY", "theirs")
	d := &deployment{project: project, client: s.google.Client(t, project), secrets: []secret{{name: "COMEBACK_ID_KEY", key: idKey}}}
	ses := &session{program: s.program}
	if err := ses.store(t.Context(), d, map[string]string{"COMEBACK_ID_KEY": "ours"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"theirs"}, s.google.Versions("COMEBACK_ID_KEY")); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	s.wantSaid(t, "kept COMEBACK_ID_KEY, which has got a value meanwhile")
	s.wantUnsaid(t, "generated")
}

func TestStoreGivesUp(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		granted bool
		waits   int
	}{
		{"a permission that is lacking", false, 0},
		{"a grant that never comes through", true, 2},
	} {
		s := newStage(t, "")
		s.google.PutSecret("A")
		s.google.Fail(cloud.SecretManager, ":addVersion", 9, 403, "PERMISSION_DENIED", "Permission denied")
		d := &deployment{project: project, client: s.google.Client(t, project), secrets: []secret{{name: "A", key: "api_keys"}}}
		ses := &session{program: s.program, granted: tc.granted}
		if err := ses.store(t.Context(), d, map[string]string{"A": "v"}); err == nil || len(s.waits) != tc.waits {
			t.Errorf("%s: got %v after %d waits, want an error after %d", tc.name, err, len(s.waits), tc.waits)
		}
	}
}

func TestAgree(t *testing.T) {
	t.Parallel()
	ended, end := context.WithCancel(t.Context())
	end()
	for _, tc := range []struct {
		name, input string
		yes         bool
		want        int
	}{
		{"yes", "yes\n", false, exitDone},
		{"yes without a line's end", "yes", false, exitDone},
		{"no", "no\n", false, exitRefused},
		{"another word", "y\n", false, exitRefused},
		{"nobody", "", false, exitRefused},
		{"-yes", "", true, exitDone},
	} {
		s := newStage(t, tc.input)
		if got := s.program.status(t.Context(), s.agree(t.Context(), tc.yes, "Apply this?", "yes")); got != tc.want {
			t.Errorf("%s: got %d, want %d", tc.name, got, tc.want)
		}
	}
	s := newStage(t, "yes\n")
	if err := s.agree(ended, false, "Apply this?", "yes"); err == nil && ended.Err() == nil {
		t.Error("an interrupt counts as a yes")
	}
}
