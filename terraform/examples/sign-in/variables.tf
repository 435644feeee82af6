variable "region" {
  description = "Region to deploy to."
  type        = string
  default     = "eu-west-1"
}

variable "issuer" {
  description = "Issuer of the provider: https://login.microsoftonline.com/TENANT_ID/v2.0, https://accounts.google.com."
  type        = string
}

variable "client_id" {
  description = "ID of the application that you registered with the provider."
  type        = string
}

variable "client_secret_arn" {
  description = "ARN of the client secret, in Secrets Manager or SSM."
  type        = string
}

variable "allowed_domains" {
  description = "Domains of verified email addresses that may sign in. Required for Google, where anyone can create an account."
  type        = list(string)
  default     = []
}
