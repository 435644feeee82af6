output "function_name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "function_arn" {
  description = "ARN of the function, without a version."
  value       = aws_lambda_function.this.arn
}

# Derived from the ARN, which is unknown while the alias is being replaced: AWS deletes the permissions and the configuration of
# asynchronous invocations with the alias, so Terraform must replace the resources that use this name in the same apply.
output "alias_name" {
  description = "Name of the alias that callers reach."
  value       = element(split(":", aws_lambda_alias.live.arn), 7)
}

output "alias_arn" {
  description = "ARN of the alias, for the policies of callers."
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
