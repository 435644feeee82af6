variable "region" {
  description = "Region to deploy to."
  type        = string
  default     = "eu-west-1"
}

variable "issuer" {
  description = "The issuer, exactly as in its tokens."
  type        = string
}

variable "audience" {
  description = "What the tokens' aud must contain one of. For issuers that put in the server's URL (RFC 8707): deploy once with any audience, then give the mcp_url."
  type        = list(string)
}
