/**
 * Who is calling, by each way that is configured, and closed when none is: the rules themselves, whoever asks and however
 * the refusal is put. gate.ts makes HTTP answers of it, app/framework/auth an API Gateway authorizer's.
 *
 * Which ways, and with what, is in the environment (`MCP_AUTH` and its companions, app/framework/config.ts).
 */
import type { Config } from '../config.ts';
import { arnAllowed, authorizerCaller, iamCaller } from './event-identity.ts';
import { type Caller, granted } from './identity.ts';
import { staticTokens } from './static-token.ts';
import { createTokenVerifier, KeysUnavailableError } from './token-verifier.ts';

/**
 * Why nobody is let in. `unknown`: no credentials, or none that are good; `barred`: known, but not on the list; `scopes`:
 * known, but without a scope that is asked for; `not-configured`: nothing says who may; `cannot-check`: the issuer's keys
 * cannot be had.
 */
export type DenialReason = 'unknown' | 'barred' | 'scopes' | 'not-configured' | 'cannot-check';

/** The caller, undefined where nobody is asked who they are, or why not. */
export type Verdict = { caller: Caller | undefined } | { refused: DenialReason };

/** What is known of a request before it is a request: its Authorization header, and the Lambda event it came in. */
export interface AuthInput {
  authorization: string | null | undefined;
  event?: unknown;
}

/** A way of telling who calls: the caller, undefined when this way finds none, `'barred'` when it finds one who may not. */
type Way = (presented: AuthInput) => Promise<Caller | undefined | 'barred'>;

/** The rules of a configuration. `scopes`: what a caller must have been granted. */
export function createAuthenticator(
  settings: Config,
  scopes: readonly string[],
): (presented: AuthInput) => Promise<Verdict> {
  if (settings.MCP_AUTH.includes('none')) return async () => ({ caller: undefined });
  const ways = waysOf(settings);

  return async function judge(presented) {
    if (ways.length === 0) {
      console.error(NOT_CONFIGURED);
      return { refused: 'not-configured' };
    }
    try {
      for (const way of ways) {
        const caller = await way(presented);
        if (caller === 'barred') return { refused: 'barred' };
        if (caller) return granted(caller, ...scopes) ? { caller } : { refused: 'scopes' };
      }
      return { refused: 'unknown' };
    } catch (error) {
      if (!(error instanceof KeysUnavailableError)) throw error;
      console.error(`${error.message} Requests are refused until they can.`, error.cause);
      return { refused: 'cannot-check' };
    }
  };
}

export const NOT_CONFIGURED =
  'No authentication is configured, so nothing is served. Set MCP_AUTH to token, oauth, iam or authorizer, or to none for a public server.';

function waysOf(settings: Config): Way[] {
  const modes = settings.MCP_AUTH;
  const ways: Way[] = [];
  if (modes.includes('iam')) ways.push(iamWay(settings.MCP_IAM_ALLOWED_ARNS));
  if (modes.includes('authorizer')) ways.push(authorizerWay(settings));
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
    ways.push(bearerWay(createTokenVerifier(rules)));
  }
  return ways;
}

function iamWay(patterns: readonly string[]): Way {
  return async function byIam({ event }) {
    const caller = iamCaller(event);
    if (!caller) return undefined;
    return patterns.length === 0 || arnAllowed(caller.clientId, patterns) ? caller : 'barred';
  };
}

function authorizerWay({ MCP_OAUTH_CLOCK_TOLERANCE_SECONDS: clockToleranceSeconds }: Config): Way {
  return async function byAuthorizer({ event }) {
    return authorizerCaller(event, { clockToleranceSeconds });
  };
}

const BEARER = /^Bearer +([\w.~+/-]+=*)$/i; // RFC 6750 section 2.1

function bearerWay(check: (token: string) => Caller | undefined | Promise<Caller | undefined>): Way {
  return async function byBearer({ authorization }) {
    const [, token] = BEARER.exec(authorization ?? '') ?? [];
    return token ? check(token) : undefined;
  };
}
