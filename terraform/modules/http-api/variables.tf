variable "name" {
  description = "Name of the API, and with -http of its log group after /aws/vendedlogs/apigateway/."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the API. Default: the provider's."
  type        = string
  default     = null
}

variable "function_name" {
  description = "Name of the function, whose handler must be handler.buffered: an HTTP API does not stream."
  type        = string
  nullable    = false
}

variable "qualifier" {
  description = "Alias of the function that the API invokes."
  type        = string
  nullable    = false
}

variable "alias_arn" {
  description = "ARN of that alias."
  type        = string
  nullable    = false
}

variable "timeout" {
  description = "Seconds that the API waits for the function; values above 30 have the effect of 30."
  type        = number
  default     = 29
  nullable    = false
}

variable "authorization" {
  description = "NONE: anyone can call the function, which must authenticate requests itself. AWS_IAM: signed requests. JWT: tokens of an issuer. CUSTOM: the Lambda authorizer."
  type        = string
  default     = "NONE"
  nullable    = false

  validation {
    condition     = contains(["NONE", "AWS_IAM", "JWT", "CUSTOM"], var.authorization)
    error_message = "authorization must be NONE, AWS_IAM, JWT or CUSTOM."
  }
}

variable "jwt" {
  description = "For JWT: the issuer, exactly as in its tokens; audience and scopes, of each of which a token must have one. The API accepts every token that the issuer has signed, including ID tokens, so the function must check again."
  type = object({
    issuer   = string
    audience = list(string)
    scopes   = optional(list(string), [])
  })
  default = null

  validation {
    condition     = (var.jwt != null) == (var.authorization == "JWT")
    error_message = "jwt and authorization = \"JWT\" must be set together."
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

variable "open_paths" {
  description = "Paths that API Gateway passes to the function without credentials, such as /token of a sign-in."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for path in var.open_paths : can(regex("^/[A-Za-z0-9._~-]+$", path))])
    error_message = "open_paths must be paths of one segment, such as /token."
  }
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

variable "domain" {
  description = "Custom domain: name; certificate_arn, of a validated certificate in the same region; hosted_zone, the Route 53 zone for its DNS records (without it, create a DNS record that points to domain_target). The API's own URL is then disabled."
  type = object({
    name            = string
    certificate_arn = string
    hosted_zone     = optional(object({ id = string }))
  })
  default = null
}

variable "detailed_metrics" {
  description = "Whether CloudWatch also gets metrics by route, which AWS charges for."
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
