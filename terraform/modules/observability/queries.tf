# Saved queries of CloudWatch Logs Insights: free to keep; a query costs $0.005 for each GB that it reads.
locals {
  queries = {
    callers  = <<-EOT
      filter type = "request"
      | fields strcontains(outcome, "refused") as isRefused
      | stats count() as calls, sum(isRefused) as refused, avg(ms) as meanMs by caller, auth, tool
      | sort calls desc
    EOT
    failures = <<-EOT
      filter (type = "request" and outcome in ["tool_error", "failed", "aborted"]) or level = "ERROR" or (type = "platform.report" and record.status != "success")
      | fields @timestamp, requestId, record.requestId, tool, outcome, status, ms, caller, message, record.errorType
      | sort @timestamp desc
    EOT
    slowest  = <<-EOT
      filter type = "request" and outcome != "refused"
      | stats count() as calls, pct(ms, 50) as p50, pct(ms, 95) as p95, pct(ms, 99) as p99, max(ms) as longest by mcpMethod, tool, cold
      | sort p95 desc
    EOT
    refusals = <<-EOT
      filter type = "request" and outcome = "refused"
      | stats count() as refusals by status, path, bin(5m)
      | sort refusals desc
    EOT
    bill     = <<-EOT
      filter type = "platform.report"
      | stats count() as invocations, sum(record.metrics.billedDurationMs) / 1000 as billedSeconds, max(record.metrics.maxMemoryUsedMB) as memoryMB, count(record.metrics.initDurationMs) as coldStarts by bin(1d)
    EOT
    one-call = <<-EOT
      # Replace ID by the id of a request or of a trace.
      filter requestId = "ID" or record.requestId = "ID" or traceId = "ID"
      | sort @timestamp asc
    EOT
  }
}

resource "aws_cloudwatch_query_definition" "this" {
  for_each = local.queries

  region          = var.region
  name            = "${var.function_name}/${each.key}"
  log_group_names = [var.log_group_name]
  query_string    = trimspace(each.value)
}
