variable "name" {
  description = "Name of everything: function, repository, role, and the server in clients' configurations."
  type        = string
  default     = "mcp"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) >= 2 && length(var.name) <= 40
    error_message = "name must be 2 to 40 lower-case letters, digits and single hyphens, beginning with a letter: it is the name of an ECR repository, a function and a role at once."
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
  description = "What stands in front of the function: function-url, which streams and costs nothing more; rest-api, which streams and has authorizers, a firewall, keys and address rules; http-api, which sends whole answers within 30 seconds and has a JWT authorizer."
  type        = string
  default     = "function-url"
  nullable    = false

  validation {
    condition     = contains(["function-url", "http-api", "rest-api"], var.endpoint)
    error_message = "endpoint must be function-url, http-api or rest-api."
  }
}

variable "authorizer" {
  description = "Who applies the rules of auth: none, the server itself; lambda, a second function before it, so that a refused call does not start the server (HTTP and REST APIs); jwt, the HTTP API, by the issuer of oauth, and then the server again."
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
    error_message = "authorizer = \"jwt\" needs endpoint = \"http-api\" and auth = \"oauth\": it knows tokens of an issuer and nothing else."
  }

  # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
  validation {
    condition     = var.authorizer != "jwt" || var.sign_in == null
    error_message = "authorizer = \"jwt\" checks tokens by the issuer's published keys, and the tokens of sign_in have none: the function alone can check them. Leave authorizer out, or set it to lambda."
  }

  validation {
    condition     = var.authorizer != "lambda" || alltrue([for mode in split(",", var.auth) : contains(["token", "oauth"], trimspace(mode))])
    error_message = "authorizer = \"lambda\" needs auth to be token, oauth, or both: it is they that it checks."
  }

  # https://datatracker.ietf.org/doc/html/rfc9728#section-3.1
  validation {
    condition     = var.endpoint != "rest-api" || !strcontains(var.auth, "oauth") || var.domain_name != null || var.authorizer == "lambda"
    error_message = "With auth = \"oauth\" clients could not find the issuer behind a REST API: its stage is in the path, so the well-known paths are not where they look, and its functions cannot send WWW-Authenticate. Set domain_name, or authorizer = \"lambda\", whose refusals can lead them."
  }
}

variable "authorizer_result_ttl_seconds" {
  description = "For authorizer = \"lambda\": how long API Gateway keeps its verdict on the same Authorization header, 0 to 3600. A token that was taken back is taken that much longer. Default: 300, or 0 for oauth behind a REST API without domain_name."
  type        = number
  default     = null

  validation {
    condition     = var.authorizer_result_ttl_seconds == null || try(var.authorizer_result_ttl_seconds >= 0 && var.authorizer_result_ttl_seconds <= 3600, false)
    error_message = "authorizer_result_ttl_seconds must be from 0 to 3600."
  }
}

variable "isolation" {
  description = "Who uses an execution environment: shared, all callers, one after the other; per-caller, one caller alone (Lambda's tenant isolation), for servers that keep state, behind a REST API with the Lambda authorizer. README.md says what it costs. A change replaces the function, and calls fail until the end of apply."
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
  description = "Domain of its own, such as mcp.example.com, mapped at the root. For a Function URL by CloudFront."
  type        = string
  default     = null

  validation {
    condition     = var.domain_name == null || can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain_name))
    error_message = "domain_name must be a name such as mcp.example.com, in lower case, without https:// and without a path."
  }

  validation {
    condition     = var.domain_name == null || var.certificate != null || var.hosted_zone != null
    error_message = "domain_name needs certificate = { arn = \"…\" }, a certificate that you have, or hosted_zone = { id = \"…\" }, the zone in Route 53 in which a new one is validated."
  }

  validation {
    condition     = var.domain_name != null || (var.certificate == null && var.hosted_zone == null)
    error_message = "certificate and hosted_zone apply to domain_name only: set it, or leave them out."
  }

  validation {
    condition     = var.domain_name == null || var.certificate == null || var.endpoint != "function-url" || can(regex("^arn:[^:]+:acm:us-east-1:", var.certificate.arn))
    error_message = "certificate.arn must be in us-east-1: CloudFront, which serves the domain of a Function URL, accepts certificates of no other region."
  }

  validation {
    condition     = var.domain_name == null || var.endpoint != "function-url" || !strcontains(var.auth, "iam")
    error_message = "CloudFront cannot stand in front of a Function URL with AWS_IAM: the callers' signatures are for the Function URL's own name. Set endpoint to rest-api or http-api."
  }
}

