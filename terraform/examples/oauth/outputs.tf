output "mcp_url" {
  description = "URL of the MCP endpoint, from which clients find the issuer."
  value       = module.mcp.mcp_url
}

output "claude_code" {
  description = "Shell command that adds the server to Claude Code; then sign in with /mcp."
  value       = module.mcp.claude_code
}
