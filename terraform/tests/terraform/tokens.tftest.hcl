# Applies instead of planning, because a token is known only after apply. image_uri is set, so that nothing is built.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  image_uri = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/own@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
}

run "creates_a_token_and_sets_its_digest" {
  assert {
    condition     = local.settings == tomap(merge(local.settings, { MCP_AUTH = "token", MCP_TOKEN_SHA256 = sha256(output.mcp_token) }))
    error_message = "The function does not require the token, or does not get its digest."
  }

  assert {
    condition     = random_password.token["1"].length >= 43 && !random_password.token["1"].special
    error_message = "The token has less than 256 bits, or characters that need quoting in a shell or a header."
  }

  assert {
    condition     = output.token_command == "export MCP_TOKEN=\"$(terraform output -raw mcp_token)\""
    error_message = "The token command does not set the token."
  }
}

run "accepts_the_previous_token_during_a_rotation" {
  variables {
    token_generation = 2
  }

  assert {
    condition     = local.settings.MCP_TOKEN_SHA256 == "${sha256(output.mcp_token)},${sha256(run.creates_a_token_and_sets_its_digest.mcp_token)}"
    error_message = "The function does not get the digests of the new and the old token, in this order."
  }

  assert {
    condition     = output.mcp_token != run.creates_a_token_and_sets_its_digest.mcp_token
    error_message = "There is no new token."
  }
}

run "ends_a_rotation" {
  variables {
    token_generation    = 2
    token_keep_previous = false
  }

  assert {
    condition     = local.settings.MCP_TOKEN_SHA256 == sha256(output.mcp_token) && output.mcp_token == run.accepts_the_previous_token_during_a_rotation.mcp_token
    error_message = "The old token is still accepted, or the new one has changed."
  }
}

run "rotates_again" {
  variables {
    token_generation = 3
  }

  assert {
    condition     = local.settings.MCP_TOKEN_SHA256 == "${sha256(output.mcp_token)},${sha256(run.ends_a_rotation.mcp_token)}"
    error_message = "The second rotation does not keep the token of the first."
  }
}

run "accepts_tokens_and_oauth_together" {
  variables {
    auth = "token, oauth"
    oauth = {
      issuer   = "https://tenant.example/"
      audience = ["mcp"]
    }
  }

  assert {
    condition     = local.settings.MCP_AUTH == "oauth,token" && local.settings.MCP_TOKEN_SHA256 == sha256(output.mcp_token) && local.settings.MCP_OAUTH_AUDIENCE == "mcp"
    error_message = "The function does not accept both tokens and OAuth."
  }
}

run "configures_clients_with_a_token" {
  assert {
    condition     = output.claude_code == "claude mcp add --transport http mcp ${output.mcp_url} --header \"Authorization: Bearer $${MCP_TOKEN:?is not set, see token_command}\""
    error_message = "Claude Code does not take the token from MCP_TOKEN."
  }

  assert {
    condition     = jsondecode(output.cursor) == { mcpServers = { mcp = { url = output.mcp_url, headers = { Authorization = "Bearer $${env:MCP_TOKEN}" } } } }
    error_message = "Cursor does not take the token from MCP_TOKEN."
  }

  assert {
    condition     = jsondecode(output.vscode).servers.mcp == { type = "http", url = output.mcp_url, headers = { Authorization = "Bearer $${input:mcp-token}" } } && jsondecode(output.vscode).inputs[0].password
    error_message = "VS Code does not ask for the token."
  }

  assert {
    condition     = jsondecode(output.claude_desktop).mcpServers.mcp == { command = "npx", args = ["-y", "mcp-remote", output.mcp_url, "--header", "Authorization:$${AUTHORIZATION}"], env = { AUTHORIZATION = "Bearer ${output.mcp_token}" } }
    error_message = "Claude Desktop does not send the token."
  }

  assert {
    condition     = !strcontains("${output.claude_code}${output.cursor}${output.vscode}${output.token_command}", output.mcp_token)
    error_message = "The token is in an output that is not sensitive."
  }
}
