variable "name" {
  description = "Name of the function, the repository and the role, and of the server in clients' configurations."
  type        = string
  default     = "mcp"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) >= 2 && length(var.name) <= 40
    error_message = "name must be 2 to 40 lower-case letters, digits and single hyphens, beginning with a letter: it names an ECR repository, a function and a role."
  }
}

variable "region" {
  description = "Region to deploy to. Default: the provider's, by AWS_REGION or the profile."
  type        = string
  default     = null

  validation {
    condition     = var.region == null || can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]+$", var.region))
    error_message = "region must be the code of a region, such as eu-west-1, not its name and not an availability zone."
  }
}

variable "endpoint" {
  description = "Endpoint in front of the function. function-url: streams, at no extra price. rest-api: streams, and has a Lambda authorizer, AWS WAF, API keys and IP address rules. http-api: sends complete responses within 30 seconds, and has Lambda and JWT authorizers."
  type        = string
  default     = "function-url"
  nullable    = false

  validation {
    condition     = contains(["function-url", "http-api", "rest-api"], var.endpoint)
    error_message = "endpoint must be function-url, http-api or rest-api."
  }
}

variable "authorizer" {
  description = "Component that checks the credentials that auth requires. none: the server itself. lambda (HTTP and REST APIs): a second function, so that a denied request does not start the server. jwt (HTTP API): API Gateway, with the keys of the issuer in oauth; the server then checks again."
  type        = string
  default     = "none"
  nullable    = false

  validation {
    condition     = contains(["none", "lambda", "jwt"], var.authorizer)
    error_message = "authorizer must be none, lambda or jwt."
  }

  validation {
    condition     = var.authorizer == "none" || var.endpoint != "function-url"
    error_message = "A Function URL has no authorizers: set endpoint to rest-api or http-api, or leave authorizer out."
  }

  validation {
    condition     = var.authorizer != "jwt" || (var.endpoint == "http-api" && trimspace(var.auth) == "oauth")
    error_message = "authorizer = \"jwt\" needs endpoint = \"http-api\" and auth = \"oauth\": it checks tokens of an issuer only."
  }

  # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
  validation {
    condition     = var.authorizer != "jwt" || var.sign_in == null
    error_message = "authorizer = \"jwt\" checks tokens with the issuer's published keys. Tokens of sign_in have no published key, so only the function can check them. Leave authorizer out, or set it to lambda."
  }

  validation {
    condition     = var.authorizer != "lambda" || alltrue([for mode in split(",", var.auth) : contains(["token", "oauth"], trimspace(mode))])
    error_message = "authorizer = \"lambda\" needs auth to be token, oauth, or both: the Lambda authorizer checks no other credentials."
  }

  # https://datatracker.ietf.org/doc/html/rfc9728#section-3.1
  validation {
    condition     = var.endpoint != "rest-api" || !strcontains(var.auth, "oauth") || var.domain_name != null || var.authorizer == "lambda"
    error_message = "With auth = \"oauth\" clients cannot find the issuer behind a REST API: the path contains the stage, so the well-known paths are not where clients look, and API Gateway renames the function's WWW-Authenticate header. Set domain_name, or authorizer = \"lambda\", whose 401 responses contain the URL of the metadata."
  }
}

variable "authorizer_result_ttl_seconds" {
  description = "For authorizer = \"lambda\": seconds for which API Gateway caches the authorizer's result for an Authorization header, 0 to 3600. A revoked token is accepted until then. Default: 300, or 0 for oauth behind a REST API without domain_name."
  type        = number
  default     = null

  validation {
    condition     = var.authorizer_result_ttl_seconds == null || try(var.authorizer_result_ttl_seconds >= 0 && var.authorizer_result_ttl_seconds <= 3600, false)
    error_message = "authorizer_result_ttl_seconds must be from 0 to 3600."
  }
}

