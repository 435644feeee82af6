output "url" {
  description = "URL of the API, without a slash at its end. Known once it responds."
  value       = var.domain == null ? aws_apigatewayv2_api.this.api_endpoint : "https://${var.domain.name}"
  depends_on  = [aws_apigatewayv2_stage.default, aws_apigatewayv2_api_mapping.root]
}

output "api_id" {
  description = "Id of the API."
  value       = aws_apigatewayv2_api.this.id
}

output "execution_arn" {
  description = "ARN of the API for policies of callers, with the stage: arn:…:execute-api:…/$default."
  value       = "${aws_apigatewayv2_api.this.execution_arn}/$default"
}

output "dimensions" {
  description = "Dimensions of the API's CloudWatch metrics, namespace AWS/ApiGateway."
  value       = { ApiId = aws_apigatewayv2_api.this.id, Stage = "$default" }
}

output "domain_target" {
  description = "Target of the domain's DNS record, to be created if hosted_zone is not set; null without a domain."
  value       = one(aws_apigatewayv2_domain_name.this[*].domain_name_configuration[0].target_domain_name)
}

output "log_group_name" {
  description = "Name of the log group of the access log."
  value       = aws_cloudwatch_log_group.access.name
}
