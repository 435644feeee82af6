output "mcp_url" {
  description = "URL of the MCP endpoint: the only setting that a client needs."
  value       = module.mcp.mcp_url
}

output "redirect_url" {
  description = "Redirect address to enter in the application at the provider."
  value       = module.mcp.sign_in_redirect_url
}