variable "isolation" {
  description = "Isolation of callers. shared: all callers use the same execution environments, one after the other. per-caller: each caller has separate ones (Lambda's tenant isolation), for servers that keep state; needs a REST API with the Lambda authorizer. README.md describes the cost. A change replaces the function, and calls fail until the end of apply."
  type        = string
  default     = "shared"
  nullable    = false

  validation {
    condition     = contains(["shared", "per-caller"], var.isolation)
    error_message = "isolation must be shared or per-caller."
  }

  # https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation-invoke.html
  validation {
    condition     = var.isolation == "shared" || var.endpoint == "rest-api"
    error_message = "isolation = \"per-caller\" needs endpoint = \"rest-api\": a Function URL and an HTTP API cannot name the caller whose execution environment Lambda is to use. Set endpoint = \"rest-api\" with authorizer = \"lambda\", or isolation = \"shared\"."
  }

  validation {
    condition     = var.isolation == "shared" || strcontains(var.auth, "iam") || var.authorizer == "lambda"
    error_message = "isolation = \"per-caller\" needs authorizer = \"lambda\": the authorizer verifies the caller before Lambda chooses the execution environment. Set authorizer = \"lambda\", or isolation = \"shared\"."
  }

  validation {
    condition     = var.isolation == "shared" || !strcontains(var.auth, "iam")
    error_message = "isolation = \"per-caller\" excludes auth = \"iam\": the API could name the caller's ARN or ID only, which Lambda does not accept as they are, and the name of a role's session is chosen by the caller. Set auth to token, oauth or both with authorizer = \"lambda\", or isolation = \"shared\"."
  }

  validation {
    condition     = var.isolation == "shared" || var.provisioned_concurrency == 0
    error_message = "isolation = \"per-caller\" excludes provisioned_concurrency: Lambda cannot create an execution environment before it knows the caller. Leave provisioned_concurrency out, or set isolation = \"shared\"."
  }

  validation {
    condition     = var.isolation == "shared" || !var.snap_start
    error_message = "isolation = \"per-caller\" excludes snap_start: Lambda restores no snapshot for a function with tenant isolation. Leave snap_start out, or set isolation = \"shared\"."
  }

  # https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html
  validation {
    condition     = var.isolation == "shared" || (data.aws_partition.current.partition == "aws" && local.region != "ap-southeast-6")
    error_message = "isolation = \"per-caller\" does not exist in this region: Lambda has tenant isolation in the commercial regions except New Zealand (ap-southeast-6), and not in AWS GovCloud, China or the European Sovereign Cloud. Deploy to another region, or set isolation = \"shared\"."
  }
}

variable "domain_name" {
  description = "Custom domain name, such as mcp.example.com, mapped at the root path. For a Function URL, CloudFront serves it."
  type        = string
  default     = null

  validation {
    condition     = var.domain_name == null || can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain_name))
    error_message = "domain_name must be a name such as mcp.example.com, in lower case, without https:// and without a path."
  }

  validation {
    condition     = var.domain_name == null || var.certificate != null || var.hosted_zone != null
    error_message = "domain_name needs certificate = { arn = \"…\" }, an existing certificate, or hosted_zone = { id = \"…\" }, the Route 53 zone in which a new certificate is validated."
  }

  validation {
    condition     = var.domain_name != null || (var.certificate == null && var.hosted_zone == null)
    error_message = "certificate and hosted_zone need domain_name: set it, or leave them out."
  }

  validation {
    condition     = var.domain_name == null || var.certificate == null || var.endpoint != "function-url" || can(regex("^arn:[^:]+:acm:us-east-1:", var.certificate.arn))
    error_message = "certificate.arn must be in us-east-1: CloudFront serves the domain of a Function URL, and accepts certificates of that region only."
  }

  validation {
    condition     = var.domain_name == null || var.endpoint != "function-url" || !strcontains(var.auth, "iam")
    error_message = "CloudFront cannot serve a Function URL with auth = \"iam\": callers sign for the host name of the domain, and Lambda verifies the signature for that of the Function URL. Set endpoint to rest-api or http-api."
  }
}

variable "certificate" {
  description = "Existing certificate for domain_name, by its ARN: in the region of the API; for a Function URL in us-east-1, because CloudFront serves the domain. Default: a new certificate, validated in hosted_zone."
  type        = object({ arn = string })
  default     = null
}

variable "hosted_zone" {
  description = "Route 53 hosted zone of domain_name, by its ID, for its DNS records and the validation of a new certificate. validation_record: false if another certificate for this name already has its validation record there. Without a zone, create a DNS record that points to domain_target."
  type = object({
    id                = string
    validation_record = optional(bool, true)
  })
  default = null
}

variable "mcp_path" {
  description = "Path of the MCP server in app/routes.ts, which the outputs and the OAuth metadata use."
  type        = string
  default     = "/mcp"
  nullable    = false

  validation {
    condition     = can(regex("^(/[A-Za-z0-9._~-]+)+$", var.mcp_path))
    error_message = "mcp_path must begin with a slash and not end with one, such as /mcp."
  }
}

