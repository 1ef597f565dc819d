# Every function that the source registers: who calls it, and what its work needs. A new
# project may have 20 CPUs a region, and Google refuses a function that might take more.
# Tests compare this list with the registered names and with what internal/config says
# that each function reads.

locals {
  functions = {
    Checkout = {
      name     = "comeback-checkout"
      paths    = ["/checkout", "/api/checkout"]
      public   = true
      secrets  = ["api_keys", "id_key"]
      enqueues = true
      size     = { min_instances = 0, max_instances = 20, concurrency = 80, memory = "256Mi", cpu = "1", timeout = 15 }
    }
    Order = {
      name     = "comeback-order"
      paths    = ["/order", "/api/order"]
      public   = true
      secrets  = ["api_keys", "id_key"]
      enqueues = true
      size     = { min_instances = 0, max_instances = 20, concurrency = 80, memory = "256Mi", cpu = "1", timeout = 15 }
    }
    Remind = {
      name     = "comeback-remind"
      paths    = ["/tasks/remind"]
      public   = false
      secrets  = ["id_key", "link_keys", "sendgrid.api_key", "woocommerce.rest.key", "woocommerce.rest.secret"]
      enqueues = true
      size     = { min_instances = 0, max_instances = 20, concurrency = 50, memory = "256Mi", cpu = "1", timeout = 30 }
    }
    Sweep = {
      name     = "comeback-sweep"
      paths    = ["/tasks/sweep"]
      public   = false
      secrets  = []
      enqueues = true
      size     = { min_instances = 0, max_instances = 1, concurrency = 1, memory = "256Mi", cpu = "1", timeout = 30 }
    }
    # SendGrid posts many events at once, up to 8 MiB, and repeats what was not taken: a
    # few large requests fit an instance, and a flood may wait.
    SendGridEvents = {
      name     = "comeback-sendgrid-events"
      paths    = ["/webhooks/sendgrid"]
      public   = true
      secrets  = ["id_key", "sendgrid.events_public_key"]
      enqueues = false
      size     = { min_instances = 0, max_instances = 5, concurrency = 10, memory = "256Mi", cpu = "1", timeout = 15 }
    }
    # The shop systems post small bodies, and may post 8 MiB before anybody knows who it
    # is: memory for as many as one instance takes at once. Shopify waits 5 s and deletes
    # a subscription that fails, so that nothing may wait for an instance.
    Shopify = {
      name     = "comeback-shopify"
      paths    = ["/webhooks/shopify"]
      public   = true
      secrets  = ["id_key", "shopify.secrets"]
      enqueues = true
      size     = { min_instances = 0, max_instances = 20, concurrency = 20, memory = "512Mi", cpu = "1", timeout = 10 }
    }
    WooCommerce = {
      name     = "comeback-woocommerce"
      paths    = ["/webhooks/woocommerce"]
      public   = true
      secrets  = ["id_key", "woocommerce.secrets"]
      enqueues = true
      size     = { min_instances = 0, max_instances = 20, concurrency = 20, memory = "512Mi", cpu = "1", timeout = 15 }
    }
    # Shoppers and mailbox providers, at the path that links begin with.
    Recover = {
      name     = "comeback-recover"
      paths    = ["/r", "/r/*"]
      public   = true
      secrets  = ["link_keys"]
      enqueues = false
      size     = { min_instances = 0, max_instances = 20, concurrency = 80, memory = "256Mi", cpu = "1", timeout = 10 }
    }
    Unsubscribe = {
      name     = "comeback-unsubscribe"
      paths    = ["/u", "/u/*"]
      public   = true
      secrets  = ["link_keys", "link_keys_retired"]
      enqueues = false
      size     = { min_instances = 0, max_instances = 10, concurrency = 80, memory = "256Mi", cpu = "1", timeout = 15 }
    }
    # Seldom called, and each call reads or writes all there is of a shopper.
    Privacy = {
      name     = "comeback-privacy"
      paths    = ["/privacy", "/privacy/*"]
      public   = true
      secrets  = ["api_keys", "id_key"]
      enqueues = false
      size     = { min_instances = 0, max_instances = 2, concurrency = 10, memory = "256Mi", cpu = "1", timeout = 15 }
    }
  }

  # The one place where addresses are made: computed, since a function cannot refer to
  # its own. The functions that Cloud Tasks and Cloud Scheduler call keep Google's
  # address under a domain of yours too, because it is the audience of their tokens,
  # which Cloud Run checks against its own addresses.
  urls = {
    for function, f in local.functions : function => (
      var.domain != null && f.public
      ? "https://${var.domain}${f.paths[0]}"
      : "https://${var.region}-${var.project}.cloudfunctions.net/${f.name}"
    )
  }

  # Who builds, and who calls the functions that the public does not call. Their
  # addresses are computed too, so that a plan shows them before the accounts exist.
  build_account     = "${local.account_ids.build}@${var.project}.iam.gserviceaccount.com"
  tasks_account     = "${local.account_ids.tasks}@${var.project}.iam.gserviceaccount.com"
  scheduler_account = "${local.account_ids.scheduler}@${var.project}.iam.gserviceaccount.com"
  callers = {
    Remind = { tasks = "serviceAccount:${local.tasks_account}" }
    Sweep  = { scheduler = "serviceAccount:${local.scheduler_account}" }
  }

  # The environment; internal/config documents each variable.
  environment = {
    for function, f in local.functions : function => merge(
      {
        COMEBACK_PROJECT  = var.project
        COMEBACK_DATABASE = google_firestore_database.comeback.name
        LOG_LEVEL         = var.log_level
      },
      f.enqueues ? {
        COMEBACK_QUEUES        = join(",", local.queue_names)
        COMEBACK_REMIND_URL    = local.urls.Remind
        COMEBACK_TASKS_ACCOUNT = local.tasks_account
      } : {},
      function == "Remind" ? {
        COMEBACK_RECOVER_URL     = local.urls.Recover
        COMEBACK_UNSUBSCRIBE_URL = local.urls.Unsubscribe
      } : {},
      function == "Sweep" ? {
        COMEBACK_SWEEP_URL         = local.urls.Sweep
        COMEBACK_SCHEDULER_ACCOUNT = local.scheduler_account
      } : {},
      # Cloud Run has checked the caller's token, which holds only where IAM stands in
      # front of everybody.
      contains(keys(local.callers), function) ? { COMEBACK_CALLER_CHECK = "iam" } : {},
    )
  }
}

