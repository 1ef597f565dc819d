output "name" {
  description = "The function's name, which is its Cloud Run service's too."
  value       = google_cloudfunctions2_function.this.name
}

output "account" {
  description = "The e-mail address of the account that the function runs as."
  value       = google_cloudfunctions2_function.this.service_config[0].service_account_email
}
