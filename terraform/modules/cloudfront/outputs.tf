output "url" {
  description = "URL of the domain, without a slash at its end. Known once the distribution is deployed."
  value       = "https://${var.domain.name}"
  depends_on  = [aws_cloudfront_distribution.this]
}

output "domain_target" {
  description = "Target of the domain's DNS record, to be created if hosted_zone is not set."
  value       = aws_cloudfront_distribution.this.domain_name
}

output "distribution_id" {
  description = "Id of the distribution."
  value       = aws_cloudfront_distribution.this.id
}
