locals {
  build      = var.image_uri == null
  source_dir = coalesce(var.source_dir, "${path.module}/../../..")

  # The same listing, and so the same tag, as in scripts/publish-image: the output of sha256sum for every file.
  matches  = local.build ? sort(setunion([for glob in var.source_globs : fileset(local.source_dir, glob)]...)) : []
  sources  = [for file in local.matches : file if !can(regex("^(app/framework|scripts)/.*\\.md$", file))]
  checksum = sha256(join("", [for file in local.sources : "${filesha256("${local.source_dir}/${file}")}  ${file}\n"]))
  tag      = "${var.architecture}-${substr(local.checksum, 0, 32)}"

  repository = local.build ? regex("^(?P<registry>[0-9]{12})\\.[^/]+/(?P<name>.+)$", var.repository_url) : null
}

# Builds and pushes when the tag, which is derived from the sources, is new. The script does nothing if the repository already has
# the tag, so a lost state or a second machine causes no build.
resource "terraform_data" "publication" {
  count = local.build ? 1 : 0

  triggers_replace = {
    repository_url = var.repository_url
    tag            = local.tag
  }

  provisioner "local-exec" {
    interpreter = ["bash", "-c"]
    command     = "\"$PUBLISH_IMAGE\" --repository \"$REPOSITORY_URL\" --tag \"$IMAGE_TAG\" --architecture \"$ARCHITECTURE\" --context \"$SOURCE_DIR\" --live"

    environment = {
      PUBLISH_IMAGE  = abspath("${path.module}/../../../scripts/publish-image")
      REPOSITORY_URL = var.repository_url
      IMAGE_TAG      = local.tag
      ARCHITECTURE   = var.architecture
      SOURCE_DIR     = abspath(local.source_dir)
    }
  }

  lifecycle {
    precondition {
      condition     = contains(local.sources, "Dockerfile")
      error_message = "There is no Dockerfile in ${local.source_dir} among source_globs. Set source_dir to the folder of the Dockerfile, or image_uri to deploy an image that is built elsewhere."
    }
  }
}

# The digest of the tag with which the repository keeps deployed images. Terraform reads it at plan time, so a plan without changes is
# empty; if a push is planned, Terraform reads it after the push.
data "aws_ecr_image" "published" {
  count = local.build ? 1 : 0

  region          = var.region
  registry_id     = local.repository.registry
  repository_name = local.repository.name
  image_tag       = "live-${local.tag}"

  depends_on = [terraform_data.publication]
}
