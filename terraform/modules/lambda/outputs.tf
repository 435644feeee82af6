output "function_name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "function_arn" {
  description = "ARN of the function, without a version."
  value       = aws_lambda_function.this.arn
}

# By the ARN, which is not known while the alias is being replaced: AWS deletes what belongs to an alias with it (permissions, the
# configuration of asynchronous invocations), and resources with another qualifier are replaced in the same apply.
output "alias_name" {
  description = "Name of the alias that callers reach."
  value       = element(split(":", aws_lambda_alias.live.arn), 7)
}

output "alias_arn" {
  description = "ARN of the alias, what a policy of a caller names."
  value       = aws_lambda_alias.live.arn
}

output "latest_version" {
  description = "The newest published version."
  value       = aws_lambda_function.this.version
}

output "pinned_version" {
  description = "The version that callers reach."
  value       = aws_lambda_alias.live.function_version
}

output "log_group_name" {
  description = "Name of the log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "log_group_arn" {
  description = "ARN of the log group, for the policy of the execution role."
  value       = aws_cloudwatch_log_group.this.arn
}

output "response_streaming_invoke_arn" {
  description = "Integration URI for a REST API of API Gateway with response transfer mode STREAM."
  value       = aws_lambda_function.this.response_streaming_invoke_arn
}
