# The alerts. Each names its heading in docs/operations.md.

locals {
  # The series of a metric of ours.
  series = {
    for name in keys(local.metrics) : name => "logging_googleapis_com:user_${name}"
  }
  run = "monitored_resource=\"cloud_run_revision\""

  # How long each caller has been silent, in ms, on average over 10 minutes.
  silence = {
    for who, source in { shop = "source!=\"SendGridEvents\"", sendgrid = "source=\"SendGridEvents\"" } :
    who => "sum by (store, source) (rate(${local.series.comeback_silent_ms}_sum{${local.run},${source}}[10m])) / sum by (store, source) (rate(${local.series.comeback_silent_ms}_count{${local.run},${source}}[10m]))"
  }

  # SendGrid is silent where no mail goes out. So mails count too that were accepted in
  # the middle of its silence: neither so long ago that their events came before it, nor
  # so lately that theirs may be on their way. A query sees a day at most.
  events_silent_minutes = min(var.alerts.silent_hours, 24) * 60
  mailed_meanwhile      = "sum by (store) (increase(${local.series.comeback_mail}{${local.run},mail=\"accepted\"}[${floor(local.events_silent_minutes * 6 / 8)}m] offset ${floor(local.events_silent_minutes / 8)}m)) > 0"

  # Shopify deletes a subscription after 8 refusals in a row, and WooCommerce disables a
  # webhook after 5. What a stranger posts is refused too, so the share counts.
  webhooks = "${local.run},function=~\"Shopify|WooCommerce|SendGridEvents\""
  refused  = "sum by (function) (increase(${local.series.comeback_calls}{${local.webhooks},status=~\"401|413|5..\"}[1h]))"
  answered = "sum by (function) (increase(${local.series.comeback_calls}{${local.webhooks},status=~\"200|401|413|5..\"}[1h]))"

  # Orders come by a webhook of their own, which may be gone while checkouts still come.
  told      = "${local.run},function!=\"SendGridEvents\""
  checkouts = "sum by (store) (increase(${local.series.comeback_calls}{${local.told},outcome=\"created\"}[${local.events_silent_minutes}m]))"
  orders    = "sum by (store) (increase(${local.series.comeback_calls}{${local.told},outcome=~\"recorded|reversed\"}[${local.events_silent_minutes}m]))"

  alerts = {
    fail = {
      heading  = "Reminders fail"
      severity = "CRITICAL"
      queries = {
        "many reminders failed" = join(" and ", [
          "sum(increase(${local.series.comeback_reminders}{${local.run},state=~\"failed|unknown\"}[30m])) >= 3",
          "sum(increase(${local.series.comeback_reminders}{${local.run},state=~\"failed|unknown\"}[30m])) / sum(increase(${local.series.comeback_reminders}{${local.run},state=~\"sent|failed|unknown\"}[30m])) > ${var.alerts.failed_share}",
        ])
        "runs of Remind fail" = "sum(increase(${local.series.comeback_remind_errors}{${local.run},status=\"500\"}[10m])) >= 3"
      }
    }
    late = {
      heading  = "Reminders are late"
      severity = "ERROR"
      queries = {
        "5 of 100 are late" = "histogram_quantile(0.95, sum by (le) (rate(${local.series.comeback_late_ms}_bucket{${local.run}}[10m]))) > ${var.alerts.late_seconds * 1000}"
      }
    }
    sweep = {
      heading  = "The sweep does not run"
      severity = "CRITICAL"
      queries = {
        "no sweep in 15 minutes" = "absent_over_time(${local.series.comeback_sweeps}{${local.run}}[15m]) or sum(increase(${local.series.comeback_sweeps}{${local.run}}[15m])) < 1"
      }
    }
    queue = {
      heading  = "The queue grows"
      severity = "WARNING"
      queries = {
        "many tasks wait"           = "max by (queue_id) (cloudtasks_googleapis_com:queue_depth{monitored_resource=\"cloud_tasks_queue\",queue_id=~\"comeback-.*\"}) > ${var.alerts.queue_depth}"
        "the sweep finds a backlog" = "sum(rate(${local.series.comeback_backlog}_sum{${local.run}}[10m])) / sum(rate(${local.series.comeback_backlog}_count{${local.run}}[10m])) > ${var.alerts.backlog}"
      }
    }
    sendgrid = {
      heading  = "SendGrid refuses mail"
      severity = "CRITICAL"
      queries = {
        "many mails were refused" = join(" and ", [
          "sum(increase(${local.series.comeback_mail}{${local.run},mail!=\"accepted\"}[30m])) >= 3",
          "sum(increase(${local.series.comeback_mail}{${local.run},mail!=\"accepted\"}[30m])) / sum(increase(${local.series.comeback_mail}{${local.run}}[30m])) > ${var.alerts.sendgrid_share}",
        ])
      }
    }
    silent = {
      heading  = "A caller has gone silent"
      severity = "ERROR"
      queries = {
        "nothing was heard"                                = "${local.silence.shop} > ${var.alerts.silent_hours * 3600000}"
        "many checkouts come, and no order"                = "${local.checkouts} >= ${var.alerts.orderless} unless on (store) ${local.orders} > 0"
        "mails go out, and SendGrid tells nothing of them" = "${local.silence.sendgrid} > ${local.events_silent_minutes * 60000} and on (store) (${local.mailed_meanwhile})"
      }
    }
    refused = {
      heading  = "Webhooks are refused"
      severity = "CRITICAL"
      queries = {
        "most of what one of them posts is refused" = "${local.refused} >= 3 and ${local.refused} / ${local.answered} > 0.5"
      }
    }
    start = {
      heading  = "A function cannot start"
      severity = "CRITICAL"
      queries = {
        "an instance found its configuration at fault" = "sum(increase(${local.series.comeback_start_failures}{${local.run}}[10m])) > 0"
      }
    }
  }
}

resource "google_monitoring_notification_channel" "email" {
  project      = var.project
  display_name = "Comeback: ${var.alert_email}"
  type         = "email"
  labels       = { email_address = var.alert_email }
  user_labels  = local.labels

  depends_on = [google_project_service.api]
}

resource "google_monitoring_alert_policy" "this" {
  for_each = local.alerts

  project               = var.project
  display_name          = "Comeback: ${each.value.heading}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = [google_monitoring_notification_channel.email.name]
  user_labels           = local.labels

  dynamic "conditions" {
    for_each = each.value.queries
    content {
      display_name = conditions.key

      condition_prometheus_query_language {
        query                     = conditions.value
        duration                  = "300s"
        evaluation_interval       = "60s"
        disable_metric_validation = true # the metric has no series before its first line
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    subject   = "Comeback: ${each.value.heading}"
    content   = "docs/operations.md, “${each.value.heading}”, says what it means, what to look at and what to do."
  }

  alert_strategy {
    auto_close = "86400s"
  }

  # The job first, or the alert on the sweep would fire while the functions are built.
  depends_on = [google_logging_metric.this, google_cloud_scheduler_job.sweep]
}
