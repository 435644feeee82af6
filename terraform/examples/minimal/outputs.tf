output "mcp_url" {
  description = "URL of the MCP endpoint."
  value       = module.mcp.mcp_url
}

output "mcp_token" {
  description = "Token that callers send."
  value       = module.mcp.mcp_token
  sensitive   = true
}

output "claude_code" {
  description = "Shell command that adds the server to Claude Code; takes the token from MCP_TOKEN."
  value       = module.mcp.claude_code
}
