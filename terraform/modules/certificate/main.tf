# Validated by a record in the zone, and renewed by itself as long as the record exists.
resource "aws_acm_certificate" "this" {
  region            = var.region
  domain_name       = var.domain_name
  validation_method = "DNS"
  tags              = var.tags

  # A new one is in use before the old one goes.
  lifecycle {
    create_before_destroy = true
  }
}

locals {
  option = one(aws_acm_certificate.this.domain_validation_options)
}

# The same record validates every certificate of the account for this name. It is never taken over from another one, whose
# renewal would fail once it is destroyed here.
resource "aws_route53_record" "validation" {
  count = var.validation_record ? 1 : 0

  zone_id = var.hosted_zone_id
  name    = local.option.resource_record_name
  type    = local.option.resource_record_type
  records = [local.option.resource_record_value]
  ttl     = 300
}

# Waits, some minutes, until the certificate is issued: before that nothing takes it.
resource "aws_acm_certificate_validation" "this" {
  region                  = var.region
  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = var.validation_record ? aws_route53_record.validation[*].fqdn : [trimsuffix(local.option.resource_record_name, ".")]
}
