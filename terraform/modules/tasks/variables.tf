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

variable "timeout" {
  description = "Timeout of the function in seconds, from which the capacity is computed."
  type        = number
  nullable    = false
}

variable "reserved_concurrency" {
  description = "Reserved concurrency of the function, -1 for none, from which the capacity is computed."
  type        = number
  nullable    = false
}

variable "alarm_topic" {
  description = "SNS topic, by its ARN, that an alarm on the queue notifies. Default: no alarm."
  type        = object({ arn = string })
  default     = null
}

variable "region" {
  description = "Region of the function. Default: the provider's."
  type        = string
  default     = null
}

variable "kms_key_arn" {
  description = "ARN of a KMS key that encrypts the queue. Default: a key that SQS manages."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of the queue."
  type        = map(string)
  default     = {}
  nullable    = false
}
