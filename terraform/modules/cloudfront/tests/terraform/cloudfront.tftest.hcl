mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  function_url = "https://mock.lambda-url.eu-west-1.on.aws"
  domain = {
    name            = "mcp.example.com"
    certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/mine"
    hosted_zone     = { id = "Z1" }
  }
}

run "passes_on_requests_and_caches_nothing" {
  command = plan

  assert {
    condition     = one(aws_cloudfront_distribution.this.origin).domain_name == "mock.lambda-url.eu-west-1.on.aws" && one(aws_cloudfront_distribution.this.origin).custom_origin_config[0].origin_protocol_policy == "https-only"
    error_message = "The origin is not the Function URL, or does not use TLS."
  }

  assert {
    condition     = aws_cloudfront_distribution.this.default_cache_behavior[0].cache_policy_id == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" && !aws_cloudfront_distribution.this.default_cache_behavior[0].compress
    error_message = "A caller could get the response to another one, or a stream is delayed."
  }

  assert {
    condition     = aws_cloudfront_distribution.this.default_cache_behavior[0].origin_request_policy_id == "b689b0a8-53d0-40ab-baf2-68738e2966ac" && contains(aws_cloudfront_distribution.this.default_cache_behavior[0].allowed_methods, "POST")
    error_message = "Credentials or calls do not reach the function."
  }

  assert {
    condition     = aws_cloudfront_distribution.this.viewer_certificate[0].minimum_protocol_version == "TLSv1.2_2021" && aws_cloudfront_distribution.this.default_cache_behavior[0].viewer_protocol_policy == "https-only"
    error_message = "Tokens could be sent without encryption."
  }

  assert {
    condition     = toset(keys(aws_route53_record.this)) == toset(["A", "AAAA"]) && output.url == "https://mcp.example.com"
    error_message = "The DNS records do not point to the distribution."
  }
}

run "creates_no_dns_records_without_a_zone" {
  command = plan

  variables {
    domain = { name = "mcp.example.com", certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/mine" }
  }

  assert {
    condition     = length(aws_route53_record.this) == 0 && output.domain_target == "mock.cloudfront.net"
    error_message = "The output domain_target is missing."
  }
}

run "rejects_values_that_cloudfront_rejects" {
  command = plan

  variables {
    read_timeout = 300
    price_class  = "cheap"
  }

  expect_failures = [var.read_timeout, var.price_class]
}
