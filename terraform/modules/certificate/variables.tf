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

variable "validation_record" {
  description = "Whether to create the record that validates the certificate. false where another certificate of the account for the same name has it already: they share one record, which must stay as long as one of them is in use."
  type        = bool
  default     = true
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
