output "memory_url" {
  description = "URL of the memory server: a graph for each caller, as long as its execution environment exists."
  value       = module.mcp.mcp_url
}

output "notes_url" {
  description = "URL of the notes: kept in the table for each caller."
  value       = replace(module.mcp.mcp_url, "/mcp$/", "notes")
}
