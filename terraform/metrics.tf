# Metrics made of the functions' log lines, which docs/logs.md lists.

locals {
  log = {
    of      = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=~\"^comeback-\""
    request = "jsonPayload.message=\"request\""
    remind  = "jsonPayload.function=\"Remind\""
    ended   = "jsonPayload.state=(\"sent\" OR \"skipped\" OR \"failed\" OR \"unknown\")"
    events  = "jsonPayload.function=\"SendGridEvents\" AND jsonPayload.status=200"
    sweep   = "jsonPayload.function=\"Sweep\" AND jsonPayload.status=200"
    callers = "jsonPayload.function=(\"Checkout\" OR \"Order\" OR \"Shopify\" OR \"WooCommerce\" OR \"SendGridEvents\")"
    links   = "jsonPayload.function=(\"Recover\" OR \"Unsubscribe\")"
  }

  metrics = {
    comeback_reminders = {
      description = "Reminders that ended, by their state and, where they were not sent, the reason"
      filter      = [local.log.of, local.log.request, local.log.remind, local.log.ended]
      labels      = ["state", "reason"]
    }
    comeback_late_ms = {
      description = "How long after its due instant a reminder was decided"
      filter      = [local.log.of, local.log.request, local.log.remind, local.log.ended]
      value       = "late_ms"
      unit        = "ms"
    }
    comeback_remind_errors = {
      description = "Runs of Remind that Cloud Tasks has to repeat because of a fault of ours"
      filter      = [local.log.of, local.log.request, local.log.remind, "jsonPayload.status>=500"]
      labels      = ["status"]
    }
    comeback_mail = {
      description = "What SendGrid made of the mails that were handed over"
      filter      = [local.log.of, local.log.request, local.log.remind, "jsonPayload.mail:*"]
      labels      = ["mail", "store"]
    }
    comeback_calls = {
      description = "What shops and SendGrid told, by what came of it"
      filter      = [local.log.of, local.log.request, local.log.callers]
      labels      = ["function", "store", "outcome", "status"]
    }
    comeback_links = {
      description = "Links of the mails that somebody, or some program, followed"
      filter      = [local.log.of, local.log.request, local.log.links]
      labels      = ["function", "outcome", "noted"]
    }
    comeback_events = {
      description = "Events of our mails that one request told"
      filter      = [local.log.of, local.log.request, local.log.events]
      value       = "recorded"
    }
    comeback_settled = {
      description = "Reminders whose outcome the events of one request told"
      filter      = [local.log.of, local.log.request, local.log.events]
      value       = "settled"
    }
    comeback_suppressed = {
      description = "Shoppers whom the events of one request keep from being mailed again"
      filter      = [local.log.of, local.log.request, local.log.events]
      value       = "suppressed"
    }
    comeback_sweeps = {
      description = "Sweeps that were done"
      filter      = [local.log.of, local.log.request, local.log.sweep]
    }
    comeback_backlog = {
      description = "Checkouts with overdue reminders that a sweep found"
      filter      = [local.log.of, local.log.request, local.log.sweep]
      value       = "checkouts"
    }
    comeback_silent_ms = {
      description = "How long ago a caller was last heard of, as the sweep reads it"
      filter      = [local.log.of, "jsonPayload.message=\"heard\""]
      labels      = ["store", "source"]
      value       = "silent_ms"
      unit        = "ms"
    }
    comeback_start_failures = {
      description = "Instances that could not start, or requests that met a fault of the configuration"
      filter      = [local.log.of, "jsonPayload.message=\"cannot start\""]
    }
  }
}

resource "google_logging_metric" "this" {
  for_each = local.metrics

  project         = var.project
  name            = each.key
  description     = each.value.description
  filter          = join(" AND ", each.value.filter)
  value_extractor = try("EXTRACT(jsonPayload.${each.value.value})", null)
  label_extractors = {
    for label in try(each.value.labels, []) : label => "EXTRACT(jsonPayload.${label})"
  }

  metric_descriptor {
    metric_kind  = "DELTA"
    value_type   = can(each.value.value) ? "DISTRIBUTION" : "INT64"
    unit         = try(each.value.unit, "1")
    display_name = "Comeback: ${each.value.description}"

    dynamic "labels" {
      for_each = toset(try(each.value.labels, []))
      content {
        key        = labels.value
        value_type = "STRING"
      }
    }
  }

  # From 1 to 2³¹, a factor of two apart: milliseconds up to 24 days.
  dynamic "bucket_options" {
    for_each = can(each.value.value) ? [true] : []
    content {
      exponential_buckets {
        num_finite_buckets = 31
        growth_factor      = 2
        scale              = 1
      }
    }
  }

  depends_on = [google_project_service.api]
}
