# Terraform creates a token unless token_sha256 is set. The function gets digests only, never a token.
#
# Each generation is a separate resource, so raising token_generation creates the next token and keeps the previous one: both are
# accepted until token_keep_previous is set to false, or the generation is raised again.
locals {
  make_token      = contains(local.auth, "token") && length(var.token_sha256) == 0
  oldest_token    = var.token_keep_previous ? max(1, var.token_generation - 1) : var.token_generation
  generations     = local.make_token ? reverse(range(local.oldest_token, var.token_generation + 1)) : []
  token           = local.make_token ? random_password.token[tostring(var.token_generation)].result : null
  made_digests    = [for generation in local.generations : nonsensitive(sha256(random_password.token[tostring(generation)].result))]
  brought_digests = contains(local.auth, "token") ? var.token_sha256 : []
  token_digests   = concat(local.brought_digests, local.made_digests)
}

# 43 letters and digits have 256 bits of entropy: the token cannot be derived from its digest, so the digest is not secret.
resource "random_password" "token" {
  for_each = toset([for generation in local.generations : tostring(generation)])

  length  = 43
  special = false
}
