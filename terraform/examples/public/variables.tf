variable "region" {
  description = "Region to deploy to."
  type        = string
  default     = "eu-west-1"
}

variable "source_dir" {
  description = "Folder of your copy of this repository, with the app/ of this example in it. Default: this repository."
  type        = string
  default     = null
}
