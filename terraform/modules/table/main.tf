data "aws_partition" "current" {}

data "aws_region" "current" {
  region = var.region
}

# On demand: an unused table costs nothing. The app reads and writes items by their keys alone.
resource "aws_dynamodb_table" "this" {
  # checkov:skip=CKV_AWS_119:DynamoDB encrypts with a key that AWS owns, at no cost; kms_key_arn selects another key.
  region       = var.region
  name         = "${var.name}-store"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "key"
  tags         = var.tags

  attribute {
    name = "key"
    type = "S"
  }

  ttl {
    attribute_name = "expires"
    enabled        = true
  }

  # Without a customer managed key DynamoDB encrypts with a key that AWS owns, at no cost.
  server_side_encryption {
    enabled     = var.kms_key_arn != null
    kms_key_arn = var.kms_key_arn
  }

  point_in_time_recovery {
    enabled = var.point_in_time_recovery
  }
}

data "aws_iam_policy_document" "access" {
  statement {
    sid       = "ReadAndWriteItems"
    actions   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    resources = [aws_dynamodb_table.this.arn]
  }

  # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
  dynamic "statement" {
    for_each = var.kms_key_arn == null ? [] : [var.kms_key_arn]

    content {
      sid       = "UseKeyThroughDynamoDB"
      actions   = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
      resources = [statement.value]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["dynamodb.${data.aws_region.current.region}.${data.aws_partition.current.dns_suffix}"]
      }
    }
  }
}

resource "aws_iam_role_policy" "access" {
  name   = "table"
  role   = var.role_name
  policy = data.aws_iam_policy_document.access.json
}
