/** Checks that the endpoint is reachable, and that it denies requests without credentials. */
import { randomBytes } from 'node:crypto';
import { type Check, type Finding, failed, ok, warning } from './check.ts';
import { endpointOf, isOfGateway, isOfServer } from './endpoint.ts';
import { type Exchange, header, rpcError } from './exchange.ts';
import { NO_CREDENTIALS, type Target } from './target.ts';

export const reachable: Check = {
  id: 'reachable',
  title: 'the endpoint answers',
  async run(target, facts) {
    const answer = await target.modern('tools/list');
    facts.firstMs = answer.totalMs;
    const met = `${answer.tls ?? 'No TLS'}, ${answer.status} after ${answer.totalMs.toFixed(0)} ms`;
    return refusedByTheWay(answer, target) ?? refusedAtTheDoor(answer, target) ?? ok(met);
  },
};

/** An answer that is not the server's own, or tells that there is none; else undefined. */
function refusedByTheWay(answer: Exchange, { credentials, url }: Target): Finding | undefined {
  const { status } = answer;
  if (isOfServer(answer) && status < 500) return undefined;
  const seen = `${status} and ${excerpt(answer)}`;
  if (isOfGateway(answer)) return refusedByGateway(answer, credentials.kind, seen);
  if (status === 403)
    return failed(`Refused before the server saw it: ${seen}`, forbiddenAdvice(credentials.kind));
  if (status === 429) {
    return failed(
      `Throttled: ${seen}`,
      'As many requests as reserved_concurrency allows are under way, or it is 0, which stops the function; a new account may run 10 at a time in all.',
    );
  }
  if (status >= 300 && status < 400) {
    const location = header(answer, 'location') ?? 'somewhere else';
    return failed(
      `Redirected to ${location}`,
      'Give the final URL: MCP clients do not follow with their credentials.',
    );
  }
  if (status === 404) {
    return failed(
      `Nothing is mounted at ${url.pathname}: ${seen}`,
      'Give the path of a server in app/routes.ts, such as /mcp. Behind Terraform, set mcp_path to it.',
    );
  }
  if (status < 500) {
    return failed(
      `No MCP server: ${seen}`,
      'Is this the URL of `terraform output -raw mcp_url`? A login page or a proxy in between answers like that.',
    );
  }
  return failed(
    `The function failed: ${seen}`,
    'Its log has the reason: `aws logs tail /aws/lambda/NAME --since 5m`. Usual ones: a setting that is refused at the start (it names it), too little memory, an image for the other architecture, a time limit that is too short.',
  );
}

/** What API Gateway answers in the server's place; nothing when it only asks for credentials, which others look into. */
function refusedByGateway(
  answer: Exchange,
  kind: Target['credentials']['kind'],
  seen: string,
): Finding | undefined {
  const { status, body } = answer;
  const rest = endpointOf(answer) === 'rest-api';
  if (status === 401 || (status === 403 && isOfAuthorizer(answer) && kind !== 'sigv4')) return undefined;
  if (/Missing Authentication Token/.test(body))
    return failed(
      `API Gateway finds nothing there, or wants a signature: ${seen}`,
      'Without a domain of its own the URL of a REST API has its stage in the path (/live/mcp): take that of `terraform output -raw mcp_url`. With auth = "iam" sign the requests: --sigv4.',
    );
  if (status === 403)
    return failed(
      `API Gateway refuses: ${seen}`,
      rest
        ? 'Is the stage in the path right (`terraform output -raw mcp_url`)? Else an API key is missing, your address is not in allowed_cidrs, the web ACL forbids it, or the API is closed for calls beside its domain; the access log says which (`terraform output -raw access_log_group_name`). With auth = "iam": --sigv4, and the policy `terraform output -raw invoke_policy_json`.'
        : 'With auth = "iam" sign the requests: --sigv4, and the caller needs the policy `terraform output -raw invoke_policy_json`.',
    );
  if (status === 429)
    return failed(
      `Throttled by API Gateway: ${seen}`,
      'More requests come than `throttle` allows, or an API key has used up its calls_per_day.',
    );
  if (status === 500 && /AuthorizerConfiguration/.test(header(answer, 'x-amzn-errortype') ?? ''))
    return failed(
      `The authorizer fails: ${seen}`,
      'Its log has the reason: `aws logs tail /aws/lambda/NAME-authorizer --since 5m`. Usual ones: the issuer’s keys cannot be had, or a setting is refused at the start.',
    );
  if (status === 503 || status === 504)
    return failed(
      `API Gateway gave up: ${seen}`,
      'The function took longer than the API waits (30 s; a REST API that streams: the function’s timeout), or as many requests as reserved_concurrency allows are under way.',
    );
  return undefined;
}

