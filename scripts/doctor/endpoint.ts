/** Recognizes the endpoint in front of the function by its response headers, and checks its properties. */
import { type Check, type Facts, type Finding, failed, ok, skipped, warning } from './check.ts';
import { type Exchange, messages } from './exchange.ts';
import type { Target } from './target.ts';

export type EndpointType = 'function-url' | 'http-api' | 'rest-api' | 'load-balancer' | 'unknown';

export const NAMES: Record<EndpointType, string> = {
  'function-url': 'a Function URL',
  'http-api': 'an HTTP API',
  'rest-api': 'a REST API',
  'load-balancer': 'a load balancer',
  unknown: 'an unknown endpoint',
};

/** Returns the endpoint by the id header that it adds to every response, including its own errors. CloudFront and proxies keep this header. */
export function endpointOf({ headers }: Exchange): EndpointType {
  if (headers.has('x-amz-apigw-id')) return 'rest-api';
  if (headers.has('apigw-requestid')) return 'http-api';
  if (headers.has('x-amzn-requestid')) return 'function-url';
  return headers.get('server')?.[0]?.startsWith('awselb') ? 'load-balancer' : 'unknown';
}

/** Whether a response comes from the server, not from the endpoint or a proxy. */
export function isOfServer(exchange: Exchange): boolean {
  return messages(exchange).some(message => 'jsonrpc' in Object(message));
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
  title: 'the endpoint in front of the function',
  needs: ['reachable'],
  async run(target, facts) {
    const exchange = await target.modern('tools/list');
    facts.endpoint = endpointOf(exchange);
    const behind = exchange.headers.has('x-amz-cf-id') ? 'CloudFront, and behind it ' : '';
    const seen = `${behind}${NAMES[facts.endpoint]}`;
    if (STREAMS[facts.endpoint] === 'ok') return ok(`${capital(seen)}.`);
    return warning(
      `${capital(seen)}: complete responses only${facts.endpoint === 'http-api' ? ', within 30 seconds' : ''}.`,
      'For tools that are slow or report progress, set endpoint = "function-url" or "rest-api".',
    );
  },
};

/**
 * Checks that the policy of an authorizer is not limited to the called path: API Gateway caches the policy for the credentials and
 * applies it to their next requests to any path.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
 */
export const authorizer: Check = {
  id: 'authorizer',
  title: 'an authorizer’s result is for the caller, not for one path',
  needs: ['who-may-call', 'endpoint'],
  async run(target, facts) {
    if (!facts.authorizer) return skipped(withoutOne(facts, target));
    const elsewhere = `${target.url.pathname.replace(/\/$/, '')}/doctor-${Date.now()}`;
    const there = await target.send({ method: 'GET', url: elsewhere });
    const again = await target.modern('tools/list');
    const refused = [there, again].filter(
      exchange => [401, 403].includes(exchange.status) && isOfGateway(exchange),
    );
    if (refused.length === 0)
      return ok('It allows the same caller on every path and again, so caching its result is safe.');
    return failed(
      `It allows you at ${target.url.pathname}, but ${again.status === 200 ? `not at ${elsewhere}` : 'not a second time'} (${(refused[0] as Exchange).status}).`,
      'Its policy must be for every method and path of the API (arn:…/STAGE/*), because API Gateway caches it for all requests with the same Authorization header; or set authorizer_result_ttl_seconds = 0.',
    );
  },
};

function withoutOne({ endpoint: name = 'unknown' }: Facts, { credentials }: Target): string {
  if (name === 'function-url') return 'A Function URL has none.';
  if (credentials.kind === 'none') return 'Without credentials this cannot be checked.';
  return 'The server itself denies requests without credentials, so there is none.';
}

/** Whether API Gateway itself responded: its errors are `{"message":…}`, and it renames WWW-Authenticate of a function, but not its own. */
export function isOfGateway(exchange: Exchange): boolean {
  const worded = /^\{"message":\s*(null|"[^"]*")\}$/.test(exchange.body.trim());
  const gateway = ['rest-api', 'http-api'].includes(endpointOf(exchange));
  return worded || (gateway && exchange.status === 401 && exchange.headers.has('www-authenticate'));
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