variable "throttle" {
  description = "For HTTP and REST APIs: accepted requests per second (rate) and at the same moment (burst). API Gateway returns 429 for more, without starting a function."
  type = object({
    rate  = number
    burst = number
  })
  default  = { rate = 50, burst = 100 }
  nullable = false
}

variable "api_key" {
  description = "For a REST API: if set, callers also need an API key (header x-api-key, output api_key), with a quota of calls_per_day."
  type = object({
    calls_per_day = optional(number, 10000)
  })
  default = null

  validation {
    condition     = var.api_key == null || var.endpoint == "rest-api"
    error_message = "api_key needs endpoint = \"rest-api\": only REST APIs have usage plans."
  }
}

variable "allowed_cidrs" {
  description = "For a REST API: IP address ranges (CIDR) that may call. Default: all."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.allowed_cidrs) == 0 || var.endpoint == "rest-api"
    error_message = "allowed_cidrs needs endpoint = \"rest-api\": only its resource policy can restrict IP addresses."
  }
}

variable "web_acl" {
  description = "AWS WAF web ACL, by its ARN: a regional one for a REST API, a global one (us-east-1) for a Function URL with domain_name (CloudFront)."
  type        = object({ arn = string })
  default     = null

  validation {
    condition     = var.web_acl == null || var.endpoint == "rest-api" || (var.endpoint == "function-url" && var.domain_name != null)
    error_message = "web_acl needs endpoint = \"rest-api\", or a Function URL with domain_name (CloudFront): AWS WAF protects no other endpoint."
  }
}

variable "manage_api_gateway_account" {
  description = "Required for a REST API. true: apply sets the role with which API Gateway writes the logs of all REST APIs of the account in the region, and destroy resets it. false: the account already has such a role."
  type        = bool
  default     = null

  validation {
    condition     = var.endpoint != "rest-api" || var.manage_api_gateway_account != null
    error_message = <<-EOT
      A REST API needs a decision on manage_api_gateway_account. API Gateway writes the logs of all REST APIs of an account and region with one role:
        aws apigateway get-account --query cloudwatchRoleArn
      If this prints an ARN, set manage_api_gateway_account = false: that role is used. If it prints null, set it to true: a role is created and set, and destroy resets it for all.
    EOT
  }
}

variable "auth" {
  description = "Accepted credentials: token, oauth, or both separated by a comma; iam (signed requests); none (anyone on the internet may call)."
  type        = string
  default     = "token"
  nullable    = false

  validation {
    condition     = alltrue([for mode in split(",", var.auth) : contains(["token", "oauth", "iam", "none"], trimspace(mode))])
    error_message = "auth must be token, oauth, \"token,oauth\", iam or none. To check credentials in an API Gateway authorizer, also set authorizer = \"lambda\"."
  }

  validation {
    condition     = !strcontains(var.auth, ",") || !strcontains(var.auth, "none")
    error_message = "auth = \"none\" cannot be combined with other values: the server then accepts every request and checks no token."
  }

  validation {
    condition     = !strcontains(var.auth, ",") || !strcontains(var.auth, "iam")
    error_message = "auth = \"iam\" cannot be combined with other values: the Authorization header contains the signature, so it cannot contain a token. Deploy a second server for token or oauth."
  }
}

variable "token_generation" {
  description = "For token: increase it by one to create the next token. The previous token stays valid while token_keep_previous is true."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.token_generation >= 1 && floor(var.token_generation) == var.token_generation
    error_message = "token_generation must be a whole number of at least 1."
  }
}

variable "token_keep_previous" {
  description = "For token: whether the token of the previous generation is still accepted. Set it to false to end a rotation."
  type        = bool
  default     = true
  nullable    = false
}

variable "token_sha256" {
  description = "For token: SHA-256 digests (hex) of tokens that you created. If set, Terraform creates no token, and the state contains none. Two or more during a rotation."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for digest in var.token_sha256 : can(regex("^[0-9a-f]{64}$", digest))])
    error_message = <<-EOT
      token_sha256 must be SHA-256 digests, 64 lower-case hex digits each, not the tokens themselves. Create a token and its digest with
        TOKEN=$(openssl rand -hex 32)
        printf %s "$TOKEN" | sha256sum
    EOT
  }

  validation {
    condition     = length(var.token_sha256) == 0 || strcontains(var.auth, "token")
    error_message = "token_sha256 is set, but auth does not include token, so the function would deny the tokens. Add token to auth, or leave token_sha256 out."
  }
}

