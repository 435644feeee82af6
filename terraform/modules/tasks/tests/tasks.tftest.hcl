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

run "grants_self_invocation_and_the_queue_only" {
  command = plan

  assert {
    condition = jsonencode([
      for statement in data.aws_iam_policy_document.tasks.statement : concat([statement.sid], sort(statement.actions), sort(statement.resources))
      ]) == jsonencode([
      ["InvokeItself", "lambda:InvokeFunction", var.alias_arn],
      ["SendFailedInvocations", "sqs:SendMessage", "arn:aws:sqs:eu-west-1:123456789012:mock"],
    ])
    error_message = "The policy grants something else."
  }

  assert {
    condition     = aws_iam_role_policy.tasks.role == "mcp-eu-west-1"
    error_message = "The policy is attached to another role."
  }
}

run "keeps_invocations_that_failed" {
  command = plan

  assert {
    condition     = aws_lambda_function_event_invoke_config.live.qualifier == "live" && aws_lambda_function_event_invoke_config.live.maximum_retry_attempts == 2 && aws_lambda_function_event_invoke_config.live.maximum_event_age_in_seconds == 600
    error_message = "Lambda does not retry asynchronous invocations of the alias as the app expects."
  }

  assert {
    condition     = one(one(aws_lambda_function_event_invoke_config.live.destination_config).on_failure).destination == aws_sqs_queue.failed.arn && aws_sqs_queue.failed.sqs_managed_sse_enabled && aws_sqs_queue.failed.message_retention_seconds == 1209600
    error_message = "Failed invocations are not kept for two weeks, or not encrypted."
  }
}
