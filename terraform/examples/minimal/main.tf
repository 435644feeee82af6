provider "aws" {
  region = var.region
}

# Everything by default: the image is built from this repository, and a token is made.
module "mcp" {
  source = "../.."

  name = "weather"
}
