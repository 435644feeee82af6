mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  function_name        = "mcp"
  log_group_name       = "/aws/lambda/mcp"
  memory_size          = 512
  timeout              = 60
  reserved_concurrency = 10
}

run "creates_alarms_without_a_subscription_by_default" {
  command = plan

  assert {
    condition     = sort(keys(aws_cloudwatch_metric_alarm.simple)) == tolist(["crashes", "refusals", "slow", "throttles"]) && length(aws_cloudwatch_metric_alarm.error_rate) == 1
    error_message = "The alarms differ from those in README.md."
  }

  assert {
    condition = alltrue([
      for alarm in concat(values(aws_cloudwatch_metric_alarm.simple), aws_cloudwatch_metric_alarm.error_rate) :
      alarm.treat_missing_data == "notBreaching" && alarm.alarm_actions == toset([aws_sns_topic.alarms.arn]) && length(alarm.alarm_description) > 60
    ])
    error_message = "An alarm notifies no topic, has no advice, or starts without calls."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.simple["slow"].threshold == 54000
    error_message = "The threshold of slow is not 90 % of the timeout in milliseconds."
  }

  assert {
    condition     = length(aws_sns_topic_subscription.email) == 0
    error_message = "There is a subscription although email is not set."
  }

  assert {
    condition     = one(aws_budgets_budget.monthly).limit_amount == "20" && length(one(aws_budgets_budget.monthly).notification) == 2
    error_message = "The budget is not 20 dollars with two notifications."
  }

  assert {
    condition     = length(jsondecode(one(aws_cloudwatch_dashboard.this).dashboard_body).widgets) == 10
    error_message = "The dashboard lacks widgets."
  }
}

run "computes_the_upper_bound_of_the_cost" {
  command = plan

  # 10 × 31 days × 0.5 GB × $0.0000133334 = 178.57; 267.84 million requests: 53.57; 2,400 bytes of log for each: 321.41.
  assert {
    condition     = output.worst_month_dollars == 554 && strcontains(output.max_monthly_cost, "about $554:")
    error_message = "The upper bound differs: ${output.max_monthly_cost}"
  }
}

run "counts_provisioned_concurrency_and_x86_64" {
  command = plan

  variables {
    architecture            = "x86_64"
    memory_size             = 1024
    provisioned_concurrency = 2
  }

  # 446.40 for 10 at once, 22.32 for 2 provisioned environments; requests and their log as before.
  assert {
    condition     = output.worst_month_dollars == 844
    error_message = "The upper bound differs: ${output.max_monthly_cost}"
  }
}

run "counts_snapshots" {
  command = plan

  variables {
    snapshots = 2
  }

  # 554 as without, and 2 × 31 days × 0.5 GB × $0.0000015046 = 4.03; a restore is 0.5 × $0.0001397998.
  assert {
    condition     = output.worst_month_dollars == 558 && strcontains(output.max_monthly_cost, "2 published version(s) ($4.03)") && strcontains(output.max_monthly_cost, "restores, $0.00007 each")
    error_message = "The upper bound differs: ${output.max_monthly_cost}"
  }
}

run "states_no_bound_without_reserved_concurrency" {
  command = plan

  variables {
    reserved_concurrency = -1
  }

  assert {
    condition     = output.worst_month_dollars == null && strcontains(output.max_monthly_cost, "set reserved_concurrency")
    error_message = "A bound is stated although reserved_concurrency is not set."
  }
}

run "omits_disabled_parts" {
  command = plan

  variables {
    dashboard      = false
    alarms         = false
    monthly_budget = 0
    email          = "on-call@example.com"
  }

  assert {
    condition     = length(aws_cloudwatch_dashboard.this) + length(aws_cloudwatch_metric_alarm.simple) + length(aws_cloudwatch_metric_alarm.error_rate) + length(aws_budgets_budget.monthly) == 0
    error_message = "A disabled part is created."
  }

  assert {
    condition     = output.dashboard_url == null && one(aws_sns_topic_subscription.email).endpoint == "on-call@example.com"
    error_message = "The dashboard has a URL, or the address gets nothing."
  }
}
