variable "function_name" {
  description = "Name of the monitored function."
  type        = string
  nullable    = false
}

variable "log_group_name" {
  description = "Name of the function's log group."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the function. Default: the provider's."
  type        = string
  default     = null
}

variable "architecture" {
  description = "Architecture of the function, arm64 or x86_64, for its price."
  type        = string
  default     = "arm64"
  nullable    = false
}

variable "memory_size" {
  description = "Memory of the function in MB."
  type        = number
  nullable    = false
}

variable "timeout" {
  description = "Timeout of the function in seconds."
  type        = number
  nullable    = false
}

variable "reserved_concurrency" {
  description = "Maximum number of concurrent requests; -1 if only the account's quota limits it."
  type        = number
  nullable    = false
}

variable "snapshots" {
  description = "Number of published versions with SnapStart. 0 without SnapStart."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.snapshots >= 0 && floor(var.snapshots) == var.snapshots
    error_message = "snapshots must be a whole number of at least 0."
  }
}

variable "provisioned_concurrency" {
  description = "Number of execution environments that Lambda keeps initialized."
  type        = number
  default     = 0
  nullable    = false
}

variable "isolation" {
  description = "Isolation of callers, shared or per-caller, for the text about the cost: Lambda charges extra for per-caller."
  type        = string
  default     = "shared"
  nullable    = false
}

variable "email" {
  description = "E-mail address that alarms are sent to, after its owner has confirmed the subscription. Default: none; alarms are only shown in the console."
  type        = string
  default     = null
}

variable "dashboard" {
  description = "Whether to create a dashboard. Three per account are free; each further one costs $3 a month."
  type        = bool
  default     = true
  nullable    = false
}

variable "alarms" {
  description = "Whether to create alarms, on six metrics. Ten per account are free; each further one costs $0.10 a month."
  type        = bool
  default     = true
  nullable    = false
}

variable "monthly_budget" {
  description = "Dollars a month that Lambda and CloudWatch may cost in the whole account before an e-mail is sent; 0 for no budget. Free. Only in commercial regions: other partitions have no AWS Budgets in dollars."
  type        = number
  default     = 20
  nullable    = false
}

variable "error_rate_percent" {
  description = "Failed calls in percent, in five minutes with at least ten calls, above which the alarm starts."
  type        = number
  default     = 5
  nullable    = false
}

variable "refusals" {
  description = "Number of requests denied (401, 403, 429) in five minutes above which the alarm starts."
  type        = number
  default     = 100
  nullable    = false
}

variable "kms_key_arn" {
  description = "ARN of a KMS key that encrypts the topic. Its policy must let CloudWatch and AWS Budgets use it. Default: none."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of the topic, the alarms and the budget."
  type        = map(string)
  default     = {}
  nullable    = false
}
