provider "aws" {
  region = var.region
}

# Tools for everyone, without a token: limits for each caller, an audit line for each call, and an entry for the MCP Registry (app/ in
# this folder).
module "mcp" {
  source = "../.."

  name       = "dice"
  source_dir = var.source_dir

  auth   = "none"
  limits = { enabled = true }

  registry = {
    name        = "com.example/dice"
    description = "Rolls dice."
    version     = "1.0.0"
  }
}
