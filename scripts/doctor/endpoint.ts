/** What stands in front of the function, told by the headers of its answers, and what must be known of each. */
import { type Check, type Facts, type Finding, failed, ok, skipped, warning } from './check.ts';
import { type Exchange, messages } from './exchange.ts';
import type { Target } from './target.ts';

export type EndpointType = 'function-url' | 'http-api' | 'rest-api' | 'load-balancer' | 'unknown';

export const NAMES: Record<EndpointType, string> = {
  'function-url': 'a Function URL',
  'http-api': 'an HTTP API',
  'rest-api': 'a REST API',
  'load-balancer': 'a load balancer',
  unknown: 'something that does not say what it is',
};

/** By the ids that each adds to every answer, its own refusals included; CloudFront and proxies leave them. */
export function endpointOf({ headers }: Exchange): EndpointType {
  if (headers.has('x-amz-apigw-id')) return 'rest-api';
  if (headers.has('apigw-requestid')) return 'http-api';
  if (headers.has('x-amzn-requestid')) return 'function-url';
  return headers.get('server')?.[0]?.startsWith('awselb') ? 'load-balancer' : 'unknown';
}

/** Whether an answer is the server's own, not one of what stands before it. */
export function isOfServer(answer: Exchange): boolean {
  return messages(answer).some(message => 'jsonrpc' in Object(message));
}

const STREAMS: Record<EndpointType, Finding['status']> = {
  'function-url': 'ok',
  'rest-api': 'ok',
  'http-api': 'warning',
  'load-balancer': 'warning',
  unknown: 'ok',
};

export const endpoint: Check = {
  id: 'endpoint',
  title: 'what stands in front of the function',
  needs: ['reachable'],
  async run(target, facts) {
    const answer = await target.modern('tools/list');
    facts.endpoint = endpointOf(answer);
    const behind = answer.headers.has('x-amz-cf-id') ? 'CloudFront, and behind it ' : '';
    const seen = `${behind}${NAMES[facts.endpoint]}`;
    if (STREAMS[facts.endpoint] === 'ok') return ok(`${capital(seen)}.`);
    return warning(
      `${capital(seen)}: whole answers only${facts.endpoint === 'http-api' ? ', and none after 30 seconds' : ''}.`,
      'Where tools take long or report progress: endpoint = "function-url" or "rest-api".',
    );
  },
};

/**
 * An authorizer that names in its policy only what was called works for one path: API Gateway keeps the policy for the same
 * credentials, whatever is called next.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
 */
export const authorizer: Check = {
  id: 'authorizer',
  title: 'an authorizer’s verdict is for the caller, not for one path',
  needs: ['who-may-call', 'endpoint'],
  async run(target, facts) {
    if (!facts.authorizer) return skipped(withoutOne(facts, target));
    const elsewhere = `${target.url.pathname.replace(/\/$/, '')}/doctor-${Date.now()}`;
    const there = await target.send({ method: 'GET', url: elsewhere });
    const again = await target.modern('tools/list');
    const refused = [there, again].filter(
      answer => [401, 403].includes(answer.status) && isOfGateway(answer),
    );
    if (refused.length === 0)
      return ok('It lets the same caller in whatever is called, and again; what it keeps does no harm.');
    return failed(
      `It lets you in at ${target.url.pathname}, and ${again.status === 200 ? `not at ${elsewhere}` : 'not a second time'} (${(refused[0] as Exchange).status}).`,
      'Its policy must be for every method and path of the API (arn:…/STAGE/*), since API Gateway keeps it for all calls with the same Authorization header; or set authorizer_result_ttl_seconds = 0.',
    );
  },
};

function withoutOne({ endpoint: name = 'unknown' }: Facts, { credentials }: Target): string {
  if (name === 'function-url') return 'A Function URL has none.';
  if (credentials.kind === 'none') return 'Without credentials nothing can be seen of one.';
  return 'Strangers are refused by the server itself, so there is none.';
}

/** API Gateway's own refusals are `{"message":…}`; and what a function says in WWW-Authenticate is renamed, what API Gateway says is not. */
export function isOfGateway(answer: Exchange): boolean {
  const worded = /^\{"message":\s*(null|"[^"]*")\}$/.test(answer.body.trim());
  const gateway = ['rest-api', 'http-api'].includes(endpointOf(answer));
  return worded || (gateway && answer.status === 401 && answer.headers.has('www-authenticate'));
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
