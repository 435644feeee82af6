data "aws_region" "current" {
  region = var.region
}

locals {
  handler      = var.streaming ? "handler.stream" : "handler.buffered"
  image_region = try(regex("\\.dkr\\.ecr\\.([a-z0-9-]+)\\.", var.image_uri)[0], null)
}

# Created before the function. Otherwise Lambda would create a log group without retention, which destroy would not delete.
resource "aws_cloudwatch_log_group" "this" {
  region            = var.region
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_lambda_function" "this" {
  # checkov:skip=CKV_AWS_116:Endpoints invoke synchronously; modules/tasks sends failed background invocations to a queue.
  # checkov:skip=CKV_AWS_272:Lambda verifies signatures of zip archives only; this image is deployed by its digest.
  region                         = var.region
  function_name                  = var.name
  description                    = var.description
  role                           = var.role_arn
  package_type                   = "Image"
  image_uri                      = var.image_uri
  architectures                  = [var.architecture]
  memory_size                    = var.memory_size
  timeout                        = var.timeout
  reserved_concurrent_executions = var.reserved_concurrency
  kms_key_arn                    = var.kms_key_arn
  publish                        = true
  tags                           = var.tags

  ephemeral_storage {
    size = var.ephemeral_storage_size
  }

  image_config {
    command = coalesce(var.command, [local.handler])
  }

  logging_config {
    log_format            = "JSON"
    log_group             = aws_cloudwatch_log_group.this.name
    application_log_level = var.log_level
    system_log_level      = "INFO" # Lambda's START and REPORT lines, with durations and memory used.
  }

  # Lambda supports SnapStart for published versions only. An update of a function with SnapStart takes minutes.
  dynamic "snap_start" {
    for_each = var.snap_start ? ["PublishedVersions"] : []

    content {
      apply_on = snap_start.value
    }
  }

  tracing_config {
    mode = var.tracing ? "Active" : "PassThrough"
  }

  # Lambda accepts this only when it creates a function: a change replaces the function.
  dynamic "tenancy_config" {
    for_each = var.isolation == "per-caller" ? ["PER_TENANT"] : []

    content {
      tenant_isolation_mode = tenancy_config.value
    }
  }

  dynamic "environment" {
    for_each = length(var.environment) > 0 ? [var.environment] : []

    content {
      variables = environment.value
    }
  }

  dynamic "vpc_config" {
    for_each = var.vpc == null ? [] : [var.vpc]

    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  lifecycle {
    precondition {
      condition     = local.image_region == null || local.image_region == data.aws_region.current.region
      error_message = "The image is in another region than the function (${data.aws_region.current.region}). Lambda accepts only images of the function's region: push the image to that region, or replicate it with ECR."
    }
  }
}

# The alias that callers reach. A rollback changes only the version of this alias.
resource "aws_lambda_alias" "live" {
  region           = var.region
  name             = var.alias_name
  description      = var.pinned_version == null ? "The newest version" : "Held at version ${var.pinned_version}"
  function_name    = aws_lambda_function.this.function_name
  function_version = var.pinned_version == null ? aws_lambda_function.this.version : tostring(var.pinned_version)

  lifecycle {
    # AWS deletes the alias with the function.
    replace_triggered_by = [aws_lambda_function.this.tenancy_config]

    precondition {
      condition     = var.pinned_version == null || try(var.pinned_version <= tonumber(aws_lambda_function.this.version), true)
      error_message = "There is no version ${coalesce(var.pinned_version, 0)} to roll back to: the newest is ${aws_lambda_function.this.version}. List them with: aws lambda list-versions-by-function --function-name ${var.name}"
    }
  }
}

resource "aws_lambda_provisioned_concurrency_config" "live" {
  count = var.provisioned_concurrency > 0 ? 1 : 0

  region                            = var.region
  function_name                     = aws_lambda_function.this.function_name
  qualifier                         = aws_lambda_alias.live.name
  provisioned_concurrent_executions = var.provisioned_concurrency
}
