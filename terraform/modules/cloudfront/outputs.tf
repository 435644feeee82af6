output "url" {
  description = "URL by the domain, without a slash at its end. Known once the distribution is deployed."
  value       = "https://${var.domain.name}"
  depends_on  = [aws_cloudfront_distribution.this]
}

output "domain_target" {
  description = "What the domain's record must point to, where no hosted zone was given."
  value       = aws_cloudfront_distribution.this.domain_name
}

output "distribution_id" {
  description = "Id of the distribution."
  value       = aws_cloudfront_distribution.this.id
}