variable "certificate" {
  description = "Issued certificate for domain_name, by its ARN: in the API's region; for a Function URL, which CloudFront serves, in us-east-1. Default: a new one, validated in hosted_zone."
  type        = object({ arn = string })
  default     = null
}

variable "hosted_zone" {
  description = "Zone in Route 53 that domain_name is in, by its ID: for its records, and to validate a new certificate. validation_record: false where another certificate for this name has its validation record there. Without a zone, point the name to domain_target yourself."
  type = object({
    id                = string
    validation_record = optional(bool, true)
  })
  default = null
}

variable "mcp_path" {
  description = "Path at which the image serves MCP, as in app/routes.ts; for the outputs and the metadata."
  type        = string
  default     = "/mcp"
  nullable    = false

  validation {
    condition     = can(regex("^(/[A-Za-z0-9._~-]+)+$", var.mcp_path))
    error_message = "mcp_path must begin with a slash and not end with one, such as /mcp."
  }
}

variable "throttle" {
  description = "For HTTP and REST APIs: how many requests a second are taken, and how many at once; beyond it 429, before any function is started."
  type = object({
    rate  = number
    burst = number
  })
  default  = { rate = 50, burst = 100 }
  nullable = false
}

variable "api_key" {
  description = "For a REST API: given, callers need an API key as well (header x-api-key, output api_key), with a quota of calls_per_day."
  type = object({
    calls_per_day = optional(number, 10000)
  })
  default = null

  validation {
    condition     = var.api_key == null || var.endpoint == "rest-api"
    error_message = "api_key needs endpoint = \"rest-api\": nothing else has usage plans."
  }
}

variable "allowed_cidrs" {
  description = "For a REST API: address ranges that may call. Default: all."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.allowed_cidrs) == 0 || var.endpoint == "rest-api"
    error_message = "allowed_cidrs needs endpoint = \"rest-api\": nothing else has a resource policy."
  }
}

variable "web_acl" {
  description = "Web ACL of AWS WAF, by its ARN: a regional one for a REST API, a global one of us-east-1 for a Function URL with domain_name (CloudFront)."
  type        = object({ arn = string })
  default     = null

  validation {
    condition     = var.web_acl == null || var.endpoint == "rest-api" || (var.endpoint == "function-url" && var.domain_name != null)
    error_message = "web_acl needs endpoint = \"rest-api\", or a Function URL with domain_name (CloudFront): AWS WAF protects no other endpoint."
  }
}

variable "manage_api_gateway_account" {
  description = "For a REST API, where it must be set: whether to set the role with which API Gateway writes logs: one for all REST APIs of the account in the region, replaced by apply and reset by destroy. false where the account has one."
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
  description = "Who may call: token, oauth, or both with a comma; iam (signed requests); none, for everybody on the internet."
  type        = string
  default     = "token"
  nullable    = false

  validation {
    condition     = alltrue([for mode in split(",", var.auth) : contains(["token", "oauth", "iam", "none"], trimspace(mode))])
    error_message = "auth must be token, oauth, \"token,oauth\", iam or none. (An authorizer of API Gateway applies these rules: authorizer = \"lambda\".)"
  }

  validation {
    condition     = !strcontains(var.auth, ",") || !strcontains(var.auth, "none")
    error_message = "auth = \"none\" excludes every other way: a server that lets every caller in checks no token."
  }

  validation {
    condition     = !strcontains(var.auth, ",") || !strcontains(var.auth, "iam")
    error_message = "auth = \"iam\" excludes every other way: with AWS_IAM the Authorization header holds the signature, so no token can come with it. Deploy a second server for token or oauth."
  }
}

variable "token_generation" {
  description = "For token: raise it by one to make the next token. The one before stays valid beside it."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.token_generation >= 1 && floor(var.token_generation) == var.token_generation
    error_message = "token_generation must be a whole number of at least 1."
  }
}

variable "token_keep_previous" {
  description = "For token: whether the token of the generation before is still taken. Set it to false to end a rotation."
  type        = bool
  default     = true
  nullable    = false
}

