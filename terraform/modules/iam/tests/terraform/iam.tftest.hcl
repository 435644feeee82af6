mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  name          = "mcp-eu-west-1"
  log_group_arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/mcp"
}

run "may_only_write_its_own_logs" {
  command = plan

  assert {
    condition     = length(data.aws_iam_policy_document.runtime.statement) == 1
    error_message = "The function may do more than write logs."
  }

  assert {
    condition     = data.aws_iam_policy_document.runtime.statement[0].actions == toset(["logs:CreateLogStream", "logs:PutLogEvents"])
    error_message = "The function may do more with logs than write (with logs:CreateLogGroup it could create its log group again after destroy), or less."
  }

  assert {
    condition     = data.aws_iam_policy_document.runtime.statement[0].resources == toset(["${var.log_group_arn}:*"])
    error_message = "The function may write other logs than its own."
  }

  assert {
    condition     = one(one(data.aws_iam_policy_document.trust.statement).principals).identifiers == toset(["lambda.amazonaws.com"])
    error_message = "A principal other than Lambda may assume the role."
  }

  assert {
    condition     = length(aws_iam_role_policy.tools) == 0 && length(aws_iam_role_policy_attachment.tools) == 0 && output.invoke_policy_json == null
    error_message = "There are policies that no variable requires."
  }
}

run "may_trace" {
  command = plan

  variables {
    tracing = true
  }

  assert {
    condition     = data.aws_iam_policy_document.runtime.statement[1].actions == toset(["xray:PutTelemetryRecords", "xray:PutTraceSegments"])
    error_message = "The function cannot write traces, or may do more."
  }
}

run "may_manage_network_interfaces_in_a_vpc" {
  command = plan

  variables {
    vpc = true
  }

  assert {
    condition     = data.aws_iam_policy_document.runtime.statement[1].actions == toset(["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"]) && data.aws_iam_policy_document.runtime.statement[1].resources == toset(["*"])
    error_message = "The function cannot see network interfaces; IAM has no resources for this."
  }

  assert {
    condition     = data.aws_iam_policy_document.runtime.statement[2].resources == toset([for type in ["network-interface", "security-group", "subnet"] : "arn:aws:ec2:eu-west-1:123456789012:${type}/*"])
    error_message = "The function may change network interfaces of other accounts or regions."
  }
}

run "has_the_permissions_of_the_tools" {
  command = plan

  variables {
    policies             = { table = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
    policy_arns          = { reader = "arn:aws:iam::123456789012:policy/reader" }
    permissions_boundary = "arn:aws:iam::123456789012:policy/boundary"
  }

  assert {
    condition     = aws_iam_role_policy.tools["table"].policy == var.policies.table && aws_iam_role_policy_attachment.tools["reader"].policy_arn == var.policy_arns.reader
    error_message = "The extra policies are not attached."
  }

  assert {
    condition     = aws_iam_role.execution.permissions_boundary == var.permissions_boundary
    error_message = "The role has no permissions boundary."
  }
}

run "creates_a_policy_for_callers" {
  command = plan

  variables {
    invoke_policy = true
    alias_arn     = "arn:aws:lambda:eu-west-1:123456789012:function:mcp:live"
  }

  assert {
    condition     = toset(flatten([for statement in data.aws_iam_policy_document.invoke[0].statement : statement.actions])) == toset(["lambda:InvokeFunction", "lambda:InvokeFunctionUrl"])
    error_message = "A caller needs both actions, and no other."
  }

  assert {
    condition     = alltrue([for statement in data.aws_iam_policy_document.invoke[0].statement : statement.resources == toset([var.alias_arn])])
    error_message = "Callers may invoke something else than the alias."
  }

  assert {
    condition     = toset(flatten([for statement in data.aws_iam_policy_document.invoke[0].statement : [for condition in statement.condition : condition.variable]])) == toset(["lambda:FunctionUrlAuthType", "lambda:InvokedViaFunctionUrl"])
    error_message = "Callers can bypass the URL."
  }
}

run "rejects_invalid_values" {
  command = plan

  variables {
    name          = "has spaces"
    policies      = { table = "not json" }
    policy_arns   = { reader = "AmazonS3ReadOnlyAccess" }
    invoke_policy = true
  }

  expect_failures = [var.name, var.policies, var.policy_arns, var.invoke_policy]
}

run "rejects_the_reserved_policy_name" {
  command = plan

  variables {
    policies = { runtime = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }

  expect_failures = [var.policies]
}
