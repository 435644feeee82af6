/**
 * The gate in front of an MCP route: asks who calls (who-calls.ts), and answers in HTTP those who may not.
 *
 * A route may ask for scopes on top of what the environment says: `mcp(admin, { auth: auth({ scopes: ['admin'] }) })`.
 */
import { type Config, config } from '../config.ts';
import { createAuthenticator, type DenialReason, NOT_CONFIGURED } from './authenticate.ts';
import {
  type ChallengeContext,
  cannotCheck,
  forbidden,
  insufficientScope,
  unauthorized,
} from './challenge.ts';
import type { Caller, Gate } from './identity.ts';
import { publishesMetadata, resourceMetadataUrl } from './metadata.ts';

export interface AuthOptions {
  /** Scopes that a caller must have for this route, on top of `MCP_OAUTH_SCOPES`. Static tokens and IAM callers have none. */
  scopes?: readonly string[];
}

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
  const scopes = [...settings.MCP_OAUTH_SCOPES, ...routeScopes];
  const judge = createAuthenticator(settings, scopes);

  return async function gate(request, event) {
    const verdict = await judge({ authorization: request.headers.get('authorization'), event });
    const metadata = publishesMetadata(settings) ? resourceMetadataUrl(request, settings, event) : undefined;
    if ('caller' in verdict) return withMetadata(verdict.caller, metadata);
    return REFUSALS[verdict.refused]({ resourceMetadataUrl: metadata, requiredScopes: scopes });
  };
}

const REFUSALS: Record<DenialReason, (context: ChallengeContext) => Response> = {
  unknown: context => unauthorized(context),
  scopes: insufficientScope,
  barred: forbidden,
  'not-configured': () => unauthorized({}, NOT_CONFIGURED),
  'cannot-check': cannotCheck,
};

/** So that a challenge for a tool's own scopes leads to the same document. */
function withMetadata(caller: Caller | undefined, url: string | undefined): Caller | undefined {
  return caller && url ? { ...caller, resourceMetadataUrl: url } : caller;
}
