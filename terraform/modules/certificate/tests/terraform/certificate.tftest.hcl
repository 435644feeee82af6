mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  domain_name    = "mcp.example.com"
  hosted_zone_id = "Z1"
}

run "is_proved_in_the_zone" {
  command = plan

  assert {
    condition     = aws_acm_certificate.this.validation_method == "DNS" && aws_acm_certificate.this.domain_name == "mcp.example.com"
    error_message = "The certificate is not of the name, or not proved by a record."
  }

  assert {
    condition     = aws_route53_record.validation[0].zone_id == "Z1" && aws_route53_record.validation[0].name == "_proof.mcp.example.com." && one(aws_route53_record.validation[0].records) == "_proof.acm-validations.aws."
    error_message = "The record is not the one that was asked for."
  }

  assert {
    condition     = output.certificate_arn == aws_acm_certificate_validation.this.certificate_arn
    error_message = "What takes the certificate would not wait until it is issued."
  }
}

run "uses_the_record_of_another_certificate" {
  command = plan

  variables {
    validation_record = false
  }

  assert {
    condition     = length(aws_route53_record.validation) == 0 && aws_acm_certificate_validation.this.validation_record_fqdns == toset(["_proof.mcp.example.com"])
    error_message = "The record of another certificate is taken over, or the validation does not wait for it."
  }
}

run "is_of_the_region_that_is_asked_for" {
  command = plan

  variables {
    region = "us-east-1"
  }

  assert {
    condition     = aws_acm_certificate.this.region == "us-east-1" && aws_acm_certificate_validation.this.region == "us-east-1"
    error_message = "CloudFront would refuse the certificate."
  }
}
