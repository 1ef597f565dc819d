# One page: what was sent, how late, what SendGrid says, what waits.

locals {
  charts = {
    "Reminders by state, a minute" = ["sum by (state) (rate(${local.series.comeback_reminders}{${local.run}}[5m])) * 60"]
    "Why not, a minute"            = ["sum by (reason) (rate(${local.series.comeback_reminders}{${local.run},state=\"skipped\"}[5m])) * 60"]
    "Late by, in ms (half, 95 %, 99 %)" = [
      for q in [0.5, 0.95, 0.99] :
      "histogram_quantile(${q}, sum by (le) (rate(${local.series.comeback_late_ms}_bucket{${local.run}}[10m])))"
    ]
    "What SendGrid answers, a minute" = ["sum by (mail) (rate(${local.series.comeback_mail}{${local.run}}[5m])) * 60"]
    "SendGrid's events, a minute"     = ["sum(rate(${local.series.comeback_events}_sum{${local.run}}[5m])) * 60"]
    "Settled and suppressed by events, an hour" = [
      for metric in ["comeback_settled", "comeback_suppressed"] : "sum(increase(${local.series[metric]}_sum{${local.run}}[1h]))"
    ]
    "What shops tell, by what came of it, an hour" = ["sum by (function, outcome) (increase(${local.series.comeback_calls}{${local.told}}[1h]))"]
    "Webhooks refused, an hour"                    = [local.refused]
    "Links followed, an hour" = [
      "sum by (function, outcome) (increase(${local.series.comeback_links}{${local.run},noted!=\"false\"}[1h]))"
    ]
    "Tasks that wait"                = ["sum by (queue_id) (cloudtasks_googleapis_com:queue_depth{monitored_resource=\"cloud_tasks_queue\",queue_id=~\"comeback-.*\"})"]
    "Overdue, as the sweep finds it" = ["sum(rate(${local.series.comeback_backlog}_sum{${local.run}}[10m])) / sum(rate(${local.series.comeback_backlog}_count{${local.run}}[10m]))"]
    "Requests by function, a second" = ["sum by (service_name) (rate(run_googleapis_com:request_count{monitored_resource=\"cloud_run_revision\",service_name=~\"comeback-.*\"}[5m]))"]
    "Errors by function, a second"   = ["sum by (service_name) (rate(run_googleapis_com:request_count{monitored_resource=\"cloud_run_revision\",service_name=~\"comeback-.*\",response_code_class=\"5xx\"}[5m]))"]
    "Callers: hours since the last sign" = [
      "sum by (store, source) (rate(${local.series.comeback_silent_ms}_sum{${local.run}}[10m])) / sum by (store, source) (rate(${local.series.comeback_silent_ms}_count{${local.run}}[10m])) / 3600000"
    ]
  }
  titles = keys(local.charts)
}

resource "google_monitoring_dashboard" "this" {
  project = var.project
  dashboard_json = jsonencode({
    displayName = "Comeback"
    mosaicLayout = {
      columns = 48
      tiles = [
        for i, title in local.titles : merge(
          # The service leaves out a position of 0 when it is asked, and a plan would
          # find it missing for ever.
          { for side, at in { xPos = (i % 3) * 16, yPos = floor(i / 3) * 16 } : side => at if at > 0 },
          {
            width  = 16
            height = 16
            widget = {
              title = title
              xyChart = {
                dataSets = [
                  for query in local.charts[title] : {
                    plotType        = "LINE"
                    targetAxis      = "Y1"
                    timeSeriesQuery = { prometheusQuery = query }
                  }
                ]
              }
            }
          },
        )
      ]
    }
  })

  depends_on = [google_project_service.api]
}
