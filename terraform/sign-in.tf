# Sign-in with an identity provider: the function is the authorization server that clients see (app/framework/oauth-proxy).
locals {
  # Decided by values that are known at plan time; the others need not be.
  has_sign_in = var.sign_in != null
  has_cognito = local.has_sign_in ? var.sign_in.provider != null : false

  client_id_parameter     = "/mcp-on-lambda/${var.name}/client-id"
  client_id_parameter_arn = "arn:${data.aws_partition.current.partition}:ssm:${local.region}:${data.aws_caller_identity.current.account_id}:parameter${local.client_id_parameter}"

  # Paths that the app serves without credentials, besides the metadata: app/framework/sign-in-paths.ts.
  open_paths = !local.has_sign_in ? [] : concat(
    ["/authorize", "/callback", "/consent", "/token", "/revoke"],
    var.sign_in.registration ? ["/register"] : [],
  )

  # Base of the URLs that clients use, as the app computes it: the public URL without the path of the MCP server.
  sign_in_base = var.public_url == null ? local.base_url : (
    endswith(var.public_url, var.mcp_path) ? trimsuffix(var.public_url, var.mcp_path) : regex("^https://[^/]+", var.public_url)
  )
  redirect_url = local.has_sign_in ? "${local.sign_in_base}/callback" : null

  # The app treats an empty secret as none. The map always has the key, because an ARN may be known only after apply.
  sign_in_values = !local.has_sign_in ? {} : {
    MCP_OAUTH_PROXY            = ["on"]
    MCP_OAUTH_CLIENT_ID        = [local.has_cognito ? "ssm:${local.client_id_parameter}" : var.sign_in.client_id]
    MCP_OAUTH_CLIENT_SECRET    = local.has_cognito ? [] : [local.client_secret]
    MCP_OAUTH_PROVIDER_SCOPES  = var.sign_in.scopes
    MCP_OAUTH_REGISTRATION     = var.sign_in.registration ? ["on"] : []
    MCP_OAUTH_ALLOWED_CLIENTS  = var.sign_in.allowed_clients
    MCP_OAUTH_ALLOWED_SUBJECTS = var.sign_in.allowed_subjects
    MCP_OAUTH_ALLOWED_DOMAINS  = var.sign_in.allowed_domains
    MCP_OAUTH_ALLOWED_GROUPS   = var.sign_in.allowed_groups
  }
  client_secret_arn = local.has_sign_in ? var.sign_in.client_secret_arn : null
  client_secret     = local.client_secret_arn == null ? "" : "${strcontains(local.client_secret_arn, ":secretsmanager:") ? "secretsmanager" : "ssm"}:${local.client_secret_arn}"
  sign_in_issuer    = !local.has_sign_in ? [] : [local.has_cognito ? module.sign_in[0].issuer : var.sign_in.issuer]

  # What the function may read besides MCP_SECRET: the ID of the app client, or the client's secret.
  sign_in_secret_arns = concat(
    local.has_cognito ? [local.client_id_parameter_arn] : [],
    local.has_sign_in && !local.has_cognito ? compact([local.client_secret_arn]) : [],
  )
}

module "sign_in" {
  source = "./modules/sign-in"
  count  = local.has_cognito ? 1 : 0

  name                     = var.name
  region                   = var.region
  redirect_url             = local.redirect_url
  client_id_parameter_name = local.client_id_parameter
  self_sign_up             = var.sign_in.self_sign_up
  domain_prefix            = var.sign_in.domain_prefix
  deletion_protection      = var.sign_in.deletion_protection
  tags                     = var.tags
}

check "http_api_denies_by_403" {
  assert {
    condition     = !local.has_sign_in || var.authorizer != "lambda" || var.endpoint != "http-api"
    error_message = "An HTTP API returns 403 for a token that its Lambda authorizer denies. Clients refresh an expired token at 401 only, so people sign in again after 15 minutes. Leave authorizer out, or set endpoint = \"rest-api\"."
  }
}
