/** Checks that the endpoint is reachable, and that it denies requests without credentials. */
import { randomBytes } from 'node:crypto';
import { type Check, type Finding, failed, ok, warning } from './check.ts';
import { endpointOf, isOfGateway, isOfServer } from './endpoint.ts';
import { type Exchange, header, rpcError } from './exchange.ts';
import { NO_CREDENTIALS, type Target } from './target.ts';

export const reachable: Check = {
  id: 'reachable',
  title: 'the endpoint responds',
  async run(target, facts) {
    const exchange = await target.modern('tools/list');
    facts.firstMs = exchange.totalMs;
    const met = `${exchange.tls ?? 'No TLS'}, ${exchange.status} after ${exchange.totalMs.toFixed(0)} ms`;
    return deniedOnTheWay(exchange, target) ?? deniedByServer(exchange, target) ?? ok(met);
  },
};

/** Returns a finding for a response that does not come from the server, or for an error of the server; else undefined. */
function deniedOnTheWay(exchange: Exchange, { credentials, url }: Target): Finding | undefined {
  const { status } = exchange;
  if (isOfServer(exchange) && status < 500) return undefined;
  const seen = `${status} and ${excerpt(exchange)}`;
  if (isOfGateway(exchange)) return deniedByGateway(exchange, credentials.kind, seen);
  if (status === 403)
    return failed(`Denied before the request reached the server: ${seen}`, forbiddenAdvice(credentials.kind));
  if (status === 429) {
    return failed(
      `Throttled: ${seen}`,
      'The function runs as many requests as reserved_concurrency allows; 0 stops the function. A new account has a quota of 10 concurrent requests.',
    );
  }
  if (status >= 300 && status < 400) {
    const location = header(exchange, 'location') ?? 'another URL';
    return failed(
      `Redirected to ${location}`,
      'Use the final URL: MCP clients do not send credentials to another URL.',
    );
  }
  if (status === 404) {
    return failed(
      `Nothing is mounted at ${url.pathname}: ${seen}`,
      'Use the path of a server in app/routes.ts, such as /mcp. In Terraform, set mcp_path to it.',
    );
  }
  if (status < 500) {
    return failed(
      `No MCP server: ${seen}`,
      'Is this the URL of `terraform output -raw mcp_url`? A login page or a proxy in between responds like this.',
    );
  }
  return failed(
    `The function failed: ${seen}`,
    'Its log has the reason: `aws logs tail /aws/lambda/NAME --since 5m`. Common reasons: an invalid setting (the log names it), too little memory, an image for the other architecture, a timeout that is too short.',
  );
}

/** Returns a finding for a response of API Gateway itself. Undefined if it only requires credentials, which another check covers. */
function deniedByGateway(
  exchange: Exchange,
  kind: Target['credentials']['kind'],
  seen: string,
): Finding | undefined {
  const { status, body } = exchange;
  const rest = endpointOf(exchange) === 'rest-api';
  if (status === 401 || (status === 403 && isOfAuthorizer(exchange) && kind !== 'sigv4')) return undefined;
  if (/Missing Authentication Token/.test(body))
    return failed(
      `API Gateway has no such path, or requires a signature: ${seen}`,
      'Without a custom domain, the URL of a REST API has its stage in the path (/live/mcp): use the URL of `terraform output -raw mcp_url`. With auth = "iam" sign the requests: --sigv4.',
    );
  if (status === 403)
    return failed(
      `API Gateway denies the request: ${seen}`,
      rest
        ? 'Is the stage in the path right (`terraform output -raw mcp_url`)? If it is: an API key is missing, your address is not in allowed_cidrs, the web ACL blocks it, or the API accepts requests to its domain only; the access log has the reason (`terraform output -raw access_log_group_name`). With auth = "iam": --sigv4, and the policy `terraform output -raw invoke_policy_json`.'
        : 'With auth = "iam" sign the requests: --sigv4, and the caller needs the policy `terraform output -raw invoke_policy_json`.',
    );
  if (status === 429)
    return failed(
      `Throttled by API Gateway: ${seen}`,
      'There are more requests than `throttle` allows, or the API key has used up its calls_per_day.',
    );
  if (status === 500 && /AuthorizerConfiguration/.test(header(exchange, 'x-amzn-errortype') ?? ''))
    return failed(
      `The authorizer fails: ${seen}`,
      'Its log has the reason: `aws logs tail /aws/lambda/NAME-authorizer --since 5m`. Common reasons: the issuer’s keys cannot be fetched, or a setting is invalid.',
    );
  if (status === 503 || status === 504)
    return failed(
      `API Gateway timed out: ${seen}`,
      'The function took longer than the API waits (30 s; a REST API that streams: the function’s timeout), or it already runs as many requests as reserved_concurrency allows.',
    );
  return undefined;
}

/** Whether an authorizer denied the request: a 403 of an HTTP API always comes from it or from IAM; a REST API has a message for it. */
function isOfAuthorizer(exchange: Exchange): boolean {
  return endpointOf(exchange) === 'http-api' || /not authorized to access this resource/i.test(exchange.body);
}

