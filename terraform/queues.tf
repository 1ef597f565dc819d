# The task queues. Names of several are not contiguous, because Cloud Tasks warms a
# contiguous run of names as one.

locals {
  tasks_region = coalesce(var.tasks_region, var.region)

  # Keys that are known before any queue is: an import needs them.
  queue_places = {
    for i in range(local.queues) : tostring(i) => {
      name     = google_cloud_tasks_queue.reminders[tostring(i)].name
      location = google_cloud_tasks_queue.reminders[tostring(i)].location
    }
  }

  # In the order in which the functions count them: a checkout belongs to one by its hash.
  queue_names = [
    for i in range(local.queues) :
    "projects/${var.project}/locations/${local.queue_places[tostring(i)].location}/queues/${local.queue_places[tostring(i)].name}"
  ]

  queue_concurrency = coalesce(var.queue_concurrency, max(1, min(1000, floor(local.remind_capacity / local.queues))))
  remind_size       = merge(local.functions.Remind.size, { for k, v in try(var.functions["Remind"], {}) : k => v if v != null })
  remind_capacity   = local.remind_size.max_instances * local.remind_size.concurrency
}

resource "google_cloud_tasks_queue" "reminders" {
  for_each = toset([for i in range(local.queues) : tostring(i)])

  project  = var.project
  location = local.tasks_region
  name     = join("-", compact(["comeback", substr(sha256("reminders-${each.key}"), 0, 6), var.queue_suffix]))

  rate_limits {
    max_dispatches_per_second = 500 # the most that the service allows
    max_concurrent_dispatches = local.queue_concurrency
  }

  # From 10 s to 10 min, doubling, for 24 h. A task goes only once it has used up both
  # its attempts and its time: the time decides, since 100 attempts take less.
  retry_config {
    max_attempts       = 100
    max_retry_duration = "86400s"
    min_backoff        = "10s"
    max_backoff        = "600s"
    max_doublings      = 16
  }

  depends_on = [google_project_service.api]

  lifecycle {
    # A queue that goes takes its waiting tasks along. Neither its name nor its place
    # changes while it lives: a new queue_suffix is for new queues, and the output
    # `queues` refuses another region. A postcondition here could not: where Google
    # refuses to make the queue, it adds errors of its own, which no repetition mends.
    ignore_changes = [name, location]
    precondition {
      condition     = var.queues == null || local.file_queues == null || var.queues == local.file_queues
      error_message = "The configuration file and the variable `queues` differ. Set the number in one place."
    }
    precondition {
      condition     = local.queues * local.queue_concurrency <= local.remind_capacity
      error_message = "The queues may run ${local.queues} × ${local.queue_concurrency} tasks at once, and Remind ${local.remind_capacity} (max_instances × concurrency). Past that Cloud Run answers 429, which slows whole queues. Raise functions.Remind.max_instances or lower queue_concurrency."
    }
  }
}
