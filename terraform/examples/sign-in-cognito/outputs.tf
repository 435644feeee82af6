output "mcp_url" {
  description = "URL of the MCP endpoint: the only setting that a client needs."
  value       = module.mcp.mcp_url
}

output "invite" {
  description = "Shell command that invites a user; replace both email addresses."
  value       = "aws cognito-idp admin-create-user --region ${var.region} --user-pool-id ${module.mcp.sign_in_user_pool_id} --username ada@example.com --user-attributes Name=email,Value=ada@example.com Name=email_verified,Value=true"
}
