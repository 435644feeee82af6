/**
 * A Lambda authorizer for API Gateway: the rules of app/framework/auth in a separate function, so that a denied call does not
 * start the server. It passes the caller on; the server accepts that by `MCP_AUTH=authorizer`.
 *
 * Fails closed: a request that it cannot read is denied or causes an error; API Gateway rejects the request in both cases. A
 * denial is a result, not an error, so that API Gateway caches it and no alarm is raised.
 *
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html (payload format 2.0, simple
 * response), https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html (REST)
 */

import type { Config } from '../config.ts';
import { endpointContext } from '../endpoint-context.ts';
import { type Fields, fields } from '../json-fields.ts';
import { type AuthInput, createAuthenticator } from './authenticate.ts';
import type { Caller } from './identity.ts';
import { KeysUnavailableError } from './token-verifier.ts';

/** The data about the caller that the server gets: strings, numbers and booleans, because a REST API accepts nothing else. */
export type AuthorizerContext = Record<string, string | number | boolean>;

/** For HTTP APIs with payload format 2.0 and simple responses. */
export interface SimpleResponse {
  isAuthorized: boolean;
  context?: AuthorizerContext;
}

/** For REST APIs, and HTTP APIs with payload format 1.0. */
export interface PolicyResponse {
  principalId: string;
  policyDocument: { Version: '2012-10-17'; Statement: [Statement] };
  context?: AuthorizerContext;
}

interface Statement {
  Action: 'execute-api:Invoke';
  Effect: 'Allow' | 'Deny';
  Resource: string;
}

/** Creates the authorizer. Throws a TypeError if the settings name a method that an authorizer does not support. */
export function createAuthorizer(settings: Config) {
  const methods = settings.MCP_AUTH.filter(mode => mode === 'token' || mode === 'oauth');
  if (methods.length === 0 || methods.length < settings.MCP_AUTH.length) {
    throw new TypeError('The authorizer supports MCP_AUTH=token, oauth or both.');
  }
  const authenticate = createAuthenticator(settings, settings.MCP_OAUTH_SCOPES);

  return async function authorize(event: unknown): Promise<SimpleResponse | PolicyResponse> {
    const request = fields(event);
    const resource = resourceOf(request, settings);
    const result = await authenticate({ ...inputOf(request), resource });
    if (!result.allowed && result.reason === 'keys_unavailable')
      // API Gateway returns 500 and invokes the authorizer again for the next request.
      throw new KeysUnavailableError('The keys of the authorization server cannot be fetched at the moment.');
    const verified = result.allowed ? result.caller : undefined;
    // Lambda would have no tenant ID for its environment.
    const anonymous = settings.MCP_ISOLATION === 'per-caller' && verified?.extra.tenant === undefined;
    const caller = anonymous ? undefined : verified;
    const denied = result.allowed ? anonymous && 'no_subject' : result.reason;
    const outcome = { caller: verified?.clientId, auth: verified?.extra.mode, ...(denied && { denied }) };
    console.info(JSON.stringify({ type: 'authorizer', ...outcome }));
    const forOne = settings.MCP_OAUTH_PROXY === 'on' || settings.MCP_OAUTH_AUDIENCE.length === 0;
    const bound = caller?.extra.mode === 'oauth' && forOne ? resource : undefined;
    return request.version === '2.0' ? simple(caller, bound) : policy(request, caller, bound);
  };
}

/** Returns the Authorization header of an event of either format; undefined if there are several with different values. */
function inputOf({ authorizationToken, headers, multiValueHeaders }: Fields): Omit<AuthInput, 'resource'> {
  if (typeof authorizationToken === 'string') return { authorization: authorizationToken };
  const values = [...valuesOf(headers), ...valuesOf(multiValueHeaders)];
  const [first, ...others] = new Set(values);
  return { authorization: others.length === 0 ? first : undefined };
}

/**
 * Returns the OAuth resource that is called: MCP_PUBLIC_URL for its own path, else the path below its origin, or below the domain
 * name in the event. The authorizer does not know the routes; if a proxy adds a prefix to several of them, MCP_OAUTH_AUDIENCE must
 * name their audience.
 */
function resourceOf(event: Fields, { MCP_PUBLIC_URL: publicUrl }: Config): string {
  const { path, rawPath } = event;
  const called = typeof path === 'string' ? path : typeof rawPath === 'string' ? rawPath : undefined;
  if (publicUrl === undefined) return called === undefined ? '' : calledUrl(event, called);
  const { origin, pathname } = new URL(publicUrl);
  const { stage } = fields(event.requestContext);
  const isFirst = called === pathname || called === `/${stage}${pathname}`;
  if (called === undefined || isFirst || pathname.endsWith(called)) return publicUrl;
  return `${origin}${called}`;
}

/** Returns the URL that the caller sees, with the stage that a REST API has in the path. */
function calledUrl(event: Fields, path: string): string {
  const headers = Object.entries(fields(event.headers)).filter(([name]) => FORWARDED.has(name.toLowerCase()));
  const request = new Request(new URL(path, 'https://no-host.invalid'), {
    headers: headers.map(([name, value]) => [name, String(value)]),
  });
  const { baseUrl, callerPath } = endpointContext(request, event);
  return `${new URL(baseUrl).origin}${callerPath}`;
}

/** Headers that endpointContext() reads. */
const FORWARDED = new Set(['host', 'x-forwarded-proto']);

function valuesOf(headers: unknown): string[] {
  return Object.entries(fields(headers))
    .filter(([name]) => name.toLowerCase() === 'authorization')
    .flatMap(([, value]) => value)
    .filter(value => typeof value === 'string');
}

function simple(caller: Caller | undefined, resource: string | undefined): SimpleResponse {
  return caller ? { isAuthorized: true, context: contextOf(caller, resource) } : { isAuthorized: false };
}

function policy(
  { methodArn }: Fields,
  caller: Caller | undefined,
  resource: string | undefined,
): PolicyResponse {
  const statement: Statement = {
    Action: 'execute-api:Invoke',
    Effect: caller ? 'Allow' : 'Deny',
    Resource: everyMethod(String(methodArn)),
  };
  return {
    principalId: caller?.extra.subject ?? caller?.clientId ?? 'anonymous',
    policyDocument: { Version: '2012-10-17', Statement: [statement] },
    ...(caller && { context: contextOf(caller, resource) }),
  };
}

/**
 * Returns `…:API/STAGE/*` for `…:API/STAGE/POST/mcp`: API Gateway caches the policy by credentials, for all paths. A token for one
 * resource stays restricted to it by `resource` in the context, which the server checks.
 */
function everyMethod(methodArn: string): string {
  const [api, stage] = methodArn.split('/');
  return stage === undefined ? methodArn : `${api}/${stage}/*`;
}

/**
 * Returns the context, with the names of JWT claims, which event-identity.ts reads. With `exp`, a cached result expires with its
 * token.
 */
function contextOf(
  { clientId, scopes, expiresAt, extra }: Caller,
  resource: string | undefined,
): AuthorizerContext {
  return {
    client_id: clientId,
    scope: scopes.join(' '),
    auth: extra.mode,
    ...(extra.subject !== undefined && { sub: extra.subject }),
    ...(extra.tenant !== undefined && { tenant: extra.tenant }),
    ...(expiresAt !== undefined && { exp: expiresAt }),
    ...(resource !== undefined && { resource }),
  };
}
