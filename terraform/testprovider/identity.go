package main

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// identities are the full names of things by type, as Google forms them.
var identities = map[string]string{
	"google_cloud_scheduler_job":              "projects/{project}/locations/{region}/jobs/{name}",
	"google_cloud_tasks_queue":                "projects/{project}/locations/{location}/queues/{name}",
	"google_cloudfunctions2_function":         "projects/{project}/locations/{location}/functions/{name}",
	"google_firestore_database":               "projects/{project}/databases/{name}",
	"google_firestore_field":                  "projects/{project}/databases/{database}/collectionGroups/{collection}/fields/{field}",
	"google_logging_metric":                   "{name}",
	"google_project_service":                  "{project}/{service}",
	"google_secret_manager_secret":            "projects/{project}/secrets/{secret_id}",
	"google_service_account":                  "projects/{project}/serviceAccounts/{account_id}@{project}.iam.gserviceaccount.com",
	"google_cloud_run_service_iam_member":     "{service}/{role}/{member}",
	"google_cloud_tasks_queue_iam_member":     "projects/{project}/locations/{location}/queues/{name}/{role}/{member}",
	"google_project_iam_member":               "{project}/{role}/{member}",
	"google_secret_manager_secret_iam_member": "projects/{project}/secrets/{secret_id}/{role}/{member}",
	"google_service_account_iam_member":       "{service_account_id}/{role}/{member}",
	"google_storage_bucket":                   "{name}",
	"google_storage_bucket_object":            "{bucket}-{name}",
	"google_compute_global_address":           "projects/{project}/global/addresses/{name}",
	"google_compute_backend_service":          "projects/{project}/global/backendServices/{name}",
	"google_compute_url_map":                  "projects/{project}/global/urlMaps/{name}",
	"google_compute_target_https_proxy":       "projects/{project}/global/targetHttpsProxies/{name}",
	"google_compute_managed_ssl_certificate":  "projects/{project}/global/sslCertificates/{name}",
	"google_compute_global_forwarding_rule":   "projects/{project}/global/forwardingRules/{name}",
}

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

// identity is a thing's full name: the one it has, else the one it will get. What has no
// form in the list is named by its kind and a hash of what it was given.
func identity(kind string, values map[string]any) string {
	if id, ok := values["id"].(string); ok && id != "" {
		return id
	}
	if form := identities[kind]; form != "" {
		return placeholder.ReplaceAllStringFunc(form, func(key string) string {
			s, _ := values[strings.Trim(key, "{}")].(string)
			return s
		})
	}
	h := sha256.New()
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if s, ok := values[key].(string); ok {
			fmt.Fprintf(h, "%s=%s\n", key, s)
		}
	}
	project, _ := values["project"].(string)
	return fmt.Sprintf("projects/%s/%s/%x", project, strings.TrimPrefix(kind, "google_"), h.Sum(nil)[:8])
}

// chooser makes up what the service would choose for a thing.
func chooser(kind, id string, values map[string]any) func(string, tftypes.Type) any {
	text := func(key string) string { s, _ := values[key].(string); return s }
	known := map[string]string{
		"id": id, "name": id, "self_link": "https://www.googleapis.com/" + id,
		"deletion_policy": "DELETE", "state": "ACTIVE", "version": "1", "etag": "abc=",
		"create_time": "2026-01-01T00:00:00Z", "update_time": "2026-01-01T00:00:00Z",
	}
	switch kind {
	case "google_service_account":
		known["email"] = text("account_id") + "@" + text("project") + ".iam.gserviceaccount.com"
		known["member"] = "serviceAccount:" + known["email"]
	case "google_cloudfunctions2_function":
		known["service"] = "projects/" + text("project") + "/locations/" + text("location") + "/services/" + text("name")
		known["url"] = "https://" + text("location") + "-" + text("project") + ".cloudfunctions.net/" + text("name")
		known["uri"] = "https://" + text("name") + "-abcdefghij-uc.a.run.app"
	case "google_compute_global_address":
		known["address"] = "203.0.113.10"
	case "google_secret_manager_secret_version":
		known["name"] = text("secret") + "/versions/1"
	}
	return func(name string, t tftypes.Type) any {
		if v, ok := known[name]; ok && t.Is(tftypes.String) {
			return v
		}
		switch {
		case t.Is(tftypes.String):
			return fmt.Sprintf("%s-%x", name, sha256.Sum256([]byte(kind+id+name)))[:len(name)+9]
		case t.Is(tftypes.Bool):
			return false
		case t.Is(tftypes.Number):
			return big.NewFloat(1)
		case t.Is(tftypes.Map{}), t.Is(tftypes.Object{}):
			return map[string]any{}
		}
		return []any{}
	}
}
