# The description of each alarm says what to do; README.md, "Operating", says more.
locals {
  actions = [aws_sns_topic.alarms.arn]

  # Alarms on one metric. Metrics in AWS/Lambda are free of charge; those in McpOnLambda come from the app's log lines.
  simple_alarms = {
    crashes = {
      namespace   = "AWS/Lambda"
      metric_name = "Errors"
      statistic   = "Sum"
      threshold   = 0
      description = "Invocations ended without a response: a crash, too little memory, or Lambda's timeout. Run the saved query failures; the log lines before each failure contain the reason. For memory see the dashboard."
    }
    throttles = {
      namespace   = "AWS/Lambda"
      metric_name = "Throttles"
      statistic   = "Sum"
      threshold   = 10
      description = "Callers get 429: more concurrent requests than reserved_concurrency. Either one caller sends too many (saved query callers), or traffic has grown: raise reserved_concurrency, and see max_monthly_cost."
    }
    slow = {
      namespace   = "AWS/Lambda"
      metric_name = "Duration"
      statistic   = "Maximum"
      threshold   = var.timeout * 900
      description = "A request took more than 90 % of the timeout of ${var.timeout} s; at the timeout it is aborted. Run the saved query slowest: fix the tool or its upstream, or raise timeout."
    }
    refusals = {
      namespace   = local.namespace
      metric_name = "Refusals"
      statistic   = "Sum"
      threshold   = var.refusals
      description = "Many requests were denied: an attack with guessed tokens, or a client with an old token. Run the saved query refusals. A denied request costs as much as an accepted one of the same duration; reserved_concurrency limits both."
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "simple" {
  for_each = var.alarms ? local.simple_alarms : {}

  region              = var.region
  alarm_name          = "${var.function_name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric_name
  dimensions          = each.value.namespace == "AWS/Lambda" ? { FunctionName = var.function_name } : { Function = var.function_name }
  statistic           = each.value.statistic
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching" # Without calls there is no data and no problem.
  alarm_actions       = local.actions
  ok_actions          = local.actions
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "error_rate" {
  count = var.alarms ? 1 : 0

  region              = var.region
  alarm_name          = "${var.function_name}-error-rate"
  alarm_description   = "More than ${var.error_rate_percent} % of calls fail: a tool returned an error, the server failed, or a call timed out. Run the saved query failures: it shows which tool fails, and since which deployment."
  evaluation_periods  = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.error_rate_percent
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions
  tags                = var.tags

  metric_query {
    id          = "rate"
    label       = "Share of calls that failed, %"
    expression  = "IF(calls >= 10, 100 * FILL(errors, 0) / calls, 0)"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { calls = "Calls", errors = "Errors" }

    content {
      id = metric_query.key

      metric {
        namespace   = local.namespace
        metric_name = metric_query.value
        dimensions  = { Function = var.function_name }
        stat        = "Sum"
        period      = 300
      }
    }
  }
}
