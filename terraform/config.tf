# What the configuration file says, as far as Terraform needs it. internal/config
# checks the file; its defaults for references to secrets stand here again, and a test
# compares.

locals {
  config = yamldecode(file(var.config))
  stores = try(coalesce(local.config.stores), {})

  # Each store's references (env:NAME), by the key that they stand under.
  references = {
    for id, s in local.stores : id => {
      api_keys                     = try(coalesce(s.api_keys), ["env:COMEBACK_API_KEY"])
      link_keys                    = try(coalesce(s.link_keys), ["env:COMEBACK_LINK_KEY"])
      link_keys_retired            = try(coalesce(s.link_keys_retired), [])
      id_key                       = try(coalesce(s.id_key), "env:COMEBACK_ID_KEY")
      "sendgrid.api_key"           = try(coalesce(s.sendgrid.api_key), "env:SENDGRID_API_KEY")
      "sendgrid.events_public_key" = try(coalesce(s.sendgrid.events_public_key), "env:SENDGRID_EVENTS_PUBLIC_KEY")
      "shopify.secrets"            = try(coalesce(s.shopify.secrets), try(s.shopify, null) == null ? [] : ["env:SHOPIFY_SECRET"])
      "woocommerce.secrets"        = try(coalesce(s.woocommerce.secrets), try(s.woocommerce, null) == null ? [] : ["env:WOOCOMMERCE_SECRET"])
      "woocommerce.rest.key"       = try(coalesce(s.woocommerce.rest.key), [])
      "woocommerce.rest.secret"    = try(coalesce(s.woocommerce.rest.secret), [])
    }
  }

  # The names of the secrets of each function, sorted.
  secrets_of = {
    for function, f in local.functions : function => sort(distinct([
      for reference in flatten([for refs in local.references : [for key in f.secrets : refs[key]]]) :
      trimprefix(reference, "env:")
    ]))
  }

  # Every secret that a function reads, with the key that it is for. The key of the
  # address hashes stays one, whatever else its name stands under.
  secrets = {
    for name in toset(flatten(values(local.secrets_of))) : name => {
      key = [
        for key in distinct(concat(["id_key"], flatten([for f in local.functions : f.secrets]))) : key
        if contains(flatten([for refs in local.references : refs[key]]), "env:${name}")
      ][0]
    }
  }

  # How many queues the file asks for; null if it does not say.
  file_queues = try(local.config.queues, null)
  queues      = coalesce(var.queues, local.file_queues, 1)
}
