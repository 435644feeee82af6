# Each alarm says in its description what to do; README.md, "Operate it", says more.
locals {
  actions = [aws_sns_topic.alarms.arn]

  # Of one metric. AWS/Lambda is free of charge; McpOnLambda is what the app's lines say.
  simple_alarms = {
    crashes = {
      namespace   = "AWS/Lambda"
      metric_name = "Errors"
      statistic   = "Sum"
      threshold   = 0
      description = "Invocations ended without an answer: a crash, too little memory, Lambda's time limit. Run the saved query failures; the lines before it say why. Memory: see the dashboard."
    }
    throttles = {
      namespace   = "AWS/Lambda"
      metric_name = "Throttles"
      statistic   = "Sum"
      threshold   = 10
      description = "Callers get 429: more than reserved_concurrency at once. A caller floods it (saved query callers), or traffic has grown: raise reserved_concurrency, and see max_monthly_cost."
    }
    slow = {
      namespace   = "AWS/Lambda"
      metric_name = "Duration"
      statistic   = "Maximum"
      threshold   = var.timeout * 900
      description = "A request took more than 90 % of the time limit of ${var.timeout} s; at the limit it is aborted. Run the saved query slowest: fix the tool or its upstream, or raise timeout."
    }
    refusals = {
      namespace   = local.namespace
      metric_name = "Refusals"
      statistic   = "Sum"
      threshold   = var.refusals
      description = "Many requests were denied: an attack with guessed tokens, or a client with an old one. Run the saved query refusals. They cost what calls cost, up to reserved_concurrency."
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
  treat_missing_data  = "notBreaching" # Without calls there are no data and no problem.
  alarm_actions       = local.actions
  ok_actions          = local.actions
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "error_rate" {
  count = var.alarms ? 1 : 0

  region              = var.region
  alarm_name          = "${var.function_name}-error-rate"
  alarm_description   = "More than ${var.error_rate_percent} % of calls fail: a tool says so, the server is at fault, or time ran out. Run the saved query failures: which tool, since when, and which deployment."
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
