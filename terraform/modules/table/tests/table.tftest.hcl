mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  name       = "mcp"
  alias_name = "live"
  alias_arn  = "arn:aws:lambda:eu-west-1:123456789012:function:mcp:live"
  role_name  = "mcp-eu-west-1"
}

run "keeps_tasks_at_no_cost_while_nobody_calls" {
  command = plan

  assert {
    condition     = aws_dynamodb_table.tasks.name == "mcp-tasks" && aws_dynamodb_table.tasks.billing_mode == "PAY_PER_REQUEST" && aws_dynamodb_table.tasks.hash_key == "key"
    error_message = "The table is not the one that the app expects, or is paid by the hour."
  }

  assert {
    condition     = one(aws_dynamodb_table.tasks.ttl).attribute_name == "expires" && one(aws_dynamodb_table.tasks.ttl).enabled
    error_message = "Tasks are kept for ever."
  }

  assert {
    condition     = !one(aws_dynamodb_table.tasks.server_side_encryption).enabled && !one(aws_dynamodb_table.tasks.point_in_time_recovery).enabled
    error_message = "Something is paid that nobody has asked for."
  }
}

run "lets_the_function_do_that_and_no_more" {
  command = plan

  assert {
    condition = jsonencode([
      for statement in data.aws_iam_policy_document.tasks.statement : concat([statement.sid], sort(statement.actions), sort(statement.resources))
      ]) == jsonencode([
      ["KeepTasks", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "arn:aws:dynamodb:eu-west-1:123456789012:table/mock"],
      ["InvokeItself", "lambda:InvokeFunction", var.alias_arn],
      ["HandInWhatFailed", "sqs:SendMessage", "arn:aws:sqs:eu-west-1:123456789012:mock"],
    ])
    error_message = "The function may do something else."
  }

  assert {
    condition     = aws_iam_role_policy.tasks.role == "mcp-eu-west-1"
    error_message = "Another role may do it."
  }
}

run "loses_nothing_that_lambda_gives_up" {
  command = plan

  assert {
    condition     = aws_lambda_function_event_invoke_config.live.qualifier == "live" && aws_lambda_function_event_invoke_config.live.maximum_retry_attempts == 2 && aws_lambda_function_event_invoke_config.live.maximum_event_age_in_seconds == 600
    error_message = "Asynchronous invocations of the alias are not tried as the app expects."
  }

  assert {
    condition     = one(one(aws_lambda_function_event_invoke_config.live.destination_config).on_failure).destination == aws_sqs_queue.failed.arn && aws_sqs_queue.failed.sqs_managed_sse_enabled && aws_sqs_queue.failed.message_retention_seconds == 1209600
    error_message = "What fails is not kept, or not encrypted."
  }
}

run "takes_a_key_and_recovery_by_choice" {
  command = plan

  variables {
    kms_key_arn            = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd"
    point_in_time_recovery = true
  }

  assert {
    condition     = one(aws_dynamodb_table.tasks.server_side_encryption).kms_key_arn == var.kms_key_arn && one(aws_dynamodb_table.tasks.point_in_time_recovery).enabled
    error_message = "The key or the recovery is not used."
  }

  assert {
    condition     = one([for statement in data.aws_iam_policy_document.tasks.statement : statement if statement.sid == "UseTheKeyThroughDynamoDB"]).resources == toset([var.kms_key_arn])
    error_message = "The function may not use the key, or more than that."
  }
}

run "takes_no_alias_of_a_key" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:alias/mine"
  }

  expect_failures = [var.kms_key_arn]
}
