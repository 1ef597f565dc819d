variable "project" {
  description = "Your Google Cloud project's ID."
  type        = string
  default     = "your-project-id"
}

variable "alert_email" {
  description = "Who is told when an alert fires."
  type        = string
  default     = "you@example.com"
}
