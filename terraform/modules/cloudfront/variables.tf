variable "function_url" {
  description = "The Function URL that it leads to, without a slash at its end. Its authorization type must be NONE."
  type        = string
  nullable    = false
}

variable "domain" {
  description = "The domain: name; certificate_arn, of a validated certificate in us-east-1; hosted_zone, the zone in Route 53 for its records (without it, point the name to domain_target yourself)."
  type = object({
    name            = string
    certificate_arn = string
    hosted_zone     = optional(object({ id = string }))
  })
  nullable = false
}

variable "read_timeout" {
  description = "How long it waits for the function's first byte, and between two, in seconds: 1 to 60, up to 120 where the account's quota was raised."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.read_timeout >= 1 && var.read_timeout <= 120
    error_message = "read_timeout must be from 1 to 120 seconds."
  }
}

variable "web_acl_arn" {
  description = "ARN of a web ACL of AWS WAF, for CloudFront (us-east-1), to put in front."
  type        = string
  default     = null
}

variable "price_class" {
  description = "How much of the world it is served from: PriceClass_100, PriceClass_200 or PriceClass_All."
  type        = string
  default     = "PriceClass_100"
  nullable    = false

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.price_class)
    error_message = "price_class must be PriceClass_100, PriceClass_200 or PriceClass_All."
  }
}

variable "tags" {
  description = "Tags of the distribution."
  type        = map(string)
  default     = {}
  nullable    = false
}
