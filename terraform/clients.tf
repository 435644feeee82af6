# What people paste into their MCP clients. A token is never in it, but the name of an environment variable, except for
# Claude Desktop, which has no other way: that output is sensitive.
locals {
  mcp_url = coalesce(var.public_url, "${local.base_url}${var.mcp_path}")

  # Callers with a token present it; OAuth and open servers need nothing; SigV4 needs a proxy that signs.
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

  # Its own remote connectors sign in with OAuth only; mcp-remote brings a header as well. No space in the argument:
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
}