/** Its denials: 403 of an HTTP API is always one, or IAM's; a REST API has words for it. */
function isOfAuthorizer(answer: Exchange): boolean {
  return endpointOf(answer) === 'http-api' || /not authorized to access this resource/i.test(answer.body);
}

/** Returns the server's own rejection of a valid request, which every caller gets; else undefined. */
function refusedAtTheDoor(answer: Exchange, { url }: Target): Finding | undefined {
  const { code, message = '' } = rpcError(answer) ?? {};
  if (code === -32020) {
    return failed(
      `A header of MCP does not arrive as it was sent: ${message}`,
      'Something in between takes it away or changes it: CloudFront, API Gateway and proxies pass on what they are told to.',
    );
  }
  if (answer.status === 403 && /\bhost\b/i.test(message)) {
    return failed(message, `Add ${url.hostname} to MCP_ALLOWED_HOSTS, or leave that setting out.`);
  }
  return undefined;
}

function forbiddenAdvice(kind: Target['credentials']['kind']): string {
  if (kind === 'sigv4') {
    return 'The signature or the permission is missing something. Region, clock and credentials right? The caller’s policy needs lambda:InvokeFunctionUrl and lambda:InvokeFunction on the alias (`terraform output -raw invoke_policy_json`); a caller of another account must be in iam.principals too.';
  }
  return 'With auth type NONE two statements are needed in the function’s policy since October 2025, lambda:InvokeFunctionUrl and lambda:InvokeFunction via the URL: `aws lambda get-policy --function-name NAME --qualifier live` shows them, `terraform apply` brings them back; an organisation’s policy may forbid public functions. With auth type AWS_IAM sign the requests: --sigv4.';
}

function excerpt({ body }: Exchange): string {
  const text = body.replaceAll(/\s+/g, ' ').trim();
  return text ? `"${text.slice(0, 120)}${text.length > 120 ? '…' : ''}"` : 'no body';
}

export const whoMayCall: Check = {
  id: 'who-may-call',
  title: 'only the right caller gets in',
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
        'A made-up token was let in.',
        'Stop the function (reserved_concurrency = 0) and look into its `auth`.',
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
        `Strangers are refused (${stranger.status}), and you have given no credentials.`,
        'Put the token into MCP_TOKEN, or sign with --sigv4, to have the rest examined.',
      );
    }
    return caller.status === 200
      ? ok(
          `Denied without credentials (${stranger.status}) and with invalid ones (${forger.status})${facts.authorizer ? ', before the server' : ''}; allowed with ${kind}.`,
        )
      : notLetIn(caller, kind);
  },
};

function madeUp() {
  return { kind: 'token', token: randomBytes(32).toString('base64url') } as const;
}

function open(kind: Target['credentials']['kind'], { hostname }: URL): Finding {
  const unasked = kind === 'none' ? '' : ' Your credentials are not asked for.';
  if (/^(localhost|127\.|\[::1\])/.test(hostname)) return ok(`Everybody on this machine.${unasked}`);
  return warning(
    `Everybody who knows the URL.${unasked}`,
    'If that is not meant: `auth = "token"`, the default, and apply.',
  );
}

function notLetIn(answer: Exchange, kind: string): Finding {
  const said = rpcError(answer)?.message ?? excerpt(answer);
  if (answer.status === 503)
    return failed(
      `The server cannot check tokens: ${said}`,
      'The issuer’s keys cannot be had from the function: is MCP_OAUTH_ISSUER reachable from there (VPC without NAT?)',
    );
  if (isOfGateway(answer)) {
    return failed(
      `Refused before the server saw it (${answer.status}): ${said}`,
      'The authorizer does not take your credentials: is MCP_TOKEN the newest one, without a line end, or a token of the issuer for this audience? Its log says why (`aws logs tail /aws/lambda/NAME-authorizer --since 5m`). A refusal is kept as well, for authorizer_result_ttl_seconds.',
    );
  }
  if (answer.status === 403) {
    return failed(
      `You are known, but not allowed: ${said}`,
      'A scope is missing in the token, or your ARN in iam.allowed_arns.',
    );
  }
  const advice =
    kind === 'token'
      ? 'Is MCP_TOKEN the newest one (`terraform output -raw mcp_token`), without a line end? `printf %s "$MCP_TOKEN" | sha256sum` must be in the function’s MCP_TOKEN_SHA256. For OAuth: issuer, audience and expiry of the token must fit.'
      : 'The function itself does not take signatures: is `auth = "iam"` set?';
  return failed(`Your credentials are refused (${answer.status}): ${said}`, advice);
}
