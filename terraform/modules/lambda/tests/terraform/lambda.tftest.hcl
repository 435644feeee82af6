mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  name      = "mcp"
  image_uri = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mcp@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  role_arn  = "arn:aws:iam::123456789012:role/mcp"
}

run "has_sensible_defaults" {
  command = plan

  assert {
    condition     = aws_lambda_function.this.package_type == "Image" && aws_lambda_function.this.image_uri == var.image_uri
    error_message = "The function does not use the image."
  }

  assert {
    condition     = aws_lambda_function.this.architectures == tolist(["arm64"]) && aws_lambda_function.this.memory_size == 512 && aws_lambda_function.this.timeout == 60
    error_message = "Architecture, memory or timeout is not the default."
  }

  assert {
    condition     = one(aws_lambda_function.this.image_config).command == tolist(["handler.stream"])
    error_message = "The function does not stream."
  }

  assert {
    condition     = aws_lambda_function.this.reserved_concurrent_executions == -1 && length(aws_lambda_provisioned_concurrency_config.live) == 0
    error_message = "Concurrency is reserved or provisioned by default."
  }

  assert {
    condition     = one(aws_lambda_function.this.tracing_config).mode == "PassThrough" && length(aws_lambda_function.this.vpc_config) == 0 && length(aws_lambda_function.this.snap_start) == 0 && length(aws_lambda_function.this.environment) == 0
    error_message = "Tracing, a VPC, SnapStart or an environment is set by default."
  }
}

run "has_snap_start_for_published_versions_if_enabled" {
  command = plan

  variables {
    snap_start = true
  }

  assert {
    condition     = one(aws_lambda_function.this.snap_start).apply_on == "PublishedVersions" && aws_lambda_function.this.publish
    error_message = "SnapStart is not on for published versions."
  }
}

run "rejects_snap_start_with_provisioned_concurrency" {
  command = plan

  variables {
    snap_start              = true
    provisioned_concurrency = 1
  }

  expect_failures = [var.snap_start]
}

run "rejects_snap_start_with_large_ephemeral_storage" {
  command = plan

  variables {
    snap_start             = true
    ephemeral_storage_size = 1024
  }

  expect_failures = [var.snap_start]
}

run "logs_json_into_its_own_group" {
  command = plan

  variables {
    log_retention_days = 7
    log_level          = "DEBUG"
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.name == "/aws/lambda/mcp" && aws_cloudwatch_log_group.this.retention_in_days == 7
    error_message = "The log group has another name or retention."
  }

  assert {
    condition     = one(aws_lambda_function.this.logging_config).log_group == aws_cloudwatch_log_group.this.name
    error_message = "The function does not wait for its log group."
  }

  assert {
    condition     = one(aws_lambda_function.this.logging_config).log_format == "JSON" && one(aws_lambda_function.this.logging_config).application_log_level == "DEBUG" && one(aws_lambda_function.this.logging_config).system_log_level == "INFO"
    error_message = "Logs are not JSON with the configured level and Lambda's REPORT lines."
  }
}

run "applies_every_setting" {
  command = plan

  variables {
    architecture           = "x86_64"
    memory_size            = 10240
    timeout                = 900
    ephemeral_storage_size = 10240
    environment            = { LEVEL = "debug" }
    reserved_concurrency   = 0
    tracing                = true
    tags                   = { team = "weather" }
  }

  assert {
    condition     = aws_lambda_function.this.architectures == tolist(["x86_64"]) && aws_lambda_function.this.memory_size == 10240 && aws_lambda_function.this.timeout == 900 && one(aws_lambda_function.this.ephemeral_storage).size == 10240
    error_message = "Architecture, memory, timeout or /tmp differs from its variable."
  }

  assert {
    condition     = one(aws_lambda_function.this.environment).variables == tomap({ LEVEL = "debug" })
    error_message = "The environment differs from its variable."
  }

  assert {
    condition     = aws_lambda_function.this.reserved_concurrent_executions == 0
    error_message = "The function cannot be stopped by reserved_concurrency = 0."
  }

  assert {
    condition     = one(aws_lambda_function.this.tracing_config).mode == "Active"
    error_message = "Requests are not traced."
  }

  assert {
    condition     = aws_lambda_function.this.tags.team == "weather" && aws_cloudwatch_log_group.this.tags.team == "weather"
    error_message = "Function or log group has no tags."
  }
}

run "serves_the_newest_version" {
  command = plan

  assert {
    condition     = aws_lambda_function.this.publish && aws_lambda_alias.live.name == "live" && output.pinned_version == "3" && output.latest_version == "3"
    error_message = "Callers do not reach the newest published version."
  }
}

