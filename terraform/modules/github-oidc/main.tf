data "aws_partition" "current" {}

locals {
  issuer = "token.actions.githubusercontent.com"

  # https://docs.github.com/en/actions/reference/security/oidc#immutable-subject-claims
  names   = split("/", var.repository)
  subject = var.owner_id == null ? var.repository : "${local.names[0]}@${var.owner_id}/${local.names[1]}@${var.repository_id}"

  provider_arn = var.oidc_provider != null ? var.oidc_provider.arn : one(aws_iam_openid_connect_provider.github[*].arn)
}

# AWS trusts GitHub's certificate authority, so no thumbprint is needed.
# https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws
resource "aws_iam_openid_connect_provider" "github" {
  count = var.oidc_provider == null ? 1 : 0

  url            = "https://${local.issuer}"
  client_id_list = ["sts.${data.aws_partition.current.dns_suffix}"]
  tags           = var.tags
}

# StringEquals compares both complete claims: a wildcard in sub would admit other repositories, branches or pull requests.
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [local.provider_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.${data.aws_partition.current.dns_suffix}"]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:sub"
      values   = ["repo:${local.subject}:environment:${var.environment}"]
    }
  }
}

resource "aws_iam_role" "pipeline" {
  name                 = var.name
  description          = "Publishes and deploys from GitHub: ${var.repository}, environment ${var.environment}"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  max_session_duration = 3600
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

# Permissions of scripts/publish-image, for this repository only. It can delete no image and change no policy.
data "aws_iam_policy_document" "publish" {
  statement {
    sid       = "LogInToRegistries"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid = "PushImages"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:CompleteLayerUpload",
      "ecr:DescribeImages",
      "ecr:GetDownloadUrlForLayer",
      "ecr:InitiateLayerUpload",
      "ecr:PutImage",
      "ecr:UploadLayerPart",
    ]
    resources = [var.repository_arn]
  }
}

resource "aws_iam_role_policy" "publish" {
  name   = "publish"
  role   = aws_iam_role.pipeline.name
  policy = data.aws_iam_policy_document.publish.json
}

# Permissions to change the code of an existing function and its alias, but not its role, settings, URL or permissions.
data "aws_iam_policy_document" "deploy" {
  count = var.function == null ? 0 : 1

  statement {
    sid = "DeployCode"
    actions = [
      "lambda:GetFunctionConfiguration",
      "lambda:PublishVersion",
      "lambda:UpdateAlias",
      "lambda:UpdateFunctionCode",
    ]
    resources = [var.function.arn, "${var.function.arn}:*"]
  }

  # Versions, but not the function, whose ARN has no version at the end. Lambda does not delete a version that an alias uses.
  dynamic "statement" {
    for_each = var.function.delete_versions ? [true] : []

    content {
      sid       = "DeleteVersions"
      actions   = ["lambda:DeleteFunction"]
      resources = ["${var.function.arn}:*"]
    }
  }

  dynamic "statement" {
    for_each = var.function.delete_versions ? [true] : []

    content {
      sid       = "ListVersions"
      actions   = ["lambda:ListAliases", "lambda:ListVersionsByFunction"]
      resources = [var.function.arn]
    }
  }

  # Terraform reads the digest of the deployed image there.
  statement {
    sid       = "RecordImage"
    actions   = ["ssm:PutParameter"]
    resources = [var.function.image_parameter_arn]
  }
}

resource "aws_iam_role_policy" "deploy" {
  count = var.function == null ? 0 : 1

  name   = "deploy"
  role   = aws_iam_role.pipeline.name
  policy = data.aws_iam_policy_document.deploy[0].json
}
