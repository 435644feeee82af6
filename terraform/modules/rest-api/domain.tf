locals {
  hosted_zone = var.domain == null ? null : var.domain.hosted_zone
}

# Mapped at the root path, without the stage, so the well-known paths of RFC 9728 are where clients look.
resource "aws_api_gateway_domain_name" "this" {
  count = var.domain == null ? 0 : 1

  region                   = var.region
  domain_name              = var.domain.name
  regional_certificate_arn = var.domain.certificate_arn
  security_policy          = "TLS_1_2"
  tags                     = var.tags

  endpoint_configuration {
    types           = ["REGIONAL"]
    ip_address_type = "dualstack" # The domain has an AAAA record.
  }
}

resource "aws_api_gateway_base_path_mapping" "root" {
  count = var.domain == null ? 0 : 1

  region      = var.region
  api_id      = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.live.stage_name
  domain_name = aws_api_gateway_domain_name.this[0].domain_name
}

# The DNS record is created last, when the API already responds.
resource "aws_route53_record" "this" {
  for_each = local.hosted_zone == null ? toset([]) : toset(["A", "AAAA"])

  zone_id = local.hosted_zone.id
  name    = var.domain.name
  type    = each.key

  alias {
    name                   = aws_api_gateway_domain_name.this[0].regional_domain_name
    zone_id                = aws_api_gateway_domain_name.this[0].regional_zone_id
    evaluate_target_health = false
  }

  depends_on = [aws_api_gateway_base_path_mapping.root]
}
