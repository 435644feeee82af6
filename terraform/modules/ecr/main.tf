data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {
  region = var.region
}

locals {
  own_functions = "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:function:*"
}

resource "aws_ecr_repository" "this" {
  region               = var.region
  name                 = var.name
  image_tag_mutability = "IMMUTABLE"
  force_delete         = var.force_delete
  tags                 = var.tags

  encryption_configuration {
    encryption_type = var.kms_key_arn == null ? "AES256" : "KMS"
    kms_key         = var.kms_key_arn
  }

  image_scanning_configuration {
    scan_on_push = var.scan_on_push
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  region     = var.region
  repository = aws_ecr_repository.this.name

  policy = jsonencode({
    rules = [
      # The rule below cannot expire images of this rule: images that are pushed and not deployed never expire deployed ones.
      # https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
      {
        rulePriority = 1
        description  = "Keep the last ${var.image_retention_count} deployed images"
        selection = {
          tagStatus     = "tagged"
          tagPrefixList = ["live-"]
          countType     = "imageCountMoreThan"
          countNumber   = var.image_retention_count
        }
        action = {
          type = "expire"
        }
      },
      {
        rulePriority = 2
        description  = "Keep the last ${var.image_retention_count} images"
        selection = {
          tagStatus   = "any"
          countType   = "imageCountMoreThan"
          countNumber = var.image_retention_count
        }
        action = {
          type = "expire"
        }
      },
    ]
  })
}

# Allows Lambda to pull the image, which it also does long after the deployment, when an idle function is called again. Without this
# statement Lambda would add one to the repository's policy itself.
data "aws_iam_policy_document" "pull" {
  statement {
    sid     = "LambdaECRImageRetrievalPolicy"
    actions = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }

    condition {
      test     = "StringLike"
      variable = "aws:sourceArn"
      values   = coalescelist(var.function_arns, [local.own_functions])
    }
  }
}

resource "aws_ecr_repository_policy" "this" {
  region     = var.region
  repository = aws_ecr_repository.this.name
  policy     = data.aws_iam_policy_document.pull.json
}
