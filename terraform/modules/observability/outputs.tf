output "max_monthly_cost" {
  description = "A sentence that says what the worst month can cost at the bound that is set."
  value       = var.reserved_concurrency < 0 ? local.unbounded : local.bounded
}

output "worst_month_dollars" {
  description = "The same as a number; null where nothing bounds it."
  value       = var.reserved_concurrency < 0 ? null : ceil(local.worst)
}

output "topic_arn" {
  description = "ARN of the topic that alarms and the budget are sent to."
  value       = aws_sns_topic.alarms.arn
}

output "dashboard_url" {
  description = "URL of the dashboard in the console; null without one."
  value       = var.dashboard ? "https://${local.region}.console.${local.console}/cloudwatch/home?region=${local.region}#dashboards/dashboard/${local.dashboard_name}" : null
}

output "metric_names" {
  description = "What the dashboard and the alarms ask of the app's metrics."
  value       = keys(local.app)
}
