mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  image_uri = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/own@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
}

run "accepts_digests_of_existing_tokens" {
  command = plan

  variables {
    token_sha256 = [sha256("mine"), sha256("the next")]
  }

  assert {
    condition     = length(random_password.token) == 0 && output.mcp_token == null
    error_message = "Terraform creates a token, which is in the state, although digests are set."
  }

  assert {
    condition     = local.settings.MCP_TOKEN_SHA256 == "${sha256("mine")},${sha256("the next")}"
    error_message = "The function does not get the digests."
  }

  assert {
    condition     = output.token_command == "read -rs MCP_TOKEN && export MCP_TOKEN" && strcontains(output.claude_code, "MCP_TOKEN") && strcontains(output.claude_desktop, "PUT YOUR TOKEN HERE")
    error_message = "The outputs do not ask the user for the token."
  }
}

run "accepts_tokens_of_an_issuer" {
  command = plan

  variables {
    auth = "oauth"
    oauth = {
      issuer   = "https://tenant.example/"
      audience = ["https://mcp.example/mcp", "other"]
      scopes   = ["read", "write"]
    }
    public_url = "https://mcp.example/mcp"
  }

  assert {
    condition = local.settings == tomap({
      MCP_AUTH             = "oauth"
      MCP_OAUTH_ISSUER     = "https://tenant.example/"
      MCP_OAUTH_AUDIENCE   = "https://mcp.example/mcp,other"
      MCP_OAUTH_SCOPES     = "read,write"
      MCP_OAUTH_TOKEN_TYPE = "at+jwt"
      MCP_PUBLIC_URL       = "https://mcp.example/mcp"
    })
    error_message = "The function's settings are not those of the issuer."
  }

  assert {
    condition     = length(random_password.token) == 0 && output.token_command == ""
    error_message = "Terraform creates a token although auth does not include token."
  }

  assert {
    condition     = output.mcp_url == "https://mcp.example/mcp" && output.claude_code == "claude mcp add --transport http mcp https://mcp.example/mcp"
    error_message = "The configurations of clients lack the public URL, or contain a token."
  }
}

run "requires_signed_requests" {
  command = plan

  variables {
    auth = "iam"
    iam  = { allowed_arns = ["arn:aws:sts::123456789012:assumed-role/agents/*"] }
  }

  assert {
    condition     = local.settings == tomap({ MCP_AUTH = "iam", MCP_IAM_ALLOWED_ARNS = "arn:aws:sts::123456789012:assumed-role/agents/*" })
    error_message = "The app does not check the caller."
  }

  assert {
    condition     = output.invoke_policy_json != null
    error_message = "There is no policy for callers."
  }

  assert {
    condition     = output.claude_code == "claude mcp add mcp -- uvx mcp-proxy-for-aws@latest https://mock.lambda-url.eu-west-1.on.aws/mcp --service lambda --region eu-west-1"
    error_message = "The command for Claude Code has no signing proxy."
  }
}

run "accepts_every_caller_with_auth_none" {
  command = plan

  variables {
    auth = "none"
  }

  assert {
    condition     = local.settings == tomap({ MCP_AUTH = "none" }) && output.invoke_policy_json == null
    error_message = "The function requires credentials."
  }
}

run "rejects_an_unknown_auth_value" {
  command = plan

  variables {
    auth = "basic"
  }

  expect_failures = [var.auth]
}

run "rejects_none_with_other_auth_values" {
  command = plan

  variables {
    auth = "token,none"
  }

  expect_failures = [var.auth]
}

run "rejects_iam_with_other_auth_values" {
  command = plan

  variables {
    auth = "iam,token"
  }

  expect_failures = [var.auth]
}

run "rejects_oauth_without_an_issuer" {
  command = plan

  variables {
    auth = "oauth"
  }

  expect_failures = [var.oauth]
}

