data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {
  region = var.region
}

# Quota of concurrent requests: 10 in new accounts, 1000 in others. Lambda keeps 100 of it unreserved.
data "aws_servicequotas_service_quota" "concurrency" {
  count = var.reserved_concurrency == null ? 1 : 0

  region       = var.region
  service_code = "lambda"
  quota_code   = "L-B99A9384" # Concurrent executions.
}

locals {
  auth = sort(distinct([for mode in split(",", var.auth) : trimspace(mode)]))
  iam  = contains(local.auth, "iam")

  # An HTTP API sends complete responses only, and waits for 30 seconds at most.
  streaming = var.streaming && var.endpoint != "http-api"
  timeout   = coalesce(var.timeout, var.endpoint == "http-api" ? 29 : 60)

  region       = data.aws_region.current.region
  function_arn = "arn:${data.aws_partition.current.partition}:lambda:${local.region}:${data.aws_caller_identity.current.account_id}:function:${var.name}"
  # Without a reference to the alias: Terraform creates a new deployment of a REST API before it deletes the old one, and would do the
  # same with everything that the deployment refers to. Two functions cannot have the same name.
  alias_arn = "${local.function_arn}:live"

  # Reserves concurrency if the account's quota has room for it. A smaller quota limits the cost by itself.
  concurrency_quota    = one(data.aws_servicequotas_service_quota.concurrency[*].value)
  reserved_concurrency = var.reserved_concurrency != null ? var.reserved_concurrency : local.concurrency_quota >= 110 ? 10 : -1

  # A condition instead of try(): the result of try() is unknown as soon as one of the ARNs is.
  principals = var.iam == null ? [] : var.iam.principals

  # Public URL of the server, if it is configured here. Otherwise the server takes it from each request.
  public_url = var.public_url != null ? [var.public_url] : var.domain_name != null ? ["https://${var.domain_name}${var.mcp_path}"] : []

  # Settings of the functions, each as a list: the number of values is known at plan time, even if the values are not.
  rule_values = merge({
    MCP_AUTH             = local.auth
    MCP_TOKEN_SHA256     = local.token_digests
    MCP_OAUTH_ISSUER     = var.oauth == null ? local.sign_in_issuer : [var.oauth.issuer]
    MCP_OAUTH_AUDIENCE   = var.oauth == null ? [] : var.oauth.audience
    MCP_OAUTH_SCOPES     = var.oauth == null ? [] : var.oauth.scopes
    MCP_OAUTH_TOKEN_TYPE = var.oauth == null ? [] : [var.oauth.token_type]
    MCP_IAM_ALLOWED_ARNS = var.iam == null ? [] : var.iam.allowed_arns
    MCP_PUBLIC_URL       = local.public_url
  }, local.sign_in_values)
  rules = tomap({ for name, values in local.rule_values : name => join(",", values) if length(values) > 0 })

  # Behind a Lambda authorizer the server trusts its result, and publishes the metadata that contains the issuer.
  taken_on_trust = merge(
    { for name in concat(["MCP_OAUTH_ISSUER", "MCP_OAUTH_SCOPES", "MCP_PUBLIC_URL"], keys(local.sign_in_values)) : name => local.rules[name] if contains(keys(local.rules), name) },
    { MCP_AUTH = "authorizer" },
  )
  settings = tomap(var.authorizer == "lambda" ? local.taken_on_trust : local.rules)

  # For the server and its authorizer.
  isolation_settings = var.isolation == "shared" ? {} : { MCP_ISOLATION = var.isolation }

  # The features that store items in the table.
  table_enabled = var.tasks.enabled || var.limits.enabled || local.has_sign_in
  # Depends on the table only, not on the policy, whose role depends on the function.
  table_settings  = local.table_enabled ? { MCP_TABLE = module.table[0].table_name } : {}
  limits_settings = var.limits.enabled ? { MCP_LIMITS_FAILURE_MODE = var.limits.failure_mode } : {}
}

module "ecr" {
  source = "./modules/ecr"
  count  = var.image_uri == null ? 1 : 0

  name                  = var.name
  region                = var.region
  image_retention_count = var.image_retention_count
  kms_key_arn           = var.kms_key_arn
  # The authorizer runs the same image. It is always in the list: enabling it later must not change the policy.
  function_arns = flatten([for arn in [local.function_arn, "${local.function_arn}-authorizer"] : [arn, "${arn}:*"]])
  tags          = var.tags
}

module "image" {
  source = "./modules/image"
  count  = var.deployed_elsewhere == null ? 1 : 0

  image_uri      = var.image_uri
  repository_url = one(module.ecr[*].repository_url)
  region         = var.region
  architecture   = var.architecture
  source_dir     = coalesce(var.source_dir, "${path.module}/..")
}

