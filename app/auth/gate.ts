/**
 * The gate in front of an MCP route: tries each configured way of telling who calls, and is closed when none is.
 *
 * Which ways, and with what, is in the environment (`MCP_AUTH` and its companions, app/config.ts); a route may ask for
 * scopes on top: `mcp(admin, { auth: auth({ scopes: ['admin'] }) })`.
 */
import { type Config, config } from '../config.ts';
import { cannotCheck, forbidden, insufficientScope, unauthorized } from './challenge.ts';
import { arnAllowed, authorizerCaller, iamCaller } from './event-caller.ts';
import { type Caller, type Gate, granted } from './identity.ts';
import { resourceMetadataUrl } from './metadata.ts';
import { KeysUnavailable, oauthResource } from './oauth-resource.ts';
import { staticTokens } from './static-token.ts';

export interface AuthOptions {
  /** Scopes that a caller must have for this route, on top of `MCP_OAUTH_SCOPES`. Static tokens and IAM callers have none. */
  scopes?: readonly string[];
}

/** A way of telling who calls: the caller, undefined when this way finds none, `'barred'` when it finds one who may not. */
type Way = (request: Request, event: unknown) => Promise<Caller | undefined | 'barred'>;

/** The gate that the environment describes. It is read on the first request. */
export function auth({ scopes = [] }: AuthOptions = {}): Gate {
  let gate: Gate | undefined;
  return function authGate(request, event) {
    gate ??= gateFor(config(), scopes);
    return gate(request, event);
  };
}

/** The gate for a configuration. */
export function gateFor(settings: Config, routeScopes: readonly string[] = []): Gate {
  const modes = settings.MCP_AUTH;
  if (modes.includes('none')) return async () => undefined;
  const ways = waysOf(settings);
  const scopes = [...settings.MCP_OAUTH_SCOPES, ...routeScopes];

  return async function gate(request, event) {
    const metadata = modes.includes('oauth') ? resourceMetadataUrl(request, settings) : undefined;
    const context = { resourceMetadataUrl: metadata, requiredScopes: scopes };
    if (ways.length === 0) {
      console.error(NOT_CONFIGURED);
      return unauthorized({}, NOT_CONFIGURED);
    }
    try {
      for (const way of ways) {
        const caller = await way(request, event);
        if (caller === 'barred') return forbidden();
        if (caller)
          return granted(caller, ...scopes) ? withMetadata(caller, metadata) : insufficientScope(context);
      }
      return unauthorized(context);
    } catch (error) {
      if (!(error instanceof KeysUnavailable)) throw error;
      console.error(`${error.message} Requests are refused until they can.`, error.cause);
      return cannotCheck();
    }
  };
}

const NOT_CONFIGURED =
  'No authentication is configured, so nothing is served. Set MCP_AUTH to token, oauth, iam or authorizer, or to none for a public server.';

function waysOf(settings: Config): Way[] {
  const modes = settings.MCP_AUTH;
  const ways: Way[] = [];
  if (modes.includes('iam')) ways.push(iamWay(settings.MCP_IAM_ALLOWED_ARNS));
  if (modes.includes('authorizer')) ways.push(async (_request, event) => authorizerCaller(event));
  if (modes.includes('token')) ways.push(bearerWay(staticTokens(settings.MCP_TOKEN_SHA256)));
  if (modes.includes('oauth')) {
    const {
      MCP_OAUTH_ISSUER: issuer = '',
      MCP_OAUTH_JWKS_URL: jwksUrl,
      MCP_OAUTH_ALGORITHMS: algorithms,
      MCP_OAUTH_TOKEN_TYPE: tokenType,
      MCP_OAUTH_CLOCK_TOLERANCE_SECONDS: clockToleranceSeconds,
    } = settings;
    const audiences =
      settings.MCP_OAUTH_AUDIENCE.length > 0 ? settings.MCP_OAUTH_AUDIENCE : [settings.MCP_PUBLIC_URL ?? ''];
    const rules = { issuer, audiences, jwksUrl, algorithms, tokenType, clockToleranceSeconds };
    ways.push(bearerWay(oauthResource(rules)));
  }
  return ways;
}

function iamWay(patterns: readonly string[]): Way {
  return async function byIam(_request, event) {
    const caller = iamCaller(event);
    if (!caller) return undefined;
    return patterns.length === 0 || arnAllowed(caller.clientId, patterns) ? caller : 'barred';
  };
}

const BEARER = /^Bearer +([\w.~+/-]+=*)$/i; // RFC 6750 section 2.1

function bearerWay(check: (token: string) => Caller | undefined | Promise<Caller | undefined>): Way {
  return async function byBearer(request) {
    const [, token] = BEARER.exec(request.headers.get('authorization') ?? '') ?? [];
    return token ? check(token) : undefined;
  };
}

/** So that a challenge for a tool's own scopes leads to the same document. */
function withMetadata(caller: Caller, url: string | undefined): Caller {
  return url ? { ...caller, resourceMetadataUrl: url } : caller;
}
