provider "aws" {
  region = var.region
}

# Callers sign their requests with AWS credentials. Callers of this account need the policy below; callers of another account need
# it too, and the function's policy must name them.
module "mcp" {
  source = "../.."

  name = "weather-iam"
  auth = "iam"

  iam = {
    principals = var.other_accounts
  }
}

# Attach it to the users and roles that may call.
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
