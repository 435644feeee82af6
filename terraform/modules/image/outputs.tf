output "image_uri" {
  description = "The image by its digest, once it is in the registry."
  value       = local.build ? "${var.repository_url}@${data.aws_ecr_image.published[0].image_digest}" : var.image_uri
}

output "tag" {
  description = "Tag made of the architecture and the sources' checksum; null if image_uri is set."
  value       = local.build ? local.tag : null
}
