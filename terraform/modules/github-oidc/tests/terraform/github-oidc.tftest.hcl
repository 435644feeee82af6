mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan

  override_data {
    target = data.aws_partition.current
    values = {
      partition  = "aws"
      dns_suffix = "amazonaws.com"
    }
  }

  override_resource {
    target = aws_iam_openid_connect_provider.github
    values = {
      arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    }
  }
}

variables {
  name           = "mcp-deploy"
  repository     = "acme/weather-mcp"
  environment    = "production"
  repository_arn = "arn:aws:ecr:eu-west-1:123456789012:repository/mcp"
}

run "trusts_one_environment_of_one_repository" {
  command = plan

  assert {
    condition     = data.aws_iam_policy_document.trust.statement[0].actions == toset(["sts:AssumeRoleWithWebIdentity"])
    error_message = "The role can be assumed without a token of GitHub."
  }

  assert {
    condition     = one(data.aws_iam_policy_document.trust.statement[0].principals).identifiers == toset(["arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"])
    error_message = "Tokens of another issuer are accepted."
  }

  assert {
    condition     = { for condition in data.aws_iam_policy_document.trust.statement[0].condition : condition.variable => [condition.test, condition.values] } == { "token.actions.githubusercontent.com:aud" = ["StringEquals", tolist(["sts.amazonaws.com"])], "token.actions.githubusercontent.com:sub" = ["StringEquals", tolist(["repo:acme/weather-mcp:environment:production"])] }
    error_message = "Other repositories, environments or audiences can assume the role."
  }
}

run "trusts_the_repository_by_its_ids" {
  command = plan

  variables {
    owner_id      = "123456"
    repository_id = "456789"
  }

  assert {
    condition     = { for condition in data.aws_iam_policy_document.trust.statement[0].condition : condition.variable => condition.values }["token.actions.githubusercontent.com:sub"] == tolist(["repo:acme@123456/weather-mcp@456789:environment:production"])
    error_message = "Tokens of repositories created since 15 July 2026 contain IDs and would be denied."
  }
}

run "rejects_one_id_without_the_other" {
  command = plan

  variables {
    owner_id = "123456"
  }

  expect_failures = [var.owner_id]
}

run "rejects_a_name_instead_of_an_id" {
  command = plan

  variables {
    owner_id      = "123456"
    repository_id = "weather-mcp"
  }

  expect_failures = [var.repository_id]
}

run "publishes_to_one_repository_and_deploys_nothing" {
  command = plan

  assert {
    condition     = { for statement in data.aws_iam_policy_document.publish.statement : statement.sid => statement.resources } == { LogInToRegistries = toset(["*"]), PushImages = toset([var.repository_arn]) }
    error_message = "The role may push to other repositories. Only the login, for which IAM has no resources, may use a wildcard."
  }

  assert {
    condition     = length([for action in flatten([for statement in data.aws_iam_policy_document.publish.statement : tolist(statement.actions)]) : action if can(regex("\\*|Delete|Policy|Tag", action))]) == 0
    error_message = "The role may delete, or change policies."
  }

  assert {
    condition     = length(data.aws_iam_policy_document.deploy) == 0 && length(aws_iam_role_policy.deploy) == 0
    error_message = "The role may deploy although function is not set."
  }
}

run "deploys_code_to_one_function" {
  command = plan

  variables {
    function = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:mcp", image_parameter_arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/mcp-on-lambda/mcp/image-digest" }
  }

  assert {
    condition     = { for statement in data.aws_iam_policy_document.deploy[0].statement : statement.sid => statement.resources } == { DeployCode = toset([var.function.arn, "${var.function.arn}:*"]), RecordImage = toset([var.function.image_parameter_arn]) }
    error_message = "The role may deploy to other functions."
  }

  assert {
    condition     = toset(flatten([for statement in data.aws_iam_policy_document.deploy[0].statement : tolist(statement.actions)])) == toset(["ssm:PutParameter", "lambda:GetFunctionConfiguration", "lambda:PublishVersion", "lambda:UpdateAlias", "lambda:UpdateFunctionCode"])
    error_message = "The role has other permissions on the function than to update its code."
  }
}

run "deletes_versions_only_if_wanted_and_never_the_function" {
  command = plan

  variables {
    function = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:mcp", image_parameter_arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/mcp-on-lambda/mcp/image-digest", delete_versions = true }
  }

  assert {
    condition     = { for statement in data.aws_iam_policy_document.deploy[0].statement : statement.sid => statement.resources if contains(statement.actions, "lambda:DeleteFunction") } == { DeleteVersions = toset(["${var.function.arn}:*"]) }
    error_message = "The role may delete more than versions of the function."
  }

  assert {
    condition     = { for statement in data.aws_iam_policy_document.deploy[0].statement : statement.sid => statement.actions }["ListVersions"] == toset(["lambda:ListAliases", "lambda:ListVersionsByFunction"])
    error_message = "The role cannot list unused versions, or has other permissions."
  }
}

run "uses_an_existing_provider" {
  command = plan

  variables {
    oidc_provider = { arn = "arn:aws:iam::210987654321:oidc-provider/token.actions.githubusercontent.com" }
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0 && output.provider_arn == var.oidc_provider.arn
    error_message = "The module creates a second provider; an account can have only one."
  }
}

run "rejects_wildcards_and_invalid_names" {
  command = plan

  variables {
    name           = "has spaces"
    repository     = "acme/*"
    environment    = "prod*"
    oidc_provider  = { arn = "arn:aws:iam::123456789012:oidc-provider/elsewhere.example" }
    repository_arn = "arn:aws:ecr:eu-west-1:123456789012:repository/*"
    function       = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:mcp:live", image_parameter_arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/*" }
  }

  expect_failures = [var.name, var.repository, var.environment, var.oidc_provider, var.repository_arn, var.function]
}
