# One store, everything else as it comes.

module "comeback" {
  source = "../.."

  project     = var.project
  region      = "us-central1"
  config      = "${path.module}/comeback.yaml"
  alert_email = var.alert_email
}
