# One function with an account of its own, which may do just what its work needs.

resource "google_service_account" "this" {
  project      = var.project
  account_id   = var.name
  display_name = "Comeback: ${var.entry_point} runs as this account"
}

locals {
  member = "serviceAccount:${google_service_account.this.account_id}@${var.project}.iam.gserviceaccount.com"
}

resource "google_project_iam_member" "firestore" {
  project = var.project
  role    = "roles/datastore.user"
  member  = local.member

  condition {
    title      = "comeback-database"
    expression = "resource.name == \"projects/${var.project}/databases/${var.database}\""
  }
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each = var.secrets

  project   = var.project
  secret_id = each.value.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = local.member
}

resource "google_cloud_tasks_queue_iam_member" "enqueuer" {
  for_each = var.queues

  project  = var.project
  location = each.value.location
  name     = each.value.name
  role     = "roles/cloudtasks.enqueuer"
  member   = local.member
}

# A task carries a token of the tasks account: who creates it must be allowed to act as
# that account.
resource "google_service_account_iam_member" "tasks" {
  count = length(var.queues) > 0 ? 1 : 0

  service_account_id = var.tasks_account
  role               = "roles/iam.serviceAccountUser"
  member             = local.member
}

resource "google_cloudfunctions2_function" "this" {
  project  = var.project
  location = var.region
  name     = var.name
  labels   = var.labels

  build_config {
    runtime         = "go126"
    entry_point     = var.entry_point
    service_account = var.build_account

    source {
      storage_source {
        bucket = var.archive.bucket
        object = var.archive.object
      }
    }
  }

  service_config {
    service_account_email            = "${google_service_account.this.account_id}@${var.project}.iam.gserviceaccount.com"
    available_memory                 = var.size.memory
    available_cpu                    = var.size.cpu
    max_instance_request_concurrency = var.size.concurrency
    min_instance_count               = var.size.min_instances
    max_instance_count               = var.size.max_instances
    timeout_seconds                  = var.size.timeout
    ingress_settings                 = "ALLOW_ALL"
    all_traffic_on_latest_revision   = true
    environment_variables            = var.environment

    dynamic "secret_environment_variables" {
      for_each = var.secrets
      content {
        key        = secret_environment_variables.key
        project_id = var.project
        secret     = secret_environment_variables.value.secret_id
        version    = secret_environment_variables.value.version
      }
    }
  }

  lifecycle {
    precondition {
      condition     = var.size.concurrency == 1 || try(tonumber(var.size.cpu) >= 1, false)
      error_message = "${var.entry_point}: more than one request at once needs cpu = \"1\" or more."
    }
  }

  # The first instance starts at once and reads its secrets.
  depends_on = [
    google_project_iam_member.firestore,
    google_secret_manager_secret_iam_member.reader,
    google_cloud_tasks_queue_iam_member.enqueuer,
    google_service_account_iam_member.tasks,
  ]
}

# A function of the 2nd generation is a Cloud Run service, and calling it is that
# service's matter.
resource "google_cloud_run_service_iam_member" "invoker" {
  for_each = var.callers

  project  = var.project
  location = var.region
  service  = google_cloudfunctions2_function.this.service_config[0].service
  role     = "roles/run.invoker"
  member   = each.value
}
