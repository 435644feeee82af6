data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {
  region = var.region
}

locals {
  # A role name has at most 64 characters; a long name plus a long region has more.
  role_name = length(var.name) <= 64 ? var.name : "${substr(var.name, 0, 55)}-${substr(sha1(var.name), 0, 8)}"

  ec2 = "arn:${data.aws_partition.current.partition}:ec2:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}"
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "execution" {
  name                 = local.role_name
  description          = "Execution role of the MCP server ${var.name}"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

# Without logs:CreateLogGroup, on purpose: with it the function could create its log group again after destroy.
data "aws_iam_policy_document" "runtime" {
  statement {
    sid       = "WriteOwnLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${var.log_group_arn}:*"]
  }

  dynamic "statement" {
    for_each = var.tracing ? ["X-Ray knows no resources to name"] : []

    content {
      sid       = "WriteTraces"
      actions   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
      resources = ["*"]
    }
  }

  # https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
  dynamic "statement" {
    for_each = var.kms_key_arn == null ? [] : [var.kms_key_arn]

    content {
      sid       = "DecryptEnvironment"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]
    }
  }

  # One statement for each ARN, because the service of an ARN may be known only after apply.
  dynamic "statement" {
    for_each = var.secret_arns

    content {
      actions   = [strcontains(statement.value, ":secretsmanager:") ? "secretsmanager:GetSecretValue" : "ssm:GetParameter"]
      resources = [statement.value]
    }
  }

  dynamic "statement" {
    for_each = length(var.secrets_kms_key_arns) == 0 ? [] : [var.secrets_kms_key_arns]

    content {
      sid       = "DecryptSecrets"
      actions   = ["kms:Decrypt"]
      resources = statement.value

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = [for service in ["secretsmanager", "ssm"] : "${service}.${data.aws_region.current.region}.${data.aws_partition.current.dns_suffix}"]
      }
    }
  }

  # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
  dynamic "statement" {
    for_each = var.vpc ? ["EC2's describe actions have no resource"] : []

    content {
      sid       = "SeeNetworkInterfaces"
      actions   = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"]
      resources = ["*"]
    }
  }

  dynamic "statement" {
    for_each = var.vpc ? ["their ids are not known beforehand"] : []

    content {
      sid = "ManageNetworkInterfaces"
      actions = [
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:UnassignPrivateIpAddresses",
      ]
      # One ARN for each resource type: IAM allows no wildcard there. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
      resources = [for type in ["network-interface", "security-group", "subnet"] : "${local.ec2}:${type}/*"]
    }
  }
}

resource "aws_iam_role_policy" "runtime" {
  name   = "runtime"
  role   = aws_iam_role.execution.name
  policy = data.aws_iam_policy_document.runtime.json
}

resource "aws_iam_role_policy" "tools" {
  for_each = var.policies

  name   = each.key
  role   = aws_iam_role.execution.name
  policy = each.value
}

resource "aws_iam_role_policy_attachment" "tools" {
  for_each = var.policy_arns

  role       = aws_iam_role.execution.name
  policy_arn = each.value
}

# For callers, not for the function: both actions that a Function URL with AWS_IAM requires, on the condition that the call comes
# through the URL.
data "aws_iam_policy_document" "invoke" {
  count = var.invoke_policy ? 1 : 0

  statement {
    sid       = "InvokeFunctionUrl"
    actions   = ["lambda:InvokeFunctionUrl"]
    resources = [var.alias_arn]

    condition {
      test     = "StringEquals"
      variable = "lambda:FunctionUrlAuthType"
      values   = ["AWS_IAM"]
    }
  }

  statement {
    sid       = "InvokeFunction"
    actions   = ["lambda:InvokeFunction"]
    resources = [var.alias_arn]

    condition {
      test     = "Bool"
      variable = "lambda:InvokedViaFunctionUrl"
      values   = ["true"]
    }
  }
}
