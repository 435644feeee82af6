# Secrets. The function's environment contains their names or ARNs, and its role may read only these.
locals {
  # Terraform writes the value only when its version changes. A change of the key must change the version too.
  secret_key_id  = coalesce(var.kms_key_arn, "alias/aws/ssm")
  secret_version = parseint(substr(sha256("${var.secret_generation} ${local.secret_key_id}"), 0, 7), 16)

  secrets_settings = merge(
    { MCP_SECRET = "ssm:${aws_ssm_parameter.secret.name}" },
    { for name, arn in var.secrets : name => "${strcontains(arn, ":secretsmanager:") ? "secretsmanager" : "ssm"}:${arn}" },
  )
}

# MCP_SECRET, from which the framework derives its keys. The password is ephemeral and the parameter's value write-only, so neither
# plan, state nor environment contains it.
ephemeral "random_password" "secret" {
  length  = 64
  special = false
}

resource "aws_ssm_parameter" "secret" {
  region           = var.region
  name             = "/mcp-on-lambda/${var.name}/secret"
  description      = "MCP_SECRET of ${var.name}: keys of sign-ins and of the state of tools are derived from it"
  type             = "SecureString"
  key_id           = local.secret_key_id
  value_wo         = ephemeral.random_password.secret.result
  value_wo_version = local.secret_version
  tags             = var.tags
}
