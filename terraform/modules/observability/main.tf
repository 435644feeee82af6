data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {
  region = var.region
}

locals {
  region    = data.aws_region.current.region
  partition = data.aws_partition.current.partition
  account   = data.aws_caller_identity.current.account_id
  namespace = "McpOnLambda"                      # app/framework/telemetry/metrics.ts
  platform  = "McpOnLambda/${var.function_name}" # Metrics from Lambda's own log lines, which do not contain the function's name.
}

locals {
  # Domain of the console, by partition.
  consoles = {
    aws        = "aws.amazon.com"
    aws-cn     = "amazonaws.cn"
    aws-eusc   = "amazonaws-eusc.eu"
    aws-us-gov = "amazonaws-us-gov.com"
  }
  console = lookup(local.consoles, local.partition, "aws.amazon.com")
}

# Topic of the alarms and the budget. The first 1,000 e-mails a month are free.
resource "aws_sns_topic" "alarms" {
  region            = var.region
  name              = "${var.function_name}-alarms"
  kms_master_key_id = var.kms_key_arn
  tags              = var.tags
}

data "aws_iam_policy_document" "publish" {
  statement {
    sid       = "AlarmsOfThisAccount"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alarms.arn]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_sns_topic_policy" "alarms" {
  region = var.region
  arn    = aws_sns_topic.alarms.arn
  policy = data.aws_iam_policy_document.publish.json
}

resource "aws_sns_topic_subscription" "email" {
  count = var.email == null ? 0 : 1

  region    = var.region
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.email
}

# The app's log lines do not contain the used memory; Lambda's do. https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
resource "aws_cloudwatch_log_metric_filter" "memory" {
  region         = var.region
  name           = "${var.function_name}-memory"
  log_group_name = var.log_group_name
  pattern        = "{ ($.type = \"platform.report\") && ($.record.metrics.maxMemoryUsedMB > 0) }"

  metric_transformation {
    name      = "MemoryUsed"
    namespace = local.platform
    value     = "$.record.metrics.maxMemoryUsedMB"
    unit      = "Megabytes"
  }
}

# AWS Budgets in US dollars exists in the commercial partition only. The budget covers the whole account, because cost allocation tags work
# only if the owner of the account has activated them.
resource "aws_budgets_budget" "monthly" {
  count = var.monthly_budget > 0 && local.partition == "aws" ? 1 : 0

  name         = "${var.function_name}-${local.region}"
  budget_type  = "COST"
  limit_amount = tostring(var.monthly_budget)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"
  tags         = var.tags

  cost_filter {
    name   = "Service"
    values = ["AWS Lambda", "AmazonCloudWatch"]
  }

  dynamic "notification" {
    for_each = { ACTUAL = 80, FORECASTED = 100 }

    content {
      comparison_operator       = "GREATER_THAN"
      notification_type         = notification.key
      threshold                 = notification.value
      threshold_type            = "PERCENTAGE"
      subscriber_sns_topic_arns = [aws_sns_topic.alarms.arn]
    }
  }

  depends_on = [aws_sns_topic_policy.alarms]
}
