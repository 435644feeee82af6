# A token is made here only where none is brought along (token_sha256). The function gets digests and never a token.
#
# Each generation is a resource of its own, so that raising token_generation adds the next token and leaves the one
# before as it is: both are taken until token_keep_previous is set to false, or the generation is raised again.
locals {
  make_token      = contains(local.auth, "token") && length(var.token_sha256) == 0
  oldest_token    = var.token_keep_previous ? max(1, var.token_generation - 1) : var.token_generation
  generations     = local.make_token ? reverse(range(local.oldest_token, var.token_generation + 1)) : []
  token           = local.make_token ? random_password.token[tostring(var.token_generation)].result : null
  made_digests    = [for generation in local.generations : nonsensitive(sha256(random_password.token[tostring(generation)].result))]
  brought_digests = contains(local.auth, "token") ? var.token_sha256 : []
  token_digests   = concat(local.brought_digests, local.made_digests)
}

# 43 letters and digits: 256 bits, which is why the digest of it tells nothing and may be seen.
resource "random_password" "token" {
  for_each = toset([for generation in local.generations : tostring(generation)])

  length  = 43
  special = false
}
