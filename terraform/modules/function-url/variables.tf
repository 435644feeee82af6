variable "function_name" {
  description = "Name of the function."
  type        = string
  nullable    = false
}

variable "qualifier" {
  description = "Alias that the URL invokes."
  type        = string
  nullable    = false

  validation {
    condition     = !can(regex("^[0-9]+$", var.qualifier))
    error_message = "qualifier must be an alias: a Function URL cannot invoke a version."
  }
}

variable "region" {
  description = "Region of the function. Default: the provider's."
  type        = string
  default     = null
}

variable "authorization_type" {
  description = "NONE: anyone can call the function, which must authenticate requests itself. AWS_IAM: only signed requests of callers that IAM allows."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["NONE", "AWS_IAM"], var.authorization_type)
    error_message = "authorization_type must be NONE or AWS_IAM."
  }
}

variable "streaming" {
  description = "Whether responses are streamed (RESPONSE_STREAM) or sent in one piece (BUFFERED). Must match the handler."
  type        = bool
  default     = true
  nullable    = false
}

variable "principals" {
  description = "For AWS_IAM: ARNs of users, roles or accounts (arn:aws:iam::ACCOUNT:root) in other accounts that may call. Callers of this account need only their own policy."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.principals : can(regex("^arn:[^:]+:(iam|sts)::[0-9]{12}:[^*]+$", arn))])
    error_message = "principals must be ARNs without *: arn:aws:iam::ACCOUNT:role/NAME, or arn:aws:iam::ACCOUNT:root for a whole account."
  }

  validation {
    condition     = var.authorization_type == "AWS_IAM" || length(var.principals) == 0
    error_message = "principals apply to authorization_type AWS_IAM only; with NONE anyone can call the function."
  }
}
