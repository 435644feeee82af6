output "mcp_url" {
  description = "URL of the MCP endpoint: all that a client needs."
  value       = module.mcp.mcp_url
}

output "redirect_url" {
  description = "Redirect address that the application at the provider must have."
  value       = module.mcp.sign_in_redirect_url
}
