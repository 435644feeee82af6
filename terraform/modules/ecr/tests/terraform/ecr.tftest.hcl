mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  name = "mcp"
}

run "is_safe_by_default" {
  command = plan

  assert {
    condition     = aws_ecr_repository.this.image_tag_mutability == "IMMUTABLE"
    error_message = "A tag could be moved to another image."
  }

  assert {
    condition     = one(aws_ecr_repository.this.image_scanning_configuration).scan_on_push
    error_message = "Images are not scanned."
  }

  assert {
    condition     = one(aws_ecr_repository.this.encryption_configuration).encryption_type == "AES256"
    error_message = "Images are not encrypted with ECR's own key."
  }

  assert {
    condition     = aws_ecr_repository.this.force_delete
    error_message = "destroy would fail for a repository with images."
  }

  assert {
    condition     = [for rule in jsondecode(aws_ecr_lifecycle_policy.this.policy).rules : [rule.selection.tagStatus, rule.selection.countNumber]] == [["tagged", 10], ["any", 10]]
    error_message = "Images are not limited to the last 10 deployed ones and the last 10 of all."
  }
}

run "encrypts_with_a_key" {
  command = plan

  variables {
    kms_key_arn           = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd"
    image_retention_count = 3
  }

  assert {
    condition     = one(aws_ecr_repository.this.encryption_configuration).encryption_type == "KMS"
    error_message = "The key is not used."
  }

  assert {
    condition     = alltrue([for rule in jsondecode(aws_ecr_lifecycle_policy.this.policy).rules : rule.selection.countNumber == 3])
    error_message = "image_retention_count is not used."
  }
}

run "allows_only_the_named_functions_to_pull" {
  command = plan

  variables {
    function_arns = ["arn:aws:lambda:eu-west-1:123456789012:function:mcp"]
  }

  assert {
    condition     = one(one(data.aws_iam_policy_document.pull.statement).condition).values == tolist(["arn:aws:lambda:eu-west-1:123456789012:function:mcp"])
    error_message = "Other functions may pull too."
  }
}

run "allows_functions_of_the_account_to_pull_by_default" {
  command = plan

  assert {
    condition     = one(one(data.aws_iam_policy_document.pull.statement).condition).values == tolist(["arn:aws:lambda:eu-west-1:123456789012:function:*"])
    error_message = "Functions of other accounts or regions may pull too, or none."
  }
}

run "rejects_invalid_values" {
  command = plan

  variables {
    name                  = "Upper Case"
    image_retention_count = 0
    kms_key_arn           = "alias/mine"
    function_arns         = ["mcp"]
  }

  expect_failures = [var.name, var.image_retention_count, var.kms_key_arn, var.function_arns]
}
