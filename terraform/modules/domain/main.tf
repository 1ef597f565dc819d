# A global load balancer with a managed certificate in front of functions.

resource "google_compute_global_address" "this" {
  project = var.project
  name    = "comeback"
  labels  = var.labels
}

resource "google_compute_region_network_endpoint_group" "this" {
  for_each = var.backends

  project               = var.project
  region                = var.region
  name                  = each.key
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = each.value.service
  }
}

resource "google_compute_backend_service" "this" {
  for_each = var.backends

  project               = var.project
  name                  = each.key
  load_balancing_scheme = "EXTERNAL_MANAGED"

  backend {
    group = google_compute_region_network_endpoint_group.this[each.key].id
  }

  # With Google's own OAuth client, which admits members of the organisation.
  dynamic "iap" {
    for_each = each.value.iap_members == null ? [] : [true]
    content {
      enabled = true
    }
  }
}

locals {
  iap = merge([
    for name, b in var.backends : {
      for member in coalesce(b.iap_members, []) : "${name} ${member}" => { backend = name, member = member }
    }
  ]...)
}

resource "google_iap_web_backend_service_iam_member" "this" {
  for_each = local.iap

  project             = var.project
  web_backend_service = google_compute_backend_service.this[each.value.backend].name
  role                = "roles/iap.httpsResourceAccessor"
  member              = each.value.member
}

resource "google_compute_url_map" "this" {
  project         = var.project
  name            = "comeback"
  default_service = google_compute_backend_service.this[var.default_backend].id

  host_rule {
    hosts        = [var.domain]
    path_matcher = "comeback"
  }

  path_matcher {
    name            = "comeback"
    default_service = google_compute_backend_service.this[var.default_backend].id

    dynamic "path_rule" {
      for_each = var.backends
      content {
        paths   = flatten([for p in path_rule.value.paths : endswith(p, "/*") ? [p] : [p, "${p}/"]])
        service = google_compute_backend_service.this[path_rule.key].id
      }
    }
  }
}

resource "google_compute_managed_ssl_certificate" "this" {
  project = var.project
  name    = "comeback-${substr(sha256(var.domain), 0, 8)}"

  managed {
    domains = [var.domain]
  }

  lifecycle {
    create_before_destroy = true # the proxy names the old one until it is updated
  }
}

resource "google_compute_target_https_proxy" "this" {
  project          = var.project
  name             = "comeback"
  url_map          = google_compute_url_map.this.id
  ssl_certificates = [google_compute_managed_ssl_certificate.this.id]
}

resource "google_compute_global_forwarding_rule" "this" {
  project               = var.project
  name                  = "comeback"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  target                = google_compute_target_https_proxy.this.id
  ip_address            = google_compute_global_address.this.address
  port_range            = "443"
  labels                = var.labels
}
