provider "aws" {
  region = var.region
}

# Callers sign in at your issuer: Cognito, Auth0, Entra ID, Keycloak… The server checks their access tokens, and publishes the
# metadata from which clients learn the issuer.
module "mcp" {
  source = "../.."

  name = "weather-oauth"
  auth = "oauth"

  oauth = {
    issuer   = var.issuer
    audience = var.audience
    scopes   = ["weather"]
    # Cognito, Entra ID, and Auth0 without its RFC 9068 profile: token_type = "JWT"
  }
}
