provider "aws" {
  region = var.region
}

# The image is built elsewhere, by a pipeline: no container engine is needed here, and no repository is made. The token
# is made elsewhere too, so that none is in the state.
module "mcp" {
  source = "../.."

  name         = "weather-own-image"
  image_uri    = var.image_uri
  architecture = "x86_64"
  token_sha256 = var.token_sha256
}
