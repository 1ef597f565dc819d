# The source archive, made anew when a file in it changes, and kept under a name that
# holds its hash: a function is built again only for another name.

module "source" {
  source = "./modules/source"
  repo   = local.repo
}

locals {
  repo = "${path.module}/.."
}

# Entries carry no time and no mode, so that the same sources give the same bytes.
data "archive_file" "functions" {
  type        = "zip"
  output_path = "${path.module}/.build/functions.zip"

  dynamic "source" {
    for_each = module.source.files
    content {
      filename = source.key
      content  = file("${local.repo}/${source.value}")
    }
  }

  source {
    filename = "internal/config/comeback.yaml"
    content  = file(var.config)
  }
}

resource "google_storage_bucket" "source" {
  project                     = var.project
  name                        = "${var.project}-comeback-source"
  location                    = upper(var.region)
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true
  labels                      = local.labels

  depends_on = [google_project_service.api]

  lifecycle {
    # Where it is does not matter to the functions, and it cannot move: a second one of its
    # name would be refused, and the archive would go with the first.
    ignore_changes = [location]
  }
}

resource "google_storage_bucket_object" "functions" {
  bucket = google_storage_bucket.source.name
  name   = "functions-${data.archive_file.functions.output_md5}.zip"
  source = data.archive_file.functions.output_path

  lifecycle {
    create_before_destroy = true # the functions name the old one until they are updated
  }
}
