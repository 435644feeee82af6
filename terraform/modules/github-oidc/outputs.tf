output "role_arn" {
  description = "ARN of the role, for the workflows' variable AWS_ROLE_ARN. Known once its policies are in place."
  value       = aws_iam_role.pipeline.arn

  depends_on = [
    aws_iam_role_policy.publish,
    aws_iam_role_policy.deploy,
  ]
}

output "provider_arn" {
  description = "ARN of the account's OIDC provider for GitHub, for further roles for GitHub."
  value       = local.provider_arn
}
