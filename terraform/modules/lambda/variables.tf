variable "name" {
  description = "Name of the function, and of its log group after /aws/lambda/."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,64}$", var.name))
    error_message = "name must be 1 to 64 letters, digits, '-' and '_'."
  }
}

variable "image_uri" {
  description = "Image in Amazon ECR in the region of the function, preferably by digest."
  type        = string
  nullable    = false
}

variable "role_arn" {
  description = "ARN of the execution role."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the function. Default: the provider's."
  type        = string
  default     = null
}

variable "description" {
  description = "Description of the function."
  type        = string
  default     = "MCP server"
}

variable "architecture" {
  description = "Processor architecture of the image: arm64 or x86_64."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64, as Lambda calls them (amd64 is x86_64)."
  }
}

variable "memory_size" {
  description = "Memory in MB, 128 to 10240. CPU grows with it: 1,769 MB give one vCPU."
  type        = number
  default     = 512
  nullable    = false

  validation {
    condition     = var.memory_size >= 128 && var.memory_size <= 10240 && floor(var.memory_size) == var.memory_size
    error_message = "memory_size must be a whole number of MB from 128 to 10240."
  }
}

variable "timeout" {
  description = "Time limit for a request in seconds, 1 to 900. Lambda bills a function that hangs up to this limit."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.timeout >= 1 && var.timeout <= 900 && floor(var.timeout) == var.timeout
    error_message = "timeout must be a whole number of seconds from 1 to 900, Lambda's maximum."
  }
}

variable "ephemeral_storage_size" {
  description = "Size of /tmp in MB, 512 to 10240."
  type        = number
  default     = 512
  nullable    = false

  validation {
    condition     = var.ephemeral_storage_size >= 512 && var.ephemeral_storage_size <= 10240 && floor(var.ephemeral_storage_size) == var.ephemeral_storage_size
    error_message = "ephemeral_storage_size must be a whole number of MB from 512 to 10240."
  }
}

variable "environment" {
  description = "Environment variables of the function."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.environment) : can(regex("^[a-zA-Z][a-zA-Z0-9_]+$", name))])
    error_message = "Names in environment must begin with a letter, and have letters, digits and '_' only, at least two characters."
  }

  # https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
  validation {
    condition = length(setintersection(keys(var.environment), [
      "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID",
      "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
      "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME",
      "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
    ])) == 0
    error_message = "environment sets a name that Lambda reserves (AWS_REGION, AWS_ACCESS_KEY_ID, AWS_LAMBDA_FUNCTION_NAME, LAMBDA_TASK_ROOT and the like). Lambda sets the region and the credentials of the role itself; use another name for your variable."
  }

  validation {
    condition     = sum(concat([0], [for name, value in var.environment : length(name) + length(value)])) <= 4096
    error_message = "environment is larger than the 4 KB that Lambda allows for all variables together. Store large values in Parameter Store or Secrets Manager, and pass their names to the function."
  }
}

variable "streaming" {
  description = "Whether responses are streamed: the image's handler.stream, for a Function URL in mode RESPONSE_STREAM. Otherwise handler.buffered, for BUFFERED."
  type        = bool
  default     = true
  nullable    = false
}

variable "command" {
  description = "CMD of the image, one element, for images whose handlers have other names. Default: handler.stream or handler.buffered, depending on streaming."
  type        = list(string)
  default     = null

  validation {
    condition     = var.command == null || try(length(var.command) == 1, false)
    error_message = "command must be exactly one element, the handler as FILE.EXPORT: Lambda sets _HANDLER to it."
  }
}

variable "reserved_concurrency" {
  description = "Maximum number of concurrent requests, which limits the cost; Lambda returns 429 for more. -1 if only the account's quota limits it; 0 stops the function."
  type        = number
  default     = -1
  nullable    = false

  validation {
    condition     = var.reserved_concurrency >= -1 && floor(var.reserved_concurrency) == var.reserved_concurrency
    error_message = "reserved_concurrency must be a whole number: -1 for no limit, 0 to stop the function, or the number of concurrent requests."
  }
}

