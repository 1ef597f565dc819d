# Several stores on several queues, behind a domain of their own.

module "comeback" {
  source = "../.."

  project            = var.project
  region             = "europe-west1"
  firestore_location = "eur3"
  config             = "${path.module}/comeback.yaml"
  alert_email        = var.alert_email
  domain             = "comeback.northwind.example.com"

  functions = {
    Checkout = { min_instances = 1 } # no cold start for the shops
    Remind   = { concurrency = 80 }
  }
  alerts = { late_seconds = 30, silent_hours = 6 }
  labels = { team = "shops" }
}
