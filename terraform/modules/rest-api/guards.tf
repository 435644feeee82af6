# Protections of the API besides the authorizer: a resource policy for IP addresses, AWS WAF, and API keys with quotas.

# A separate resource, because the policy contains the ARN of the API. With AWS_IAM, an Allow for everyone would admit every signed
# request regardless of IAM, so the policy then only denies.
locals {
  # The full ARN: API Gateway expands the short form, execute-api:/*, so every plan would find a difference.
  every_call = "${aws_api_gateway_rest_api.this.execution_arn}/*"

  source_statements = concat(
    var.authorization == "AWS_IAM" ? [] : [{
      Sid       = "Everybody"
      Effect    = "Allow"
      Principal = "*"
      Action    = "execute-api:Invoke"
      Resource  = local.every_call
    }],
    length(var.allowed_principals) == 0 ? [] : [{
      Sid       = "OtherAccounts"
      Effect    = "Allow"
      Principal = { AWS = sort(var.allowed_principals) }
      Action    = "execute-api:Invoke"
      Resource  = local.every_call
    }],
    length(var.allowed_cidrs) == 0 ? [] : [{
      Sid       = "FromNowhereElse"
      Effect    = "Deny"
      Principal = "*"
      Action    = "execute-api:Invoke"
      Resource  = local.every_call
      Condition = { NotIpAddress = { "aws:SourceIp" = sort(var.allowed_cidrs) } }
    }],
  )
  has_resource_policy = length(var.allowed_cidrs) > 0 || length(var.allowed_principals) > 0
  resource_policy     = local.has_resource_policy ? jsonencode({ Version = "2012-10-17", Statement = local.source_statements }) : null
}

resource "aws_api_gateway_rest_api_policy" "sources" {
  count = local.has_resource_policy ? 1 : 0

  region      = var.region
  rest_api_id = aws_api_gateway_rest_api.this.id
  policy      = local.resource_policy
}

resource "aws_wafv2_web_acl_association" "this" {
  count = var.web_acl == null ? 0 : 1

  region       = var.region
  resource_arn = aws_api_gateway_stage.live.arn
  web_acl_arn  = var.web_acl.arn
}

resource "aws_api_gateway_api_key" "this" {
  count = var.api_key == null ? 0 : 1

  region      = var.region
  name        = var.name
  description = "Meters the calls of ${var.name}; it does not authenticate callers"
  tags        = var.tags
}

resource "aws_api_gateway_usage_plan" "this" {
  count = var.api_key == null ? 0 : 1

  region = var.region
  name   = var.name
  tags   = var.tags

  api_stages {
    api_id = aws_api_gateway_rest_api.this.id
    stage  = aws_api_gateway_stage.live.stage_name
  }

  quota_settings {
    limit  = var.api_key.calls_per_day
    period = "DAY"
  }

  throttle_settings {
    rate_limit  = var.throttle.rate
    burst_limit = var.throttle.burst
  }
}

resource "aws_api_gateway_usage_plan_key" "this" {
  count = var.api_key == null ? 0 : 1

  region        = var.region
  key_id        = aws_api_gateway_api_key.this[0].id
  key_type      = "API_KEY"
  usage_plan_id = aws_api_gateway_usage_plan.this[0].id
}
