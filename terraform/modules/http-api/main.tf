data "aws_partition" "current" {}

data "aws_region" "current" {
  region = var.region
}

locals {
  lambda = "arn:${data.aws_partition.current.partition}:apigateway:${data.aws_region.current.region}:lambda:path/2015-03-31/functions"

  # Without credentials: preflights, which have none, the metadata that describes how to get them (RFC 9728), and open_paths.
  routes = merge({
    "$default"                   = { open = false }
    "OPTIONS /{proxy+}"          = { open = true }
    "GET /.well-known/{proxy+}"  = { open = true }
    "HEAD /.well-known/{proxy+}" = { open = true }
  }, { for path in var.open_paths : "ANY ${path}" => { open = true } })

  hosted_zone = var.domain == null ? null : var.domain.hosted_zone

  # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
  # No header, query or body: each of them may contain a token.
  access_log = {
    requestId        = "$context.requestId"
    time             = "$context.requestTimeEpoch"
    method           = "$context.httpMethod"
    path             = "$context.path"
    routeKey         = "$context.routeKey"
    status           = "$context.status"
    bytes            = "$context.responseLength"
    ms               = "$context.responseLatency"
    integrationMs    = "$context.integrationLatency"
    integrationError = "$context.integrationErrorMessage"
    authorizerError  = "$context.authorizer.error"
    caller           = "$context.authorizer.client_id"
    claimedSubject   = "$context.authorizer.claims.sub"
    arn              = "$context.identity.userArn"
    sourceIp         = "$context.identity.sourceIp"
    userAgent        = "$context.identity.userAgent"
    gatewayError     = "$context.error.message"
    domainName       = "$context.domainName"
  }

  authorizer_id = {
    NONE    = null
    AWS_IAM = null
    JWT     = one(aws_apigatewayv2_authorizer.jwt[*].id)
    CUSTOM  = one(aws_apigatewayv2_authorizer.lambda[*].id)
  }
}

# No cors_configuration: API Gateway would respond to preflights itself and overwrite the app's headers.
resource "aws_apigatewayv2_api" "this" {
  region                       = var.region
  name                         = var.name
  description                  = "MCP server ${var.name}"
  protocol_type                = "HTTP"
  disable_execute_api_endpoint = var.domain != null
  tags                         = var.tags
}

resource "aws_apigatewayv2_integration" "function" {
  region                 = var.region
  api_id                 = aws_apigatewayv2_api.this.id
  integration_type       = "AWS_PROXY"
  integration_uri        = "${local.lambda}/${var.alias_arn}/invocations"
  payload_format_version = "2.0"
  timeout_milliseconds   = min(var.timeout * 1000, 30000)
}

resource "aws_apigatewayv2_authorizer" "jwt" {
  count = var.jwt == null ? 0 : 1

  region           = var.region
  api_id           = aws_apigatewayv2_api.this.id
  name             = "mcp-jwt"
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]

  jwt_configuration {
    issuer   = var.jwt.issuer
    audience = var.jwt.audience
  }
}

resource "aws_apigatewayv2_authorizer" "lambda" {
  count = var.authorizer == null ? 0 : 1

  region                            = var.region
  api_id                            = aws_apigatewayv2_api.this.id
  name                              = "mcp-lambda"
  authorizer_type                   = "REQUEST"
  authorizer_uri                    = "${local.lambda}/${var.authorizer.alias_arn}/invocations"
  authorizer_payload_format_version = "2.0"
  enable_simple_responses           = true
  identity_sources                  = ["$request.header.Authorization"]
  authorizer_result_ttl_in_seconds  = var.authorizer.ttl_seconds
}

resource "aws_apigatewayv2_route" "this" {
  # checkov:skip=CKV_AWS_309:Preflights and requests for the metadata of RFC 9728 have no credentials.
  for_each = local.routes

  region               = var.region
  api_id               = aws_apigatewayv2_api.this.id
  route_key            = each.key
  target               = "integrations/${aws_apigatewayv2_integration.function.id}"
  authorization_type   = each.value.open ? "NONE" : var.authorization
  authorizer_id        = each.value.open ? null : local.authorizer_id[var.authorization]
  authorization_scopes = each.value.open ? null : try(length(var.jwt.scopes) > 0 ? var.jwt.scopes : null, null)
}

# Below /aws/vendedlogs/, which the account's resource policy for log delivery covers with one entry. Other groups need one entry each,
# and the size of the policy is limited. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
resource "aws_cloudwatch_log_group" "access" {
  region            = var.region
  name              = "/aws/vendedlogs/apigateway/${var.name}-http"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

# The stage $default has no path, so the well-known paths of RFC 9728 are where clients look.
resource "aws_apigatewayv2_stage" "default" {
  region      = var.region
  api_id      = aws_apigatewayv2_api.this.id
  name        = "$default"
  auto_deploy = true
  tags        = var.tags

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format          = jsonencode(local.access_log)
  }

  default_route_settings {
    throttling_rate_limit    = var.throttle.rate
    throttling_burst_limit   = var.throttle.burst
    detailed_metrics_enabled = var.detailed_metrics
  }

  # auto_deploy serves changes at once, so the permission and every route come first: otherwise some paths would briefly be open.
  depends_on = [aws_apigatewayv2_route.this, aws_lambda_permission.invoke, aws_lambda_permission.authorizer]
}

# For this API, this stage and this alias only.
resource "aws_lambda_permission" "invoke" {
  region        = var.region
  statement_id  = "McpHttpApi"
  action        = "lambda:InvokeFunction"
  function_name = var.function_name
  qualifier     = var.qualifier
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.this.execution_arn}/$default/*"
}

resource "aws_lambda_permission" "authorizer" {
  count = var.authorizer == null ? 0 : 1

  region        = var.region
  statement_id  = "McpHttpApi"
  action        = "lambda:InvokeFunction"
  function_name = var.authorizer.function_name
  qualifier     = var.authorizer.qualifier
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.this.execution_arn}/authorizers/${aws_apigatewayv2_authorizer.lambda[0].id}"
}

resource "aws_apigatewayv2_domain_name" "this" {
  count = var.domain == null ? 0 : 1

  region      = var.region
  domain_name = var.domain.name
  tags        = var.tags

  domain_name_configuration {
    certificate_arn = var.domain.certificate_arn
    endpoint_type   = "REGIONAL"
    ip_address_type = "dualstack" # The domain has an AAAA record.
    security_policy = "TLS_1_2"
  }
}

resource "aws_apigatewayv2_api_mapping" "root" {
  count = var.domain == null ? 0 : 1

  region      = var.region
  api_id      = aws_apigatewayv2_api.this.id
  stage       = aws_apigatewayv2_stage.default.id
  domain_name = aws_apigatewayv2_domain_name.this[0].id
}

# The DNS record is created last, when the API already responds.
resource "aws_route53_record" "this" {
  for_each = local.hosted_zone == null ? toset([]) : toset(["A", "AAAA"])

  zone_id = local.hosted_zone.id
  name    = var.domain.name
  type    = each.key

  alias {
    name                   = aws_apigatewayv2_domain_name.this[0].domain_name_configuration[0].target_domain_name
    zone_id                = aws_apigatewayv2_domain_name.this[0].domain_name_configuration[0].hosted_zone_id
    evaluate_target_health = false
  }

  depends_on = [aws_apigatewayv2_api_mapping.root]
}
