variable "name" {
  description = "Name of the role. Roles have no region: two pipelines in one account need two names."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9+=,.@_-]{1,64}$", var.name))
    error_message = "name must be 1 to 64 letters, digits and '+=,.@_-'."
  }
}

variable "repository" {
  description = "GitHub repository whose workflows may assume the role: OWNER/NAME, exactly as GitHub spells it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$", var.repository))
    error_message = "repository must be OWNER/NAME, without wildcards: every workflow of a matching repository could assume the role."
  }
}

variable "owner_id" {
  description = "Numeric ID of the repository's owner, for repositories whose tokens carry IDs: those created, renamed or transferred since 15 July 2026. Needs repository_id."
  type        = string
  default     = null

  validation {
    condition     = var.owner_id == null || can(regex("^[0-9]+$", var.owner_id))
    error_message = "owner_id must be the numeric ID, not the name: gh api repos/OWNER/NAME --jq .owner.id"
  }

  validation {
    condition     = (var.owner_id == null) == (var.repository_id == null)
    error_message = "owner_id and repository_id belong together: GitHub's tokens carry both or neither."
  }
}

variable "repository_id" {
  description = "Numeric ID of the repository. Needs owner_id."
  type        = string
  default     = null

  validation {
    condition     = var.repository_id == null || can(regex("^[0-9]+$", var.repository_id))
    error_message = "repository_id must be the numeric ID, not the name: gh api repos/OWNER/NAME --jq .id"
  }
}

variable "environment" {
  description = "The GitHub environment that a job must run in. Its protection rules decide who may deploy, and from which branch."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9 ._-]*$", var.environment))
    error_message = "environment must be the name of a GitHub environment, without wildcards, colons and slashes."
  }
}

variable "oidc_provider" {
  description = "The account's OIDC provider for GitHub, by its ARN. Default: the module creates one; an account can have only one."
  type        = object({ arn = string })
  default     = null

  validation {
    condition     = var.oidc_provider == null || can(regex("^arn:[^:]+:iam::[0-9]{12}:oidc-provider/token\\.actions\\.githubusercontent\\.com$", var.oidc_provider.arn))
    error_message = "oidc_provider.arn must be arn:aws:iam::ACCOUNT:oidc-provider/token.actions.githubusercontent.com."
  }
}

variable "repository_arn" {
  description = "ARN of the ECR repository that images are pushed to."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[^:]+:ecr:[a-z0-9-]+:[0-9]{12}:repository/[a-z0-9._/-]+$", var.repository_arn))
    error_message = "repository_arn must be the ARN of one ECR repository."
  }
}

variable "function" {
  description = "The function that gets the images: arn, without version or alias; image_parameter_arn, of the SSM parameter in which the pipeline records what it deployed (outputs function_arn and image_parameter_arn); delete_versions, whether the role may delete published versions, for a function with SnapStart, whose versions are billed. Default: none, the role only publishes images."
  type = object({
    arn                 = string
    image_parameter_arn = string
    delete_versions     = optional(bool, false)
  })
  default = null

  validation {
    condition     = var.function == null || can(regex("^arn:[^:]+:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+$", var.function.arn))
    error_message = "function.arn must be the ARN of one function, without version or alias."
  }

  validation {
    condition     = var.function == null || can(regex("^arn:[^:]+:ssm:[a-z0-9-]+:[0-9]{12}:parameter/[A-Za-z0-9._/-]+$", var.function.image_parameter_arn))
    error_message = "function.image_parameter_arn must be the ARN of one SSM parameter, as in the output image_parameter_arn."
  }
}

variable "permissions_boundary" {
  description = "ARN of the permissions boundary of the role."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of the role and the provider."
  type        = map(string)
  default     = {}
  nullable    = false
}
