output "url" {
  description = "URL of the API, including the stage, without a slash at its end. Known once it responds."
  value       = local.url
  depends_on  = [aws_api_gateway_method_settings.all, aws_api_gateway_base_path_mapping.root]
}

output "rest_api_id" {
  description = "Id of the API."
  value       = aws_api_gateway_rest_api.this.id
}

output "execution_arn" {
  description = "ARN of the API for policies of callers, with the stage: arn:…:execute-api:…/STAGE."
  value       = "${aws_api_gateway_rest_api.this.execution_arn}/${var.stage_name}"
}

output "stage_arn" {
  description = "ARN of the stage, for your own web ACL."
  value       = aws_api_gateway_stage.live.arn
}

output "dimensions" {
  description = "Dimensions of the API's CloudWatch metrics, namespace AWS/ApiGateway."
  value       = { ApiName = aws_api_gateway_rest_api.this.name, Stage = aws_api_gateway_stage.live.stage_name }
}

output "api_key" {
  description = "Value of the API key, for the header x-api-key; null without api_key."
  value       = one(aws_api_gateway_api_key.this[*].value)
  sensitive   = true
}

output "domain_target" {
  description = "Target of the domain's DNS record, to be created if hosted_zone is not set; null without a domain."
  value       = one(aws_api_gateway_domain_name.this[*].regional_domain_name)
}

output "log_group_name" {
  description = "Name of the log group of the access log."
  value       = aws_cloudwatch_log_group.access.name
}
