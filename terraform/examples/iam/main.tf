provider "aws" {
  region = var.region
}

# Callers sign their requests with AWS credentials: those of this account by a policy of their own, those of another
# account because the function's policy lets them in.
module "mcp" {
  source = "../.."

  name = "weather-iam"
  auth = "iam"

  iam = {
    principals = var.other_accounts
  }
}

# Attach it to the people and roles that may call.
resource "aws_iam_policy" "callers" {
  name        = "call-weather-iam"
  description = "Call the MCP server weather-iam"
  policy      = module.mcp.invoke_policy_json
}

resource "aws_iam_role_policy_attachment" "callers" {
  for_each = var.caller_roles

  role       = each.value
  policy_arn = aws_iam_policy.callers.arn
}
