# Configurations to paste into MCP clients. They name an environment variable instead of the token. Only Claude Desktop's contains the
# token, because Claude Desktop supports no variable there: that output is sensitive.
locals {
  mcp_url = coalesce(var.public_url, "${local.base_url}${var.mcp_path}")

  # Clients send a token if there is one; OAuth and open servers need no configuration; SigV4 needs a proxy that signs.
  client_auth = contains(local.auth, "iam") ? "iam" : contains(local.auth, "token") ? "token" : "none"

  # https://github.com/aws/mcp-proxy-for-aws
  signing_args = ["mcp-proxy-for-aws@latest", local.mcp_url, "--service", local.is_gateway ? "execute-api" : "lambda", "--region", local.region]

  signing_proxy = {
    command = "uvx"
    args    = local.signing_args
  }

  claude_code = {
    iam   = "claude mcp add ${var.name} -- uvx ${join(" ", local.signing_args)}"
    token = "claude mcp add --transport http ${var.name} ${local.mcp_url} --header \"Authorization: Bearer $${MCP_TOKEN:?is not set, see token_command}\""
    none  = "claude mcp add --transport http ${var.name} ${local.mcp_url}"
  }

  # Claude Desktop's own remote connectors support OAuth only; mcp-remote can send a header. No space in the argument:
  # Claude Desktop on Windows does not quote it.
  claude_desktop = {
    iam   = local.signing_proxy
    token = local.remote_with_token
    none  = local.remote
  }

  remote = {
    command = "npx"
    args    = ["-y", "mcp-remote", local.mcp_url]
  }

  remote_with_token = {
    command = "npx"
    args    = ["-y", "mcp-remote", local.mcp_url, "--header", "Authorization:$${AUTHORIZATION}"]
    env     = { AUTHORIZATION = "Bearer ${local.token == null ? "PUT YOUR TOKEN HERE" : local.token}" }
  }

  cursor = {
    iam   = local.signing_proxy
    token = { url = local.mcp_url, headers = { Authorization = "Bearer $${env:MCP_TOKEN}" } }
    none  = { url = local.mcp_url }
  }

  vscode = {
    iam   = { servers = { (var.name) = merge({ type = "stdio" }, local.signing_proxy) } }
    token = local.vscode_with_token
    none  = { servers = { (var.name) = { type = "http", url = local.mcp_url } } }
  }

  # VS Code asks for the token once and keeps it in the system's key store.
  vscode_with_token = {
    inputs = [{ type = "promptString", id = "mcp-token", description = "Token of ${var.name}", password = true }]
    servers = {
      (var.name) = {
        type    = "http"
        url     = local.mcp_url
        headers = { Authorization = "Bearer $${input:mcp-token}" }
      }
    }
  }

  # https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json
  server_json = var.registry == null ? null : jsonencode({
    for key, value in {
      "$schema"   = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
      name        = var.registry.name
      title       = var.registry.title
      description = var.registry.description
      version     = var.registry.version
      websiteUrl  = var.registry.website_url
      repository  = var.registry.repository
      remotes     = [local.registry_remote[join(",", local.auth) == "token" ? "token" : "open"]]
    } : key => value if value != null
  })

  registry_remote = {
    open  = { type = "streamable-http", url = local.mcp_url }
    token = { type = "streamable-http", url = local.mcp_url, headers = [local.token_header] }
  }

  # Clients ask their user for the token.
  token_header = {
    name        = "Authorization"
    description = "The token of the server."
    value       = "Bearer {token}"
    isRequired  = true
    isSecret    = true
    variables   = { token = { description = "The token, without \"Bearer\".", isRequired = true, isSecret = true } }
  }
}
