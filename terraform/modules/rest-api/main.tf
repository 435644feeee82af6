data "aws_partition" "current" {}

data "aws_region" "current" {
  region = var.region
}

locals {
  region     = data.aws_region.current.region
  lambda     = "arn:${data.aws_partition.current.partition}:apigateway:${local.region}:lambda:path"
  invocation = var.streaming ? "2021-11-15/functions/${var.alias_arn}/response-streaming-invocations" : "2015-03-31/functions/${var.alias_arn}/invocations"

  # Without credentials: preflights, which have none, the metadata that describes how to get them (RFC 9728), and open_paths.
  methods = merge({
    root               = { resource = aws_api_gateway_rest_api.this.root_resource_id, method = "ANY", open = false }
    all                = { resource = aws_api_gateway_resource.all.id, method = "ANY", open = false }
    preflight          = { resource = aws_api_gateway_resource.all.id, method = "OPTIONS", open = true }
    well_known         = { resource = aws_api_gateway_resource.below_well_known.id, method = "ANY", open = false }
    metadata_get       = { resource = aws_api_gateway_resource.below_well_known.id, method = "GET", open = true }
    metadata_head      = { resource = aws_api_gateway_resource.below_well_known.id, method = "HEAD", open = true }
    metadata_preflight = { resource = aws_api_gateway_resource.below_well_known.id, method = "OPTIONS", open = true }
  }, { for path, resource in aws_api_gateway_resource.open : path => { resource = resource.id, method = "ANY", open = true } })

  # Lambda chooses the execution environment by this tenant: that of the verified caller, from the authorizer; for open methods the
  # tenant without a caller (OPEN_TENANT in app/framework/lambda/tenant.ts). A request cannot override a mapping.
  # https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation-invoke.html
  tenants = var.isolation == "shared" ? {} : { for name, method in local.methods : name => method.open ? "'open'" : "context.authorizer.tenant" }

  # Contents of a deployment: the stage serves a change of any of these only after a new deployment.
  deployed = merge(length(local.tenants) == 0 ? {} : { tenants = local.tenants }, {
    methods           = [for name, method in local.methods : [name, method.method, method.open ? "NONE" : var.authorization]]
    authorizer        = var.authorizer
    uri               = "${local.lambda}/${local.invocation}"
    timeout           = local.timeout_milliseconds
    streaming         = var.streaming
    api_key           = var.api_key != null
    gateway_responses = local.refusals
    policy            = local.resource_policy
    own_url_closed    = var.domain != null
  })

  # Timeout of the integration. For complete responses the default quota is 29 s, which AWS can raise for the account.
  timeout_milliseconds = var.streaming ? var.timeout * 1000 : min(var.timeout * 1000, 29000)

  # API Gateway renames a function's WWW-Authenticate header, but not that of a gateway response, which contains the URL of the metadata
  # for the sign-in. https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html
  refusals = var.challenge == null ? {} : {
    for type in ["UNAUTHORIZED", "ACCESS_DENIED"] : type => {
      header   = "'${replace(replace(var.challenge, "{url}", local.url), "'", "")}'"
      template = jsonencode({ jsonrpc = "2.0", id = null, error = { code = -32000, message = "Valid credentials are required." } })
    }
  }

  url = var.domain == null ? "https://${aws_api_gateway_rest_api.this.id}.execute-api.${local.region}.${data.aws_partition.current.dns_suffix}/${var.stage_name}" : "https://${var.domain.name}"
}

resource "aws_api_gateway_rest_api" "this" {
  # checkov:skip=CKV_AWS_237:Only a change of the region replaces the API, and the new API would have another URL anyway.
  region                       = var.region
  name                         = var.name
  description                  = "MCP server ${var.name}"
  disable_execute_api_endpoint = var.domain != null
  tags                         = var.tags

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_resource" "all" {
  region      = var.region
  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = "{proxy+}"
}

resource "aws_api_gateway_resource" "well_known" {
  region      = var.region
  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = ".well-known"
}

resource "aws_api_gateway_resource" "below_well_known" {
  region      = var.region
  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.well_known.id
  path_part   = "{proxy+}"
}

resource "aws_api_gateway_resource" "open" {
  for_each = toset(var.open_paths)

  region      = var.region
  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = trimprefix(each.key, "/")
}

resource "aws_api_gateway_authorizer" "this" {
  count = var.authorizer == null ? 0 : 1

  region                           = var.region
  rest_api_id                      = aws_api_gateway_rest_api.this.id
  name                             = "mcp"
  type                             = "REQUEST"
  authorizer_uri                   = "${local.lambda}/2015-03-31/functions/${var.authorizer.alias_arn}/invocations"
  identity_source                  = "method.request.header.Authorization"
  authorizer_result_ttl_in_seconds = var.authorizer.ttl_seconds
}

