# The domain's module with a function behind the Identity-Aware Proxy, as the merchant's
# dashboard will be.

terraform {
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.45"
    }
  }
}

module "domain" {
  source = "../../modules/domain"

  project = "my-shop-123"
  region  = "us-central1"
  domain  = "comeback.shop.example.com"
  backends = {
    comeback-checkout  = { service = "comeback-checkout", paths = ["/checkout"] }
    comeback-dashboard = { service = "comeback-dashboard", paths = ["/dashboard", "/dashboard/*"], iap_members = ["group:shop@example.com"] }
  }
  default_backend = "comeback-checkout"
}
