output "urls" {
  description = "Each function's address."
  value       = module.comeback.urls
}

output "address" {
  description = "The IPv4 address that the domain's A record has to name."
  value       = module.comeback.address
}

output "webhook_urls" {
  description = "The addresses to paste into SendGrid and the like."
  value       = module.comeback.webhook_urls
}

output "secrets" {
  description = "The secrets that need a version."
  value       = module.comeback.secrets
}

output "next_steps" {
  description = "What is left to do."
  value       = module.comeback.next_steps
}
