data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {
  region = var.region
}

# New accounts may run 10 requests at the same time, others 1000, and 100 of them cannot be reserved.
data "aws_servicequotas_service_quota" "concurrency" {
  count = var.reserved_concurrency == null ? 1 : 0

  region       = var.region
  service_code = "lambda"
  quota_code   = "L-B99A9384" # Concurrent executions.
}

locals {
  mcp_path = "/mcp" # Where the image serves MCP, see app/routes.ts.
  auth     = sort(distinct([for mode in split(",", var.auth) : trimspace(mode)]))

  region       = data.aws_region.current.region
  function_arn = "arn:${data.aws_partition.current.partition}:lambda:${local.region}:${data.aws_caller_identity.current.account_id}:function:${var.name}"

  # The cost guard, where the account has room for one; an account without room is its own guard.
  concurrency_quota    = one(data.aws_servicequotas_service_quota.concurrency[*].value)
  reserved_concurrency = var.reserved_concurrency != null ? var.reserved_concurrency : local.concurrency_quota >= 110 ? 10 : -1

  # What the function is told, a list each: how many there are is known when planning, whatever they are.
  setting_values = {
    MCP_AUTH             = local.auth
    MCP_TOKEN_SHA256     = local.token_digests
    MCP_OAUTH_ISSUER     = var.oauth == null ? [] : [var.oauth.issuer]
    MCP_OAUTH_AUDIENCE   = var.oauth == null ? [] : var.oauth.audience
    MCP_OAUTH_SCOPES     = var.oauth == null ? [] : var.oauth.scopes
    MCP_OAUTH_TOKEN_TYPE = var.oauth == null ? [] : [var.oauth.token_type]
    MCP_IAM_ALLOWED_ARNS = var.iam == null ? [] : var.iam.allowed_arns
    MCP_PUBLIC_URL       = var.public_url == null ? [] : [var.public_url]
  }
  settings = { for name, values in local.setting_values : name => join(",", values) if length(values) > 0 }
}

module "ecr" {
  source = "./modules/ecr"
  count  = var.image_uri == null ? 1 : 0

  name          = var.name
  region        = var.region
  keep_images   = var.keep_images
  function_arns = [local.function_arn, "${local.function_arn}:*"]
  tags          = var.tags
}

module "image" {
  source = "./modules/image"

  image_uri      = var.image_uri
  repository_url = one(module.ecr[*].repository_url)
  region         = var.region
  architecture   = var.architecture
  source_dir     = coalesce(var.source_dir, "${path.module}/..")
}

module "iam" {
  source = "./modules/iam"

  name                 = "${var.name}-${local.region}"
  region               = var.region
  log_group_arn        = module.lambda.log_group_arn
  tracing              = var.tracing
  vpc                  = var.vpc != null
  policies             = var.policies
  policy_arns          = var.policy_arns
  permissions_boundary = var.permissions_boundary
  invoke_policy        = contains(local.auth, "iam")
  alias_arn            = module.lambda.alias_arn
  tags                 = var.tags
}

module "lambda" {
  source = "./modules/lambda"

  name                    = var.name
  region                  = var.region
  image_uri               = module.image.image_uri
  role_arn                = module.iam.role_arn
  architecture            = var.architecture
  memory_size             = var.memory_size
  timeout                 = var.timeout
  ephemeral_storage_size  = var.ephemeral_storage_size
  environment             = merge(var.environment, local.settings)
  streaming               = var.streaming
  reserved_concurrency    = local.reserved_concurrency
  provisioned_concurrency = var.provisioned_concurrency
  live_version            = var.live_version
  tracing                 = var.tracing
  log_retention_days      = var.log_retention_days
  log_level               = var.log_level
  vpc                     = var.vpc
  tags                    = var.tags
}

module "function_url" {
  source = "./modules/function-url"

  function_name      = module.lambda.function_name
  qualifier          = module.lambda.alias_name
  region             = var.region
  authorization_type = contains(local.auth, "iam") ? "AWS_IAM" : "NONE"
  streaming          = var.streaming
  principals         = try(var.iam.principals, [])
}

check "open_to_everybody" {
  assert {
    condition     = !contains(local.auth, "none") || local.reserved_concurrency != -1
    error_message = "auth = \"none\" without reserved_concurrency: everybody on the internet can call the function, as often at the same time as the account allows, on your bill. Set reserved_concurrency."
  }
}

check "held_at_a_version" {
  assert {
    condition     = var.live_version == null
    error_message = "Callers reach version ${coalesce(var.live_version, 0)}, code, settings and token digests of that time, whatever is deployed. Take live_version out when the rollback is over."
  }
}
