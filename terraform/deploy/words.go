package main

import "strings"

// words name a kind of resource, one and several.
type words struct{ one, several string }

// plain are the kinds that the module makes, in words that its users know.
var plain = map[string]words{
	"google_cloud_run_service_iam_member":          {"grant", "grants"},
	"google_cloud_scheduler_job":                   {"scheduler job", "scheduler jobs"},
	"google_cloud_tasks_queue":                     {"task queue", "task queues"},
	"google_cloud_tasks_queue_iam_member":          {"grant", "grants"},
	"google_cloudfunctions2_function":              {"function", "functions"},
	"google_firestore_database":                    {"Firestore database", "Firestore databases"},
	"google_firestore_field":                       {"Firestore field setting", "Firestore field settings"},
	"google_firestore_index":                       {"Firestore index", "Firestore indexes"},
	"google_logging_metric":                        {"log metric", "log metrics"},
	"google_monitoring_alert_policy":               {"alert", "alerts"},
	"google_monitoring_dashboard":                  {"dashboard", "dashboards"},
	"google_monitoring_notification_channel":       {"alert recipient", "alert recipients"},
	"google_project_iam_member":                    {"grant", "grants"},
	"google_project_service":                       {"API", "APIs"},
	"google_secret_manager_secret":                 {"secret", "secrets"},
	"google_secret_manager_secret_iam_member":      {"grant", "grants"},
	"google_secret_manager_secret_version":         {"secret's value", "secrets' values"},
	"google_service_account":                       {"service account", "service accounts"},
	"google_service_account_iam_member":            {"grant", "grants"},
	"google_storage_bucket":                        {"bucket of sources", "buckets of sources"},
	"google_storage_bucket_object":                 {"source archive", "source archives"},
	"google_compute_region_network_endpoint_group": {"part of the load balancer", "parts of the load balancer"},
	"google_compute_managed_ssl_certificate":       {"certificate", "certificates"},
	"google_compute_global_address":                {"address", "addresses"},
	"google_iap_web_backend_service_iam_member":    {"grant", "grants"},
}

// wordsFor names a kind; Terraform's own word where there is none better.
func wordsFor(kind string) words {
	if w, ok := plain[kind]; ok {
		return w
	}
	if strings.HasPrefix(kind, "google_compute_") {
		return words{"part of the load balancer", "parts of the load balancer"}
	}
	return words{kind, kind}
}