variable "token_sha256" {
  description = "For token: SHA-256 digests, in hex, of tokens of your own. Given, no token is made and none is in the state. Two or more during a rotation."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for digest in var.token_sha256 : can(regex("^[0-9a-f]{64}$", digest))])
    error_message = <<-EOT
      token_sha256 must be SHA-256 digests, 64 lower-case hex digits each, never tokens themselves. Make a token and its digest with
        TOKEN=$(openssl rand -hex 32)
        printf %s "$TOKEN" | sha256sum
    EOT
  }

  validation {
    condition     = length(var.token_sha256) == 0 || strcontains(var.auth, "token")
    error_message = "token_sha256 is given, but auth does not have token, so the tokens would not work. Add token to auth, or leave token_sha256 out."
  }
}

variable "oauth" {
  description = "For oauth: the issuer, exactly as in its tokens; audience, what the tokens' aud must contain one of (default: public_url, or domain_name and mcp_path); scopes that every caller must have; token_type, at+jwt for access tokens that say so (RFC 9068), JWT for issuers whose tokens do not (Cognito, Entra ID, Auth0's older profile)."
  type = object({
    issuer     = string
    audience   = optional(list(string), [])
    scopes     = optional(list(string), [])
    token_type = optional(string, "at+jwt")
  })
  default = null

  validation {
    condition     = !strcontains(var.auth, "oauth") || var.oauth != null || var.sign_in != null
    error_message = "auth has oauth: say where people sign in, sign_in = { provider = \"cognito\" }, or whose tokens are taken, oauth = { issuer = \"https://…\", audience = [\"…\"] }."
  }

  validation {
    condition     = var.sign_in == null || var.oauth == null
    error_message = "sign_in issues tokens of its own, and oauth takes those of another issuer: set one of them."
  }

  validation {
    condition     = var.oauth == null || strcontains(var.auth, "oauth")
    error_message = "oauth is given, but auth does not have it: the tokens would not be taken. Set auth = \"oauth\", or \"token,oauth\"."
  }

  validation {
    condition     = try(startswith(var.oauth.issuer, "https://"), var.oauth == null)
    error_message = "oauth.issuer must be an https URL, exactly as in the iss of the tokens (Auth0's ends with a slash)."
  }

  validation {
    condition     = contains(["at+jwt", "JWT"], try(var.oauth.token_type, "at+jwt"))
    error_message = "oauth.token_type must be at+jwt, for access tokens that say so (RFC 9068), or JWT, for those of issuers from before it."
  }

  validation {
    condition     = var.oauth == null || var.public_url != null || var.domain_name != null || try(length(var.oauth.audience) > 0, false)
    error_message = "oauth needs audience, or public_url or domain_name: without it tokens that were made for another service would be taken here."
  }
}

variable "sign_in" {
  description = "For oauth: people sign in at an identity provider, and clients register themselves at this server (app/framework/oauth-proxy). provider: \"cognito\" creates a user pool and its app client; self_sign_up lets everybody create an account, domain_prefix names the sign-in page, deletion_protection keeps the users. For other providers issuer, client_id, client_secret_arn (SSM or Secrets Manager) and the scopes to request (default: openid, email, profile). registration: whether clients without a metadata document may register. allowed_clients, _subjects, _domains and _groups restrict who may sign in."
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
    error_message = "sign_in is given, but auth does not have oauth: the tokens of the sign-in would not be taken. Set auth = \"oauth\", or \"token,oauth\"."
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
    error_message = "sign_in.self_sign_up, domain_prefix and deletion_protection are for provider = \"cognito\": at any other provider they are set there."
  }

  validation {
    condition     = try(startswith(var.sign_in.issuer, "https://"), true)
    error_message = "sign_in.issuer must be an https URL, exactly as in the provider's openid-configuration."
  }

  validation {
    condition     = try(can(regex("^arn:[^:]+:(ssm:[a-z0-9-]+:[0-9]{12}:parameter/.+|secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+-[A-Za-z0-9]{6})$", var.sign_in.client_secret_arn)) || var.sign_in.client_secret_arn == null, true)
    error_message = "sign_in.client_secret_arn must be the ARN of an SSM parameter, or the whole ARN of a secret in Secrets Manager, never the secret itself."
  }

  validation {
    condition     = try(length(var.sign_in.scopes) == 0 || contains(var.sign_in.scopes, "openid"), true)
    error_message = "sign_in.scopes must include openid: the sign-in needs an ID token."
  }

  # Everybody can have an account there.
  validation {
    condition     = try(var.sign_in.issuer != "https://accounts.google.com" || length(var.sign_in.allowed_domains) + length(var.sign_in.allowed_subjects) + length(var.sign_in.allowed_groups) > 0, true)
    error_message = "With Google, everybody on the internet could sign in: set sign_in.allowed_domains (of Google Workspace) or allowed_subjects."
  }

  validation {
    condition     = var.sign_in == null ? true : alltrue([for value in concat(var.sign_in.scopes, var.sign_in.allowed_clients, var.sign_in.allowed_subjects, var.sign_in.allowed_domains, var.sign_in.allowed_groups) : can(regex("^[^,[:space:]]+$", value))])
    error_message = "The lists of sign_in must have values without commas and spaces: the function gets them with commas in between."
  }
}

