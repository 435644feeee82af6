variable "name" {
  description = "Name of the function. The queue is named after it."
  type        = string
  nullable    = false
}

variable "alias_name" {
  description = "Name of the alias that callers invoke; the function invokes itself through it."
  type        = string
  nullable    = false
}

variable "alias_arn" {
  description = "ARN of that alias."
  type        = string
  nullable    = false
}

variable "role_name" {
  description = "Name of the function's execution role."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the function. Default: the provider's."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of the queue."
  type        = map(string)
  default     = {}
  nullable    = false
}