/** Returns the server's own rejection of a valid request, which every caller gets; else undefined. */
function deniedByServer(exchange: Exchange, { url }: Target): Finding | undefined {
  const { code, message = '' } = rpcError(exchange) ?? {};
  if (code === -32020) {
    return failed(
      `An MCP header does not arrive as it was sent: ${message}`,
      'CloudFront, API Gateway or a proxy removes or changes it: check which headers they are configured to pass on.',
    );
  }
  if (exchange.status === 403 && /\bhost\b/i.test(message)) {
    return failed(message, `Add ${url.hostname} to MCP_ALLOWED_HOSTS, or leave that setting out.`);
  }
  return undefined;
}

function forbiddenAdvice(kind: Target['credentials']['kind']): string {
  if (kind === 'sigv4') {
    return 'The signature is invalid or a permission is missing. Check region, clock and credentials. The caller’s policy needs lambda:InvokeFunctionUrl and lambda:InvokeFunction on the alias (`terraform output -raw invoke_policy_json`); a caller of another account must be in iam.principals too.';
  }
  return 'With auth type NONE the function’s policy needs two statements since October 2025, lambda:InvokeFunctionUrl and lambda:InvokeFunction via the URL: `aws lambda get-policy --function-name NAME --qualifier live` shows them, and `terraform apply` creates them again. An organization’s policy may forbid public functions. With auth type AWS_IAM sign the requests: --sigv4.';
}

function excerpt({ body }: Exchange): string {
  const text = body.replaceAll(/\s+/g, ' ').trim();
  return text ? `"${text.slice(0, 120)}${text.length > 120 ? '…' : ''}"` : 'no body';
}

export const whoMayCall: Check = {
  id: 'who-may-call',
  title: 'only callers with valid credentials are allowed',
  needs: ['reachable'],
  async run(target, facts) {
    const { kind } = target.credentials;
    const [stranger, forger, caller] = [
      await target.modern('tools/list', {}, { credentials: NO_CREDENTIALS }),
      await target.modern('tools/list', {}, { credentials: madeUp() }),
      await target.modern('tools/list'),
    ];
    if (stranger.status === 200) return open(kind, target.url);
    facts.authorizer = isOfGateway(stranger);
    if (forger.status === 200) {
      return failed(
        'The server accepts an invalid token.',
        'Stop the function (reserved_concurrency = 0) and check `auth`.',
      );
    }
    const message = rpcError(stranger)?.message ?? '';
    if (message.includes('MCP_AUTH'))
      return failed(
        `Every caller is denied: ${message}`,
        'Set `auth` in the Terraform variables, or MCP_AUTH.',
      );
    if (kind === 'none') {
      return failed(
        `Requests without credentials are denied (${stranger.status}), and the doctor has none.`,
        'Put the token into MCP_TOKEN, or sign with --sigv4, to run the other checks.',
      );
    }
    return caller.status === 200
      ? ok(
          `Denied without credentials (${stranger.status}) and with invalid ones (${forger.status})${facts.authorizer ? ', before the server' : ''}; allowed with ${kind}.`,
        )
      : credentialsDenied(caller, kind);
  },
};

function madeUp() {
  return { kind: 'token', token: randomBytes(32).toString('base64url') } as const;
}

function open(kind: Target['credentials']['kind'], { hostname }: URL): Finding {
  const unasked = kind === 'none' ? '' : ' The server does not check your credentials.';
  if (/^(localhost|127\.|\[::1\])/.test(hostname))
    return ok(`Every program on this machine may call.${unasked}`);
  return warning(
    `Anyone who knows the URL may call.${unasked}`,
    'If this is not intended, set `auth = "token"`, the default, and apply.',
  );
}

function credentialsDenied(exchange: Exchange, kind: string): Finding {
  const said = rpcError(exchange)?.message ?? excerpt(exchange);
  if (exchange.status === 503)
    return failed(
      `The server cannot check tokens: ${said}`,
      'The function cannot fetch the issuer’s keys: can it reach MCP_OAUTH_ISSUER (VPC without NAT?)',
    );
  if (isOfGateway(exchange)) {
    return failed(
      `Denied before the request reached the server (${exchange.status}): ${said}`,
      'The authorizer denies your credentials: is MCP_TOKEN the newest one, without a line break, or a token of the issuer for this audience? Its log has the reason (`aws logs tail /aws/lambda/NAME-authorizer --since 5m`). API Gateway caches denials too, for authorizer_result_ttl_seconds.',
    );
  }
  if (exchange.status === 403) {
    return failed(
      `Your credentials are valid, but not sufficient: ${said}`,
      'The token lacks a scope, or iam.allowed_arns lacks your ARN.',
    );
  }
  const advice =
    kind === 'token'
      ? 'Is MCP_TOKEN the newest one (`terraform output -raw mcp_token`), without a line break? `printf %s "$MCP_TOKEN" | sha256sum` must be in the function’s MCP_TOKEN_SHA256. For OAuth, check issuer, audience and expiry of the token.'
      : 'The function does not accept signatures: is `auth = "iam"` set?';
  return failed(`Your credentials are denied (${exchange.status}): ${said}`, advice);
}
