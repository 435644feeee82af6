# Proved by a record in the zone, and renewed by itself as long as that is there.
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

resource "aws_route53_record" "validation" {
  zone_id         = var.hosted_zone_id
  name            = one(aws_acm_certificate.this.domain_validation_options).resource_record_name
  type            = one(aws_acm_certificate.this.domain_validation_options).resource_record_type
  records         = [one(aws_acm_certificate.this.domain_validation_options).resource_record_value]
  ttl             = 300
  allow_overwrite = true
}

# Waits, some minutes, until the certificate is issued: before that nothing takes it.
resource "aws_acm_certificate_validation" "this" {
  region                  = var.region
  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = [aws_route53_record.validation.fqdn]
}
