provider "aws" {
  region = var.region
}

# Users sign in at your identity provider, such as Entra ID, Google or Okta; MCP clients register at the server.
#
#   1. Register a web application with the provider, and create a client secret.
#   2. Put the secret into Secrets Manager, and apply with its ARN.
#   3. Enter the output redirect_url as a redirect address of the application.
module "mcp" {
  source = "../.."

  name = "weather-sign-in"
  auth = "oauth"

  sign_in = {
    issuer            = var.issuer
    client_id         = var.client_id
    client_secret_arn = var.client_secret_arn
    allowed_domains   = var.allowed_domains
    registration      = true # For clients that have no metadata document.
  }
}
