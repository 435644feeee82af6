variable "name" {
  description = "Name of the role; a name of more than 64 characters is shortened and gets a hash. Roles have no region: two deployments in one account need two names."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9+=,.@_-]{1,128}$", var.name))
    error_message = "name must be 1 to 128 letters, digits and '+=,.@_-'."
  }
}

variable "log_group_arn" {
  description = "ARN of the log group that the function writes to."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the function. Default: the provider's."
  type        = string
  default     = null
}

variable "tracing" {
  description = "Whether the function may write X-Ray traces."
  type        = bool
  default     = false
  nullable    = false
}

variable "vpc" {
  description = "Whether the function may manage its network interfaces in a VPC."
  type        = bool
  default     = false
  nullable    = false
}

variable "secret_arns" {
  description = "ARNs of the SSM parameters, and of the secrets in Secrets Manager, that the function may read."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "secrets_kms_key_arns" {
  description = "ARNs of the customer managed KMS keys that encrypt them. Default: keys that AWS manages, which need no permission."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "policies" {
  description = "Additional permissions of the tools: policy documents in JSON, by name."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for document in values(var.policies) : can(jsondecode(document).Statement)])
    error_message = "policies must be IAM policy documents in JSON, with a Statement: take data.aws_iam_policy_document.NAME.json, or jsonencode({ Version = \"2012-10-17\", Statement = [...] })."
  }

  validation {
    condition     = !contains(keys(var.policies), "runtime")
    error_message = "policies must not contain the name runtime, which the module uses itself."
  }
}

variable "policy_arns" {
  description = "Additional permissions of the tools: ARNs of managed policies, by a name of your choice."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for arn in values(var.policy_arns) : can(regex("^arn:[^:]+:iam::([0-9]{12}|aws):policy/.+$", arn))])
    error_message = "policy_arns must be ARNs of managed policies: arn:aws:iam::ACCOUNT:policy/NAME."
  }
}

variable "permissions_boundary" {
  description = "ARN of the permissions boundary of the role."
  type        = string
  default     = null
}

variable "invoke_policy" {
  description = "Whether to create the output invoke_policy_json, the policy for callers of a Function URL with AWS_IAM. Needs alias_arn."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.invoke_policy || var.alias_arn != null
    error_message = "invoke_policy needs alias_arn, the alias that callers may invoke."
  }
}

variable "alias_arn" {
  description = "ARN of the alias that the Function URL leads to."
  type        = string
  default     = null
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts the environment variables: the role may decrypt with it. Default: none."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of the role."
  type        = map(string)
  default     = {}
  nullable    = false
}
