package cloud_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/comeback-checkout/comeback/terraform/deploy/cloud"
	"github.com/comeback-checkout/comeback/terraform/deploy/cloud/cloudtest"
)

const project = "my-shop-123"

func TestSecrets(t *testing.T) {
	t.Parallel()
	s := cloudtest.New(t)
	c := s.Client(t, project)
	state := func() [2]bool {
		t.Helper()
		exists, has, err := c.SecretState(t.Context(), "COMEBACK_API_KEY")
		if err != nil {
			t.Fatal(err)
		}
		return [2]bool{exists, has}
	}
	if got, want := state(), [2]bool{false, false}; got != want {
		t.Errorf("of no secret: got %v, want %v", got, want)
	}
	if err := c.AddSecretVersion(t.Context(), "COMEBACK_API_KEY", []byte("x")); !errors.Is(err, cloud.ErrNotFound) {
		t.Errorf("add to no secret: got %v, want ErrNotFound", err)
	}
	s.PutSecret("COMEBACK_API_KEY")
	if got, want := state(), [2]bool{true, false}; got != want {
		t.Errorf("of a secret without a version: got %v, want %v", got, want)
	}
	if _, err := c.SecretValue(t.Context(), "COMEBACK_API_KEY"); !errors.Is(err, cloud.ErrNotFound) {
		t.Errorf("value without a version: got %v, want ErrNotFound", err)
	}
	for _, v := range []string{"first", "second\x00\xff"} {
		if err := c.AddSecretVersion(t.Context(), "COMEBACK_API_KEY", []byte(v)); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := state(), [2]bool{true, true}; got != want {
		t.Errorf("of a secret with versions: got %v, want %v", got, want)
	}
	if got, err := c.SecretValue(t.Context(), "COMEBACK_API_KEY"); err != nil || string(got) != "second\x00\xff" {
		t.Errorf("value: got %q, %v, want the second", got, err)
	}
	if diff := cmp.Diff([]string{"first", "second\x00\xff"}, s.Versions("COMEBACK_API_KEY")); diff != "" {
		t.Error(diff)
	}
	s.DisableVersions("COMEBACK_API_KEY")
	if got, want := state(), [2]bool{true, false}; got != want {
		t.Errorf("of disabled versions: got %v, want %v", got, want)
	}
	if c.AddSecretVersion(t.Context(), "COMEBACK_API_KEY", nil) == nil {
		t.Error("an empty value was taken")
	}
}

func TestQueues(t *testing.T) {
	t.Parallel()
	s := cloudtest.New(t)
	c := s.Client(t, project)
	const name = "projects/my-shop-123/locations/europe-west1/queues/comeback-0c1b2a-b"
	if _, err := c.QueueState(t.Context(), name); !errors.Is(err, cloud.ErrNotFound) {
		t.Errorf("state of no queue: got %v, want ErrNotFound", err)
	}
	s.PutQueue(name)
	for _, step := range []struct {
		do   func() error
		want string
	}{
		{func() error { return nil }, cloud.QueueRunning},
		{func() error { return c.PauseQueue(t.Context(), name) }, cloud.QueuePaused},
		{func() error { return c.PauseQueue(t.Context(), name) }, cloud.QueuePaused},
		{func() error { return c.ResumeQueue(t.Context(), name) }, cloud.QueueRunning},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if got, err := c.QueueState(t.Context(), name); err != nil || got != step.want {
			t.Errorf("got %s, %v, want %s", got, err, step.want)
		}
	}
}

func TestProject(t *testing.T) {
	t.Parallel()
	s := cloudtest.New(t)
	c := s.Client(t, project)
	p, err := c.Project(t.Context())
	if want := (cloud.Project{ID: project, Number: cloudtest.ProjectNumber, State: "ACTIVE"}); err != nil || p != want {
		t.Errorf("got %v, %v, want %v", p, err, want)
	}
	if on, err := c.BillingEnabled(t.Context()); err != nil || !on {
		t.Errorf("billing: got %v, %v, want on", on, err)
	}
	s.StopBilling()
	if on, err := c.BillingEnabled(t.Context()); err != nil || on {
		t.Errorf("billing: got %v, %v, want off", on, err)
	}
	s.Disable("cloudtasks.googleapis.com")
	apis, err := c.EnabledAPIs(t.Context())
	if err != nil || len(apis) != len(cloudtest.APIs)-1 || !apis["run.googleapis.com"] || apis["cloudtasks.googleapis.com"] {
		t.Errorf("APIs: got %v, %v, want all but Cloud Tasks'", apis, err)
	}
	for name, want := range map[string]bool{"comeback": true, "other": false} {
		s.PutDatabase("comeback")
		if got, err := c.DatabaseExists(t.Context(), name); err != nil || got != want {
			t.Errorf("database %s: got %v, %v, want %v", name, got, err, want)
		}
	}
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	s := cloudtest.New(t)
	c := s.Client(t, project)
	for _, tc := range []struct {
		set       cloud.Policy
		restricts bool
	}{
		{cloud.Policy{AllowAll: true}, false},
		{cloud.Policy{DenyAll: true}, true},
		{cloud.Policy{Allowed: []string{"in:eu-locations"}}, true},
		{cloud.Policy{Denied: []string{"us-central1"}}, true},
	} {
		s.SetPolicy(cloud.ResourceLocations, tc.set)
		got, err := c.OrgPolicy(t.Context(), cloud.ResourceLocations)
		if err != nil || got.Restricts() != tc.restricts {
			t.Errorf("%v: got %v, %v", tc.set, got, err)
		}
		if diff := cmp.Diff(tc.set, got); diff != "" {
			t.Error(diff)
		}
	}
	if got, err := c.OrgPolicy(t.Context(), cloud.MemberDomains); err != nil || got.Restricts() {
		t.Errorf("without a policy: got %v, %v, want one that restricts nothing", got, err)
	}
}

func TestIAP(t *testing.T) {
	t.Parallel()
	s := cloudtest.New(t)
	c := s.Client(t, project)
	s.PutBackend("comeback-dashboard", "allUsers")
	names, err := c.IAPBackends(t.Context())
	if diff := cmp.Diff([]string{"comeback-dashboard"}, names); err != nil || diff != "" {
		t.Error(err, diff)
	}
	members, err := c.Invokers(t.Context(), "europe-west1", "comeback-dashboard")
	if diff := cmp.Diff([]string{"allUsers"}, members); err != nil || diff != "" {
		t.Error(err, diff)
	}
	s.Disable("compute.googleapis.com")
	if names, err := c.IAPBackends(t.Context()); err != nil || len(names) > 0 {
		t.Errorf("without the compute API: got %v, %v, want none", names, err)
	}
}

// Each error names what was tried and what to do.
func TestErrorsAdvise(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		set  func(*cloudtest.Server)
		kind error
		want []string
	}{
		{"a disabled API", func(s *cloudtest.Server) { s.Disable("secretmanager.googleapis.com") }, cloud.ErrDisabled, []string{"gcloud services enable secretmanager.googleapis.com --project my-shop-123"}},
		{"no permission", func(s *cloudtest.Server) {
			s.Fail(cloud.SecretManager, "secrets", 9, http.StatusForbidden, "PERMISSION_DENIED", "Permission 'secretmanager.secrets.get' denied")
		}, cloud.ErrDenied, []string{"secretmanager.secrets.get", "owner of project my-shop-123"}},
		{"another project", func(s *cloudtest.Server) { s.Project = "somebody-elses" }, cloud.ErrDenied, []string{"check that this is its ID"}},
		{"credentials that ran out", func(s *cloudtest.Server) { s.Token = "new" }, cloud.ErrCredentials, []string{"gcloud auth application-default login"}},
		{"no quota project", func(s *cloudtest.Server) {
			s.Fail(cloud.SecretManager, "secrets", 9, http.StatusForbidden, "PERMISSION_DENIED", "The API requires a quota project, which is not set by default.")
		}, cloud.ErrDenied, []string{"gcloud auth application-default set-quota-project my-shop-123"}},
		{"an outage", func(s *cloudtest.Server) {
			s.Fail(cloud.SecretManager, "secrets", 9, http.StatusServiceUnavailable, "UNAVAILABLE", "The service is currently unavailable.")
		}, nil, []string{"503", "currently unavailable"}},
		{"a broken connection", func(s *cloudtest.Server) { s.Fail(cloud.SecretManager, "secrets", 9, 0, "", "") }, nil, []string{"EOF"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := cloudtest.New(t)
			c := s.Client(t, project)
			tc.set(s)
			_, _, err := c.SecretState(t.Context(), "SENDGRID_API_KEY")
			if err == nil || tc.kind != nil && !errors.Is(err, tc.kind) {
				t.Fatalf("got %v, want %v", err, tc.kind)
			}
			for _, want := range append(tc.want, "look for secret SENDGRID_API_KEY") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want %q in it", err, want)
				}
			}
		})
	}
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	s := cloudtest.New(t)
	o := s.Options()
	o.Timeout = time.Nanosecond
	c, err := cloud.New(t.Context(), project, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Project(t.Context()); err == nil || !strings.Contains(err.Error(), "no answer in 1ns") {
		t.Errorf("got %v, want the deadline named", err)
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.json")
	if err := os.WriteFile(empty, []byte(`{"private_key":"SECRET"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		env  map[string]string
		want string // "" for success
	}{
		{"the provider's token", map[string]string{"GOOGLE_OAUTH_ACCESS_TOKEN": "ya29"}, ""},
		{"a token before a key", map[string]string{"GOOGLE_OAUTH_ACCESS_TOKEN": "ya29", "GOOGLE_CREDENTIALS": "nonsense"}, ""},
		{"another token", map[string]string{"GOOGLE_OAUTH_ACCESS_TOKEN": "old"}, "gcloud auth application-default login"},
		{"no such file", map[string]string{"GOOGLE_CREDENTIALS": filepath.Join(dir, "none.json")}, "GOOGLE_CREDENTIALS"},
		{"a key of no type", map[string]string{"GCLOUD_KEYFILE_JSON": empty}, "with a type"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := cloudtest.New(t)
			s.Token = "ya29"
			c, err := cloud.New(t.Context(), project, cloud.Options{
				Endpoints: s.Endpoints(), Lookup: func(name string) (string, bool) { v, ok := tc.env[name]; return v, ok },
			})
			if err == nil {
				_, err = c.Project(t.Context())
			}
			switch {
			case tc.want == "" && err != nil:
				t.Error(err)
			case tc.want != "" && (!errors.Is(err, cloud.ErrCredentials) || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("got %v, want ErrCredentials with %q", err, tc.want)
			case err != nil && strings.Contains(err.Error(), "SECRET"):
				t.Errorf("%q shows the key", err)
			}
		})
	}
}
