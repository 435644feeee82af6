mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  name                     = "mcp"
  redirect_url             = "https://mcp.example.com/callback"
  client_id_parameter_name = "/mcp-on-lambda/mcp/client-id"
}

run "signs_invited_users_in_by_a_public_client" {
  command = plan

  assert {
    condition     = one(aws_cognito_user_pool.this.admin_create_user_config).allow_admin_create_user_only && aws_cognito_user_pool.this.user_pool_tier == "ESSENTIALS"
    error_message = "Anyone can create an account, or there is no managed login."
  }

  assert {
    condition = (
      !aws_cognito_user_pool_client.this.generate_secret &&
      tolist(aws_cognito_user_pool_client.this.allowed_oauth_flows) == tolist(["code"]) &&
      tolist(aws_cognito_user_pool_client.this.callback_urls) == tolist(["https://mcp.example.com/callback"]) &&
      contains(aws_cognito_user_pool_client.this.allowed_oauth_scopes, "openid")
    )
    error_message = "The client has a secret, another flow than the authorization code, or another redirect address."
  }

  assert {
    condition     = aws_cognito_user_pool_domain.this.managed_login_version == 2 && aws_cognito_managed_login_branding.this.use_cognito_provided_values
    error_message = "Managed login has no domain or no style, so it shows no page."
  }

  assert {
    condition     = can(regex("^mcp-[0-9a-f]{20}$", aws_cognito_user_pool_domain.this.domain))
    error_message = "The domain prefix is not derived, or has a word that Cognito reserves."
  }

  assert {
    condition     = aws_ssm_parameter.client_id.type == "String" && aws_ssm_parameter.client_id.insecure_value == "mockclient0123456789abcdef"
    error_message = "The function cannot find the id of the client."
  }

  assert {
    condition     = output.issuer == "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_mockpool1"
    error_message = "The issuer is not the one in the tokens of the pool."
  }
}

run "allows_sign_up_if_enabled" {
  command = plan

  variables {
    self_sign_up        = true
    deletion_protection = true
    domain_prefix       = "my-sign-in"
  }

  assert {
    condition     = !one(aws_cognito_user_pool.this.admin_create_user_config).allow_admin_create_user_only && aws_cognito_user_pool.this.deletion_protection == "ACTIVE"
    error_message = "The options are ignored."
  }

  assert {
    condition     = aws_cognito_user_pool_domain.this.domain == "my-sign-in"
    error_message = "The domain prefix is ignored."
  }
}

run "rejects_a_redirect_address_without_tls" {
  command = plan

  variables {
    redirect_url = "http://mcp.example.com/callback"
  }

  expect_failures = [var.redirect_url]
}

run "rejects_a_reserved_word_in_the_domain" {
  command = plan

  variables {
    domain_prefix = "my-aws-sign-in"
  }

  expect_failures = [var.domain_prefix]
}

run "rejects_a_parameter_name_without_a_path" {
  command = plan

  variables {
    client_id_parameter_name = "client id"
  }

  expect_failures = [var.client_id_parameter_name]
}
