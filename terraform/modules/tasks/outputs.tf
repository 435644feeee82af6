output "failed_queue_url" {
  description = "URL of the queue of invocations whose attempts have all failed."
  value       = aws_sqs_queue.failed.url
}
