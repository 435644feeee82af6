provider "aws" {
  region = var.region
}

# People sign in with Amazon Cognito, which this creates; MCP clients register themselves at the server. Invite people by the
# command in the output invite.
module "mcp" {
  source = "../.."

  name = "weather-cognito"
  auth = "oauth"

  sign_in = {
    provider     = "cognito"
    registration = true # For clients that have no metadata document.
  }
}
