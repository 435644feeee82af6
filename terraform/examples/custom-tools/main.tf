provider "aws" {
  region = var.region
}

# Tools that store notes in a table: the function gets the name of the table, and may read and write only this table.
module "mcp" {
  source = "../.."

  name        = "notes"
  source_dir  = var.source_dir
  memory_size = 1024
  timeout     = 120

  environment = {
    NOTES_TABLE = aws_dynamodb_table.notes.name
  }

  policies = {
    notes = data.aws_iam_policy_document.notes.json
  }
}

resource "aws_dynamodb_table" "notes" {
  # checkov:skip=CKV_AWS_119:DynamoDB encrypts with a key that AWS owns, at no cost.
  name         = "notes"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"

  attribute {
    name = "id"
    type = "S"
  }

  # Deleted notes cannot be created again, so recovery is on: to any second of the last 35 days.
  point_in_time_recovery {
    enabled = true
  }
}

data "aws_iam_policy_document" "notes" {
  statement {
    actions   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"]
    resources = [aws_dynamodb_table.notes.arn]
  }
}
