mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

# Only plans, because an apply would build and push.

variables {
  repository_url = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mcp"
  source_dir     = "./tests/sources"
}

run "names_the_image_after_its_sources" {
  command = plan

  assert {
    condition     = output.tag == "arm64-${substr(sha256("${filesha256("./tests/sources/Dockerfile")}  Dockerfile\n${filesha256("./tests/sources/app/data.md")}  app/data.md\n${filesha256("./tests/sources/app/server.ts")}  app/server.ts\n"), 0, 32)}"
    error_message = "The tag depends on other files than the sources, such as the framework's documentation."
  }

  assert {
    condition     = terraform_data.publication[0].triggers_replace.tag == output.tag
    error_message = "A change of the sources would not publish a new image."
  }

  assert {
    condition = (
      data.aws_ecr_image.published[0].registry_id == "123456789012" &&
      data.aws_ecr_image.published[0].repository_name == "mcp" &&
      data.aws_ecr_image.published[0].image_tag == "live-${output.tag}"
    )
    error_message = "Terraform reads the digest of another image than the one that it pushes."
  }
}

run "names_it_differently_for_another_architecture" {
  command = plan

  variables {
    architecture = "x86_64"
  }

  assert {
    condition     = startswith(output.tag, "x86_64-") && trimprefix(output.tag, "x86_64-") == trimprefix(run.names_the_image_after_its_sources.tag, "arm64-")
    error_message = "Images of two architectures would have one tag, or the sources another checksum."
  }
}

run "follows_the_globs" {
  command = plan

  variables {
    source_globs = ["Dockerfile"]
  }

  assert {
    condition     = output.tag != run.names_the_image_after_its_sources.tag
    error_message = "source_globs has no effect."
  }
}

run "builds_no_image_with_image_uri" {
  command = plan

  variables {
    image_uri      = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/own@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    repository_url = null
    source_dir     = null
  }

  assert {
    condition     = length(terraform_data.publication) == 0 && length(data.aws_ecr_image.published) == 0
    error_message = "Terraform builds an image although image_uri is set."
  }

  assert {
    condition     = output.image_uri == var.image_uri && output.tag == null
    error_message = "Another image than image_uri is deployed."
  }
}

run "rejects_an_image_by_tag" {
  command = plan

  variables {
    image_uri = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/own:latest"
  }

  expect_failures = [var.image_uri]
}

run "rejects_a_build_without_a_repository" {
  command = plan

  variables {
    repository_url = null
  }

  # The test expects an error, and no resource that builds.
  expect_failures = [var.repository_url]
}

run "rejects_a_folder_without_a_dockerfile" {
  command = plan

  variables {
    source_dir = "./tests/sources/app"
  }

  expect_failures = [terraform_data.publication]
}

run "rejects_invalid_values" {
  command = plan

  variables {
    architecture = "amd64"
    source_dir   = "./nowhere"
    source_globs = []
  }

  expect_failures = [var.architecture, var.source_dir, var.source_globs]
}
