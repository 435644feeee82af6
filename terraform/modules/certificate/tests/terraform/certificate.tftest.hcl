mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  domain_name    = "mcp.example.com"
  hosted_zone_id = "Z1"
}

run "is_validated_in_the_zone" {
  command = plan

  assert {
    condition     = aws_acm_certificate.this.validation_method == "DNS" && aws_acm_certificate.this.domain_name == "mcp.example.com"
    error_message = "The certificate has another name, or no DNS validation."
  }

  assert {
    condition     = aws_route53_record.validation[0].zone_id == "Z1" && aws_route53_record.validation[0].name == "_proof.mcp.example.com." && one(aws_route53_record.validation[0].records) == "_proof.acm-validations.aws."
    error_message = "The record is not the validation record of the certificate."
  }

  assert {
    condition     = output.certificate_arn == aws_acm_certificate_validation.this.certificate_arn
    error_message = "Resources that use the certificate would not wait until it is issued."
  }
}

run "uses_the_record_of_another_certificate" {
  command = plan

  variables {
    validation_record = false
  }

  assert {
    condition     = length(aws_route53_record.validation) == 0 && aws_acm_certificate_validation.this.validation_record_fqdns == toset(["_proof.mcp.example.com"])
    error_message = "The record of another certificate is overwritten, or the validation does not wait for it."
  }
}

run "is_in_the_region_of_the_variable" {
  command = plan

  variables {
    region = "us-east-1"
  }

  assert {
    condition     = aws_acm_certificate.this.region == "us-east-1" && aws_acm_certificate_validation.this.region == "us-east-1"
    error_message = "CloudFront would reject the certificate."
  }
}
