package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
)

// refused holds that a call failed as Google fails it.
func refused(t *testing.T, faults []string, want string) {
	t.Helper()
	if len(faults) != 1 || !strings.Contains(faults[0], want) {
		t.Errorf("got %q, want one fault with %q", faults, want)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	account := newCaller(t, dir, "google_service_account").make(map[string]any{"account_id": "comeback-order", "project": "p"})
	for name, want := range map[string]string{
		"email":  "comeback-order@p.iam.gserviceaccount.com",
		"member": "serviceAccount:comeback-order@p.iam.gserviceaccount.com",
		"name":   "projects/p/serviceAccounts/comeback-order@p.iam.gserviceaccount.com",
	} {
		if got := account[name]; got != want {
			t.Errorf("an account's %s: got %v, want %s", name, got, want)
		}
	}
	secret := newCaller(t, dir, "google_secret_manager_secret").make(secretOf("KEY", "DELETE"))
	if got, want := secret["id"], "projects/p/secrets/KEY"; got != want {
		t.Errorf("a secret's id: got %v, want %s", got, want)
	}
}

func secretOf(id, policy string) map[string]any {
	return map[string]any{
		"secret_id": id, "project": "p", "deletion_policy": policy,
		"replication": []any{map[string]any{"auto": []any{map[string]any{}}}},
	}
}

// A thing is there from its creation to its deletion, whoever looks.
func TestLifeOfThing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := newCaller(t, dir, "google_secret_manager_secret")
	state := c.make(secretOf("KEY", "DELETE"))
	planned, _ := c.plan(nil, secretOf("KEY", "DELETE"))
	_, faults := c.apply(nil, planned)
	refused(t, faults, "Error 409: ")

	r, err := newCaller(t, dir, c.kind).ImportResourceState(t.Context(), &tfprotov5.ImportResourceStateRequest{TypeName: c.kind, ID: "projects/p/secrets/KEY"})
	if err != nil || len(r.ImportedResources) != 1 {
		t.Fatalf("import: got %+v and %v, want the secret", r, err)
	}
	if got := c.decode(r.ImportedResources[0].State)["secret_id"]; got != "KEY" {
		t.Errorf("import: got the secret %v, want KEY", got)
	}
	if got := c.read(state); got == nil {
		t.Error("before it was deleted it is read as gone")
	}
	if _, faults := c.apply(state, nil); len(faults) > 0 {
		t.Errorf("delete: %v", faults)
	}
	if got := c.read(state); got != nil {
		t.Errorf("deleted, and still read as %v", got)
	}
	want := `{"id":"projects/p/secrets/KEY","op":"create","type":"google_secret_manager_secret"}
{"id":"projects/p/secrets/KEY","op":"create","type":"google_secret_manager_secret"}
{"id":"projects/p/secrets/KEY","op":"delete","type":"google_secret_manager_secret"}
`
	if got, err := os.ReadFile(filepath.Join(dir, "ops.jsonl")); string(got) != want {
		t.Errorf("what was done: got\n%s%v, want\n%s", got, err, want)
	}
}

// What is abandoned stays.
func TestAbandon(t *testing.T) {
	t.Parallel()
	c := newCaller(t, t.TempDir(), "google_secret_manager_secret")
	state := c.make(secretOf("COMEBACK_ID_KEY", "ABANDON"))
	if _, faults := c.apply(state, nil); len(faults) > 0 {
		t.Errorf("abandon: %v", faults)
	}
	if c.read(state) == nil {
		t.Error("a secret that was abandoned is gone")
	}
	s := newCaller(t, t.TempDir(), "google_project_service")
	api := s.make(map[string]any{"service": "run.googleapis.com", "project": "p", "disable_on_destroy": false})
	if _, faults := s.apply(api, nil); len(faults) > 0 || s.read(api) == nil {
		t.Errorf("an API that is not disabled: got %v or it is gone, want it to stay", faults)
	}
}

func TestDeleteProtection(t *testing.T) {
	t.Parallel()
	c := newCaller(t, t.TempDir(), "google_firestore_database")
	state := c.make(map[string]any{
		"name": "comeback", "project": "p", "location_id": "nam5", "type": "FIRESTORE_NATIVE",
		"delete_protection_state": "DELETE_PROTECTION_ENABLED", "deletion_policy": "DELETE",
	})
	left, faults := c.apply(state, nil)
	refused(t, faults, "delete protection")
	if left == nil || c.read(state) == nil {
		t.Error("a database that is protected is gone")
	}
}

// The name of a queue that was deleted is not free.
func TestQueueName(t *testing.T) {
	t.Parallel()
	c := newCaller(t, t.TempDir(), "google_cloud_tasks_queue")
	config := map[string]any{"name": "comeback-0", "location": "us-central1", "project": "p"}
	if _, faults := c.apply(c.make(config), nil); len(faults) > 0 {
		t.Fatal(faults)
	}
	planned, _ := c.plan(nil, config)
	_, faults := c.apply(nil, planned)
	refused(t, faults, "a queue with this name existed too recently")
}

// A function needs a version of each secret, whoever added it.
func TestFunctionNeedsVersions(t *testing.T) {
	t.Parallel()
	function := map[string]any{
		"name": "comeback-order", "location": "us-central1", "project": "p",
		"service_config": []any{map[string]any{"secret_environment_variables": []any{
			map[string]any{"key": "KEY", "secret": "KEY", "project_id": "p", "version": "latest"},
		}}},
	}
	for _, c := range []struct {
		name string
		give func(t *testing.T, dir string)
		want string
	}{
		{"none", func(*testing.T, string) {}, "Secret projects/p/secrets/KEY/versions/latest was not found"},
		{"by somebody", func(t *testing.T, dir string) {
			if err := os.MkdirAll(filepath.Join(dir, "versions", "KEY"), 0o700); err != nil {
				t.Fatal(err)
			}
		}, ""},
		{"by a resource", func(t *testing.T, dir string) {
			newCaller(t, dir, "google_secret_manager_secret_version").make(map[string]any{"secret": "projects/p/secrets/KEY", "secret_data": "x"})
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			c.give(t, dir)
			f := newCaller(t, dir, "google_cloudfunctions2_function")
			planned, _ := f.plan(nil, function)
			state, faults := f.apply(nil, planned)
			if c.want != "" {
				refused(t, faults, c.want)
				return
			}
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			config, _ := instances(state["service_config"])[0].(map[string]any)
			if got, want := config["service"], "projects/p/locations/us-central1/services/comeback-order"; got != want {
				t.Errorf("its service: got %v, want %s", got, want)
			}
		})
	}
}

// A fault fails as many calls as it says, of those that it names, and leaves nothing.
func TestFaults(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	faults := `[{"type": "google_secret_manager_secret", "name": "KEY_2", "op": "create", "times": 2, "error": "Error 403: not yet"}]`
	if err := os.WriteFile(filepath.Join(dir, "faults.json"), []byte(faults), 0o600); err != nil {
		t.Fatal(err)
	}
	c := newCaller(t, dir, "google_secret_manager_secret")
	c.make(secretOf("KEY_1", "DELETE"))
	planned, _ := c.plan(nil, secretOf("KEY_2", "DELETE"))
	for i := range 2 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			state, faults := c.apply(nil, planned)
			refused(t, faults, "Error 403: not yet")
			if state != nil {
				t.Errorf("got the state %v, want none", state)
			}
		})
	}
	c.make(secretOf("KEY_2", "DELETE"))
}
