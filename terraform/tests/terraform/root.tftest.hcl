mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  image_uri = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/own@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
}

run "returns_the_url" {
  command = plan

  assert {
    condition     = output.mcp_url == "https://mock.lambda-url.eu-west-1.on.aws/mcp" && output.function_url == "https://mock.lambda-url.eu-west-1.on.aws"
    error_message = "The MCP URL is not the Function URL with the path of the server."
  }

  assert {
    condition     = output.image_uri == var.image_uri && output.repository_url == null && length(module.ecr) == 0
    error_message = "Terraform creates a repository although image_uri is set."
  }

  assert {
    condition     = output.pinned_version == "3" && output.latest_version == "3" && output.log_group_name == "/aws/lambda/mcp" && output.function_name == "mcp" && output.role_name == "mcp-eu-west-1"
    error_message = "An output differs from its description."
  }
}

run "builds_the_image_without_image_uri" {
  command = plan

  variables {
    image_uri  = null
    source_dir = "./modules/image/tests/sources"
    name       = "weather"
  }

  assert {
    condition     = output.repository_url != null && length(module.ecr) == 1
    error_message = "There is no repository to push to."
  }
}

run "reserves_concurrency_if_the_quota_has_room" {
  command = plan

  assert {
    condition     = output.reserved_concurrency == 10
    error_message = "Only the quota of the account limits concurrent requests."
  }
}

run "reserves_no_concurrency_in_a_new_account" {
  command = plan

  override_data {
    target          = data.aws_servicequotas_service_quota.concurrency
    override_during = plan
    values          = { value = 10 }
  }

  assert {
    condition     = output.reserved_concurrency == -1
    error_message = "Concurrency is reserved although the quota has no room: the first apply would fail."
  }
}

run "does_not_read_the_quota_if_a_number_is_set" {
  command = plan

  variables {
    reserved_concurrency = 50
  }

  assert {
    condition     = output.reserved_concurrency == 50 && length(data.aws_servicequotas_service_quota.concurrency) == 0
    error_message = "The number is ignored, or Terraform reads the quota without need."
  }
}

run "warns_of_auth_none_without_reserved_concurrency" {
  command = plan

  variables {
    auth                 = "none"
    reserved_concurrency = -1
  }

  expect_failures = [check.open_to_everybody]
}

run "warns_of_a_pinned_version" {
  command = plan

  variables {
    pinned_version = 2
  }

  expect_failures = [check.held_at_a_version]
}

run "rejects_invalid_values" {
  command = plan

  variables {
    name             = "My Server"
    region           = "Ireland"
    token_generation = 0
    public_url       = "http://mcp.example/mcp"
  }

  expect_failures = [var.name, var.region, var.token_generation, var.public_url]
}

run "configures_clients_without_a_token" {
  command = plan

  variables {
    auth = "none"
  }

  assert {
    condition = (
      jsondecode(output.cursor).mcpServers.mcp == { url = output.mcp_url } &&
      jsondecode(output.vscode).servers.mcp == { type = "http", url = output.mcp_url } &&
      jsondecode(output.claude_desktop).mcpServers.mcp == { command = "npx", args = ["-y", "mcp-remote", output.mcp_url] }
    )
    error_message = "The configuration of a client contains credentials."
  }
}

run "configures_clients_with_a_proxy_that_signs" {
  command = plan

  variables {
    auth = "iam"
  }

  assert {
    condition = alltrue([
      for server in [jsondecode(output.cursor).mcpServers.mcp, jsondecode(output.claude_desktop).mcpServers.mcp, jsondecode(output.vscode).servers.mcp] :
      server.command == "uvx" && join(" ", server.args) == "mcp-proxy-for-aws@latest ${output.mcp_url} --service lambda --region eu-west-1"
    ])
    error_message = "A client would send requests without a signature."
  }
}
