variable "project" {
  description = "The project's ID."
  type        = string
}

variable "region" {
  description = "Where the function runs."
  type        = string
}

variable "name" {
  description = "The function's name in the cloud, and its account's ID."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.name))
    error_message = "Want 6 to 30 lower-case letters, digits and hyphens, as an account's ID has to be."
  }
}

variable "entry_point" {
  description = "The name that the source registers the function under."
  type        = string
}

variable "archive" {
  description = "The source archive."
  type        = object({ bucket = string, object = string })
}

variable "build_account" {
  description = "The full name of the account that builds."
  type        = string
}

variable "environment" {
  description = "The environment variables, without the secrets."
  type        = map(string)
}

variable "secrets" {
  description = "The secrets, by the variable that holds each."
  type        = map(object({ secret_id = string, version = string }))
}

variable "size" {
  description = "Instances, and what each has; timeout in seconds."
  type = object({
    min_instances = number
    max_instances = number
    concurrency   = number
    memory        = string
    cpu           = string
    timeout       = number
  })
}

variable "database" {
  description = "The Firestore database that the function reads and writes."
  type        = string
}

variable "queues" {
  description = "The queues that the function creates tasks in."
  type        = map(object({ name = string, location = string }))
}

variable "tasks_account" {
  description = "The full name of the account that its tasks run as; null if it creates none."
  type        = string
}

variable "callers" {
  description = "Who may call the function, by a name that is known beforehand."
  type        = map(string)
}

variable "labels" {
  description = "The function's labels."
  type        = map(string)
}
