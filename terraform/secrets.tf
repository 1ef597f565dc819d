# The secrets and who reads them, without their values: versions are added by
# `deploy apply` or by hand, so that no value stands in Terraform's state.

locals {
  secret_labels = {
    for name, s in local.secrets : name => merge(local.labels, { comeback-key = replace(s.key, ".", "-") })
  }
  secret_ids = merge(
    { for name, s in google_secret_manager_secret.this : name => s.secret_id },
    { for name, s in google_secret_manager_secret.kept : name => s.secret_id },
  )
}

resource "google_secret_manager_secret" "this" {
  for_each = { for name, s in local.secrets : name => s if s.key != "id_key" }

  project   = var.project
  secret_id = each.key
  labels    = local.secret_labels[each.key]

  replication {
    auto {}
  }

  depends_on = [google_project_service.api]
}

# The key of the address hashes stays with the database: without it no suppression in
# there could be found again.
resource "google_secret_manager_secret" "kept" {
  for_each = { for name, s in local.secrets : name => s if s.key == "id_key" }

  project         = var.project
  secret_id       = each.key
  labels          = local.secret_labels[each.key]
  deletion_policy = var.keep_data ? "ABANDON" : "DELETE"

  replication {
    auto {}
  }

  depends_on = [google_project_service.api]
}

# For a trial: see the variable's warning.
resource "google_secret_manager_secret_version" "trial" {
  for_each = toset([for name in nonsensitive(keys(var.secret_values)) : name if try(local.secrets[name].key, "") != "id_key"])

  secret      = "projects/${var.project}/secrets/${try(local.secret_ids[each.key], each.key)}"
  secret_data = var.secret_values[each.key]
  # It goes with its secret, and not before: a value that is no longer given here is the
  # only one that running functions know.
  deletion_policy = "ABANDON"

  lifecycle {
    precondition {
      condition     = contains(keys(local.secrets), each.key)
      error_message = "secret_values: no function reads ${each.key}; want some of ${join(", ", keys(local.secrets))}."
    }
  }
}

# The key of the address hashes is never changed: another value here counts for nothing.
resource "google_secret_manager_secret_version" "trial_kept" {
  for_each = toset([for name in nonsensitive(keys(var.secret_values)) : name if try(local.secrets[name].key, "") == "id_key"])

  secret          = "projects/${var.project}/secrets/${local.secret_ids[each.key]}"
  secret_data     = var.secret_values[each.key]
  deletion_policy = "ABANDON"

  lifecycle {
    ignore_changes = [secret_data]
  }
}
