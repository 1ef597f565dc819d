output "project" {
  description = "The project's ID."
  value       = var.project
}

output "region" {
  description = "Where the functions run."
  value       = var.region
}

output "urls" {
  description = "Each function's address."
  value       = local.urls

  precondition {
    condition     = length(setsubtract(keys(var.functions), keys(local.functions))) == 0
    error_message = "functions: there is no ${join(", ", setsubtract(keys(var.functions), keys(local.functions)))}; want some of ${join(", ", keys(local.functions))}."
  }
}

output "webhook_urls" {
  description = "The addresses to paste into SendGrid and the shop systems that the stores are on."
  value       = merge({ sendgrid = local.urls.SendGridEvents }, { for key, shop in local.shop_systems : key => shop.url })
}

output "queues" {
  description = "The task queues' full names."
  value       = local.queue_names

  precondition {
    condition     = alltrue([for q in values(local.queue_places) : q.location == local.tasks_region])
    error_message = "The queues are in ${local.queue_places["0"].location} and cannot move. Set tasks_region = \"${local.queue_places["0"].location}\", or follow \"Moving to another region\" in docs/deploy.md."
  }
}

output "database" {
  description = "The Firestore database's name."
  value       = google_firestore_database.comeback.name
}

output "secrets" {
  description = "The secrets that need a version, and the configuration's key that each is for."

  precondition {
    condition     = length(setsubtract(keys(var.secret_versions), keys(local.secrets))) == 0
    error_message = "secret_versions: no function reads ${join(", ", setsubtract(keys(var.secret_versions), keys(local.secrets)))}; want some of ${join(", ", keys(local.secrets))}."
  }
  value = { for name, s in local.secrets : name => { id = "projects/${var.project}/secrets/${local.secret_ids[name]}", key = s.key } }
}

output "archive" {
  description = "The source archive's name in the bucket; its hash changes with the sources."
  value       = google_storage_bucket_object.functions.name
}

output "address" {
  description = "The IPv4 address that the domain's A record has to name; null without a domain."
  value       = one(module.domain[*].address)
}

output "data" {
  description = "What destroy leaves."
  value = (
    var.keep_data
    ? "destroy leaves the Firestore database ${google_firestore_database.comeback.name} and the secret of the address hashes (${join(", ", keys(google_secret_manager_secret.kept))}); keep_data = false, applied before, deletes them"
    : "destroy deletes the Firestore database ${google_firestore_database.comeback.name} with all its documents"
  )
}

output "next_steps" {
  description = "What is left to do."
  value       = join("\n", [for i, step in local.next_steps : "${i + 1}. ${step}"])
}

locals {
  # The shop systems that some store is on, and the secrets that sign their webhooks.
  shop_functions = { shopify = "Shopify", woocommerce = "WooCommerce" }
  shop_keys      = [for key in keys(local.shop_functions) : key if anytrue([for s in values(local.stores) : try(s[key], null) != null])]
  shop_systems = {
    for key in local.shop_keys : key => {
      name    = local.shop_functions[key]
      url     = local.urls[local.shop_functions[key]]
      secrets = distinct([for r in flatten([for refs in local.references : refs["${key}.secrets"]]) : trimprefix(r, "env:")])
    }
  }
  without_system = [for id, s in local.stores : id if try(s.shopify, null) == null && try(s.woocommerce, null) == null]

  next_steps = compact(concat(
    [
      "Give every secret a version, if `deploy apply` has not: ${join(", ", keys(local.secrets))}.",
      var.domain == null ? "" : "Point ${var.domain} to ${one(module.domain[*].address)} by an A record; the certificate follows, usually within the hour.",
      "Try it: go run ./terraform/deploy smoke -project ${var.project} -config ${basename(var.config)} -to you@example.com",
      "Let SendGrid tell what becomes of the mails: SENDGRID_ADMIN_KEY=… go run ./terraform/deploy doctor -project ${var.project} -region ${var.region} -config ${basename(var.config)} -sendgrid-events makes its signed event webhook to ${local.urls.SendGridEvents}, and says how to store the public key.",
    ],
    [for shop in values(local.shop_systems) : "Let ${shop.name} post its webhooks, signed with ${join(", ", shop.secrets)}, to ${shop.url}; docs/deploy.md lists the topics under \"Connect the shop\"."],
    [
      length(local.without_system) == 0 ? "" : "Let the shop post checkouts to ${local.urls.Checkout} and orders to ${local.urls.Order}, with its API key.",
      "Turn off the shop's own reminders, or shoppers get both.",
    ],
  ))
}
