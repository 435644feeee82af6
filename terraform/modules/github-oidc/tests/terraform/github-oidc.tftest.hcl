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

run "lets_in_one_environment_of_one_repository" {
  command = plan

  assert {
    condition     = data.aws_iam_policy_document.trust.statement[0].actions == toset(["sts:AssumeRoleWithWebIdentity"])
    error_message = "The role can be taken in another way than by a token of GitHub."
  }

  assert {
    condition     = one(data.aws_iam_policy_document.trust.statement[0].principals).identifiers == toset(["arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"])
    error_message = "Tokens of another issuer are taken."
  }

  assert {
    condition     = { for condition in data.aws_iam_policy_document.trust.statement[0].condition : condition.variable => [condition.test, condition.values] } == { "token.actions.githubusercontent.com:aud" = ["StringEquals", tolist(["sts.amazonaws.com"])], "token.actions.githubusercontent.com:sub" = ["StringEquals", tolist(["repo:acme/weather-mcp:environment:production"])] }
    error_message = "Other repositories, environments or audiences get in."
  }
}

run "lets_in_the_repository_by_its_ids" {
  command = plan

  variables {
    owner_id      = "123456"
    repository_id = "456789"
  }

  assert {
    condition     = { for condition in data.aws_iam_policy_document.trust.statement[0].condition : condition.variable => condition.values }["token.actions.githubusercontent.com:sub"] == tolist(["repo:acme@123456/weather-mcp@456789:environment:production"])
    error_message = "Tokens of repositories created since 15 July 2026 carry IDs and would be refused."
  }
}

run "refuses_one_id_without_the_other" {
  command = plan

  variables {
    owner_id = "123456"
  }

  expect_failures = [var.owner_id]
}

run "refuses_a_name_in_place_of_an_id" {
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
    error_message = "The role may push elsewhere; a wildcard is for the login only, which knows no resources."
  }

  assert {
    condition     = length([for action in flatten([for statement in data.aws_iam_policy_document.publish.statement : tolist(statement.actions)]) : action if can(regex("\\*|Delete|Policy|Tag", action))]) == 0
    error_message = "The role may delete, or change policies."
  }

  assert {
    condition     = length(data.aws_iam_policy_document.deploy) == 0 && length(aws_iam_role_policy.deploy) == 0
    error_message = "The role may deploy, though no function was named."
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
    error_message = "The role may do more with the function than give it new code, or less."
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
    error_message = "The role cannot find the versions that nothing uses, or may do more."
  }
}

run "uses_the_provider_that_is_there" {
  command = plan

  variables {
    oidc_provider = { arn = "arn:aws:iam::210987654321:oidc-provider/token.actions.githubusercontent.com" }
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0 && output.provider_arn == var.oidc_provider.arn
    error_message = "A second provider is made; an account can have one only."
  }
}

run "refuses_wildcards_and_what_is_none_of_it" {
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
