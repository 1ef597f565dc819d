package main

import (
	"slices"
	"strings"
	"testing"
)

// TestValidate refuses what the real provider refuses, and nothing else.
func TestValidate(t *testing.T) {
	t.Parallel()
	type values = map[string]any
	secret := func(replication values) values {
		return values{"secret_id": "KEY", "replication": []any{replication}}
	}
	auto := values{"auto": []any{values{}}}
	for _, c := range []struct {
		name, kind string
		config     values
		want       string // part of the only fault; "" wants none
	}{
		{"a secret", "google_secret_manager_secret", secret(auto), ""},
		{"a computed argument", "google_secret_manager_secret", values{"secret_id": "KEY", "name": "x", "replication": []any{auto}}, "name: is computed"},
		{"a computed argument, unknown", "google_secret_manager_secret", values{"secret_id": "KEY", "name": unknown, "replication": []any{auto}}, "name: is computed"},
		{"none of exactly one", "google_secret_manager_secret", secret(values{}), "exactly one of"},
		{
			"two of exactly one", "google_secret_manager_secret",
			secret(values{"auto": []any{values{}}, "user_managed": []any{values{"replicas": []any{values{"location": "us-east1"}}}}}), "exactly one of",
		},
		{
			"something without what it needs", "google_secret_manager_secret",
			values{"secret_id": "KEY", "replication": []any{auto}, "rotation": []any{values{}}},
			"rotation: needs topics",
		},
		{"an enum", "google_firestore_database", values{"name": "d", "location_id": "eur3", "type": "FIRESTORE_NATIVE"}, ""},
		{"no value of an enum", "google_firestore_database", values{"name": "d", "location_id": "eur3", "type": "NATIVE"}, `got "NATIVE", want one of`},
		{"an enum, unknown", "google_firestore_database", values{"name": "d", "location_id": "eur3", "type": unknown}, ""},
		{"an account", "google_service_account", values{"account_id": "comeback-order"}, ""},
		{"an account with an underscore", "google_service_account", values{"account_id": "comeback_order"}, "account_id"},
		{"an account of 31 characters", "google_service_account", values{"account_id": strings.Repeat("a", 31)}, "account_id"},
		{"a member", "google_project_iam_member", values{"project": "p", "role": "roles/viewer", "member": "allUsers"}, ""},
		{"a member without its kind", "google_project_iam_member", values{"project": "p", "role": "roles/viewer", "member": "a@b.example"}, "member"},
		{"a dashboard", "google_monitoring_dashboard", values{"dashboard_json": `{"displayName": "x"}`}, ""},
		{"a dashboard that is no JSON", "google_monitoring_dashboard", values{"dashboard_json": `{`}, "is no JSON"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := newCaller(t, "", c.kind).validate(c.config)
			switch {
			case c.want == "" && len(got) > 0:
				t.Errorf("got %v, want no fault", got)
			case c.want != "" && (len(got) != 1 || !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, c.want) })):
				t.Errorf("got %q, want one fault with %q", got, c.want)
			}
		})
	}
}
