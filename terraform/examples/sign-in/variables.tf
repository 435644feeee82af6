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
  description = "Id of the application that you have registered there."
  type        = string
}

variable "client_secret_arn" {
  description = "ARN of its secret, in Secrets Manager or SSM."
  type        = string
}

variable "allowed_domains" {
  description = "Domains of verified email addresses that may sign in. Needed for Google, where everybody can have an account."
  type        = list(string)
  default     = []
}
