variable "domain_name" {
  description = "Domain name of the certificate."
  type        = string
  nullable    = false
}

variable "hosted_zone_id" {
  description = "ID of the Route 53 hosted zone of the domain name."
  type        = string
  nullable    = false
}

variable "validation_record" {
  description = "Whether to create the record that validates the certificate. false if another certificate of the account for the same name already has it: they share one record, which must exist as long as one of them is in use."
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
