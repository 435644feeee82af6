variable "function_name" {
  description = "Name of the function."
  type        = string
  nullable    = false
}

variable "qualifier" {
  description = "Alias the URL leads to."
  type        = string
  nullable    = false

  validation {
    condition     = !can(regex("^[0-9]+$", var.qualifier))
    error_message = "qualifier must be an alias: a Function URL cannot lead to a version."
  }
}

variable "region" {
  description = "Region of the function. Default: the provider's."
  type        = string
  default     = null
}

variable "authorization_type" {
  description = "NONE: everybody reaches the function, which must ask for tokens itself. AWS_IAM: only who is allowed by IAM, with signed requests."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["NONE", "AWS_IAM"], var.authorization_type)
    error_message = "authorization_type must be NONE or AWS_IAM."
  }
}

variable "streaming" {
  description = "Whether answers are streamed (RESPONSE_STREAM) or sent whole (BUFFERED). Must fit the handler."
  type        = bool
  default     = true
  nullable    = false
}

variable "principals" {
  description = "For AWS_IAM: ARNs of users, roles or accounts (arn:aws:iam::ACCOUNT:root) that may call, from other accounts above all. Callers of this account need only a policy of their own."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.principals : can(regex("^arn:[^:]+:(iam|sts)::[0-9]{12}:[^*]+$", arn))])
    error_message = "principals must be ARNs without *: arn:aws:iam::ACCOUNT:role/NAME, or arn:aws:iam::ACCOUNT:root for a whole account."
  }

  validation {
    condition     = var.authorization_type == "AWS_IAM" || length(var.principals) == 0
    error_message = "principals have a meaning with authorization_type AWS_IAM only; with NONE everybody reaches the function."
  }
}