variable "oauth" {
  description = "For oauth: issuer, exactly as in its tokens; audience, a list of which the aud of a token must contain one value (default: public_url, or domain_name and mcp_path); scopes that every token must have; token_type, at+jwt for access tokens of that type (RFC 9068), JWT for issuers that do not implement RFC 9068 (Cognito, Entra ID, Auth0's older profile)."
  type = object({
    issuer     = string
    audience   = optional(list(string), [])
    scopes     = optional(list(string), [])
    token_type = optional(string, "at+jwt")
  })
  default = null

  validation {
    condition     = !strcontains(var.auth, "oauth") || var.oauth != null || var.sign_in != null
    error_message = "auth includes oauth, which needs sign_in = { provider = \"cognito\" }, so that users sign in there, or oauth = { issuer = \"https://…\", audience = [\"…\"] }, to accept the tokens of that issuer."
  }

  validation {
    condition     = var.sign_in == null || var.oauth == null
    error_message = "With sign_in this server issues the tokens, with oauth another issuer does: set one of them."
  }

  validation {
    condition     = var.oauth == null || strcontains(var.auth, "oauth")
    error_message = "oauth is set, but auth does not include oauth, so the function would deny the tokens. Set auth = \"oauth\", or \"token,oauth\"."
  }

  validation {
    condition     = try(startswith(var.oauth.issuer, "https://"), var.oauth == null)
    error_message = "oauth.issuer must be an https URL, exactly as in the iss of the tokens (Auth0's ends with a slash)."
  }

  validation {
    condition     = contains(["at+jwt", "JWT"], try(var.oauth.token_type, "at+jwt"))
    error_message = "oauth.token_type must be at+jwt, for access tokens of that type (RFC 9068), or JWT, for issuers that do not implement RFC 9068."
  }

  validation {
    condition     = var.oauth == null || var.public_url != null || var.domain_name != null || try(length(var.oauth.audience) > 0, false)
    error_message = "oauth needs audience, or public_url or domain_name: without an audience the function would accept tokens that were issued for other services."
  }
}

variable "sign_in" {
  description = "For oauth: users sign in at an identity provider, and clients register at this server (app/framework/oauth-proxy). provider: \"cognito\" creates a user pool and its app client; self_sign_up lets anyone create an account, domain_prefix is the first part of the sign-in page's domain, deletion_protection prevents the deletion of the user pool. For other providers: issuer, client_id, client_secret_arn (SSM or Secrets Manager) and scopes, the scopes to request (default: openid, email, profile). registration: whether clients without a metadata document may register. allowed_clients, allowed_subjects, allowed_domains and allowed_groups restrict the sign-in to these."
  type = object({
    provider            = optional(string)
    self_sign_up        = optional(bool, false)
    domain_prefix       = optional(string)
    deletion_protection = optional(bool, false)
    issuer              = optional(string)
    client_id           = optional(string)
    client_secret_arn   = optional(string)
    scopes              = optional(list(string), [])
    registration        = optional(bool, false)
    allowed_clients     = optional(list(string), [])
    allowed_subjects    = optional(list(string), [])
    allowed_domains     = optional(list(string), [])
    allowed_groups      = optional(list(string), [])
  })
  default = null

  validation {
    condition     = var.sign_in == null || strcontains(var.auth, "oauth")
    error_message = "sign_in is set, but auth does not include oauth, so the function would deny the tokens. Set auth = \"oauth\", or \"token,oauth\"."
  }

  validation {
    condition     = var.sign_in == null ? true : var.sign_in.provider == null || var.sign_in.provider == "cognito"
    error_message = "sign_in.provider must be \"cognito\". For any other provider leave it out, and set issuer, client_id and client_secret_arn."
  }

  validation {
    condition     = var.sign_in == null ? true : var.sign_in.provider != null || (var.sign_in.issuer != null && var.sign_in.client_id != null)
    error_message = "sign_in needs provider = \"cognito\", or issuer and client_id of a client that you have registered with your provider."
  }

  validation {
    condition     = var.sign_in == null ? true : var.sign_in.provider == null || (var.sign_in.issuer == null && var.sign_in.client_id == null && var.sign_in.client_secret_arn == null && length(var.sign_in.scopes) == 0)
    error_message = "sign_in.provider = \"cognito\" creates issuer and client: leave out issuer, client_id, client_secret_arn and scopes."
  }

  validation {
    condition     = var.sign_in == null ? true : var.sign_in.provider != null || (!var.sign_in.self_sign_up && var.sign_in.domain_prefix == null && !var.sign_in.deletion_protection)
    error_message = "sign_in.self_sign_up, domain_prefix and deletion_protection apply to provider = \"cognito\" only. Configure any other provider in its own console."
  }

  validation {
    condition     = try(startswith(var.sign_in.issuer, "https://"), true)
    error_message = "sign_in.issuer must be an https URL, exactly as in the provider's openid-configuration."
  }

  validation {
    condition     = try(can(regex("^arn:[^:]+:(ssm:[a-z0-9-]+:[0-9]{12}:parameter/.+|secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+-[A-Za-z0-9]{6})$", var.sign_in.client_secret_arn)) || var.sign_in.client_secret_arn == null, true)
    error_message = "sign_in.client_secret_arn must be the ARN of an SSM parameter, or the complete ARN of a secret in Secrets Manager, not the secret itself."
  }

  validation {
    condition     = try(length(var.sign_in.scopes) == 0 || contains(var.sign_in.scopes, "openid"), true)
    error_message = "sign_in.scopes must include openid: the sign-in needs an ID token."
  }

  # Anyone can create an account at Google.
  validation {
    condition     = try(var.sign_in.issuer != "https://accounts.google.com" || length(var.sign_in.allowed_domains) + length(var.sign_in.allowed_subjects) + length(var.sign_in.allowed_groups) > 0, true)
    error_message = "With Google, anyone on the internet could sign in: set sign_in.allowed_domains (of Google Workspace) or allowed_subjects."
  }

  validation {
    condition     = var.sign_in == null ? true : alltrue([for value in concat(var.sign_in.scopes, var.sign_in.allowed_clients, var.sign_in.allowed_subjects, var.sign_in.allowed_domains, var.sign_in.allowed_groups) : can(regex("^[^,[:space:]]+$", value))])
    error_message = "The values in the lists of sign_in must not contain commas or spaces: the function gets each list as one comma-separated value."
  }
}

