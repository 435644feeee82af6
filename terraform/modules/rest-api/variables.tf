variable "name" {
  description = "Name of the API, and with -rest of its log group after /aws/apigateway/."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the API. Default: the provider's."
  type        = string
  default     = null
}

variable "function_name" {
  description = "Name of the function."
  type        = string
  nullable    = false
}

variable "qualifier" {
  description = "Alias of the function that the API invokes."
  type        = string
  nullable    = false
}

variable "alias_arn" {
  description = "ARN of that alias, as text. With a reference to the alias Terraform would create a new function before it deletes the old one, as it does with the deployment, and that fails when the function must be replaced."
  type        = string
  nullable    = false
}

variable "streaming" {
  description = "Whether responses are streamed (response transfer mode STREAM, up to 15 minutes) or sent in one piece (within 29 seconds). Must match the handler."
  type        = bool
  default     = true
  nullable    = false
}

variable "timeout" {
  description = "Seconds that the API waits for the function: the timeout of the function."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.timeout >= 1 && var.timeout <= 900
    error_message = "timeout must be from 1 to 900 seconds."
  }
}

variable "stage_name" {
  description = "Name of the stage, which is part of the URL unless there is a domain."
  type        = string
  default     = "live"
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,128}$", var.stage_name))
    error_message = "stage_name must be letters, digits, '-' and '_'."
  }
}

variable "authorization" {
  description = "NONE: anyone can call the function, which must authenticate requests itself. AWS_IAM: signed requests. CUSTOM: the authorizer."
  type        = string
  default     = "NONE"
  nullable    = false

  validation {
    condition     = contains(["NONE", "AWS_IAM", "CUSTOM"], var.authorization)
    error_message = "authorization must be NONE, AWS_IAM or CUSTOM."
  }
}

variable "authorizer" {
  description = "For CUSTOM: the Lambda authorizer, by name, alias and ARN of the alias; ttl_seconds, seconds for which API Gateway caches its result for an Authorization header, 0 for no cache."
  type = object({
    function_name = string
    qualifier     = string
    alias_arn     = string
    ttl_seconds   = optional(number, 300)
  })
  default = null

  validation {
    condition     = (var.authorizer != null) == (var.authorization == "CUSTOM")
    error_message = "authorizer and authorization = \"CUSTOM\" must be set together."
  }

  validation {
    condition     = try(var.authorizer.ttl_seconds >= 0 && var.authorizer.ttl_seconds <= 3600, var.authorizer == null)
    error_message = "authorizer.ttl_seconds must be from 0 to 3600."
  }
}

variable "isolation" {
  description = "Isolation of the function, shared or per-caller. With per-caller the API sets the tenant ID of each invocation: the value that the authorizer returned as tenant, or one common tenant for all open methods."
  type        = string
  default     = "shared"
  nullable    = false

  validation {
    condition     = contains(["shared", "per-caller"], var.isolation)
    error_message = "isolation must be shared or per-caller."
  }

  validation {
    condition     = var.isolation == "shared" || var.authorizer != null
    error_message = "isolation = \"per-caller\" needs an authorizer, which returns the tenant."
  }
}

variable "open_paths" {
  description = "Paths that API Gateway passes to the function without credentials and API key, such as /token of a sign-in."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for path in var.open_paths : can(regex("^/[A-Za-z0-9._~-]+$", path))])
    error_message = "open_paths must be paths of one segment, such as /token."
  }
}

variable "challenge" {
  description = "WWW-Authenticate header of the 401 for callers that the authorizer denies; {url} stands for the URL of the API. Default: API Gateway's own responses, 401 without a token and 403 with an invalid one."
  type        = string
  default     = null
}

variable "throttle" {
  description = "Accepted requests per second (rate) and at the same moment (burst). API Gateway returns 429 for more, without starting the function."
  type = object({
    rate  = number
    burst = number
  })
  default  = { rate = 50, burst = 100 }
  nullable = false

  validation {
    condition     = var.throttle.rate > 0 && var.throttle.burst >= 1
    error_message = "throttle needs a rate above 0 and a burst of at least 1."
  }
}

variable "api_key" {
  description = "If set, callers also need an API key (header x-api-key), with a quota of calls_per_day. The key limits calls; it does not authenticate callers."
  type = object({
    calls_per_day = optional(number, 10000)
  })
  default = null
}

variable "allowed_cidrs" {
  description = "IP address ranges (CIDR) that may call. Default: all."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for cidr in var.allowed_cidrs : can(cidrhost(cidr, 0))])
    error_message = "allowed_cidrs must be IP address ranges, such as 198.51.100.0/24."
  }
}

variable "allowed_principals" {
  description = "For AWS_IAM: ARNs of users or roles in other accounts, or of whole accounts, that may call."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.allowed_principals : can(regex("^arn:[^:]+:(iam|sts)::[0-9]{12}:[^*]+$", arn))])
    error_message = "allowed_principals must be ARNs without *: arn:aws:iam::ACCOUNT:role/NAME, or arn:aws:iam::ACCOUNT:root for a whole account."
  }

  validation {
    condition     = length(var.allowed_principals) == 0 || var.authorization == "AWS_IAM"
    error_message = "allowed_principals apply to authorization AWS_IAM only."
  }
}

variable "web_acl" {
  description = "Regional AWS WAF web ACL of the API, by its ARN."
  type        = object({ arn = string })
  default     = null
}

variable "domain" {
  description = "Custom domain: name; certificate_arn, of a validated certificate in the same region; hosted_zone, the Route 53 zone for its DNS records (without it, create a DNS record that points to domain_target). The API's own URL is then disabled."
  type = object({
    name            = string
    certificate_arn = string
    hosted_zone     = optional(object({ id = string }))
  })
  default = null
}

variable "manage_api_gateway_account" {
  description = "Whether apply sets the role with which API Gateway writes the logs of all REST APIs of the account in the region; destroy resets it. false: the account already has such a role."
  type        = bool
  nullable    = false
}

variable "permissions_boundary" {
  description = "ARN of the permissions boundary of the role for logs."
  type        = string
  default     = null
}

variable "detailed_metrics" {
  description = "Whether CloudWatch also gets metrics by method, which AWS charges for."
  type        = bool
  default     = false
  nullable    = false
}

variable "tracing" {
  description = "Whether X-Ray traces requests."
  type        = bool
  default     = false
  nullable    = false
}

variable "log_retention_days" {
  description = "Retention of the access log in days."
  type        = number
  default     = 30
  nullable    = false
}

variable "kms_key_arn" {
  description = "ARN of a KMS key that encrypts the access log. Its policy must let CloudWatch Logs use it. Default: a key that AWS manages."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags applied to all taggable resources."
  type        = map(string)
  default     = {}
  nullable    = false
}
