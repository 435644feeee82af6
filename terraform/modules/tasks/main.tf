locals {
  # Seconds that an asynchronous invocation waits for a free environment, at most.
  event_age = 600

  concurrency = max(var.reserved_concurrency, 0)
  capacity = {
    for seconds in distinct([10, 60, var.timeout]) : seconds => local.concurrency * ceil(local.event_age / seconds)
  }
}

# Asynchronous invocations whose attempts have all failed, each with its record.
resource "aws_sqs_queue" "failed" {
  region                    = var.region
  name                      = "${var.name}-tasks-failed"
  message_retention_seconds = 1209600 # Two weeks, the maximum.
  sqs_managed_sse_enabled   = var.kms_key_arn == null ? true : null
  kms_master_key_id         = var.kms_key_arn
  tags                      = var.tags
}

data "aws_iam_policy_document" "tasks" {
  statement {
    sid       = "InvokeItself"
    actions   = ["lambda:InvokeFunction"]
    resources = [var.alias_arn]
  }

  # Lambda sends with the function's role, not with a policy of the queue. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
  statement {
    sid       = "SendFailedInvocations"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.failed.arn]
  }

  # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
  dynamic "statement" {
    for_each = var.kms_key_arn == null ? [] : [var.kms_key_arn]

    content {
      sid       = "EncryptFailedInvocations"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_role_policy" "tasks" {
  name   = "tasks"
  role   = var.role_name
  policy = data.aws_iam_policy_document.tasks.json
}

resource "aws_cloudwatch_metric_alarm" "failed" {
  count = var.alarm_topic == null ? 0 : 1

  region              = var.region
  alarm_name          = "${var.name}-tasks-failed"
  alarm_description   = "Background invocations of tasks failed or waited for more than 600 s: more tasks than can start in time with reserved_concurrency, or a crash. Read the records in the queue, and the saved query failures."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.failed.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarm_topic.arn]
  ok_actions          = [var.alarm_topic.arn]
  tags                = var.tags
}

resource "aws_lambda_function_event_invoke_config" "live" {
  region                       = var.region
  function_name                = var.name
  qualifier                    = var.alias_name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = local.event_age # The app fails a task without a worker after the same time (LOST_MS in app/framework/tasks/caller-tasks.ts).

  destination_config {
    on_failure {
      destination = aws_sqs_queue.failed.arn
    }
  }

  # Lambda checks that the role may send to the queue.
  depends_on = [aws_iam_role_policy.tasks]
}
