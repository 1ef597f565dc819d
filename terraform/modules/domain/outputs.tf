output "address" {
  description = "The IPv4 address that the domain's A record has to name."
  value       = google_compute_global_address.this.address
}
