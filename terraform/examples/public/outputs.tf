output "mcp_url" {
  description = "URL of the MCP endpoint."
  value       = module.mcp.mcp_url
}

output "server_json" {
  description = "Entry for the MCP Registry, for mcp-publisher."
  value       = module.mcp.server_json
}
