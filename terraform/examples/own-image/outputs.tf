output "mcp_url" {
  description = "URL of the MCP endpoint."
  value       = module.mcp.mcp_url
}

output "pinned_version" {
  description = "The version that callers reach."
  value       = module.mcp.pinned_version
}
