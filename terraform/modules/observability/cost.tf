# Upper bound of the monthly cost that follows from reserved_concurrency. On-demand prices of us-east-1, first tier, without
# the free tier, November 2026; other regions differ by up to a third.
locals {
  # https://aws.amazon.com/lambda/pricing/
  prices = {
    arm64  = { gb_second = 0.0000133334, provisioned = 0.0000033334, request = 0.0000002 }
    x86_64 = { gb_second = 0.0000166667, provisioned = 0.0000041667, request = 0.0000002 }
  }
  # SnapStart: price of a snapshot per GB-second, and of a restore per GB, from AWS's page; the same for both architectures.
  price_snapshot = 0.0000015046
  price_restore  = 0.0001397998
  price          = local.prices[var.architecture]

  # https://aws.amazon.com/cloudwatch/pricing/: ingestion of logs per GB.
  price_log_gb = 0.5
  # Log of one request: the app's line and Lambda's lines. npm test measures their size.
  log_bytes = 2400

  seconds = 31 * 24 * 3600
  # https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html: at most ten requests per second for each unit of concurrency.
  requests = max(var.reserved_concurrency, 0) * 10 * local.seconds

  compute     = max(var.reserved_concurrency, 0) * local.seconds * var.memory_size / 1024 * local.price.gb_second
  provisioned = var.provisioned_concurrency * local.seconds * var.memory_size / 1024 * local.price.provisioned
  per_request = local.requests * local.price.request
  logs        = local.requests * local.log_bytes / 1000000000 * local.price_log_gb
  snapshots   = var.snapshots * local.seconds * var.memory_size / 1024 * local.price_snapshot
  worst       = local.compute + local.provisioned + local.per_request + local.logs + local.snapshots

  bounded = join(" ", concat([
    "The worst month costs about ${format("$%.0f", local.worst)}:",
    "${var.reserved_concurrency} requests at the same time without a pause for 31 days at ${var.memory_size} MB (${format("$%.0f", local.compute + local.provisioned)}),",
    "ten times as many requests per second, which is Lambda's limit (${format("$%.0f", local.per_request)}), and a log line for each (${format("$%.0f", local.logs)}).",
    ], var.snapshots == 0 ? [] : [
    "Included, and billed also without calls: the snapshots of ${var.snapshots} published version(s) (${format("$%.2f", local.snapshots)}); each further version costs as much as one of them until npm run versions -- prune deletes it. Not included: restores, ${format("$%.5f", var.memory_size / 1024 * local.price_restore)} each.",
    ], [
    "Not included: ${local.tenant_cost}endpoints (API Gateway, CloudFront, an authorizer's function), data transfer ($0.09 per GB), logs of tools, and services that tools call.",
    "Prices: aws.amazon.com/lambda/pricing, aws.amazon.com/cloudwatch/pricing, us-east-1, November 2026.",
  ]))

  # Lambda charges for each environment that it creates for a tenant, by memory. The page
  # https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html names no price (November 2026); the price page does.
  tenant_cost = var.isolation == "shared" ? "" : "what Lambda charges for each execution environment that it creates for a caller (isolation = \"per-caller\"; by memory, the price is on aws.amazon.com/lambda/pricing), "
  unbounded   = "The monthly cost has no upper bound: set reserved_concurrency."
}