variable "iam" {
  description = "For iam: allowed_arns, ARNs of callers that the app accepts, where * matches any characters (default: every caller that IAM allows); principals, ARNs in other accounts that the policy of the function or the REST API allows."
  type = object({
    allowed_arns = optional(list(string), [])
    principals   = optional(list(string), [])
  })
  default = null

  validation {
    condition     = var.iam == null || strcontains(var.auth, "iam")
    error_message = "iam is set, but auth is not \"iam\", so callers would not need to sign requests. Set auth = \"iam\", or leave iam out."
  }

  validation {
    condition     = var.iam == null ? true : alltrue([for arn in var.iam.principals : can(regex("^arn:[^:]+:(iam|sts)::[0-9]{12}:[^*]+$", arn))])
    error_message = "iam.principals must be ARNs without *: arn:aws:iam::ACCOUNT:role/NAME, or arn:aws:iam::ACCOUNT:root for a whole account."
  }

  validation {
    condition     = var.iam == null ? true : length(var.iam.principals) == 0 || var.endpoint != "http-api"
    error_message = "An HTTP API has no resource policy, so iam.principals cannot allow callers of another account. Let them assume a role of this account that has the policy invoke_policy_json, or set endpoint to rest-api or function-url."
  }

  validation {
    condition     = alltrue([for arn in try(var.iam.allowed_arns, []) : can(regex("^(arn:[^,\\s]+|\\*)$", arn))])
    error_message = "iam.allowed_arns must be ARNs, such as arn:aws:sts::123456789012:assumed-role/agents/*."
  }
}

variable "public_url" {
  description = "URL of the MCP endpoint that clients use, including the path, if it differs from the URL of the endpoint and of domain_name."
  type        = string
  default     = null

  validation {
    condition     = var.public_url == null || can(regex("^https://[^/\\s]+(/[^\\s]*)?$", var.public_url))
    error_message = "public_url must be an https URL, path included, such as https://mcp.example.com/mcp."
  }
}