run "accepts_tokens_of_type_jwt_with_token_type_jwt" {
  command = plan

  variables {
    auth  = "oauth"
    oauth = { issuer = "https://tenant.example/", audience = ["mcp"], token_type = "JWT" }
  }

  assert {
    condition     = local.settings.MCP_OAUTH_TOKEN_TYPE == "JWT"
    error_message = "The function does not get the accepted token type."
  }
}

run "rejects_an_unknown_token_type" {
  command = plan

  variables {
    auth  = "oauth"
    oauth = { issuer = "https://tenant.example/", audience = ["mcp"], token_type = "opaque" }
  }

  expect_failures = [var.oauth]
}

run "rejects_oauth_without_an_audience" {
  command = plan

  variables {
    auth  = "oauth"
    oauth = { issuer = "https://tenant.example/" }
  }

  expect_failures = [var.oauth]
}

run "rejects_an_issuer_without_https" {
  command = plan

  variables {
    auth  = "oauth"
    oauth = { issuer = "http://tenant.example/", audience = ["mcp"] }
  }

  expect_failures = [var.oauth]
}

run "rejects_an_issuer_without_auth_oauth" {
  command = plan

  variables {
    oauth = { issuer = "https://tenant.example/", audience = ["mcp"] }
  }

  expect_failures = [var.oauth]
}

run "rejects_allowed_arns_without_auth_iam" {
  command = plan

  variables {
    iam = { allowed_arns = ["arn:aws:iam::123456789012:role/agents"] }
  }

  expect_failures = [var.iam]
}

run "rejects_allowed_callers_that_are_not_arns" {
  command = plan

  variables {
    auth = "iam"
    iam  = { allowed_arns = ["agents"] }
  }

  expect_failures = [var.iam]
}

run "rejects_a_token_instead_of_its_digest" {
  command = plan

  variables {
    token_sha256 = ["correct-horse-battery-staple"]
  }

  expect_failures = [var.token_sha256]
}

run "rejects_digests_without_auth_token" {
  command = plan

  variables {
    auth         = "none"
    token_sha256 = ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]
  }

  expect_failures = [var.token_sha256]
}

run "rejects_environment_names_that_variables_set" {
  command = plan

  variables {
    environment = { MCP_AUTH = "none" }
  }

  expect_failures = [var.environment]
}

run "creates_server_json_for_the_registry" {
  command = plan

  variables {
    token_sha256 = [sha256("mine")]
    public_url   = "https://mcp.example/mcp"
    registry = {
      name        = "com.example/weather"
      title       = "Weather"
      description = "The weather at a place."
      version     = "1.2.3"
      repository  = { url = "https://github.com/example/weather" }
    }
  }

  assert {
    condition = jsondecode(output.server_json) == {
      "$schema"   = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
      name        = "com.example/weather"
      title       = "Weather"
      description = "The weather at a place."
      version     = "1.2.3"
      repository  = { url = "https://github.com/example/weather", source = "github" }
      remotes = [{
        type = "streamable-http"
        url  = "https://mcp.example/mcp"
        headers = [{
          name        = "Authorization"
          description = "The token of the server."
          value       = "Bearer {token}"
          isRequired  = true
          isSecret    = true
          variables   = { token = { description = "The token, without \"Bearer\".", isRequired = true, isSecret = true } }
        }]
      }]
    }
    error_message = "server_json is not what the registry expects."
  }
}

run "omits_the_token_from_server_json_with_oauth" {
  command = plan

  variables {
    auth       = "oauth"
    oauth      = { issuer = "https://tenant.example/", audience = ["https://mcp.example/mcp"] }
    public_url = "https://mcp.example/mcp"
    registry   = { name = "io.github.example/weather", description = "The weather.", version = "1.0.0-rc.1" }
  }

  assert {
    condition     = jsondecode(output.server_json).remotes == [{ type = "streamable-http", url = "https://mcp.example/mcp" }] && !can(jsondecode(output.server_json).title)
    error_message = "server_json asks for a token although clients sign in, or has an empty title."
  }
}

run "creates_no_server_json_by_default" {
  command = plan

  assert {
    condition     = output.server_json == null
    error_message = "server_json exists without registry."
  }
}