resource "aws_api_gateway_method" "this" {
  # checkov:skip=CKV2_AWS_53:The app validates MCP messages and returns MCP errors.
  for_each = local.methods

  region           = var.region
  rest_api_id      = aws_api_gateway_rest_api.this.id
  resource_id      = each.value.resource
  http_method      = each.value.method
  authorization    = each.value.open ? "NONE" : var.authorization
  authorizer_id    = each.value.open ? null : one(aws_api_gateway_authorizer.this[*].id)
  api_key_required = var.api_key != null && !each.value.open
}

resource "aws_api_gateway_integration" "this" {
  for_each = local.methods

  region                  = var.region
  rest_api_id             = aws_api_gateway_rest_api.this.id
  resource_id             = each.value.resource
  http_method             = aws_api_gateway_method.this[each.key].http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = "${local.lambda}/${local.invocation}"
  response_transfer_mode  = var.streaming ? "STREAM" : "BUFFERED"
  timeout_milliseconds    = local.timeout_milliseconds
  request_parameters      = contains(keys(local.tenants), each.key) ? { "integration.request.header.X-Amz-Tenant-Id" = local.tenants[each.key] } : null
}

resource "aws_api_gateway_gateway_response" "refusal" {
  for_each = local.refusals

  region        = var.region
  rest_api_id   = aws_api_gateway_rest_api.this.id
  response_type = each.key
  status_code   = "401"

  response_parameters = {
    "gatewayresponse.header.WWW-Authenticate" = each.value.header
  }

  response_templates = {
    "application/json" = each.value.template
  }
}

# A deployment is a snapshot: Terraform creates it after everything that it contains, and creates the next one before deleting it.
resource "aws_api_gateway_deployment" "this" {
  region      = var.region
  rest_api_id = aws_api_gateway_rest_api.this.id
  description = "By Terraform"

  triggers = {
    deployed = sha256(jsonencode(local.deployed))
  }

  depends_on = [
    aws_api_gateway_integration.this,
    aws_api_gateway_gateway_response.refusal,
    aws_api_gateway_rest_api_policy.sources,
  ]

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "live" {
  # checkov:skip=CKV_AWS_120:An MCP response is for one caller and one call.
  # checkov:skip=CKV2_AWS_4:Execution logs would contain headers and bodies, including tokens. Access logs are on.
  # checkov:skip=CKV2_AWS_51:A client certificate is for HTTP backends; API Gateway invokes the function by IAM.
  # checkov:skip=CKV2_AWS_77:No Java runs here; the rules of the web ACL are the caller's.
  region               = var.region
  rest_api_id          = aws_api_gateway_rest_api.this.id
  deployment_id        = aws_api_gateway_deployment.this.id
  stage_name           = var.stage_name
  xray_tracing_enabled = var.tracing
  tags                 = var.tags

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format          = jsonencode(local.access_log)
  }

  # Without the account's role for logs API Gateway rejects the stage; without the permission the first responses would be 500.
  depends_on = [aws_api_gateway_account.this, aws_lambda_permission.invoke, aws_lambda_permission.authorizer]
}

resource "aws_api_gateway_method_settings" "all" {
  # checkov:skip=CKV_AWS_225:An MCP response is for one caller and one call.
  region      = var.region
  rest_api_id = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.live.stage_name
  method_path = "*/*"

  settings {
    throttling_rate_limit  = var.throttle.rate
    throttling_burst_limit = var.throttle.burst
    metrics_enabled        = var.detailed_metrics
    # Execution logs would contain headers and bodies, including tokens.
    logging_level      = "OFF"
    data_trace_enabled = false
  }
}

# For this API, this stage and this alias only.
resource "aws_lambda_permission" "invoke" {
  region        = var.region
  statement_id  = "McpRestApi"
  action        = "lambda:InvokeFunction"
  function_name = var.function_name
  qualifier     = var.qualifier
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.this.execution_arn}/${var.stage_name}/*/*"
}

resource "aws_lambda_permission" "authorizer" {
  count = var.authorizer == null ? 0 : 1

  region        = var.region
  statement_id  = "McpRestApi"
  action        = "lambda:InvokeFunction"
  function_name = var.authorizer.function_name
  qualifier     = var.authorizer.qualifier
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.this.execution_arn}/authorizers/${aws_api_gateway_authorizer.this[0].id}"
}
