output "mcp_url" {
  description = "URL of the MCP endpoint, for any client."
  value       = local.mcp_url
}

output "sign_in_redirect_url" {
  description = "With sign_in: the redirect address that the client at the identity provider must have; else null."
  value       = local.redirect_url
}

output "sign_in_user_pool_id" {
  description = "With Cognito: ID of the user pool, to invite users; else null."
  value       = one(module.sign_in[*].user_pool_id)
}

output "function_url" {
  description = "The Function URL itself, without the path; null behind an API."
  value       = one(module.function_url[*].url)
}

output "domain_target" {
  description = "Target of the DNS record of domain_name, to be created if hosted_zone is not set; null without domain_name."
  value       = one(concat(module.cloudfront[*].domain_target, compact(module.http_api[*].domain_target), compact(module.rest_api[*].domain_target)))
}

output "api_key" {
  description = "The API key, for the header x-api-key; null without api_key."
  value       = one(module.rest_api[*].api_key)
  sensitive   = true
}

output "access_log_group_name" {
  description = "Name of the log group of the API's access log; null with a Function URL."
  value       = one(concat(module.http_api[*].log_group_name, module.rest_api[*].log_group_name))
}

output "mcp_token" {
  description = "The newest token; null if Terraform creates none (auth without token, or token_sha256 is set)."
  value       = local.token
  sensitive   = true
}

output "token_command" {
  description = "Shell command that sets MCP_TOKEN, which the other outputs use; run it in this folder."
  value = local.client_auth != "token" ? "" : (
    local.make_token ? "export MCP_TOKEN=\"$(terraform output -raw mcp_token)\"" : "read -rs MCP_TOKEN && export MCP_TOKEN"
  )
}

output "claude_code" {
  description = "Shell command that adds the server to Claude Code."
  value       = local.claude_code[local.client_auth]
}

output "claude_desktop" {
  description = "Configuration for Claude Desktop, claude_desktop_config.json. Holds the token."
  value       = jsonencode({ mcpServers = { (var.name) = local.claude_desktop[local.client_auth] } })
  sensitive   = true
}

output "cursor" {
  description = "Configuration for Cursor, ~/.cursor/mcp.json. Takes the token from MCP_TOKEN."
  value       = jsonencode({ mcpServers = { (var.name) = local.cursor[local.client_auth] } })
}

output "vscode" {
  description = "Configuration for VS Code, .vscode/mcp.json. Asks for the token."
  value       = jsonencode(local.vscode[local.client_auth])
}

output "server_json" {
  description = "The server.json for the MCP Registry: terraform output -raw server_json > server.json, then mcp-publisher publish; null without registry."
  value       = local.server_json
}

output "function_name" {
  description = "Name of the function."
  value       = module.lambda.function_name
}

output "function_arn" {
  description = "ARN of the function, without a version."
  value       = module.lambda.function_arn
}

output "alias_arn" {
  description = "ARN of the alias that callers reach, for policies and for API Gateway."
  value       = module.lambda.alias_arn
}

output "latest_version" {
  description = "The newest published version of the function."
  value       = module.lambda.latest_version
}

output "pinned_version" {
  description = "The version that callers reach."
  value       = module.lambda.pinned_version
}

output "image_uri" {
  description = "The deployed image, by digest."
  value       = local.image_uri
}

output "repository_url" {
  description = "URL of the image repository; null if image_uri is set."
  value       = one(module.ecr[*].repository_url)
}

output "repository_arn" {
  description = "ARN of the image repository, for the role of a pipeline; null if image_uri is set."
  value       = one(module.ecr[*].repository_arn)
}

output "image_parameter_name" {
  description = "With deployed_elsewhere: name of the SSM parameter into which the pipeline writes the deployed digest; else null."
  value       = one(aws_ssm_parameter.image_digest[*].name)
}

output "image_parameter_arn" {
  description = "ARN of that parameter, for the role of the pipeline; null without deployed_elsewhere."
  value       = one(aws_ssm_parameter.image_digest[*].arn)
}

output "log_group_name" {
  description = "Name of the log group: aws logs tail NAME --follow."
  value       = module.lambda.log_group_name
}

output "role_name" {
  description = "Name of the function's role, to attach more policies to."
  value       = module.iam.role_name
}

output "invoke_policy_json" {
  description = "With auth = \"iam\": the policy that callers of this account need, in JSON; else null."
  value       = local.iam && local.is_gateway ? data.aws_iam_policy_document.invoke_api[0].json : module.iam.invoke_policy_json
}

output "reserved_concurrency" {
  description = "Maximum number of concurrent requests; -1 if only the account's quota limits it."
  value       = local.reserved_concurrency
}

output "max_monthly_cost" {
  description = "Upper bound of the monthly cost with this reserved_concurrency, as text; null without observability."
  value       = one(module.observability[*].max_monthly_cost)
}

output "dashboard_url" {
  description = "URL of the dashboard in the console; null without one."
  value       = one(module.observability[*].dashboard_url)
}

output "alarm_topic_arn" {
  description = "ARN of the SNS topic of alarms and the budget, for more subscriptions; null without observability."
  value       = one(module.observability[*].topic_arn)
}

output "logs_command" {
  description = "Shell command that follows the log."
  value       = "aws logs tail ${module.lambda.log_group_name} --follow --region ${local.region}"
}

output "tasks_capacity" {
  description = "Number of tasks that can start at the same moment without one being lost, as text; null without tasks."
  value       = one(module.tasks[*].capacity)
}

output "tasks_failed_queue_url" {
  description = "URL of the queue of background invocations whose attempts have all failed; null without tasks."
  value       = one(module.tasks[*].failed_queue_url)
}
