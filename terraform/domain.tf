# A domain of your own for the public functions; optional.

module "domain" {
  source = "./modules/domain"
  count  = var.domain == null ? 0 : 1

  project = var.project
  region  = var.region
  domain  = var.domain
  backends = {
    for function, f in local.functions : f.name => {
      service = module.function[function].name
      paths   = f.paths
    } if f.public
  }
  default_backend = local.functions.Checkout.name
  labels          = local.labels

  depends_on = [google_project_service.api]
}
