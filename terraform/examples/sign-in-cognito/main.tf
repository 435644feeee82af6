provider "aws" {
  region = var.region
}

# Users sign in with Amazon Cognito, which this configuration creates; MCP clients register at the server. The output invite has the
# command that invites a user.
module "mcp" {
  source = "../.."

  name = "weather-cognito"
  auth = "oauth"

  sign_in = {
    provider     = "cognito"
    registration = true # For clients that have no metadata document.
  }
}
