provider "aws" {
  region = var.region
}

# A pipeline builds the image, so Terraform needs no container engine and creates no repository. The token is created elsewhere too,
# so the state contains none.
module "mcp" {
  source = "../.."

  name         = "weather-own-image"
  image_uri    = var.image_uri
  architecture = "x86_64"
  token_sha256 = var.token_sha256
}