variable "registry" {
  description = "Entry for the MCP Registry, for the output server_json: name (namespace/name, such as com.example/weather), description (1 to 100 characters), version, and optionally title, website_url and repository { url, source }. Null: the output is null."
  type = object({
    name        = string
    description = string
    version     = string
    title       = optional(string)
    website_url = optional(string)
    repository  = optional(object({ url = string, source = optional(string, "github") }))
  })
  default = null

  validation {
    condition     = var.registry == null || can(regex("^[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+$", var.registry.name))
    error_message = "registry.name must be a namespace of yours, a slash and a name, such as io.github.USER/weather or com.example/weather."
  }

  validation {
    condition     = var.registry == null || try(length(var.registry.description) >= 1 && length(var.registry.description) <= 100, false)
    error_message = "registry.description must have 1 to 100 characters."
  }

  validation {
    condition     = var.registry == null || can(regex("^[0-9A-Za-z][0-9A-Za-z.+-]*$", var.registry.version)) && !can(regex("(?i)\\.x\\b|^latest$", var.registry.version))
    error_message = "registry.version must be one version, such as 1.0.0: neither a range nor latest."
  }

  validation {
    condition     = var.registry == null || var.auth != "iam"
    error_message = "The MCP Registry lists servers that every client can reach, and its clients do not sign requests. Leave registry out with auth = \"iam\"."
  }
}

variable "image_uri" {
  description = "Image that is built elsewhere, by digest, in ECR in the same region. If set, Terraform builds no image, needs no container engine and creates no repository. Must be known at plan time."
  type        = string
  default     = null
}

variable "deployed_elsewhere" {
  description = "For images that a pipeline deploys (.github/workflows/deploy.yml): Terraform builds nothing and deploys the image whose digest is in the SSM parameter image_parameter_name, which the pipeline writes. initial_digest: the first value, such as the one in the output image_uri."
  type        = object({ initial_digest = string })
  default     = null

  validation {
    condition     = var.deployed_elsewhere == null ? true : can(regex("^sha256:[0-9a-f]{64}$", var.deployed_elsewhere.initial_digest))
    error_message = "deployed_elsewhere.initial_digest must be sha256: and 64 hex digits, as at the end of the output image_uri."
  }

  validation {
    condition     = var.deployed_elsewhere == null || var.image_uri == null
    error_message = "deployed_elsewhere reads the image from the SSM parameter, and image_uri names another one: set one of them."
  }
}

variable "source_dir" {
  description = "Folder that contains the Dockerfile: the build context. Default: this repository."
  type        = string
  default     = null
}

variable "architecture" {
  description = "Processor architecture: arm64, which costs less, or x86_64. A machine of either architecture builds for both; only RUN lines that you add to the last stage of the Dockerfile need emulation."
  type        = string
  default     = "arm64"
  nullable    = false
}

variable "image_retention_count" {
  description = "Number of deployed images, and of newest images overall, that the repository keeps. A rollback needs the image of its version."
  type        = number
  default     = 10
  nullable    = false
}

variable "memory_size" {
  description = "Memory in MB, 128 to 10240. CPU grows with it: 1,769 MB give one vCPU."
  type        = number
  default     = 512
  nullable    = false
}

variable "timeout" {
  description = "Time limit for a request in seconds, 1 to 900. MCP clients stop waiting after 60 s unless configured otherwise; Lambda bills the remaining time too. Default: 60, or 29 behind an HTTP API."
  type        = number
  default     = null
}

variable "ephemeral_storage_size" {
  description = "Size of /tmp in MB, 512 to 10240."
  type        = number
  default     = 512
  nullable    = false
}

