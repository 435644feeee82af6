output "url" {
  description = "URL of the API, without a slash at its end. Known once it answers."
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
  description = "Of the API's metrics in CloudWatch, namespace AWS/ApiGateway."
  value       = { ApiId = aws_apigatewayv2_api.this.id, Stage = "$default" }
}

output "domain_target" {
  description = "What the domain's record must point to, where no hosted zone was given; else null."
  value       = one(aws_apigatewayv2_domain_name.this[*].domain_name_configuration[0].target_domain_name)
}

output "log_group_name" {
  description = "Name of the access log's group."
  value       = aws_cloudwatch_log_group.access.name
}
