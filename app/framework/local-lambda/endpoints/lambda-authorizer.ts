/**
 * A Lambda authorizer, called as by API Gateway: checks the identity source, then the cache, then invokes the function. Every result
 * that is not an explicit permission denies the request.
 *
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html (payload format 2.0, simple
 * response or policy), https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
 * (REST, type REQUEST). The identity source is the Authorization header, as the modules of terraform/ set it up.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Invoked } from '../environment.ts';
import { type LocalFunction, newTraceId } from '../local-function.ts';
import { type Authorize, type Authorized, onlyHeader, type Refused } from './authorization.ts';
import type { EventContext } from './function-url.ts';
import type { WireRequest } from './request.ts';

export interface LambdaAuthorizerOptions {
  endpoint: 'http-api' | 'rest-api';
  /** Time for which a result is cached for the same Authorization header, in seconds; 0: not cached. */
  ttlSeconds: number;
  region: string;
  /** Creates the event that the endpoint sends to the function. */
  event: (request: WireRequest, context: EventContext) => object;
  context: EventContext;
  /** @default Date.now */
  now?: () => number;
}

/**
 * API Gateway's timeout for an authorizer of an HTTP API.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
 */
const TIMEOUT_MS = 10_000;
/** Maximum number of cached results; the oldest are removed first. */
const MOST_KEPT = 10_000;

type AuthorizationResult = Authorized | Refused;
type Fields = Record<string, unknown>;

/** The result of an authorizer for all requests with the same credentials. */
type Decision = (methodArn: string) => AuthorizationResult;

export function lambdaAuthorizer(
  fn: Pick<LocalFunction, 'invoke'>,
  options: LambdaAuthorizerOptions,
): Authorize {
  const { endpoint, ttlSeconds, region, event, context, now = Date.now } = options;
  const kept = new Map<string, { decide: Decision; until: number }>();

  return async function authorizeByLambda(request) {
    const identity = onlyHeader(request, 'authorization');
    if (!identity) return { refused: 'unauthorized' };
    const arn = methodArn(request, region, context);
    const known = kept.get(identity);
    if (known && known.until > now()) return known.decide(arn);
    const decide = await invokeAuthorizer(request, identity, arn);
    if (!decide) return { refused: 'authorizerFault' };
    kept.delete(identity);
    if (ttlSeconds > 0) kept.set(identity, { decide, until: now() + ttlSeconds * 1000 });
    for (const oldest of kept.size > MOST_KEPT ? kept.keys() : []) {
      kept.delete(oldest);
      break;
    }
    return decide(arn);
  };

  /** Invokes the authorizer. Returns undefined if it fails, times out or returns an invalid result. */
  async function invokeAuthorizer(
    request: WireRequest,
    identity: string,
    arn: string,
  ): Promise<Decision | undefined> {
    const base = event(request, context) as Fields;
    const { body: _body, isBase64Encoded: _encoded, ...withoutBody } = base;
    const authorizerEvent =
      endpoint === 'http-api'
        ? { ...withoutBody, type: 'REQUEST', routeArn: arn, identitySource: [identity] }
        : { ...withoutBody, type: 'REQUEST', methodArn: arn };
    const payload = Buffer.from(JSON.stringify(authorizerEvent));
    const invoked = fn.invoke({ requestId: randomUUID(), traceId: newTraceId(), payload });
    const first = await Promise.race([invoked, sleep(TIMEOUT_MS, 'late' as const, { ref: false })]);
    // A late response is discarded, so that its environment can finish the invocation.
    void invoked.then(discardBody);
    if (first === 'late' || first === 'throttled') return undefined;
    const { response } = first;
    return response.kind === 'buffered' ? decisionOf(response.body, endpoint) : undefined;
  }
}

function discardBody(invoked: Invoked | 'throttled'): void {
  if (invoked !== 'throttled' && invoked.response.kind === 'streamed') invoked.response.discard();
}

/** Returns `arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH`. */
function methodArn(
  request: WireRequest,
  region: string,
  { domainName, stage = '$default' }: EventContext,
): string {
  const [api = 'local'] = (domainName ?? 'local').split('.');
  return `arn:aws:execute-api:${region}:123456789012:${api}/${stage}/${request.method}${request.rawPath}`;
}

function decisionOf(body: Buffer, endpoint: 'http-api' | 'rest-api'): Decision | undefined {
  let returned: unknown;
  try {
    returned = JSON.parse(body.toString());
  } catch {
    return undefined; // Not JSON, so not a result.
  }
  const { isAuthorized, principalId, policyDocument, context } = fields(returned);
  if (endpoint === 'http-api' && isAuthorized !== undefined) {
    const result: AuthorizationResult =
      isAuthorized === true ? { authorizer: { lambda: context ?? null } } : { refused: 'denied' };
    return () => result;
  }
  if (typeof principalId !== 'string' || !isPolicy(policyDocument)) return undefined;
  const authorizerFields = authorizerContext(context);
  if (!authorizerFields) return undefined;
  const authorizer =
    endpoint === 'http-api'
      ? { lambda: authorizerFields }
      : { principalId, integrationLatency: 0, ...authorizerFields };
  return arn => (allows(policyDocument, arn) ? { authorizer } : { refused: 'denied' });
}

/** Returns the values of the context as strings; undefined if one is an object or a list, which API Gateway does not accept. */
function authorizerContext(context: unknown): Record<string, string> | undefined {
  const entries = Object.entries(fields(context));
  if (entries.some(([, value]) => !['string', 'number', 'boolean'].includes(typeof value))) return undefined;
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

interface Statement {
  Effect?: unknown;
  Action?: unknown;
  Resource?: unknown;
}

function isPolicy(document: unknown): document is { Statement: Statement[] } {
  return Array.isArray(fields(document).Statement);
}

/** Returns whether a policy allows a method: a permission is required, and a denial takes precedence over permissions. */
function allows({ Statement }: { Statement: Statement[] }, arn: string): boolean {
  const about = Statement.filter(
    ({ Action, Resource }) =>
      [Action].flat().some(action => like(String(action), 'execute-api:Invoke')) &&
      [Resource].flat().some(resource => like(String(resource), arn)),
  );
  return about.length > 0 && about.every(({ Effect }) => Effect === 'Allow');
}

/** Returns whether a text matches a pattern with IAM's wildcards: `*` for any characters, `?` for one. */
function like(pattern: string, text: string): boolean {
  const source = RegExp.escape(pattern).replaceAll('\\*', '.*').replaceAll('\\?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
