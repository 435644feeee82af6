# A DNS record in the zone validates the certificate. ACM renews it as long as the record exists.
resource "aws_acm_certificate" "this" {
  region            = var.region
  domain_name       = var.domain_name
  validation_method = "DNS"
  tags              = var.tags

  # The new certificate is in use before Terraform deletes the old one.
  lifecycle {
    create_before_destroy = true
  }
}

locals {
  option = one(aws_acm_certificate.this.domain_validation_options)
}

# One record validates all certificates of the account for this name. An existing record is not overwritten: destroying it here would
# prevent the renewal of the other certificates.
resource "aws_route53_record" "validation" {
  count = var.validation_record ? 1 : 0

  zone_id = var.hosted_zone_id
  name    = local.option.resource_record_name
  type    = local.option.resource_record_type
  records = [local.option.resource_record_value]
  ttl     = 300
}

# Waits until the certificate is issued, which takes some minutes: no endpoint accepts it before.
resource "aws_acm_certificate_validation" "this" {
  region                  = var.region
  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = var.validation_record ? aws_route53_record.validation[*].fqdn : [trimsuffix(local.option.resource_record_name, ".")]
}
