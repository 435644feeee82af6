provider "aws" {
  region = var.region
}

# Servers that keep state (app/ in this folder): Lambda runs each person's calls in separate execution environments, and a table
# outlives these. Invite people by the command in the output invite.
module "mcp" {
  source = "../.."

  name       = "memory"
  source_dir = var.source_dir

  endpoint   = "rest-api"
  authorizer = "lambda"
  isolation  = "per-caller"

  # People sign in with Cognito, which this creates. Issuer and subject of the person determine the tenant ID.
  auth = "oauth"
  sign_in = {
    provider     = "cognito"
    registration = true # For clients that have no metadata document.
  }

  manage_api_gateway_account = var.manage_api_gateway_account

  environment = {
    NOTES_TABLE = aws_dynamodb_table.notes.name
  }

  policies = {
    notes = data.aws_iam_policy_document.notes.json
  }
}

# An item for each caller, whose key is the tenant ID.
resource "aws_dynamodb_table" "notes" {
  # checkov:skip=CKV_AWS_119:DynamoDB encrypts with a key that AWS owns, at no cost.
  name         = "memory-notes"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "tenant"

  attribute {
    name = "tenant"
    type = "S"
  }

  # Notes cannot be made again: any second of the last 35 days can be restored.
  point_in_time_recovery {
    enabled = true
  }
}

# The role is the same for all callers: the tool itself keeps them apart in the table.
data "aws_iam_policy_document" "notes" {
  statement {
    actions   = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
    resources = [aws_dynamodb_table.notes.arn]
  }
}
