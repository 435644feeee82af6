variable "image_uri" {
  description = "Image that is built elsewhere, by digest: ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME@sha256:DIGEST. If set, Terraform builds no image and needs no container engine. Must be known at plan time."
  type        = string
  default     = null

  validation {
    condition     = var.image_uri == null || can(regex("^[0-9]{12}\\.dkr\\.ecr\\.[a-z0-9-]+\\.amazonaws\\.(com|com\\.cn|eu)/[a-z0-9._/-]+@sha256:[0-9a-f]{64}$", var.image_uri))
    error_message = <<-EOT
      image_uri must be an image in Amazon ECR by its digest, for example
        123456789012.dkr.ecr.eu-west-1.amazonaws.com/mcp@sha256:0123…cdef
      A tag can be moved to another image without Terraform seeing it. This command prints the digest of a tag:
        aws ecr describe-images --repository-name NAME --image-ids imageTag=TAG --query 'imageDetails[0].imageDigest' --output text
    EOT
  }
}

variable "repository_url" {
  description = "URL of the repository to push to: ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME. Needed unless image_uri is given."
  type        = string
  default     = null

  validation {
    condition     = var.image_uri != null || var.repository_url != null
    error_message = "Set repository_url, to which Terraform pushes the image, or image_uri, an existing image."
  }
}

variable "region" {
  description = "Region of the repository. Default: the provider's."
  type        = string
  default     = null
}

variable "architecture" {
  description = "Processor architecture of the image: arm64 or x86_64."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64, as Lambda calls them (amd64 is x86_64)."
  }
}

variable "source_dir" {
  description = "Folder that contains the Dockerfile: the build context. Default: this repository."
  type        = string
  default     = null

  validation {
    condition     = var.source_dir == null || try(length(fileset(var.source_dir, "*")) > 0, false)
    error_message = "source_dir is not a folder with files in it. Set it to the path of the folder that contains the Dockerfile."
  }
}

variable "source_globs" {
  description = "Sources of the image, as patterns relative to source_dir; Markdown files are ignored. A change of one of these files builds a new image; a change of any other file does not."
  type        = set(string)
  default     = ["Dockerfile", ".dockerignore", "package.json", "package-lock.json", "tsconfig.json", "app/**", "scripts/build/**"]
  nullable    = false

  validation {
    condition     = length(var.source_globs) > 0
    error_message = "source_globs must contain the sources of the image: without them Terraform would detect no change."
  }
}
