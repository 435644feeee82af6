locals {
  # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
  # No header, query or body: each of them may contain a token.
  access_log = {
    requestId         = "$context.requestId"
    traceId           = "$context.xrayTraceId"
    time              = "$context.requestTimeEpoch"
    method            = "$context.httpMethod"
    path              = "$context.path"
    status            = "$context.status"
    bytes             = "$context.responseLength"
    ms                = "$context.responseLatency"
    integrationMs     = "$context.integration.latency"
    integrationStatus = "$context.integration.status"
    integrationError  = "$context.integration.error"
    authorizerStatus  = "$context.authorizer.status"
    authorizerError   = "$context.authorizer.error"
    authorizerMs      = "$context.authorizer.latency"
    caller            = "$context.authorizer.client_id"
    principal         = "$context.authorizer.principalId"
    arn               = "$context.identity.userArn"
    sourceIp          = "$context.identity.sourceIp"
    userAgent         = "$context.identity.userAgent"
    gatewayError      = "$context.error.responseType"
    wafResponseCode   = "$context.wafResponseCode"
    apiKeyId          = "$context.identity.apiKeyId"
    domainName        = "$context.domainName"
  }
}

resource "aws_cloudwatch_log_group" "access" {
  region            = var.region
  name              = "/aws/apigateway/${var.name}-rest"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

# API Gateway writes the logs of REST APIs with a role of the account, one for all of them in the region.
locals {
  log_role_name  = "${var.name}-apigateway-logs-${local.region}"
  log_groups_arn = "arn:${data.aws_partition.current.partition}:logs:${local.region}:${data.aws_caller_identity.current.account_id}:log-group:"
}

data "aws_caller_identity" "current" {}

data "aws_iam_policy_document" "trust" {
  count = var.manage_api_gateway_account ? 1 : 0

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["apigateway.amazonaws.com"]
    }
  }
}

# Not AWS's managed policy, which allows API Gateway to create any log group: a late log line would create this API's group again
# after destroy. The role may create only the groups that API Gateway names itself: /aws/apigateway/welcome, with which it tests a
# new role, and groups of execution logs, which other APIs of the account may use.
data "aws_iam_policy_document" "logs" {
  count = var.manage_api_gateway_account ? 1 : 0

  statement {
    sid       = "CreateOwnLogGroups"
    actions   = ["logs:CreateLogGroup"]
    resources = ["${local.log_groups_arn}/aws/apigateway/welcome:*", "${local.log_groups_arn}API-Gateway-Execution-Logs_*"]
  }

  statement {
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = ["${local.log_groups_arn}*"]
  }

  statement {
    sid       = "ListLogGroups"
    actions   = ["logs:DescribeLogGroups"]
    resources = ["*"]
  }
}

resource "aws_iam_role" "logs" {
  count = var.manage_api_gateway_account ? 1 : 0

  name                 = length(local.log_role_name) <= 64 ? local.log_role_name : "${substr(local.log_role_name, 0, 55)}-${substr(sha1(local.log_role_name), 0, 8)}"
  description          = "API Gateway writes the logs of REST APIs in ${local.region} with this role"
  assume_role_policy   = data.aws_iam_policy_document.trust[0].json
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

resource "aws_iam_role_policy" "logs" {
  count = var.manage_api_gateway_account ? 1 : 0

  name   = "logs"
  role   = aws_iam_role.logs[0].name
  policy = data.aws_iam_policy_document.logs[0].json
}

resource "aws_api_gateway_account" "this" {
  count = var.manage_api_gateway_account ? 1 : 0

  region              = var.region
  cloudwatch_role_arn = aws_iam_role.logs[0].arn

  depends_on = [aws_iam_role_policy.logs]
}
