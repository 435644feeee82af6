variable "name" {
  description = "Name of the user pool and its app client."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the user pool. Default: the provider's."
  type        = string
  default     = null
}

variable "redirect_url" {
  description = "URL to which Cognito redirects users after the sign-in: https://HOST/callback of the MCP server."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^https://[^/]+(/[^/]+)*/callback$", var.redirect_url))
    error_message = "redirect_url must be an https URL that ends with /callback."
  }
}

variable "client_id_parameter_name" {
  description = "Name of the SSM parameter for the ID of the app client, which the function reads."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^(/[A-Za-z0-9_.-]+)+$", var.client_id_parameter_name))
    error_message = "client_id_parameter_name must be a path such as /mcp-on-lambda/mcp/client-id."
  }
}

variable "self_sign_up" {
  description = "Whether anyone can create an account. false: an administrator invites users."
  type        = bool
  default     = false
  nullable    = false
}

variable "domain_prefix" {
  description = "First part of the domain of the sign-in page, unique in the region. Default: derived from account, region and name."
  type        = string
  default     = null

  validation {
    condition     = var.domain_prefix == null || (can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.domain_prefix)) && !can(regex("aws|amazon|cognito", var.domain_prefix)))
    error_message = "domain_prefix must be 1 to 63 lower-case letters, digits and hyphens, and must not contain aws, amazon or cognito."
  }
}

variable "deletion_protection" {
  description = "Whether AWS prevents the deletion of the user pool and its users until this is false again."
  type        = bool
  default     = false
  nullable    = false
}

variable "tags" {
  description = "Tags of the user pool and the parameter."
  type        = map(string)
  default     = {}
  nullable    = false
}
