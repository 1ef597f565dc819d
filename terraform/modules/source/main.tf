# Lists what goes into the source archive: archive path => path in the repository.
#
# Google's Go buildpack wants one package at the archive's root, so that the functions'
# files stand there; internal/ works below it, because the root is still the module.
# Extensions are listed, since file() fails on what is not UTF-8. No provider is
# needed, so `terraform console` shows the list offline.

variable "repo" {
  description = "The repository's root."
  type        = string
}

locals {
  functions = {
    for f in fileset(var.repo, "functions/*.go") : basename(f) => f
    if !endswith(f, "_test.go")
  }
  internal = {
    for f in fileset(var.repo, "internal/**/*.{go,html,css,txt,yaml,tsv}") : f => f
    if !endswith(f, "_test.go") && !strcontains(f, "/testdata/") && !strcontains(f, "/recoverytest/")
    && !startswith(f, "internal/simulation/")
    && f != "internal/config/comeback.yaml" # the operator's own takes its place
  }
}

output "files" {
  description = "Archive path => path in the repository."
  value       = merge(local.functions, local.internal, { "go.mod" = "go.mod", "go.sum" = "go.sum" })
}
