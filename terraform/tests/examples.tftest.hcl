mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

mock_provider "random" {}

run "minimal" {
  command = plan

  module {
    source = "./examples/minimal"
  }

  assert {
    condition     = output.mcp_url == "https://mock.lambda-url.eu-west-1.on.aws/mcp"
    error_message = "The example does not lead to a URL."
  }
}

run "iam" {
  command = plan

  module {
    source = "./examples/iam"
  }

  variables {
    caller_roles   = ["agents"]
    other_accounts = ["arn:aws:iam::111122223333:root"]
  }

  assert {
    condition     = aws_iam_policy.callers.policy == "{\"Version\":\"2012-10-17\",\"Statement\":[]}" && aws_iam_role_policy_attachment.callers["agents"].policy_arn == output.caller_policy_arn
    error_message = "Callers do not get the policy."
  }
}

run "oauth" {
  command = plan

  module {
    source = "./examples/oauth"
  }

  variables {
    issuer   = "https://tenant.example/"
    audience = ["https://mcp.example/mcp"]
  }

  assert {
    condition     = output.claude_code == "claude mcp add --transport http weather-oauth ${output.mcp_url}"
    error_message = "Claude Code is not sent to the URL to sign in."
  }
}

run "own_image" {
  command = plan

  module {
    source = "./examples/own-image"
  }

  variables {
    image_uri    = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/own@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    token_sha256 = ["bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"]
  }

  assert {
    condition     = output.pinned_version == "3"
    error_message = "The image is not deployed."
  }
}

run "custom_tools" {
  command = plan

  module {
    source = "./examples/custom-tools"
  }

  assert {
    condition     = data.aws_iam_policy_document.notes.statement[0].resources == toset(["arn:aws:dynamodb:eu-west-1:123456789012:table/mock"])
    error_message = "The tools may use other tables than their own."
  }

  assert {
    condition     = output.role_name == "notes-eu-west-1"
    error_message = "The function has no role."
  }
}
