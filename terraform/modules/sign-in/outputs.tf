output "issuer" {
  description = "Issuer of the user pool's tokens, for MCP_OAUTH_ISSUER. Known before the app client exists."
  value       = "https://${aws_cognito_user_pool.this.endpoint}"
}

output "user_pool_id" {
  description = "ID of the user pool, to invite users."
  value       = aws_cognito_user_pool.this.id
}

output "user_pool_arn" {
  description = "ARN of the user pool."
  value       = aws_cognito_user_pool.this.arn
}

output "client_id" {
  description = "ID of the app client, which is not secret."
  value       = aws_cognito_user_pool_client.this.id
}

output "domain" {
  description = "Prefix of the domain of the sign-in page."
  value       = aws_cognito_user_pool_domain.this.domain
}
