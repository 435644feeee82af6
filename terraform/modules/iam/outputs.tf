output "role_arn" {
  description = "ARN of the execution role. Known once its policies are in place."
  value       = aws_iam_role.execution.arn

  depends_on = [
    aws_iam_role_policy.runtime,
    aws_iam_role_policy.tools,
    aws_iam_role_policy_attachment.tools,
  ]
}

output "role_name" {
  description = "Name of the execution role, to attach more policies to."
  value       = aws_iam_role.execution.name
}

output "invoke_policy_json" {
  description = "Policy for callers of a Function URL with AWS_IAM, in JSON; null unless invoke_policy is set."
  value       = one(data.aws_iam_policy_document.invoke[*].json)
}
