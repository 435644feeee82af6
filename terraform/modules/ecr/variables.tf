variable "name" {
  description = "Name of the repository."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]+([._/-][a-z0-9]+)*$", var.name)) && length(var.name) >= 2 && length(var.name) <= 256
    error_message = "name must be 2 to 256 lower-case letters and digits, with single '.', '_', '-' or '/' between them, as ECR requires."
  }
}

variable "region" {
  description = "Region of the repository. Default: the provider's."
  type        = string
  default     = null
}

variable "image_retention_count" {
  description = "Number of deployed images (tags live-…), and of newest images overall, that the repository keeps; older ones expire. A rollback needs the image of its version."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.image_retention_count >= 1 && floor(var.image_retention_count) == var.image_retention_count
    error_message = "image_retention_count must be a whole number of at least 1."
  }
}

variable "scan_on_push" {
  description = "Whether ECR scans each image for known vulnerabilities when it is pushed."
  type        = bool
  default     = true
  nullable    = false
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts the images. Default: a key that ECR owns (AES-256). A change replaces the repository."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key: arn:aws:kms:REGION:ACCOUNT:key/ID."
  }
}

variable "function_arns" {
  description = "ARNs of the functions for which Lambda may pull images; * matches any characters. Default: every function of this account and region."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.function_arns : can(regex("^arn:[^:]+:lambda:[^:]+:[0-9]{12}:function:.+$", arn))])
    error_message = "function_arns must be ARNs of Lambda functions: arn:aws:lambda:REGION:ACCOUNT:function:NAME."
  }
}

variable "force_delete" {
  description = "Whether destroy also deletes a repository that contains images. They can be built again from the sources."
  type        = bool
  default     = true
  nullable    = false
}

variable "tags" {
  description = "Tags of the repository."
  type        = map(string)
  default     = {}
  nullable    = false
}
