locals {
  # Statement suffix → principal. NONE: every caller, and the app authenticates. AWS_IAM: callers of other accounts, which need this
  # statement besides their own policy. The key is an index, because an ARN may be known only after apply.
  callers = var.authorization_type == "NONE" ? { public = "*" } : { for index, arn in var.principals : tostring(index) => arn }
}

# No cors block: Lambda would respond to preflights itself, and responses would contain the app's headers twice.
resource "aws_lambda_function_url" "this" {
  region             = var.region
  function_name      = var.function_name
  qualifier          = var.qualifier
  authorization_type = var.authorization_type
  invoke_mode        = var.streaming ? "RESPONSE_STREAM" : "BUFFERED"
}

# Since October 2025 a caller needs both permissions; with only one of them Lambda returns 403.
# https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
#
# With NONE the provider adds two such statements itself, outside of the state, but only when it creates the URL: not if
# authorization_type changes to NONE later, and not if the statements were removed. So the state contains these two as well, with
# names that differ from the provider's. They are created one after the other: Lambda rejects concurrent changes of one policy (409),
# and the provider does not serialize its own statements with these.
resource "aws_lambda_permission" "url" {
  for_each = local.callers

  region                 = var.region
  statement_id           = "McpInvokeFunctionUrl-${each.key}"
  action                 = "lambda:InvokeFunctionUrl"
  function_name          = aws_lambda_function_url.this.function_name
  qualifier              = aws_lambda_function_url.this.qualifier
  principal              = each.value
  function_url_auth_type = var.authorization_type
}

resource "aws_lambda_permission" "invoke" {
  for_each = local.callers

  region                   = var.region
  statement_id             = "McpInvokeFunction-${each.key}"
  action                   = "lambda:InvokeFunction"
  function_name            = aws_lambda_function_url.this.function_name
  qualifier                = aws_lambda_function_url.this.qualifier
  principal                = each.value
  invoked_via_function_url = true

  depends_on = [aws_lambda_permission.url]
}
