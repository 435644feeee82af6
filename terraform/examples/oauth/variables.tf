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
  description = "Audiences, of which the aud of a token must contain one. For issuers that set aud to the server's URL (RFC 8707): deploy once with any audience, then set it to the output mcp_url."
  type        = list(string)
}
