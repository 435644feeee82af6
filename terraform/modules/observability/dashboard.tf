locals {
  # Dashboards have no region: without the region in the name, two deployments of one name would overwrite each other's dashboard.
  dashboard_name = "${var.function_name}-${local.region}"

  app    = { for name in ["Calls", "Errors", "ProtocolErrors", "Refusals", "Aborted", "ColdStarts", "Duration", "StreamedBytes"] : name => [local.namespace, name, "Function", var.function_name] }
  lambda = { for name in ["Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions"] : name => ["AWS/Lambda", name, "FunctionName", var.function_name] }

  by_tool = { for name in ["Calls", "Errors", "Duration"] : name => "{${local.namespace},Function,Tool} Function=\"${var.function_name}\" MetricName=\"${name}\"" }

  widgets = [
    { title = "Calls", stat = "Sum", metrics = [local.app.Calls, local.app.Errors, local.app.ProtocolErrors, local.app.Refusals, local.app.Aborted, local.app.ColdStarts] },
    { title = "Duration of calls, ms", metrics = [for stat in ["p50", "p95", "p99"] : concat(local.app.Duration, [{ stat = stat, label = stat }])] },
    { title = "Concurrency, at most ${var.reserved_concurrency < 0 ? "the account's quota" : var.reserved_concurrency}", stat = "Maximum", metrics = [local.lambda.ConcurrentExecutions] },
    { title = "Throttles and crashes", stat = "Sum", metrics = [local.lambda.Throttles, local.lambda.Errors] },
    { title = "Calls by tool", metrics = [[{ expression = "SEARCH('${local.by_tool.Calls}', 'Sum', 300)", id = "tools" }]] },
    { title = "Errors by tool", metrics = [[{ expression = "SEARCH('${local.by_tool.Errors}', 'Sum', 300)", id = "tools" }]] },
    { title = "p95 by tool, ms", metrics = [[{ expression = "SEARCH('${local.by_tool.Duration}', 'p95', 300)", id = "tools" }]] },
    { title = "Memory, MB of ${var.memory_size}", stat = "Maximum", metrics = [[local.platform, "MemoryUsed"]] },
    { title = "Streamed, bytes", stat = "Sum", metrics = [local.app.StreamedBytes] },
    { title = "Approximate cost of Lambda per day, dollars", period = 86400, stat = "Sum", metrics = [
      [{ expression = "duration / 1000 * ${var.memory_size / 1024} * ${local.price.gb_second} + invocations * ${local.price.request}", id = "cost", label = "Compute and requests" }],
      concat(local.lambda.Duration, [{ id = "duration", visible = false }]),
      concat(local.lambda.Invocations, [{ id = "invocations", visible = false }]),
    ] },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  count = var.dashboard ? 1 : 0

  region         = var.region
  dashboard_name = local.dashboard_name

  dashboard_body = jsonencode({
    widgets = [for index, widget in local.widgets : {
      type   = "metric"
      x      = index % 2 * 12
      y      = floor(index / 2) * 6
      width  = 12
      height = 6
      properties = merge({
        title   = widget.title
        view    = "timeSeries"
        region  = local.region
        period  = try(widget.period, 300)
        stat    = try(widget.stat, "Average")
        metrics = widget.metrics
      })
    }]
  })
}
