locals {
  # Statement suffix → principal. NONE: every caller, and the app authenticates. AWS_IAM: callers of other accounts, which a
  # policy of their own is not enough for. By index, since an ARN may be known only after apply.
  callers = var.authorization_type == "NONE" ? { public = "*" } : { for index, arn in var.principals : tostring(index) => arn }
}

# No cors block: Lambda would answer preflights itself, and the app's own headers would come out twice.
resource "aws_lambda_function_url" "this" {
  region             = var.region
  function_name      = var.function_name
  qualifier          = var.qualifier
  authorization_type = var.authorization_type
  invoke_mode        = var.streaming ? "RESPONSE_STREAM" : "BUFFERED"
}

# Since October 2025 a caller needs both permissions; with one of them the answer is 403.
# https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
#
# With NONE the provider adds two such statements itself when it creates the URL, outside of the state, and never again:
# not when authorization_type is changed to NONE later, not if they were removed. So these are kept in the state
# as well, under names of their own that cannot collide with the provider's. One after the other: Lambda refuses
# changes to one policy at the same time (409), and the provider's own do not wait for these.
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
