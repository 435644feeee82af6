# Dashboard, alarms, saved queries, a budget, and the upper bound of the monthly cost.
module "observability" {
  source = "./modules/observability"
  count  = var.observability.enabled ? 1 : 0

  function_name           = module.lambda.function_name
  log_group_name          = module.lambda.log_group_name
  region                  = var.region
  architecture            = var.architecture
  memory_size             = var.memory_size
  timeout                 = local.timeout
  reserved_concurrency    = local.reserved_concurrency
  provisioned_concurrency = var.provisioned_concurrency
  snapshots               = var.snap_start ? var.retained_versions : 0
  isolation               = var.isolation
  email                   = var.observability.email
  dashboard               = var.observability.dashboard
  alarms                  = var.observability.alarms
  monthly_budget          = var.observability.monthly_budget
  error_rate_percent      = var.observability.error_rate_percent
  refusals                = var.observability.refusals
  kms_key_arn             = var.kms_key_arn
  tags                    = var.tags
}

check "metrics_are_kept" {
  assert {
    condition     = !var.observability.enabled || contains(["TRACE", "DEBUG", "INFO"], var.log_level)
    error_message = "log_level = \"${var.log_level}\" drops the log lines of requests, which contain the metrics: the dashboard and two alarms stay empty. Set log_level = \"INFO\", or observability = { enabled = false }."
  }
}
