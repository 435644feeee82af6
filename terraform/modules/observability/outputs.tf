output "max_monthly_cost" {
  description = "Upper bound of the monthly cost with this reserved_concurrency, as text."
  value       = var.reserved_concurrency < 0 ? local.unbounded : local.bounded
}

output "worst_month_dollars" {
  description = "Upper bound of the monthly cost in dollars; null if reserved_concurrency is not set."
  value       = var.reserved_concurrency < 0 ? null : ceil(local.worst)
}

output "topic_arn" {
  description = "ARN of the SNS topic of alarms and the budget."
  value       = aws_sns_topic.alarms.arn
}

output "dashboard_url" {
  description = "URL of the dashboard in the console; null without one."
  value       = var.dashboard ? "https://${local.region}.console.${local.console}/cloudwatch/home?region=${local.region}#dashboards/dashboard/${local.dashboard_name}" : null
}

output "metric_names" {
  description = "Names of the app's metrics that the dashboard and the alarms use."
  value       = keys(local.app)
}
