variable "region" {
  description = "Region to deploy to."
  type        = string
  default     = "eu-west-1"
}

variable "caller_roles" {
  description = "Names of roles of this account that may call."
  type        = set(string)
  default     = []
}

variable "other_accounts" {
  description = "ARNs of users or roles in other accounts, or of whole accounts, that may call."
  type        = list(string)
  default     = []
}