variable "environment" {
  description = "Environment variables for your tools. MCP_ names that other Terraform variables set are rejected."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = length(setintersection(keys(var.environment), [
      "MCP_AUTH", "MCP_TOKEN_SHA256", "MCP_OAUTH_ISSUER", "MCP_OAUTH_AUDIENCE", "MCP_OAUTH_SCOPES",
      "MCP_OAUTH_TOKEN_TYPE", "MCP_IAM_ALLOWED_ARNS", "MCP_PUBLIC_URL", "MCP_ISOLATION",
    ])) == 0
    error_message = "environment must not set MCP_AUTH, MCP_TOKEN_SHA256, MCP_OAUTH_ISSUER, MCP_OAUTH_AUDIENCE, MCP_OAUTH_SCOPES, MCP_OAUTH_TOKEN_TYPE, MCP_IAM_ALLOWED_ARNS, MCP_PUBLIC_URL or MCP_ISOLATION: auth, token_sha256, oauth, iam, public_url, domain_name and isolation set them."
  }

  validation {
    condition = !(
      contains(keys(var.environment), "MCP_TABLE") && (var.tasks.enabled || var.limits.enabled || var.sign_in != null) ||
      contains(keys(var.environment), "MCP_LIMITS_FAILURE_MODE") && var.limits.enabled
    )
    error_message = "environment must not set MCP_TABLE with tasks, limits or sign_in, nor MCP_LIMITS_FAILURE_MODE with limits enabled: the table of this configuration and limits.failure_mode set them."
  }

  validation {
    condition     = !contains(keys(var.environment), "MCP_SECRET")
    error_message = "environment must not set MCP_SECRET: this configuration creates it, and the function reads it from SSM."
  }

  validation {
    condition = var.sign_in == null || length(setintersection(keys(var.environment), [
      "MCP_OAUTH_PROXY", "MCP_OAUTH_CLIENT_ID", "MCP_OAUTH_CLIENT_SECRET", "MCP_OAUTH_PROVIDER_SCOPES", "MCP_OAUTH_REGISTRATION",
      "MCP_OAUTH_ALLOWED_CLIENTS", "MCP_OAUTH_ALLOWED_SUBJECTS", "MCP_OAUTH_ALLOWED_DOMAINS", "MCP_OAUTH_ALLOWED_GROUPS",
    ])) == 0
    error_message = "With sign_in, environment must not set MCP_OAUTH_PROXY, MCP_OAUTH_CLIENT_ID, MCP_OAUTH_CLIENT_SECRET, MCP_OAUTH_PROVIDER_SCOPES, MCP_OAUTH_REGISTRATION or MCP_OAUTH_ALLOWED_*: sign_in sets them."
  }
}

variable "secrets" {
  description = "Secrets of your tools: name → ARN of an SSM parameter or of a secret in Secrets Manager, in the function's region. Tools read them by secret(\"NAME\") of #framework. The function may read only these."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.secrets) : can(regex("^[A-Za-z][A-Za-z0-9_]*$", name)) && !can(regex("^(MCP_|AWS_|LAMBDA_)", name))])
    error_message = "Names of secrets must be letters, digits and underscores, and must not begin with MCP_, AWS_ or LAMBDA_."
  }

  validation {
    condition     = alltrue([for arn in values(var.secrets) : can(regex("^arn:[^:]+:(ssm:[a-z0-9-]+:[0-9]{12}:parameter/.+|secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+-[A-Za-z0-9]{6})$", arn))])
    error_message = "secrets must be ARNs of SSM parameters, or complete ARNs of secrets in Secrets Manager (with the six characters at the end), not the secrets themselves."
  }

  validation {
    condition     = length(setintersection(keys(var.secrets), keys(var.environment))) == 0
    error_message = "environment and secrets have a name in common: ${join(", ", setintersection(keys(var.secrets), keys(var.environment)))}. A secret belongs in secrets alone."
  }
}

variable "secrets_kms_key_arns" {
  description = "ARNs of the customer managed KMS keys that encrypt your secrets (secrets, sign_in.client_secret_arn). Default: keys that AWS manages, which need no permission."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "secret_generation" {
  description = "Increase it by one to replace MCP_SECRET, from which the function derives its keys. Users then have to sign in again, and tools that wait for input start again."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.secret_generation >= 1 && floor(var.secret_generation) == var.secret_generation
    error_message = "secret_generation must be a whole number of at least 1."
  }
}

variable "streaming" {
  description = "Whether responses are streamed. Must be false for a Function URL in a VPC; an HTTP API never streams."
  type        = bool
  default     = true
  nullable    = false
}

variable "reserved_concurrency" {
  description = "Maximum number of concurrent requests, which limits the cost; Lambda returns 429 for more. -1 for no limit, 0 to stop the function. Default: 10, or -1 if the account's quota leaves no room, as in new accounts."
  type        = number
  default     = null
}

variable "provisioned_concurrency" {
  description = "Number of execution environments that Lambda keeps initialized and bills also without calls. 0 for none."
  type        = number
  default     = 0
  nullable    = false
}

variable "snap_start" {
  description = "Whether Lambda keeps a snapshot of the initialized function and restores execution environments from it (SnapStart). Shortens cold starts of servers with a long init, mostly programs behind mcpStdio. Lambda bills each published version for as long as it exists, also without calls: README.md has the prices."
  type        = bool
  default     = false
  nullable    = false

  # https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html#snapstart-supported-features
  validation {
    condition     = !var.snap_start || var.provisioned_concurrency == 0
    error_message = "snap_start and provisioned_concurrency exclude each other on Lambda: provisioned environments are initialized already. Leave one of them out."
  }

  validation {
    condition     = !var.snap_start || var.ephemeral_storage_size <= 512
    error_message = "Lambda has no SnapStart for functions with more than 512 MB of ephemeral storage. Leave ephemeral_storage_size out, or snap_start."
  }
}