variable "provisioned_concurrency" {
  description = "Number of execution environments that Lambda keeps initialized and bills also without calls. 0 for none."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.provisioned_concurrency >= 0 && floor(var.provisioned_concurrency) == var.provisioned_concurrency
    error_message = "provisioned_concurrency must be a whole number of at least 0."
  }

  validation {
    condition     = var.reserved_concurrency == -1 || var.provisioned_concurrency <= var.reserved_concurrency
    error_message = "provisioned_concurrency must not be more than reserved_concurrency: Lambda would keep more environments initialized than can be used."
  }
}

variable "snap_start" {
  description = "Whether Lambda keeps a snapshot of the initialized function and restores execution environments from it (SnapStart). Shortens cold starts of servers with a long init, mostly programs behind mcpStdio. Lambda bills each published version for as long as it exists, also without calls."
  type        = bool
  default     = false
  nullable    = false

  # https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html#snapstart-supported-features
  validation {
    condition     = !var.snap_start || var.provisioned_concurrency == 0
    error_message = "snap_start and provisioned_concurrency exclude each other on Lambda: provisioned environments are initialized already. Leave one of them out."
  }

  validation {
    condition     = !var.snap_start || var.ephemeral_storage_size <= 512
    error_message = "Lambda has no SnapStart for functions with more than 512 MB of ephemeral storage. Leave ephemeral_storage_size out, or snap_start."
  }
}

variable "isolation" {
  description = "Isolation of callers. shared: all callers use the same execution environments, one after the other. per-caller: each tenant has separate ones, which Lambda chooses by the tenant ID of the invocation (tenant isolation). A change replaces the function."
  type        = string
  default     = "shared"
  nullable    = false

  validation {
    condition     = contains(["shared", "per-caller"], var.isolation)
    error_message = "isolation must be shared or per-caller."
  }

  # https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html
  validation {
    condition     = var.isolation == "shared" || var.provisioned_concurrency == 0
    error_message = "isolation = \"per-caller\" excludes provisioned_concurrency: Lambda cannot create an environment before it knows the tenant. Set one of them."
  }

  validation {
    condition     = var.isolation == "shared" || !var.snap_start
    error_message = "isolation = \"per-caller\" excludes snap_start: Lambda restores no snapshot for a function with tenant isolation. Set one of them."
  }
}

variable "alias_name" {
  description = "Name of the alias that callers reach."
  type        = string
  default     = "live"
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]*[a-zA-Z_-][a-zA-Z0-9_-]*$", var.alias_name))
    error_message = "alias_name must consist of letters, digits, '-' and '_', with at least one that is not a digit."
  }
}

variable "pinned_version" {
  description = "Version that callers reach, for a rollback. Default: the newest."
  type        = number
  default     = null

  validation {
    condition     = var.pinned_version == null || try(var.pinned_version >= 1 && floor(var.pinned_version) == var.pinned_version, false)
    error_message = "pinned_version must be the number of a published version, 1 or more."
  }
}

variable "tracing" {
  description = "Whether X-Ray traces requests. The role needs xray:PutTraceSegments and xray:PutTelemetryRecords."
  type        = bool
  default     = false
  nullable    = false
}

variable "log_retention_days" {
  description = "Retention of logs in days."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one of CloudWatch's steps: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "log_level" {
  description = "Minimum severity of the app's log lines: TRACE, DEBUG, INFO, WARN, ERROR or FATAL."
  type        = string
  default     = "INFO"
  nullable    = false

  validation {
    condition     = contains(["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"], var.log_level)
    error_message = "log_level must be TRACE, DEBUG, INFO, WARN, ERROR or FATAL."
  }
}

variable "vpc" {
  description = "Subnets and security groups, for a function that accesses a VPC. Needs a NAT gateway to reach the internet. In a VPC a Function URL does not stream; a REST API does."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null

  validation {
    condition     = var.vpc == null || try(length(var.vpc.subnet_ids) > 0 && length(var.vpc.security_group_ids) > 0, false)
    error_message = "vpc needs at least one subnet (preferably two, in two availability zones) and one security group."
  }
}

variable "kms_key_arn" {
  description = "ARN of a KMS key that encrypts the environment variables and the log. Its policy must let CloudWatch Logs use it, and the role needs kms:Decrypt. Default: keys that AWS manages."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of the function and its log group."
  type        = map(string)
  default     = {}
  nullable    = false
}
