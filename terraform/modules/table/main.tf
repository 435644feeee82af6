data "aws_region" "current" {
  region = var.region
}

# One item a task, written and read by its key alone. Nothing is paid for a table that nobody uses.
resource "aws_dynamodb_table" "tasks" {
  region       = var.region
  name         = "${var.name}-tasks"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "key"
  tags         = var.tags

  attribute {
    name = "key"
    type = "S"
  }

  ttl {
    attribute_name = "expires"
    enabled        = true
  }

  # Without a key of yours DynamoDB encrypts by a key of its own, which costs nothing.
  server_side_encryption {
    enabled     = var.kms_key_arn != null
    kms_key_arn = var.kms_key_arn
  }

  point_in_time_recovery {
    enabled = var.point_in_time_recovery
  }
}

# Asynchronous invocations that Lambda has given up, each with its record, for whoever looks into it.
resource "aws_sqs_queue" "failed" {
  region                    = var.region
  name                      = "${var.name}-tasks-failed"
  message_retention_seconds = 1209600 # Two weeks, the most there is.
  sqs_managed_sse_enabled   = true
  tags                      = var.tags
}

data "aws_iam_policy_document" "tasks" {
  statement {
    sid       = "KeepTasks"
    actions   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    resources = [aws_dynamodb_table.tasks.arn]
  }

  statement {
    sid       = "InvokeItself"
    actions   = ["lambda:InvokeFunction"]
    resources = [var.alias_arn]
  }

  # By the function's role, not by a policy of the queue. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
  statement {
    sid       = "HandInWhatFailed"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.failed.arn]
  }

  # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
  dynamic "statement" {
    for_each = var.kms_key_arn == null ? [] : [var.kms_key_arn]

    content {
      sid       = "UseTheKeyThroughDynamoDB"
      actions   = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
      resources = [statement.value]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["dynamodb.${data.aws_region.current.region}.amazonaws.com"]
      }
    }
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
  maximum_event_age_in_seconds = 600 # As long as the app waits before it calls a task lost (app/framework/tasks/dynamo-tasks.ts).

  destination_config {
    on_failure {
      destination = aws_sqs_queue.failed.arn
    }
  }

  # Lambda looks whether the role may send there.
  depends_on = [aws_iam_role_policy.tasks]
}
