# Asynchronous invocations whose attempts have all failed, each with its record.
resource "aws_sqs_queue" "failed" {
  region                    = var.region
  name                      = "${var.name}-tasks-failed"
  message_retention_seconds = 1209600 # Two weeks, the maximum.
  sqs_managed_sse_enabled   = true
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
}

resource "aws_iam_role_policy" "tasks" {
  name   = "tasks"
  role   = var.role_name
  policy = data.aws_iam_policy_document.tasks.json
}

resource "aws_lambda_function_event_invoke_config" "live" {
  region                       = var.region
  function_name                = var.name
  qualifier                    = var.alias_name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 600 # The app fails a task without a worker after the same time (LOST_MS in app/framework/tasks/caller-tasks.ts).

  destination_config {
    on_failure {
      destination = aws_sqs_queue.failed.arn
    }
  }

  # Lambda checks that the role may send to the queue.
  depends_on = [aws_iam_role_policy.tasks]
}
