mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  function_name      = "mcp"
  qualifier          = "live"
  authorization_type = "NONE"
}

run "is_public_with_both_permissions" {
  command = plan

  assert {
    condition     = aws_lambda_function_url.this.authorization_type == "NONE" && aws_lambda_function_url.this.qualifier == "live" && aws_lambda_function_url.this.invoke_mode == "RESPONSE_STREAM"
    error_message = "The URL does not invoke the alias, or does not stream."
  }

  assert {
    condition     = length(aws_lambda_function_url.this.cors) == 0
    error_message = "Lambda would respond to preflights, and responses would contain the app's headers twice."
  }

  assert {
    condition = (
      aws_lambda_permission.url["public"].action == "lambda:InvokeFunctionUrl" &&
      aws_lambda_permission.url["public"].principal == "*" &&
      aws_lambda_permission.url["public"].qualifier == "live" &&
      aws_lambda_permission.url["public"].function_url_auth_type == "NONE"
    )
    error_message = "The first of both permissions is missing."
  }

  assert {
    condition = (
      aws_lambda_permission.invoke["public"].action == "lambda:InvokeFunction" &&
      aws_lambda_permission.invoke["public"].principal == "*" &&
      aws_lambda_permission.invoke["public"].qualifier == "live" &&
      aws_lambda_permission.invoke["public"].invoked_via_function_url &&
      aws_lambda_permission.invoke["public"].function_url_auth_type == null
    )
    error_message = "The second of both permissions is missing, or also allows calls that bypass the URL."
  }

  assert {
    condition = length(setintersection(
      [aws_lambda_permission.url["public"].statement_id, aws_lambda_permission.invoke["public"].statement_id],
      ["FunctionURLAllowPublicAccess", "FunctionURLAllowInvokeAction", "FunctionURLInvokeAllowPublicAccess"],
    )) == 0
    error_message = "A statement has the same name as one of the provider or the console: Lambda would reject the second one."
  }

  assert {
    condition     = output.url == "https://mock.lambda-url.eu-west-1.on.aws"
    error_message = "The URL ends with a slash."
  }
}

run "allows_no_caller_by_default_with_iam" {
  command = plan

  variables {
    authorization_type = "AWS_IAM"
    streaming          = false
  }

  assert {
    condition     = aws_lambda_function_url.this.authorization_type == "AWS_IAM" && aws_lambda_function_url.this.invoke_mode == "BUFFERED"
    error_message = "Requests need no signature, or responses are streamed."
  }

  assert {
    condition     = length(aws_lambda_permission.url) == 0 && length(aws_lambda_permission.invoke) == 0
    error_message = "The function's own policy allows a caller."
  }
}

run "allows_named_principals_with_iam" {
  command = plan

  variables {
    authorization_type = "AWS_IAM"
    principals         = ["arn:aws:iam::111122223333:root", "arn:aws:iam::444455556666:role/agents"]
  }

  assert {
    condition     = toset([for permission in aws_lambda_permission.url : permission.principal]) == toset(var.principals) && alltrue([for permission in aws_lambda_permission.url : permission.function_url_auth_type == "AWS_IAM"])
    error_message = "Not exactly the named principals have the first permission."
  }

  assert {
    condition     = toset([for permission in aws_lambda_permission.invoke : permission.principal]) == toset(var.principals) && alltrue([for permission in aws_lambda_permission.invoke : permission.invoked_via_function_url])
    error_message = "Not exactly the named principals have the second permission, or it also allows calls around the URL."
  }
}

run "rejects_invalid_values" {
  command = plan

  variables {
    qualifier          = "7"
    authorization_type = "TOKEN"
  }

  expect_failures = [var.qualifier, var.authorization_type]
}

run "rejects_principals_on_a_public_url" {
  command = plan

  variables {
    principals = ["arn:aws:iam::111122223333:root"]
  }

  expect_failures = [var.principals]
}

run "rejects_a_bare_account_as_principal" {
  command = plan

  variables {
    authorization_type = "AWS_IAM"
    principals         = ["111122223333"]
  }

  expect_failures = [var.principals]
}

run "rejects_a_wildcard_as_principal" {
  command = plan

  variables {
    authorization_type = "AWS_IAM"
    principals         = ["arn:aws:iam::111122223333:role/*"]
  }

  expect_failures = [var.principals]
}
