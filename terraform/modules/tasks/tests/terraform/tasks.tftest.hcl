mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  name       = "mcp"
  alias_name = "live"
  alias_arn  = "arn:aws:lambda:eu-west-1:123456789012:function:mcp:live"
  role_name  = "mcp-eu-west-1"

  timeout              = 900
  reserved_concurrency = 10
}

run "computes_how_many_tasks_can_start_at_the_same_moment" {
  command = plan

  assert {
    condition     = strcontains(output.capacity, "600 tasks of 10 s, 100 tasks of 60 s, 10 tasks of 900 s")
    error_message = "The capacity is not concurrency times the waves that start within 600 s."
  }
}

run "computes_each_duration_once" {
  command = plan

  variables {
    timeout = 60
  }

  assert {
    condition     = strcontains(output.capacity, "600 tasks of 10 s, 100 tasks of 60 s are run")
    error_message = "A timeout of 60 s, the default, is counted twice."
  }
}

run "names_the_quota_of_the_account_without_reserved_concurrency" {
  command = plan

  variables {
    reserved_concurrency = -1
  }

  assert {
    condition     = strcontains(output.capacity, "the account's concurrency bounds")
    error_message = "A number is given although nothing is reserved."
  }
}

run "notifies_of_the_first_failed_invocation" {
  command = plan

  variables {
    alarm_topic = { arn = "arn:aws:sns:eu-west-1:123456789012:mcp-alarms" }
  }

  assert {
    condition     = one(aws_cloudwatch_metric_alarm.failed).alarm_actions == toset(["arn:aws:sns:eu-west-1:123456789012:mcp-alarms"]) && one(aws_cloudwatch_metric_alarm.failed).dimensions.QueueName == "mcp-tasks-failed"
    error_message = "The alarm is on another queue, or notifies nothing."
  }
}

run "encrypts_the_queue_with_a_key" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd"
  }

  assert {
    condition     = aws_sqs_queue.failed.kms_master_key_id == var.kms_key_arn && contains([for statement in data.aws_iam_policy_document.tasks.statement : statement.sid], "EncryptFailedInvocations")
    error_message = "The queue does not use the key, or the function may not."
  }
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
