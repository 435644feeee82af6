locals {
  # Managed policies of AWS: no caching, and all headers are passed on except Host, which must be that of the Function URL.
  # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
  # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
  caching_disabled              = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
  all_viewer_except_host_header = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
}

# No origin access control: it replaces the Authorization header, and requires the hash of the body in every POST, which MCP
# clients do not send. So the Function URL stays public, and the app checks the credentials of requests to either URL.
resource "aws_cloudfront_distribution" "this" {
  # checkov:skip=CKV_AWS_86:The function logs each request; logs of CloudFront need a bucket of the account.
  # checkov:skip=CKV_AWS_305:The function serves the page at /.
  # checkov:skip=CKV_AWS_310:The function is the only origin.
  # checkov:skip=CKV_AWS_374:The app authenticates callers from every country; web_acl_arn can restrict countries.
  # checkov:skip=CKV2_AWS_32:The app sets its security headers itself.
  # checkov:skip=CKV2_AWS_47:No Java runs here; the rules of the web ACL are the caller's.
  enabled         = true
  is_ipv6_enabled = true
  http_version    = "http2and3"
  comment         = "MCP server ${var.domain.name}"
  aliases         = [var.domain.name]
  price_class     = var.price_class
  web_acl_id      = var.web_acl_arn
  tags            = var.tags

  origin {
    origin_id   = "function-url"
    domain_name = trimprefix(var.function_url, "https://")

    custom_origin_config {
      http_port                = 80
      https_port               = 443
      origin_protocol_policy   = "https-only"
      origin_ssl_protocols     = ["TLSv1.2"]
      origin_read_timeout      = var.read_timeout
      origin_keepalive_timeout = 60
    }
  }

  default_cache_behavior {
    target_origin_id         = "function-url"
    allowed_methods          = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    cached_methods           = ["GET", "HEAD"]
    cache_policy_id          = local.caching_disabled
    origin_request_policy_id = local.all_viewer_except_host_header
    viewer_protocol_policy   = "https-only"
    # CloudFront would delay a stream until there is enough of it to compress.
    compress = false
  }

  viewer_certificate {
    acm_certificate_arn      = var.domain.certificate_arn
    ssl_support_method       = "sni-only"
    minimum_protocol_version = "TLSv1.2_2021"
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }
}

resource "aws_route53_record" "this" {
  for_each = var.domain.hosted_zone == null ? toset([]) : toset(["A", "AAAA"])

  zone_id = var.domain.hosted_zone.id
  name    = var.domain.name
  type    = each.key

  alias {
    name                   = aws_cloudfront_distribution.this.domain_name
    zone_id                = aws_cloudfront_distribution.this.hosted_zone_id
    evaluate_target_health = false
  }
}
