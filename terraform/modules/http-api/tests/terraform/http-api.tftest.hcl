mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  name          = "mcp"
  function_name = "mcp"
  qualifier     = "live"
  alias_arn     = "arn:aws:lambda:eu-west-1:123456789012:function:mcp:live"
}

run "invokes_only_the_alias" {
  command = plan

  assert {
    condition     = aws_apigatewayv2_integration.function.payload_format_version == "2.0" && aws_apigatewayv2_integration.function.timeout_milliseconds == 29000 && strcontains(aws_apigatewayv2_integration.function.integration_uri, "function:mcp:live/invocations")
    error_message = "The payload format is not the one that the handler expects."
  }

  assert {
    condition     = aws_lambda_permission.invoke.source_arn == "arn:aws:execute-api:eu-west-1:123456789012:mockhttp01/$default/*" && aws_lambda_permission.invoke.qualifier == "live"
    error_message = "Other APIs could call the function too, or this one other versions."
  }

  assert {
    condition     = length(aws_apigatewayv2_api.this.cors_configuration) == 0
    error_message = "API Gateway would respond to preflights instead of the app."
  }

  assert {
    condition     = aws_apigatewayv2_stage.default.default_route_settings[0].throttling_rate_limit == 50 && aws_apigatewayv2_stage.default.default_route_settings[0].throttling_burst_limit == 100
    error_message = "The stage has no throttling."
  }

  assert {
    condition     = !can(regex("(?i)authorization|header|querystring|body", aws_apigatewayv2_stage.default.access_log_settings[0].format))
    error_message = "The access log could contain a token."
  }

  assert {
    condition     = output.url == "https://mockhttp01.execute-api.eu-west-1.amazonaws.com" && output.domain_target == null
    error_message = "The URL is not the API's."
  }
}

run "requires_tokens_except_for_preflights_and_metadata" {
  command = plan

  variables {
    authorization = "JWT"
    jwt           = { issuer = "https://tenant.example/", audience = ["mcp"], scopes = ["read"] }
  }

  assert {
    condition     = [for key, route in aws_apigatewayv2_route.this : key if route.authorization_type == "NONE"] == ["GET /.well-known/{proxy+}", "HEAD /.well-known/{proxy+}", "OPTIONS /{proxy+}"]
    error_message = "The open paths are not exactly the preflights and the metadata."
  }

  assert {
    condition     = aws_apigatewayv2_route.this["$default"].authorization_type == "JWT" && toset(aws_apigatewayv2_route.this["$default"].authorization_scopes) == toset(["read"])
    error_message = "Routes do not require the credentials of the authorization type."
  }
}

run "invokes_its_authorizer" {
  command = plan

  variables {
    authorization = "CUSTOM"
    authorizer = {
      function_name = "mcp-authorizer"
      qualifier     = "live"
      alias_arn     = "arn:aws:lambda:eu-west-1:123456789012:function:mcp-authorizer:live"
    }
  }

  assert {
    condition     = aws_apigatewayv2_authorizer.lambda[0].enable_simple_responses && aws_apigatewayv2_authorizer.lambda[0].authorizer_result_ttl_in_seconds == 300 && aws_apigatewayv2_authorizer.lambda[0].identity_sources == toset(["$request.header.Authorization"])
    error_message = "A cached result could apply to another caller, or its format is wrong."
  }

  assert {
    condition     = aws_lambda_permission.authorizer[0].source_arn == "arn:aws:execute-api:eu-west-1:123456789012:mockhttp01/authorizers/mockauth02"
    error_message = "Other APIs could invoke the authorizer."
  }
}

run "limits_the_timeout_to_30_seconds" {
  command = plan

  variables {
    timeout = 600
  }

  assert {
    condition     = aws_apigatewayv2_integration.function.timeout_milliseconds == 30000
    error_message = "API Gateway would reject the integration."
  }
}

run "disables_its_own_url_with_a_domain" {
  command = plan

  variables {
    domain = { name = "mcp.example.com", certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/mine" }
  }

  assert {
    condition     = aws_apigatewayv2_api.this.disable_execute_api_endpoint && output.url == "https://mcp.example.com" && length(aws_route53_record.this) == 0
    error_message = "Callers can bypass the domain."
  }
}

run "rejects_variables_that_exclude_each_other" {
  command = plan

  variables {
    authorization = "NONE"
    jwt           = { issuer = "https://tenant.example/", audience = ["mcp"] }
    authorizer    = { function_name = "a", qualifier = "b", alias_arn = "c" }
    throttle      = { rate = 0, burst = 0 }
  }

  expect_failures = [var.jwt, var.authorizer, var.throttle]
}
