output "table_name" {
  description = "Name of the table, for the function's MCP_TABLE."
  value       = aws_dynamodb_table.tasks.name
}

output "table_arn" {
  description = "ARN of the table."
  value       = aws_dynamodb_table.tasks.arn
}

output "failed_queue_url" {
  description = "URL of the queue that holds the records of what Lambda has given up."
  value       = aws_sqs_queue.failed.url
}
