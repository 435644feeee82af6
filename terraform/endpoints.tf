# The endpoint: a Function URL (main.tf), an HTTP API or a REST API; its custom domain; and the Lambda authorizer, a second
# function with the same image, which checks credentials before the server starts.
locals {
  is_gateway = var.endpoint != "function-url"
  has_oauth  = contains(local.auth, "oauth")

  gateway_authorization = local.iam ? "AWS_IAM" : var.authorizer == "lambda" ? "CUSTOM" : var.authorizer == "jwt" ? "JWT" : "NONE"

  # At the URL of a stage, clients find the issuer only through the authorizer's 401. While a result is cached, the server denies
  # an expired token, and its 401 cannot contain the URL of the metadata; so API Gateway caches no result there.
  undiscoverable  = var.endpoint == "rest-api" && var.domain_name == null && local.has_oauth
  verdict_seconds = coalesce(var.authorizer_result_ttl_seconds, local.undiscoverable ? 0 : 300)

  challenge = var.authorizer != "lambda" ? null : (
    !local.has_oauth ? "Bearer" : "Bearer resource_metadata=\"{url}/.well-known/oauth-protected-resource${var.mcp_path}\""
  )

  lambda_authorizer = var.authorizer != "lambda" ? null : {
    function_name = module.authorizer[0].function_name
    qualifier     = module.authorizer[0].alias_name
    alias_arn     = module.authorizer[0].alias_arn
    ttl_seconds   = local.verdict_seconds
  }

  certificate_arn = var.certificate != null ? var.certificate.arn : one(module.certificate[*].certificate_arn)

  domain = var.domain_name == null ? null : {
    name            = var.domain_name
    certificate_arn = local.certificate_arn
    hosted_zone     = var.hosted_zone
  }

  base_url = one(concat(
    module.cloudfront[*].url,
    var.domain_name == null ? module.function_url[*].url : [],
    module.http_api[*].url,
    module.rest_api[*].url,
  ))
}

module "certificate" {
  source = "./modules/certificate"
  count  = var.domain_name != null && var.certificate == null ? 1 : 0

  domain_name       = var.domain_name
  hosted_zone_id    = var.hosted_zone.id
  validation_record = var.hosted_zone.validation_record
  region            = local.is_gateway ? var.region : "us-east-1" # CloudFront accepts certificates of us-east-1 only.
  tags              = var.tags
}

module "cloudfront" {
  source = "./modules/cloudfront"
  count  = var.endpoint == "function-url" && var.domain_name != null ? 1 : 0

  function_url = module.function_url[0].url
  domain       = local.domain
  web_acl_arn  = try(var.web_acl.arn, null)
  tags         = var.tags
}

module "http_api" {
  source = "./modules/http-api"
  count  = var.endpoint == "http-api" ? 1 : 0

  name               = var.name
  region             = var.region
  function_name      = module.lambda.function_name
  qualifier          = module.lambda.alias_name
  alias_arn          = module.lambda.alias_arn
  timeout            = local.timeout
  authorization      = local.gateway_authorization
  authorizer         = local.lambda_authorizer
  open_paths         = local.open_paths
  throttle           = var.throttle
  domain             = local.domain
  log_retention_days = var.log_retention_days
  kms_key_arn        = var.kms_key_arn
  tags               = var.tags

  jwt = var.authorizer != "jwt" ? null : {
    issuer   = var.oauth.issuer
    audience = length(var.oauth.audience) > 0 ? var.oauth.audience : local.public_url
    scopes   = var.oauth.scopes
  }
}

module "rest_api" {
  source = "./modules/rest-api"
  count  = var.endpoint == "rest-api" ? 1 : 0

  name                       = var.name
  region                     = var.region
  function_name              = module.lambda.function_name
  qualifier                  = module.lambda.alias_name
  alias_arn                  = local.alias_arn
  streaming                  = local.streaming
  timeout                    = local.timeout
  authorization              = local.gateway_authorization
  authorizer                 = local.lambda_authorizer
  isolation                  = var.isolation
  challenge                  = local.challenge
  open_paths                 = local.open_paths
  throttle                   = var.throttle
  api_key                    = var.api_key
  allowed_cidrs              = var.allowed_cidrs
  allowed_principals         = local.principals
  web_acl                    = var.web_acl
  domain                     = local.domain
  manage_api_gateway_account = var.manage_api_gateway_account
  permissions_boundary       = var.permissions_boundary
  tracing                    = var.tracing
  log_retention_days         = var.log_retention_days
  kms_key_arn                = var.kms_key_arn
  tags                       = var.tags
}

# The same image with another handler. Its role may write its log and, with sign_in, read MCP_SECRET; it has no permissions of the tools.
module "authorizer_iam" {
  source = "./modules/iam"
  count  = var.authorizer == "lambda" ? 1 : 0

  name                 = "${var.name}-authorizer-${local.region}"
  region               = var.region
  log_group_arn        = module.authorizer[0].log_group_arn
  tracing              = var.tracing
  permissions_boundary = var.permissions_boundary
  alias_arn            = module.authorizer[0].alias_arn
  secret_arns          = local.has_sign_in ? [aws_ssm_parameter.secret.arn] : []
  kms_key_arn          = var.kms_key_arn
  tags                 = var.tags
}

module "authorizer" {
  source = "./modules/lambda"
  count  = var.authorizer == "lambda" ? 1 : 0

  name         = "${var.name}-authorizer"
  region       = var.region
  description  = "Lambda authorizer of the MCP server ${var.name}"
  image_uri    = local.image_uri
  role_arn     = module.authorizer_iam[0].role_arn
  architecture = var.architecture
  memory_size  = 256
  timeout      = 10
  # It checks tokens with MCP_SECRET alone. The settings require the names of the table and of the provider's client too; its role may not read them.
  environment        = merge(local.rules, local.isolation_settings, local.has_sign_in ? merge(local.table_settings, { MCP_SECRET = local.secrets_settings.MCP_SECRET }) : {})
  command            = ["authorizer.request"]
  pinned_version     = null
  tracing            = var.tracing
  log_retention_days = var.log_retention_days
  kms_key_arn        = var.kms_key_arn
  log_level          = var.log_level
  tags               = var.tags
}

# Policy for callers of an API with AWS_IAM: it allows invoking this API only.
data "aws_iam_policy_document" "invoke_api" {
  count = local.iam && local.is_gateway ? 1 : 0

  statement {
    sid       = "InvokeApi"
    actions   = ["execute-api:Invoke"]
    resources = ["${one(concat(module.http_api[*].execution_arn, module.rest_api[*].execution_arn))}/*"]
  }
}
