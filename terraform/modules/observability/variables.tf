variable "function_name" {
  description = "Name of the function that is watched."
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
  description = "Time for one request in seconds."
  type        = number
  nullable    = false
}

variable "reserved_concurrency" {
  description = "How many requests are served at the same time at most; -1 for no limit but the account's."
  type        = number
  nullable    = false
}

variable "snapshots" {
  description = "How many published versions with SnapStart exist. 0 without SnapStart."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.snapshots >= 0 && floor(var.snapshots) == var.snapshots
    error_message = "snapshots must be a whole number of at least 0."
  }
}

variable "provisioned_concurrency" {
  description = "How many environments are kept warm."
  type        = number
  default     = 0
  nullable    = false
}

variable "isolation" {
  description = "Isolation of callers, shared or per-caller, which has a price of its own."
  type        = string
  default     = "shared"
  nullable    = false
}

variable "email" {
  description = "Address that alarms are sent to, once its owner has confirmed it. Default: none, alarms are only shown."
  type        = string
  default     = null
}

variable "dashboard" {
  description = "Whether there is a dashboard. Three of an account are free, then $3 a month."
  type        = bool
  default     = true
  nullable    = false
}

variable "alarms" {
  description = "Whether there are alarms. Six metrics are watched; ten of an account are free, then $0.10 a month each."
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
  description = "Share of calls in percent that may fail, over five minutes with at least ten calls."
  type        = number
  default     = 5
  nullable    = false
}

variable "refusals" {
  description = "How many requests may be refused (401, 403, 429) in five minutes."
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