variable "iam" {
  description = "For iam: allowed_arns, caller ARNs the app lets in, * for any characters (default: every caller that IAM allows); principals, ARNs in other accounts that the function's policy lets in."
  type = object({
    allowed_arns = optional(list(string), [])
    principals   = optional(list(string), [])
  })
  default = null

  validation {
    condition     = var.iam == null || strcontains(var.auth, "iam")
    error_message = "iam is given, but auth is not \"iam\": callers would not be asked for signed requests at all."
  }

  validation {
    condition     = var.iam == null ? true : alltrue([for arn in var.iam.principals : can(regex("^arn:[^:]+:(iam|sts)::[0-9]{12}:[^*]+$", arn))])
    error_message = "iam.principals must be ARNs without *: arn:aws:iam::ACCOUNT:role/NAME, or arn:aws:iam::ACCOUNT:root for a whole account."
  }

  validation {
    condition     = var.iam == null ? true : length(var.iam.principals) == 0 || var.endpoint != "http-api"
    error_message = "An HTTP API has no resource policy, so iam.principals cannot let callers of another account in. They assume a role of this account that has the policy invoke_policy_json; or set endpoint to rest-api or function-url."
  }

  validation {
    condition     = alltrue([for arn in try(var.iam.allowed_arns, []) : can(regex("^(arn:[^,\\s]+|\\*)$", arn))])
    error_message = "iam.allowed_arns must be ARNs, such as arn:aws:sts::123456789012:assumed-role/agents/*."
  }
}

variable "public_url" {
  description = "URL of the MCP endpoint as clients know it, path included, where that is neither the endpoint's own nor domain_name's."
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
    error_message = "The MCP Registry lists servers that every client can reach, and no client of it signs requests. Leave registry out with auth = \"iam\"."
  }
}

variable "image_uri" {
  description = "Image that is built elsewhere, by digest, in ECR in the same region. Given, nothing is built, no container engine is needed and no repository is made. Must be known when planning."
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
  description = "Folder of the Dockerfile, the build context. Default: this repository."
  type        = string
  default     = null
}

variable "architecture" {
  description = "Processor architecture: arm64, which costs less, or x86_64. A machine of either one builds for both; only RUN lines that you add to the last stage of the Dockerfile need emulation."
  type        = string
  default     = "arm64"
  nullable    = false
}

variable "image_retention_count" {
  description = "How many deployed images the repository keeps, and how many in all. A rollback reaches back this far."
  type        = number
  default     = 10
  nullable    = false
}

variable "memory_size" {
  description = "Memory in MB, 128 to 10240. Processor time grows with it: 1769 MB are one processor."
  type        = number
  default     = 512
  nullable    = false
}

variable "timeout" {
  description = "Time limit for a request in seconds, 1 to 900. MCP clients stop waiting after 60 unless configured otherwise; Lambda bills the rest too. Default: 60, or 29 behind an HTTP API."
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
  description = "Environment variables for your tools. MCP_ names that other variables here set are rejected."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = length(setintersection(keys(var.environment), [
      "MCP_AUTH", "MCP_TOKEN_SHA256", "MCP_OAUTH_ISSUER", "MCP_OAUTH_AUDIENCE", "MCP_OAUTH_SCOPES",
      "MCP_OAUTH_TOKEN_TYPE", "MCP_IAM_ALLOWED_ARNS", "MCP_PUBLIC_URL", "MCP_ISOLATION",
    ])) == 0
    error_message = "environment must not set MCP_AUTH, MCP_TOKEN_SHA256, MCP_OAUTH_ISSUER, MCP_OAUTH_AUDIENCE, MCP_OAUTH_SCOPES, MCP_OAUTH_TOKEN_TYPE, MCP_IAM_ALLOWED_ARNS, MCP_PUBLIC_URL or MCP_ISOLATION: they are made of auth, token_sha256, oauth, iam, public_url, domain_name and isolation."
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
    error_message = "With sign_in, environment must not set MCP_OAUTH_PROXY, MCP_OAUTH_CLIENT_ID, MCP_OAUTH_CLIENT_SECRET, MCP_OAUTH_PROVIDER_SCOPES, MCP_OAUTH_REGISTRATION or MCP_OAUTH_ALLOWED_*: they are made of sign_in."
  }
}

