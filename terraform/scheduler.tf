# Each minute the sweep looks for reminders that should have run and did not.

resource "google_cloud_scheduler_job" "sweep" {
  project          = var.project
  region           = coalesce(var.scheduler_region, var.region)
  name             = "comeback-sweep"
  description      = "Enqueues reminders that should have run and did not"
  schedule         = "* * * * *"
  time_zone        = "Etc/UTC"
  attempt_deadline = "60s"

  # No retry: the next minute's run does the same.
  retry_config {
    retry_count = 0
  }

  http_target {
    http_method = "POST"
    uri         = local.urls.Sweep

    oidc_token {
      service_account_email = local.scheduler_account
      audience              = local.urls.Sweep
    }
  }

  depends_on = [module.function, google_service_account.scheduler]
}
