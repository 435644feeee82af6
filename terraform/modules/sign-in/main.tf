data "aws_caller_identity" "current" {}

data "aws_region" "current" {
  region = var.region
}

locals {
  # Unique in the region among all accounts, and the same on every apply. A prefix must not contain aws, amazon or cognito, so it is
  # not derived from the name.
  hash          = sha256("${data.aws_caller_identity.current.account_id} ${data.aws_region.current.region} ${var.name}")
  domain_prefix = coalesce(var.domain_prefix, "mcp-${substr(local.hash, 0, 20)}")
}

# People sign in with their email address. They are invited, unless self_sign_up is on.
resource "aws_cognito_user_pool" "this" {
  region                   = var.region
  name                     = var.name
  user_pool_tier           = "ESSENTIALS" # The lowest tier with managed login.
  username_attributes      = ["email"]
  auto_verified_attributes = ["email"]
  mfa_configuration        = "OPTIONAL"
  deletion_protection      = var.deletion_protection ? "ACTIVE" : "INACTIVE"
  tags                     = var.tags

  admin_create_user_config {
    allow_admin_create_user_only = !var.self_sign_up
  }

  username_configuration {
    case_sensitive = false
  }

  password_policy {
    minimum_length                   = 12
    require_lowercase                = true
    require_numbers                  = true
    require_symbols                  = false
    require_uppercase                = true
    temporary_password_validity_days = 7
  }

  account_recovery_setting {
    recovery_mechanism {
      name     = "verified_email"
      priority = 1
    }
  }

  software_token_mfa_configuration {
    enabled = true
  }
}

resource "aws_cognito_user_pool_domain" "this" {
  region                = var.region
  domain                = local.domain_prefix
  user_pool_id          = aws_cognito_user_pool.this.id
  managed_login_version = 2
}

# A public client with PKCE: there is no secret, so none is in the state.
resource "aws_cognito_user_pool_client" "this" {
  region                               = var.region
  name                                 = var.name
  user_pool_id                         = aws_cognito_user_pool.this.id
  generate_secret                      = false
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["code"]
  allowed_oauth_scopes                 = ["email", "openid", "profile"]
  callback_urls                        = [var.redirect_url]
  supported_identity_providers         = ["COGNITO"]
  explicit_auth_flows                  = ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"]
  enable_token_revocation              = true
  prevent_user_existence_errors        = "ENABLED"
  refresh_token_validity               = 30 # Days, the duration of a sign-in at the MCP server.
}

# Without a style, managed login has no pages for the client.
resource "aws_cognito_managed_login_branding" "this" {
  region                      = var.region
  user_pool_id                = aws_cognito_user_pool.this.id
  client_id                   = aws_cognito_user_pool_client.this.id
  use_cognito_provided_values = true
}

# The app client needs the URL of the function, so the function's environment cannot contain the ID of the client: the function reads
# it from this parameter.
resource "aws_ssm_parameter" "client_id" {
  # checkov:skip=CKV2_AWS_34:The ID of an app client is not secret: the URL of the sign-in page contains it.
  region         = var.region
  name           = var.client_id_parameter_name
  description    = "ID of the app client for the sign-in to ${var.name}"
  type           = "String"
  insecure_value = aws_cognito_user_pool_client.this.id
  tags           = var.tags
}