variable "secrets" {
  description = "Secrets of your tools, which read them by secret(\"NAME\") of #framework: name → ARN of an SSM parameter or of a secret in Secrets Manager, in the function's region. The function may read exactly these."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.secrets) : can(regex("^[A-Za-z][A-Za-z0-9_]*$", name)) && !can(regex("^(MCP_|AWS_|LAMBDA_)", name))])
    error_message = "Names of secrets must be letters, digits and underscores, and must not begin with MCP_, AWS_ or LAMBDA_."
  }

  validation {
    condition     = alltrue([for arn in values(var.secrets) : can(regex("^arn:[^:]+:(ssm:[a-z0-9-]+:[0-9]{12}:parameter/.+|secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+-[A-Za-z0-9]{6})$", arn))])
    error_message = "secrets must be ARNs of SSM parameters, or whole ARNs of secrets in Secrets Manager (with the six characters at the end), never the secrets themselves."
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
  description = "Raise it by one to replace MCP_SECRET, from which the function derives its keys: everybody signs in again, and tools that wait for input start again."
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
  description = "Cost guard: how many requests are served at the same time at most, callers beyond get 429. -1 for no limit, 0 to stop the function. Default: 10, or -1 where the account's quota leaves no room, as in new accounts."
  type        = number
  default     = null
}

variable "provisioned_concurrency" {
  description = "How many environments are kept warm, and paid for by the hour. 0 for none."
  type        = number
  default     = 0
  nullable    = false
}

variable "snap_start" {
  description = "Whether Lambda keeps a snapshot of the initialized function and restores environments from it: SnapStart. Shortens cold starts of servers with a long init, mostly programs behind mcpStdio. Each published version costs money for as long as it exists, also without calls: README.md says how much."
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
  description = "How many published versions you keep, the live one included, for the price of their snapshots in max_monthly_cost. After a deployment, npm run versions -- prune deletes the others."
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
  description = "What your tools may do: IAM policy documents in JSON, by name."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "policy_arns" {
  description = "What your tools may do: ARNs of managed policies, by a name of your choice."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "permissions_boundary" {
  description = "ARN of a policy that bounds what every role of this deployment can ever do."
  type        = string
  default     = null
}

variable "vpc" {
  description = "Subnets and security groups, for tools that reach into a VPC. Needs a NAT gateway to reach the internet; behind a Function URL also streaming = false."
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
  description = "Whether requests are traced with X-Ray."
  type        = bool
  default     = false
  nullable    = false
}

variable "log_retention_days" {
  description = "How long logs are kept, in days."
  type        = number
  default     = 30
  nullable    = false
}

variable "log_level" {
  description = "Least severe log lines of the app that are kept: TRACE, DEBUG, INFO, WARN, ERROR or FATAL."
  type        = string
  default     = "INFO"
  nullable    = false
}

variable "observability" {
  description = "Dashboard, alarms, saved queries and a budget: modules/observability says what each is and costs. email: who is told."
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
  description = "For tools that run for longer than a call (dynamoTasks): the table, the permission of the function to invoke itself, and a queue of failed invocations (modules/tasks). Raise timeout to the time that the tools need, up to 900."
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
  description = "Options of the DynamoDB table, which is created if a feature such as tasks needs it (modules/table): recovery to any second of the last 35 days."
  type = object({
    point_in_time_recovery = optional(bool, false)
  })
  default  = {}
  nullable = false
}

variable "kms_key_arn" {
  description = "ARN of a KMS key of yours that encrypts environment variables, MCP_SECRET, logs, the registry, the topic of alarms, the table and the queue. README.md lists what its policy must allow. A change replaces the registry. Default: keys that AWS owns or manages, at no cost."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key, arn:aws:kms:REGION:ACCOUNT:key/ID, not of an alias."
  }
}

variable "tags" {
  description = "Tags of everything that can have tags."
  type        = map(string)
  default     = {}
  nullable    = false
}