variable "retained_versions" {
  description = "Number of published versions that you keep, including the live one; max_monthly_cost contains the price of their snapshots. After a deployment, npm run versions -- prune deletes the others."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.retained_versions >= 1 && floor(var.retained_versions) == var.retained_versions
    error_message = "retained_versions must be a whole number of at least 1: the live version cannot be deleted."
  }
}

variable "pinned_version" {
  description = "Version that callers reach, for a rollback. Default: the newest."
  type        = number
  default     = null
}

variable "policies" {
  description = "Permissions of your tools: IAM policy documents in JSON, by name."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "policy_arns" {
  description = "Permissions of your tools: ARNs of managed policies, by a name of your choice."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "permissions_boundary" {
  description = "ARN of the permissions boundary of every role in this deployment."
  type        = string
  default     = null
}

variable "vpc" {
  description = "Subnets and security groups, for tools that access a VPC. Needs a NAT gateway to reach the internet; behind a Function URL also streaming = false."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null

  # https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
  validation {
    condition     = var.vpc == null || var.endpoint != "function-url" || !var.streaming
    error_message = "A Function URL does not stream from a function in a VPC: responses would arrive in one piece, or not at all. Set streaming = false, set endpoint = \"rest-api\", which streams from a VPC, or leave vpc out."
  }
}

variable "tracing" {
  description = "Whether X-Ray traces requests."
  type        = bool
  default     = false
  nullable    = false
}

variable "log_retention_days" {
  description = "Retention of logs in days."
  type        = number
  default     = 30
  nullable    = false
}

variable "log_level" {
  description = "Minimum severity of the app's log lines: TRACE, DEBUG, INFO, WARN, ERROR or FATAL."
  type        = string
  default     = "INFO"
  nullable    = false
}

variable "observability" {
  description = "Dashboard, alarms, saved queries and a budget: modules/observability describes each and its cost. email: address that alarms are sent to."
  type = object({
    enabled            = optional(bool, true)
    email              = optional(string)
    dashboard          = optional(bool, true)
    alarms             = optional(bool, true)
    monthly_budget     = optional(number, 20)
    error_rate_percent = optional(number, 5)
    refusals           = optional(number, 100)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.observability.email == null || can(regex("^[^@[:space:]]+@[^@[:space:]]+$", var.observability.email))
    error_message = "observability.email must be an e-mail address."
  }

  validation {
    condition     = var.observability.monthly_budget >= 0 && var.observability.error_rate_percent >= 0 && var.observability.refusals >= 0
    error_message = "monthly_budget, error_rate_percent and refusals of observability must not be below 0."
  }
}

variable "tasks" {
  description = "For tools that run longer than clients wait (dynamoTasks): the table, the permission of the function to invoke itself, and a queue of failed invocations (modules/tasks). Raise timeout to the time that the tools need, up to 900 seconds."
  type = object({
    enabled = optional(bool, false)
  })
  default  = {}
  nullable = false
}

variable "limits" {
  description = "For routes with limits per caller: the table that counts calls in all execution environments, and whether calls are denied (\"deny\") or allowed (\"allow\") while it does not respond. Without the table each environment counts for itself."
  type = object({
    enabled      = optional(bool, false)
    failure_mode = optional(string, "deny")
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["deny", "allow"], var.limits.failure_mode)
    error_message = "limits.failure_mode must be \"deny\" or \"allow\"."
  }
}

variable "table" {
  description = "Options of the DynamoDB table, which is created if a feature such as tasks needs it (modules/table). point_in_time_recovery: whether it can be restored to any second of the last 35 days."
  type = object({
    point_in_time_recovery = optional(bool, false)
  })
  default  = {}
  nullable = false
}

variable "kms_key_arn" {
  description = "ARN of your KMS key that encrypts environment variables, MCP_SECRET, logs, the image repository, the topic of alarms, the table and the queue. README.md lists what its policy must allow. A change replaces the repository. Default: keys that AWS owns or manages, at no cost."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key, arn:aws:kms:REGION:ACCOUNT:key/ID, not of an alias."
  }
}

variable "tags" {
  description = "Tags applied to all taggable resources."
  type        = map(string)
  default     = {}
  nullable    = false
}