# A pipeline writes the digest of the image that it deployed here, so that a plan finds no difference.
resource "aws_ssm_parameter" "image_digest" {
  # checkov:skip=CKV2_AWS_34:A digest is not secret, and plans show it.
  count = var.deployed_elsewhere == null ? 0 : 1

  region         = var.region
  name           = "/mcp-on-lambda/${var.name}/image-digest"
  description    = "Digest of the image that ${var.name} runs, written by the pipeline that deploys it"
  type           = "String"
  insecure_value = var.deployed_elsewhere.initial_digest
  tags           = var.tags

  lifecycle {
    ignore_changes = [insecure_value]

    postcondition {
      condition     = can(regex("^sha256:[0-9a-f]{64}$", self.insecure_value))
      error_message = "The parameter ${self.name} must hold a digest: sha256: and 64 hex digits. Write the digest of the deployed image into it: aws ssm put-parameter --overwrite --name ${self.name} --value sha256:…"
    }
  }
}

locals {
  image_uri = one(concat(module.image[*].image_uri, [for parameter in aws_ssm_parameter.image_digest : "${module.ecr[0].repository_url}@${parameter.insecure_value}"]))
}

module "iam" {
  source = "./modules/iam"

  name                 = "${var.name}-${local.region}"
  region               = var.region
  log_group_arn        = module.lambda.log_group_arn
  tracing              = var.tracing
  vpc                  = var.vpc != null
  secret_arns          = concat([aws_ssm_parameter.secret.arn], local.sign_in_secret_arns, values(var.secrets))
  secrets_kms_key_arns = var.secrets_kms_key_arns
  policies             = var.policies
  policy_arns          = var.policy_arns
  permissions_boundary = var.permissions_boundary
  invoke_policy        = local.iam && var.endpoint == "function-url"
  alias_arn            = module.lambda.alias_arn
  kms_key_arn          = var.kms_key_arn
  tags                 = var.tags
}

module "lambda" {
  source = "./modules/lambda"

  name                    = var.name
  region                  = var.region
  image_uri               = local.image_uri
  role_arn                = module.iam.role_arn
  architecture            = var.architecture
  memory_size             = var.memory_size
  timeout                 = local.timeout
  ephemeral_storage_size  = var.ephemeral_storage_size
  environment             = merge(var.environment, local.settings, local.isolation_settings, local.table_settings, local.limits_settings, local.secrets_settings)
  streaming               = local.streaming
  isolation               = var.isolation
  reserved_concurrency    = local.reserved_concurrency
  provisioned_concurrency = var.provisioned_concurrency
  snap_start              = var.snap_start
  pinned_version          = var.pinned_version
  tracing                 = var.tracing
  log_retention_days      = var.log_retention_days
  log_level               = var.log_level
  vpc                     = var.vpc
  kms_key_arn             = var.kms_key_arn
  tags                    = var.tags
}

module "table" {
  source = "./modules/table"
  count  = local.table_enabled ? 1 : 0

  name                   = var.name
  role_name              = module.iam.role_name
  region                 = var.region
  point_in_time_recovery = var.table.point_in_time_recovery
  kms_key_arn            = var.kms_key_arn
  tags                   = var.tags
}

module "tasks" {
  source = "./modules/tasks"
  count  = var.tasks.enabled ? 1 : 0

  name                 = var.name
  alias_name           = module.lambda.alias_name
  alias_arn            = module.lambda.alias_arn
  role_name            = module.iam.role_name
  region               = var.region
  timeout              = local.timeout
  reserved_concurrency = local.reserved_concurrency
  alarm_topic          = var.observability.enabled && var.observability.alarms ? { arn = module.observability[0].topic_arn } : null
  kms_key_arn          = var.kms_key_arn
  tags                 = var.tags
}

module "function_url" {
  source = "./modules/function-url"
  count  = var.endpoint == "function-url" ? 1 : 0

  function_name      = module.lambda.function_name
  qualifier          = module.lambda.alias_name
  region             = var.region
  authorization_type = local.iam ? "AWS_IAM" : "NONE"
  streaming          = local.streaming
  principals         = local.principals
}

check "open_to_everybody" {
  assert {
    condition     = !contains(local.auth, "none") || local.reserved_concurrency != -1
    error_message = "auth = \"none\" without reserved_concurrency: anyone on the internet can call the function, with as many concurrent requests as the account allows, and you pay. Set reserved_concurrency."
  }
}

check "held_at_a_version" {
  assert {
    condition     = var.pinned_version == null
    error_message = "Callers reach version ${coalesce(var.pinned_version, 0)} with the code, settings and token digests of that version, not the newest one. Remove pinned_version to end the rollback."
  }
}

check "given_up_before_it_ends" {
  assert {
    condition     = var.endpoint != "http-api" || var.tasks.enabled || local.timeout <= 30
    error_message = "An HTTP API returns 503 after 30 seconds: with timeout = ${local.timeout} the function keeps running, and Lambda bills it. Set timeout to 29, or endpoint = \"rest-api\"."
  }
}

check "buffered_rest_api_timeout" {
  assert {
    condition     = var.endpoint != "rest-api" || local.streaming || local.timeout <= 29
    error_message = "A REST API that does not stream stops waiting after 29 seconds; with timeout = ${local.timeout} the function keeps running, and Lambda bills it. Set timeout to 29, or streaming = true."
  }
}
