provider "aws" {
  region = var.region
}

# All defaults: Terraform builds the image from this repository and creates a token.
module "mcp" {
  source = "../.."

  name = "weather"
}
