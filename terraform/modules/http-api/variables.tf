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
  description = "Alias of the function that the API leads to."
  type        = string
  nullable    = false
}

variable "alias_arn" {
  description = "ARN of that alias."
  type        = string
  nullable    = false
}

variable "timeout" {
  description = "How long the API waits for the function, in seconds; 30 at most, whatever is given."
  type        = number
  default     = 29
  nullable    = false
}

variable "authorization" {
  description = "NONE: everybody reaches the function, which must ask for tokens itself. AWS_IAM: signed requests. JWT: tokens of an issuer. CUSTOM: the Lambda authorizer."
  type        = string
  default     = "NONE"
  nullable    = false

  validation {
    condition     = contains(["NONE", "AWS_IAM", "JWT", "CUSTOM"], var.authorization)
    error_message = "authorization must be NONE, AWS_IAM, JWT or CUSTOM."
  }
}

variable "jwt" {
  description = "For JWT: the issuer, exactly as in its tokens; audience, of which a token must be for one; scopes, of which it must have one. It takes any token that the issuer has signed, ID tokens as well: the function must look itself."
  type = object({
    issuer   = string
    audience = list(string)
    scopes   = optional(list(string), [])
  })
  default = null

  validation {
    condition     = (var.jwt != null) == (var.authorization == "JWT")
    error_message = "jwt and authorization = \"JWT\" belong together."
  }
}

variable "authorizer" {
  description = "For CUSTOM: the Lambda authorizer, by name, alias and ARN of the alias; ttl_seconds, how long API Gateway keeps its verdict on the same Authorization header, 0 for not at all."
  type = object({
    function_name = string
    qualifier     = string
    alias_arn     = string
    ttl_seconds   = optional(number, 300)
  })
  default = null

  validation {
    condition     = (var.authorizer != null) == (var.authorization == "CUSTOM")
    error_message = "authorizer and authorization = \"CUSTOM\" belong together."
  }

  validation {
    condition     = try(var.authorizer.ttl_seconds >= 0 && var.authorizer.ttl_seconds <= 3600, var.authorizer == null)
    error_message = "authorizer.ttl_seconds must be from 0 to 3600."
  }
}

variable "open_paths" {
  description = "Paths whose callers are asked for no credentials, such as /token of a sign-in: the function decides alone."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for path in var.open_paths : can(regex("^/[A-Za-z0-9._~-]+$", path))])
    error_message = "open_paths must be paths of one segment, such as /token."
  }
}

variable "throttle" {
  description = "How many requests a second the stage takes, and how many at once; beyond it 429, before the function is started."
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
  description = "Domain of its own: name; certificate_arn, of a validated certificate in the same region; hosted_zone, the zone in Route 53 for its records (without it, point the name to domain_target yourself). The API's own URL is then closed."
  type = object({
    name            = string
    certificate_arn = string
    hosted_zone     = optional(object({ id = string }))
  })
  default = null
}

variable "detailed_metrics" {
  description = "Whether CloudWatch gets metrics by route as well, which are paid for."
  type        = bool
  default     = false
  nullable    = false
}

variable "log_retention_days" {
  description = "How long the access log is kept, in days."
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
  description = "Tags of everything that can have tags."
  type        = map(string)
  default     = {}
  nullable    = false
}
