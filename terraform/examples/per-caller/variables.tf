variable "region" {
  description = "Region to deploy to; New Zealand, AWS GovCloud and China have no tenant isolation."
  type        = string
  default     = "eu-west-1"
}

variable "source_dir" {
  description = "Folder of your copy of this repository, with the app/ of this example in it. Default: this repository."
  type        = string
  default     = null
}

variable "manage_api_gateway_account" {
  description = "Whether to set the role with which API Gateway writes the logs of the REST APIs of the account and region; false where there is one."
  type        = bool
}
