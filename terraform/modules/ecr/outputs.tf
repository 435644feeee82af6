output "repository_url" {
  description = "URL of the repository, to which images are pushed. Known once Lambda may pull from it."
  value       = aws_ecr_repository.this.repository_url
  depends_on  = [aws_ecr_repository_policy.this]
}

output "repository_name" {
  description = "Name of the repository."
  value       = aws_ecr_repository.this.name
}

output "repository_arn" {
  description = "ARN of the repository, for policies of pipelines that push."
  value       = aws_ecr_repository.this.arn
}
