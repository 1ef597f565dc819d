variable "project" {
  description = "The project's ID."
  type        = string
}

variable "region" {
  description = "Where the functions run."
  type        = string
}

variable "domain" {
  description = "The domain; its A record has to name the address."
  type        = string
}

variable "backends" {
  description = "The functions behind the domain by their names: their paths, and who may pass the Identity-Aware Proxy in front, if there is to be one ([] for nobody yet, null for no proxy)."
  type = map(object({
    service     = string
    paths       = list(string)
    iap_members = optional(list(string))
  }))
}

variable "labels" {
  description = "Labels for what takes labels."
  type        = map(string)
  default     = {}
}

variable "default_backend" {
  description = "The function that answers every other path; it refuses what it does not know."
  type        = string
}
