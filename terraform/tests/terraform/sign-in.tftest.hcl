# The random provider is not mocked: Terraform cannot mock ephemeral resources, and it needs no account.
mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  image_uri = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/own@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  auth      = "oauth"
}

run "signs_people_in_with_cognito" {
  command = plan

  variables {
    sign_in    = { provider = "cognito", allowed_domains = ["example.com"] }
    public_url = "https://tools.example.com/weather/mcp"
  }

  assert {
    condition = local.settings == tomap({
      MCP_AUTH                  = "oauth"
      MCP_OAUTH_PROXY           = "on"
      MCP_OAUTH_ISSUER          = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_mockpool1"
      MCP_OAUTH_CLIENT_ID       = "ssm:/mcp-on-lambda/mcp/client-id"
      MCP_OAUTH_ALLOWED_DOMAINS = "example.com"
      MCP_PUBLIC_URL            = "https://tools.example.com/weather/mcp"
    })
    error_message = "The function's settings are not those of the user pool."
  }

  assert {
    condition     = output.sign_in_redirect_url == "https://tools.example.com/weather/callback"
    error_message = "The redirect address is not below the URL that clients use."
  }

  assert {
    condition     = length(module.table) == 1 && local.secrets_settings.MCP_SECRET == "ssm:/mcp-on-lambda/mcp/secret"
    error_message = "The sign-in has no table or no secret."
  }
}

run "creates_no_sign_in_by_default" {
  command = plan

  variables {
    auth = "token"
  }

  assert {
    condition     = length(module.sign_in) == 0 && length(module.table) == 0 && output.sign_in_redirect_url == null && local.open_paths == []
    error_message = "Parts of the sign-in are deployed although sign_in is not set."
  }
}

run "rejects_sign_in_without_auth_oauth" {
  command = plan

  variables {
    auth    = "token"
    sign_in = { provider = "cognito" }
  }

  expect_failures = [var.sign_in]
}

run "rejects_sign_in_with_another_issuer" {
  command = plan

  variables {
    sign_in = { provider = "cognito" }
    oauth   = { issuer = "https://tenant.example/", audience = ["mcp"] }
  }

  expect_failures = [var.oauth]
}

run "rejects_sign_in_with_a_jwt_authorizer" {
  command = plan

  variables {
    endpoint   = "http-api"
    authorizer = "jwt"
    sign_in    = { provider = "cognito" }
  }

  expect_failures = [var.authorizer]
}

run "warns_of_an_http_api_that_denies_by_403" {
  command = plan

  variables {
    endpoint   = "http-api"
    authorizer = "lambda"
    sign_in    = { provider = "cognito" }
  }

  expect_failures = [check.http_api_denies_by_403]
}

run "rejects_an_unknown_provider" {
  command = plan

  variables {
    sign_in = { provider = "entra" }
  }

  expect_failures = [var.sign_in]
}

run "rejects_a_client_with_cognito" {
  command = plan

  variables {
    sign_in = { provider = "cognito", client_id = "mine" }
  }

  expect_failures = [var.sign_in]
}

run "rejects_an_issuer_without_a_client" {
  command = plan

  variables {
    sign_in = { issuer = "https://id.example.com" }
  }

  expect_failures = [var.sign_in]
}

run "rejects_options_of_cognito_for_another_provider" {
  command = plan

  variables {
    sign_in = { issuer = "https://id.example.com", client_id = "mine", self_sign_up = true }
  }

  expect_failures = [var.sign_in]
}

run "rejects_an_issuer_of_a_sign_in_without_https" {
  command = plan

  variables {
    sign_in = { issuer = "http://id.example.com", client_id = "mine" }
  }

  expect_failures = [var.sign_in]
}

run "rejects_a_client_secret_instead_of_its_arn" {
  command = plan

  variables {
    sign_in = { issuer = "https://id.example.com", client_id = "mine", client_secret_arn = "the secret itself" }
  }

  expect_failures = [var.sign_in]
}

run "rejects_scopes_without_openid" {
  command = plan

  variables {
    sign_in = { issuer = "https://id.example.com", client_id = "mine", scopes = ["email"] }
  }

  expect_failures = [var.sign_in]
}

run "rejects_google_without_an_allow_list" {
  command = plan

  variables {
    sign_in = { issuer = "https://accounts.google.com", client_id = "mine" }
  }

  expect_failures = [var.sign_in]
}

run "rejects_a_comma_in_a_list" {
  command = plan

  variables {
    sign_in = { provider = "cognito", allowed_domains = ["example.com,example.org"] }
  }

  expect_failures = [var.sign_in]
}

run "rejects_environment_names_that_sign_in_sets" {
  command = plan

  variables {
    sign_in     = { provider = "cognito" }
    environment = { MCP_OAUTH_REGISTRATION = "on" }
  }

  expect_failures = [var.environment]
}

run "rejects_a_secret_instead_of_its_arn" {
  command = plan

  variables {
    auth    = "token"
    secrets = { KEY = "the secret itself" }
  }

  expect_failures = [var.secrets]
}

run "rejects_a_partial_arn_of_secrets_manager" {
  command = plan

  variables {
    auth    = "token"
    secrets = { KEY = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:maps" }
  }

  expect_failures = [var.secrets]
}

run "rejects_a_secret_with_a_reserved_name" {
  command = plan

  variables {
    auth    = "token"
    secrets = { MCP_SECRET = "arn:aws:ssm:eu-west-1:123456789012:parameter/mine" }
  }

  expect_failures = [var.secrets]
}

run "rejects_a_secret_that_is_also_in_the_environment" {
  command = plan

  variables {
    auth        = "token"
    secrets     = { KEY = "arn:aws:ssm:eu-west-1:123456789012:parameter/key" }
    environment = { KEY = "value" }
  }

  expect_failures = [var.secrets]
}
