variable "region" {
  description = "Region to deploy to."
  type        = string
  default     = "eu-west-1"
}

variable "image_uri" {
  description = "Image by its digest: ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME@sha256:DIGEST."
  type        = string
}

variable "token_sha256" {
  description = "SHA-256 digests of the tokens: TOKEN=$(openssl rand -hex 32); printf %s \"$TOKEN\" | sha256sum."
  type        = list(string)
}
