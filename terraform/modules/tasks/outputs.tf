output "failed_queue_url" {
  description = "URL of the queue of invocations whose attempts have all failed."
  value       = aws_sqs_queue.failed.url
}

output "capacity" {
  description = "Number of tasks that can start at the same moment without one being lost, as text."
  value = var.reserved_concurrency < 0 ? "An invocation waits for ${local.event_age} s at most; the account's concurrency bounds how many tasks can start at the same moment." : join(" ", concat(
    ["An invocation waits for ${local.event_age} s at most, and reserved_concurrency = ${var.reserved_concurrency} run at a time. Started at the same moment, at most"],
    [join(", ", [for seconds, tasks in local.capacity : "${tasks} tasks of ${seconds} s"])],
    ["are run; the others go to the queue of failed invocations. Calls need the same concurrency."],
  ))
}
