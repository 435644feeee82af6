output "mcp_url" {
  description = "URL of the MCP endpoint, for signed requests."
  value       = module.mcp.mcp_url
}

output "caller_policy_arn" {
  description = "ARN of the policy that allows a principal of this account to call."
  value       = aws_iam_policy.callers.arn
}

output "claude_code" {
  description = "Shell command that adds the server to Claude Code, behind a proxy that signs."
  value       = module.mcp.claude_code
}