run "rolls_back_to_a_version" {
  command = plan

  variables {
    pinned_version = 2
  }

  assert {
    condition     = output.pinned_version == "2" && output.latest_version == "3"
    error_message = "pinned_version does not move the alias alone."
  }
}

run "rejects_a_version_that_does_not_exist_yet" {
  command = plan

  variables {
    pinned_version = 4
  }

  expect_failures = [aws_lambda_alias.live]
}

run "provisions_concurrency_on_the_alias" {
  command = plan

  variables {
    provisioned_concurrency = 2
    reserved_concurrency    = 2
  }

  assert {
    condition     = aws_lambda_provisioned_concurrency_config.live[0].provisioned_concurrent_executions == 2 && aws_lambda_provisioned_concurrency_config.live[0].qualifier == "live"
    error_message = "Provisioned concurrency is not on the alias that callers reach."
  }
}

run "rejects_more_provisioned_than_reserved_concurrency" {
  command = plan

  variables {
    provisioned_concurrency = 3
    reserved_concurrency    = 2
  }

  expect_failures = [var.provisioned_concurrency]
}

run "runs_in_a_vpc" {
  command = plan

  variables {
    streaming = false
    vpc = {
      subnet_ids         = ["subnet-1", "subnet-2"]
      security_group_ids = ["sg-1"]
    }
  }

  assert {
    condition     = one(aws_lambda_function.this.vpc_config).subnet_ids == toset(["subnet-1", "subnet-2"]) && one(aws_lambda_function.this.vpc_config).security_group_ids == toset(["sg-1"])
    error_message = "The function is not in the VPC."
  }

  assert {
    condition     = one(aws_lambda_function.this.image_config).command == tolist(["handler.buffered"])
    error_message = "The handler is not the buffered one."
  }
}

run "rejects_an_image_of_another_region" {
  command = plan

  variables {
    image_uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mcp@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }

  expect_failures = [aws_lambda_function.this]
}

run "uses_a_handler_of_another_name" {
  command = plan

  variables {
    command = ["index.handler"]
  }

  assert {
    condition     = one(aws_lambda_function.this.image_config).command == tolist(["index.handler"])
    error_message = "command is not used."
  }
}

run "rejects_invalid_values" {
  command = plan

  variables {
    name                    = "has spaces"
    architecture            = "arm"
    memory_size             = 127
    timeout                 = 901
    ephemeral_storage_size  = 511
    command                 = ["handler.stream", "more"]
    provisioned_concurrency = 0.5
    alias_name              = "7"
    pinned_version          = 0
    log_retention_days      = 8
    log_level               = "info"
    vpc                     = { subnet_ids = [], security_group_ids = ["sg-1"] }
  }

  expect_failures = [
    var.name, var.architecture, var.memory_size, var.timeout, var.ephemeral_storage_size, var.command,
    var.provisioned_concurrency, var.alias_name, var.pinned_version, var.log_retention_days, var.log_level, var.vpc,
  ]
}

run "rejects_other_invalid_values" {
  command = plan

  variables {
    memory_size            = 10241
    timeout                = 0
    ephemeral_storage_size = 10241
    environment            = { "not-a-name" = "1" }
    reserved_concurrency   = -2
  }

  expect_failures = [
    var.memory_size, var.timeout, var.ephemeral_storage_size, var.environment, var.reserved_concurrency,
  ]
}

run "rejects_names_that_lambda_reserves" {
  command = plan

  variables {
    environment = { AWS_REGION = "eu-west-1" }
  }

  expect_failures = [var.environment]
}

run "rejects_an_environment_that_is_too_large" {
  command = plan

  variables {
    environment = { LARGE = format("%04092d", 0) }
  }

  expect_failures = [var.environment]
}

run "isolates_tenants" {
  command = plan

  variables {
    isolation = "per-caller"
  }

  assert {
    condition     = one(aws_lambda_function.this.tenancy_config[*].tenant_isolation_mode) == "PER_TENANT"
    error_message = "Callers would share execution environments."
  }
}

run "rejects_snap_start_with_tenant_isolation" {
  command = plan

  variables {
    isolation  = "per-caller"
    snap_start = true
  }

  expect_failures = [var.isolation]
}

run "rejects_provisioned_concurrency_with_tenant_isolation" {
  command = plan

  variables {
    isolation               = "per-caller"
    provisioned_concurrency = 1
  }

  expect_failures = [var.isolation]
}
