mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  name          = "mcp"
  function_name = "mcp"
  qualifier     = "live"
  alias_arn     = "arn:aws:lambda:eu-west-1:123456789012:function:mcp:live"

  manage_api_gateway_account = true
}

run "streams_until_the_timeout_of_the_function" {
  command = plan

  variables {
    timeout = 900
  }

  assert {
    condition     = alltrue([for each in aws_api_gateway_integration.this : each.response_transfer_mode == "STREAM" && each.timeout_milliseconds == 900000 && endswith(each.uri, "function:mcp:live/response-streaming-invocations")])
    error_message = "Responses are buffered, or end before the function."
  }

  assert {
    condition     = aws_lambda_permission.invoke.source_arn == "arn:aws:execute-api:eu-west-1:123456789012:mockrest01/live/*/*" && aws_lambda_permission.invoke.qualifier == "live"
    error_message = "Other APIs could call the function too, or this one other versions."
  }

  assert {
    condition     = aws_api_gateway_method_settings.all.settings[0].logging_level == "OFF" && !aws_api_gateway_method_settings.all.settings[0].data_trace_enabled && !can(regex("(?i)authorization|header|querystring|body", aws_api_gateway_stage.live.access_log_settings[0].format))
    error_message = "A log could contain a token."
  }

  assert {
    condition     = output.url == "https://mockrest01.execute-api.eu-west-1.amazonaws.com/live"
    error_message = "The URL lacks the stage."
  }
}

run "sends_complete_responses_within_29_seconds" {
  command = plan

  variables {
    streaming = false
    timeout   = 60
  }

  assert {
    condition     = alltrue([for each in aws_api_gateway_integration.this : each.response_transfer_mode == "BUFFERED" && each.timeout_milliseconds == 29000 && endswith(each.uri, "function:mcp:live/invocations")])
    error_message = "API Gateway would reject the integration."
  }
}

run "names_the_metadata_in_401_responses" {
  command = plan

  variables {
    authorization = "CUSTOM"
    challenge     = "Bearer resource_metadata=\"{url}/.well-known/oauth-protected-resource/mcp\""
    authorizer = {
      function_name = "mcp-authorizer"
      qualifier     = "live"
      alias_arn     = "arn:aws:lambda:eu-west-1:123456789012:function:mcp-authorizer:live"
      ttl_seconds   = 0
    }
  }

  assert {
    condition     = alltrue([for each in aws_api_gateway_gateway_response.refusal : each.status_code == "401" && each.response_parameters["gatewayresponse.header.WWW-Authenticate"] == "'Bearer resource_metadata=\"https://mockrest01.execute-api.eu-west-1.amazonaws.com/live/.well-known/oauth-protected-resource/mcp\"'"])
    error_message = "WWW-Authenticate does not contain the URL of the metadata below the stage."
  }

  assert {
    condition     = sort([for each in aws_api_gateway_method.this : each.authorization]) == tolist(["CUSTOM", "CUSTOM", "CUSTOM", "NONE", "NONE", "NONE", "NONE"])
    error_message = "The open paths are not exactly the preflights and the metadata."
  }

  assert {
    condition     = aws_lambda_permission.authorizer[0].source_arn == "arn:aws:execute-api:eu-west-1:123456789012:mockrest01/authorizers/mockauth01"
    error_message = "Other APIs could invoke the authorizer."
  }
}

run "restricts_addresses_with_api_keys_and_a_web_acl" {
  command = plan

  variables {
    allowed_cidrs = ["198.51.100.0/24"]
    api_key       = { calls_per_day = 7 }
    web_acl       = { arn = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/mine/1" }
  }

  assert {
    condition     = join(",", [for each in jsondecode(aws_api_gateway_rest_api_policy.sources[0].policy).Statement : each.Effect]) == "Allow,Deny"
    error_message = "The policy does not deny other addresses."
  }

  assert {
    condition     = aws_api_gateway_usage_plan.this[0].quota_settings[0].limit == 7 && length([for each in aws_api_gateway_method.this : each if each.api_key_required]) == 3
    error_message = "API keys are not required, or have no quota."
  }

  assert {
    condition     = aws_wafv2_web_acl_association.this[0].resource_arn == aws_api_gateway_stage.live.arn
    error_message = "The web ACL is not associated with the stage."
  }
}

run "allows_no_unsigned_request_with_iam" {
  command = plan

  variables {
    authorization      = "AWS_IAM"
    allowed_principals = ["arn:aws:iam::111122223333:root"]
    allowed_cidrs      = ["198.51.100.0/24"]
  }

  assert {
    condition     = [for each in jsondecode(aws_api_gateway_rest_api_policy.sources[0].policy).Statement : each.Sid] == ["OtherAccounts", "FromNowhereElse"]
    error_message = "A permission for every principal bypasses IAM."
  }
}

run "keeps_the_log_role_of_the_account_if_configured" {
  command = plan

  variables {
    manage_api_gateway_account = false
  }

  assert {
    condition     = length(aws_api_gateway_account.this) == 0 && length(aws_iam_role.logs) == 0
    error_message = "The role of all APIs of the account is replaced."
  }
}

run "disables_its_own_url_with_a_domain" {
  command = plan

  variables {
    domain = { name = "mcp.example.com", certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/mine", hosted_zone = { id = "Z1" } }
  }

  assert {
    condition     = aws_api_gateway_rest_api.this.disable_execute_api_endpoint && output.url == "https://mcp.example.com" && length(aws_route53_record.this) == 2
    error_message = "Callers can bypass the domain, or cannot reach it."
  }
}

run "takes_the_tenant_from_the_authorizer_only" {
  command = plan

  variables {
    isolation     = "per-caller"
    authorization = "CUSTOM"
    authorizer    = { function_name = "a", qualifier = "live", alias_arn = "arn:aws:lambda:eu-west-1:123456789012:function:a:live" }
  }

  assert {
    condition     = alltrue([for name, each in aws_api_gateway_integration.this : each.request_parameters == tomap({ "integration.request.header.X-Amz-Tenant-Id" = aws_api_gateway_method.this[name].authorization == "CUSTOM" ? "context.authorizer.tenant" : "'open'" })])
    error_message = "A request could run in the execution environment of another caller, or in none."
  }
}

run "sets_no_tenant_for_a_shared_function" {
  command = plan

  assert {
    condition     = alltrue([for each in aws_api_gateway_integration.this : each.request_parameters == null])
    error_message = "Lambda would reject every request."
  }
}

run "rejects_isolation_without_an_authorizer" {
  command = plan

  variables {
    isolation = "per-caller"
  }

  expect_failures = [var.isolation]
}

run "rejects_variables_that_exclude_each_other" {
  command = plan

  variables {
    authorizer         = { function_name = "a", qualifier = "b", alias_arn = "c" }
    allowed_principals = ["arn:aws:iam::111122223333:root"]
    allowed_cidrs      = ["everywhere"]
    stage_name         = "a stage"
    throttle           = { rate = 0, burst = 0 }
  }

  expect_failures = [var.authorizer, var.allowed_principals, var.allowed_cidrs, var.stage_name, var.throttle]
}
