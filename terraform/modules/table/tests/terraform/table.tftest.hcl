mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  name      = "mcp"
  role_name = "mcp-eu-west-1"
}

run "costs_nothing_unless_used" {
  command = plan

  assert {
    condition     = aws_dynamodb_table.this.name == "mcp-store" && aws_dynamodb_table.this.billing_mode == "PAY_PER_REQUEST" && aws_dynamodb_table.this.hash_key == "key"
    error_message = "The table does not have the key that the app uses, or is charged by the hour."
  }

  assert {
    condition     = one(aws_dynamodb_table.this.ttl).attribute_name == "expires" && one(aws_dynamodb_table.this.ttl).enabled
    error_message = "Items do not expire."
  }

  assert {
    condition     = !one(aws_dynamodb_table.this.server_side_encryption).enabled && !one(aws_dynamodb_table.this.point_in_time_recovery).enabled
    error_message = "An option that costs money is on by default."
  }
}

run "grants_access_to_items_of_this_table_only" {
  command = plan

  assert {
    condition = jsonencode([
      for statement in data.aws_iam_policy_document.access.statement : concat([statement.sid], sort(statement.actions), sort(statement.resources))
      ]) == jsonencode([
      ["ReadAndWriteItems", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "arn:aws:dynamodb:eu-west-1:123456789012:table/mock"],
    ])
    error_message = "The policy grants something else."
  }

  assert {
    condition     = aws_iam_role_policy.access.role == "mcp-eu-west-1"
    error_message = "The policy is attached to another role."
  }
}

run "accepts_a_key_and_recovery" {
  command = plan

  variables {
    kms_key_arn            = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd"
    point_in_time_recovery = true
  }

  assert {
    condition     = one(aws_dynamodb_table.this.server_side_encryption).kms_key_arn == var.kms_key_arn && one(aws_dynamodb_table.this.point_in_time_recovery).enabled
    error_message = "The table does not use the key or the recovery."
  }

  assert {
    condition     = one([for statement in data.aws_iam_policy_document.access.statement : statement if statement.sid == "UseKeyThroughDynamoDB"]).resources == toset([var.kms_key_arn])
    error_message = "The policy does not grant the use of exactly this key."
  }
}

run "rejects_an_alias_of_a_key" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:alias/mine"
  }

  expect_failures = [var.kms_key_arn]
}
