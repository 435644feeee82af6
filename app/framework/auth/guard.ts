/**
 * The guard in front of an MCP route: authenticates the request (authenticate.ts) and denies it with an HTTP response.
 *
 * A route may require scopes in addition to the environment's: `mcp(admin, { auth: auth({ scopes: ['admin'] }) })`.
 */
import { type Config, config } from '../config.ts';
import { resourceUrl } from '../endpoint-context.ts';
import type { Guard } from '../types.ts';
import { createAuthenticator, type DenialReason, NOT_CONFIGURED } from './authenticate.ts';
import {
  type ChallengeContext,
  forbidden,
  insufficientScope,
  keysUnavailable,
  unauthorized,
} from './challenge.ts';
import type { Caller } from './identity.ts';
import { publishesMetadata, resourceMetadataUrl } from './metadata.ts';

export interface AuthOptions {
  /** Scopes that a caller must have for this route, in addition to `MCP_OAUTH_SCOPES`. Static tokens and IAM callers have none. */
  scopes?: readonly string[];
}

/** Creates the guard that the environment configures, which is read on the first request. */
export function auth({ scopes = [] }: AuthOptions = {}): Guard {
  let guard: Guard | undefined;
  return function authGuard(request, endpoint) {
    guard ??= createGuard(config(), scopes);
    return guard(request, endpoint);
  };
}

/** Creates the guard for a configuration. */
export function createGuard(settings: Config, routeScopes: readonly string[] = []): Guard {
  const scopes = [...settings.MCP_OAUTH_SCOPES, ...routeScopes];
  const authenticate = createAuthenticator(settings, scopes);

  return async function guard(request, endpoint) {
    const pathname = new URL(request.url).pathname.replace(/(?<=.)\/$/, '');
    const result = await authenticate({
      authorization: request.headers.get('authorization'),
      identity: endpoint.identity,
      resource: resourceUrl(endpoint, pathname),
    });
    const metadata = publishesMetadata(settings) ? resourceMetadataUrl(endpoint, pathname) : undefined;
    if (result.allowed) return { allowed: true, caller: withMetadata(result.caller, metadata) };
    const challenge = { resourceMetadataUrl: metadata, requiredScopes: scopes };
    return { allowed: false, response: DENIALS[result.reason](challenge) };
  };
}

const DENIALS: Record<DenialReason, (context: ChallengeContext) => Response> = {
  unauthenticated: context => unauthorized(context),
  insufficient_scope: insufficientScope,
  forbidden,
  not_configured: () => unauthorized({}, NOT_CONFIGURED),
  keys_unavailable: keysUnavailable,
};

/** Adds the URL of the metadata, which the challenge of a tool that requires scopes contains. */
function withMetadata(caller: Caller | undefined, url: string | undefined): Caller | undefined {
  return caller && url ? { ...caller, resourceMetadataUrl: url } : caller;
}
