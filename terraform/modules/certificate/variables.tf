variable "domain_name" {
  description = "Name that the certificate is for."
  type        = string
  nullable    = false
}

variable "hosted_zone_id" {
  description = "Zone in Route 53 that the name is in."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the certificate: the API's; for CloudFront always us-east-1. Default: the provider's."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of the certificate."
  type        = map(string)
  default     = {}
  nullable    = false
}
