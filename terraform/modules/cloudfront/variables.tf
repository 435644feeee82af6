variable "function_url" {
  description = "Function URL that the distribution sends requests to, without a slash at its end. Its authorization type must be NONE."
  type        = string
  nullable    = false
}

variable "domain" {
  description = "The domain: name; certificate_arn, of a validated certificate in us-east-1; hosted_zone, the Route 53 zone for its DNS records (without it, create a DNS record that points to domain_target)."
  type = object({
    name            = string
    certificate_arn = string
    hosted_zone     = optional(object({ id = string }))
  })
  nullable = false
}

variable "read_timeout" {
  description = "Seconds that CloudFront waits for the first byte of the function and for each further one: 1 to 60, up to 120 if the account's quota was raised."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.read_timeout >= 1 && var.read_timeout <= 120
    error_message = "read_timeout must be from 1 to 120 seconds."
  }
}

variable "web_acl_arn" {
  description = "ARN of the AWS WAF web ACL of the distribution: a global one (us-east-1)."
  type        = string
  default     = null
}

variable "price_class" {
  description = "Price class, which selects the edge locations: PriceClass_100, PriceClass_200 or PriceClass_All."
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
