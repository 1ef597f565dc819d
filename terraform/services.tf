# The APIs. They stay enabled when Comeback goes: something else may use them.

locals {
  apis = toset(concat(
    [
      "artifactregistry.googleapis.com", # keeps the built functions
      "cloudbuild.googleapis.com",
      "cloudfunctions.googleapis.com",
      "cloudscheduler.googleapis.com",
      "cloudtasks.googleapis.com",
      "firestore.googleapis.com",
      "iam.googleapis.com",
      "logging.googleapis.com",
      "monitoring.googleapis.com",
      "run.googleapis.com",
      "secretmanager.googleapis.com",
      "storage.googleapis.com",
    ],
    var.domain == null ? [] : ["compute.googleapis.com"],
  ))

  labels = merge(var.labels, { managed-by = "comeback" })
}

resource "google_project_service" "api" {
  for_each = local.apis

  project            = var.project
  service            = each.value
  disable_on_destroy = false
}
