output "url" {
  description = "The Function URL, without a slash at its end. Known once both permissions exist."
  value       = trimsuffix(aws_lambda_function_url.this.function_url, "/")
  depends_on  = [aws_lambda_permission.invoke]
}

output "url_id" {
  description = "The generated part of the URL's host name."
  value       = aws_lambda_function_url.this.url_id
}
