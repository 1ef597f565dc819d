# The database, and what firestore.indexes.json lists: the same file that the Firestore
# emulator enforces on one machine.

resource "google_firestore_database" "comeback" {
  project                           = var.project
  name                              = "comeback"
  location_id                       = coalesce(var.firestore_location, var.region)
  type                              = "FIRESTORE_NATIVE"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  delete_protection_state           = var.keep_data ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = var.keep_data ? "ABANDON" : "DELETE"

  depends_on = [google_project_service.api]

  lifecycle {
    # A database cannot move. Another location would replace it; this refuses instead.
    ignore_changes = [location_id]
    postcondition {
      condition     = self.location_id == coalesce(var.firestore_location, var.region)
      error_message = "The database is in ${self.location_id} and cannot move. Set firestore_location = \"${self.location_id}\", or follow \"Moving to another region\" in docs/deploy.md."
    }
  }
}

locals {
  firestore = jsondecode(file("${path.module}/firestore.indexes.json"))

  composites = {
    for index in local.firestore.indexes :
    "${index.collectionGroup}/${lower(index.queryScope)}/${join(",", [for f in index.fields : "${f.fieldPath}:${lower(f.order)}"])}" => index
  }
  overrides = { for o in local.firestore.fieldOverrides : "${o.collectionGroup}/${o.fieldPath}" => o }
}

resource "google_firestore_index" "composite" {
  for_each = local.composites

  project     = var.project
  database    = google_firestore_database.comeback.name
  collection  = each.value.collectionGroup
  query_scope = each.value.queryScope

  dynamic "fields" {
    for_each = each.value.fields
    content {
      field_path = fields.value.fieldPath
      order      = fields.value.order
    }
  }
}

resource "google_firestore_field" "override" {
  for_each = local.overrides

  project    = var.project
  database   = google_firestore_database.comeback.name
  collection = each.value.collectionGroup
  field      = each.value.fieldPath
  # A database that is kept goes on deleting what has expired.
  deletion_policy = var.keep_data ? "ABANDON" : "DELETE"

  # An empty list takes the field out of every automatic index.
  index_config {
    dynamic "indexes" {
      for_each = each.value.indexes
      content {
        order       = indexes.value.order
        query_scope = indexes.value.queryScope
      }
    }
  }

  dynamic "ttl_config" {
    for_each = try(each.value.ttl, false) ? [true] : []
    content {}
  }
}
