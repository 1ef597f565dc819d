# The accounts beside the functions' own: who builds, and who calls.

locals {
  account_ids = {
    build     = "comeback-build"
    tasks     = "comeback-tasks"
    scheduler = "comeback-scheduler"
  }
}

resource "google_service_account" "build" {
  project      = var.project
  account_id   = local.account_ids.build
  display_name = "Comeback: builds the functions"

  depends_on = [google_project_service.api]
}

# What a build does: read the source, write the image and a log. The project's default
# account, which would build otherwise, has no rights in newer organisations.
resource "google_project_iam_member" "build" {
  for_each = toset(["roles/artifactregistry.writer", "roles/logging.logWriter", "roles/storage.objectViewer"])

  project = var.project
  role    = each.value
  member  = "serviceAccount:${local.build_account}"

  depends_on = [google_service_account.build]
}

resource "google_service_account" "tasks" {
  project      = var.project
  account_id   = local.account_ids.tasks
  display_name = "Comeback: Cloud Tasks calls Remind as this account"

  depends_on = [google_project_service.api]
}

resource "google_service_account" "scheduler" {
  project      = var.project
  account_id   = local.account_ids.scheduler
  display_name = "Comeback: Cloud Scheduler calls Sweep as this account"

  depends_on = [google_project_service.api]
}
