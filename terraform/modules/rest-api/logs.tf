locals {
  # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
  # No header, no query and no body: a token in one of them must not be here.
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
  tags              = var.tags
}

# API Gateway writes access logs of REST APIs by a role of the account, one for all of its APIs in the region.
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

resource "aws_iam_role" "logs" {
  count = var.manage_api_gateway_account ? 1 : 0

  name               = "${var.name}-apigateway-logs-${local.region}"
  description        = "By which API Gateway writes the access logs of REST APIs in ${local.region}"
  assume_role_policy = data.aws_iam_policy_document.trust[0].json
  tags               = var.tags
}

resource "aws_iam_role_policy_attachment" "logs" {
  count = var.manage_api_gateway_account ? 1 : 0

  role       = aws_iam_role.logs[0].name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
}

resource "aws_api_gateway_account" "this" {
  count = var.manage_api_gateway_account ? 1 : 0

  region              = var.region
  cloudwatch_role_arn = aws_iam_role.logs[0].arn

  depends_on = [aws_iam_role_policy_attachment.logs]
}
