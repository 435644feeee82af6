output "mcp_url" {
  description = "URL of the MCP endpoint."
  value       = module.mcp.mcp_url
}

output "mcp_token" {
  description = "Token that callers send."
  value       = module.mcp.mcp_token
  sensitive   = true
}

output "role_name" {
  description = "Name of the function's role, to attach more policies to."
  value       = module.mcp.role_name
}
