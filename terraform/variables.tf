variable "project" {
  description = "The Google Cloud project's ID. Billing must be on, and the APIs serviceusage and cloudresourcemanager enabled: see docs/deploy.md."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "Want a project's ID such as my-shop-123: 6 to 30 lower-case letters, digits and hyphens. Its name or number will not do."
  }
}

variable "config" {
  description = "The path of comeback.yaml, the same file that runs on one machine. It travels in the source archive."
  type        = string
  nullable    = false

  validation {
    condition     = fileexists(var.config)
    error_message = "There is no such file. Start from internal/config/comeback.yaml and set `consent`."
  }
}

variable "alert_email" {
  description = "Who is told when an alert fires."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.alert_email))
    error_message = "Want an e-mail address."
  }
}

variable "region" {
  description = "Where the functions run and, unless other variables say so, everything else."
  type        = string
  default     = "us-central1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "Want a region such as us-central1 or europe-west1."
  }
}

variable "firestore_location" {
  description = "Where Firestore keeps the documents: a region, or a multi-region such as eur3 or nam5. It cannot be changed later. Default: region."
  type        = string
  default     = null

  validation {
    condition     = var.firestore_location == null || can(regex("^([a-z]+-[a-z]+[0-9]+|eur3|nam5|nam7)$", var.firestore_location))
    error_message = "Want a region such as us-central1, or eur3, nam5 or nam7."
  }
}

variable "tasks_region" {
  description = "Where the task queues are. It cannot be changed later. Default: region."
  type        = string
  default     = null

  validation {
    condition     = var.tasks_region == null || can(regex("^[a-z]+-[a-z]+[0-9]+$", var.tasks_region))
    error_message = "Want a region such as us-central1."
  }
}

variable "scheduler_region" {
  description = "Where Cloud Scheduler runs, which not every region has. Default: region."
  type        = string
  default     = null

  validation {
    condition     = var.scheduler_region == null || can(regex("^[a-z]+-[a-z]+[0-9]+$", var.scheduler_region))
    error_message = "Want a region such as us-central1."
  }
}

variable "queues" {
  description = "How many task queues share the reminders; one dispatches 500 a second. It may only grow while tasks wait: a queue that goes takes its waiting tasks along. Default: what the configuration file says, else 1."
  type        = number
  default     = null

  validation {
    condition     = var.queues == null || can(regex("^([1-9]|[12][0-9]|3[0-2])$", tostring(var.queues)))
    error_message = "Want a whole number from 1 to 32."
  }
}

variable "queue_suffix" {
  description = "The end of the names of new queues. Set another one to create queues again within about 7 days after they were deleted; queues that exist keep their names."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]{0,20}$", var.queue_suffix))
    error_message = "Want at most 20 lower-case letters and digits."
  }
}

variable "queue_concurrency" {
  description = "How many tasks of one queue run at once. All queues together must fit Remind's max_instances × concurrency. Default: as many as fit, at most 1000."
  type        = number
  default     = null

  validation {
    condition     = var.queue_concurrency == null || try(var.queue_concurrency >= 1 && var.queue_concurrency <= 5000, false)
    error_message = "Want 1 to 5000."
  }
}

variable "functions" {
  description = "Other sizes than the built-in ones, by the function's name: { Remind = { max_instances = 100 } }."
  type = map(object({
    min_instances = optional(number)
    max_instances = optional(number)
    concurrency   = optional(number)
    memory        = optional(string)
    cpu           = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for f in values(var.functions) :
      try(f.min_instances >= 0, true) && try(f.max_instances >= 1, true) && try(f.concurrency >= 1 && f.concurrency <= 1000, true)
      && (f.memory == null || can(regex("^[0-9]+(Mi|Gi|M|G)$", f.memory)))
      && (f.cpu == null || can(tonumber(f.cpu)))
    ])
    error_message = "Want min_instances from 0, max_instances from 1, concurrency 1 to 1000, memory like 512Mi or 1Gi, and cpu like \"1\"."
  }
}

variable "public" {
  description = "Who may call the functions that the public calls. [] where the organisation refuses allUsers; then a load balancer or a gateway with an identity of its own has to stand in front."
  type        = list(string)
  default     = ["allUsers"]
  nullable    = false
}

variable "keep_data" {
  description = "Protects the database and the key of the address hashes: destroy leaves them. false deletes them with the rest: apply it before you destroy."
  type        = bool
  default     = true
  nullable    = false
}

variable "secret_versions" {
  description = "Pinned versions of secrets by name: { SENDGRID_API_KEY = \"3\" }. The others follow `latest`, which is read when an instance starts."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for v in values(var.secret_versions) : can(regex("^(latest|[1-9][0-9]*)$", v))])
    error_message = "Want a version's number, or latest."
  }
}

variable "secret_values" {
  description = "For a trial only: values of secrets by name. They end up in Terraform's state, readable by whoever reads that. Otherwise add versions as docs/deploy.md shows."
  type        = map(string)
  default     = {}
  nullable    = false
  sensitive   = true
}

variable "domain" {
  description = "A domain of yours for the public functions, like comeback.shop.example.com, by a load balancer with a managed certificate. Off unless given."
  type        = string
  default     = null

  validation {
    condition     = var.domain == null || try(length(var.domain) <= 64, false) && can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", var.domain))
    error_message = "Want a domain's name in lower case, of at most 64 characters, without https:// and without a path."
  }
}

variable "alerts" {
  description = "When the alerts fire. Shares are of the last half hour, and count from the third case on."
  type = object({
    failed_share   = optional(number, 0.05) # of reminders that ended
    sendgrid_share = optional(number, 0.1)  # of mails handed over
    late_seconds   = optional(number, 60)   # 95 of 100 reminders are faster
    backlog        = optional(number, 100)  # overdue reminders that one sweep finds
    queue_depth    = optional(number, 250000)
    silent_hours   = optional(number, 24) # since a caller was last heard of
    orderless      = optional(number, 50) # new checkouts of a store in that time, a day at most, without an order
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for v in values(var.alerts) : v > 0]) && var.alerts.failed_share < 1 && var.alerts.sendgrid_share < 1
    error_message = "Want numbers above 0, and shares below 1: 0.05 is 5 of 100."
  }
}

variable "log_level" {
  description = "DEBUG or INFO. The metrics and alerts are made of lines of INFO."
  type        = string
  default     = "INFO"
  nullable    = false

  validation {
    condition     = contains(["DEBUG", "INFO"], var.log_level)
    error_message = "Want DEBUG or INFO: with less, the metrics and the alerts would see nothing."
  }
}

variable "labels" {
  description = "Labels for everything that takes labels."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = alltrue([
      for k, v in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", k)) && can(regex("^[a-z0-9_-]{0,63}$", v))
    ])
    error_message = "Want lower-case letters, digits, hyphens and underscores, at most 63, in names and values."
  }
}