module "function" {
  source   = "./modules/function"
  for_each = local.functions

  project       = var.project
  region        = var.region
  name          = each.value.name
  entry_point   = each.key
  archive       = { bucket = google_storage_bucket.source.name, object = google_storage_bucket_object.functions.name }
  build_account = "projects/${var.project}/serviceAccounts/${local.build_account}"
  environment   = local.environment[each.key]
  secrets = {
    for name in local.secrets_of[each.key] : name => {
      secret_id = local.secret_ids[name]
      version   = lookup(var.secret_versions, name, "latest")
    }
  }
  size          = merge(each.value.size, { for k, v in try(var.functions[each.key], {}) : k => v if v != null })
  database      = google_firestore_database.comeback.name
  queues        = each.value.enqueues ? local.queue_places : {}
  tasks_account = each.value.enqueues ? "projects/${var.project}/serviceAccounts/${local.tasks_account}" : null
  callers       = each.value.public ? { for member in var.public : member => member } : local.callers[each.key]
  labels        = local.labels

  # A build needs its account's grants, and an instance the secrets' values.
  depends_on = [
    google_project_service.api,
    google_project_iam_member.build,
    google_secret_manager_secret_version.trial,
    google_secret_manager_secret_version.trial_kept,
    google_service_account.tasks,
    google_service_account.scheduler,
  ]
}
