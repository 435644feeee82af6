/**
 * Authenticates a request by the configured methods; denies everything if none is configured.
 *
 * The methods and their parameters are in the environment (`MCP_AUTH` and the settings that belong to it, config.ts). Not here:
 * how a denial is sent. guard.ts turns it into an HTTP response, lambda-authorizer.ts into an API Gateway authorizer's result.
 */
import type { Config } from '../config.ts';
import type { EndpointIdentity } from '../endpoint-context.ts';
import { arnAllowed, authorizerCaller, iamCaller } from './event-identity.ts';
import { type Caller, granted } from './identity.ts';
import { createOwnTokenVerifier } from './own-token.ts';
import { createKeys } from './secret.ts';
import { staticTokens } from './static-token.ts';
import { tenantId } from './tenant.ts';
import { createTokenVerifier, KeysUnavailableError } from './token-verifier.ts';

/**
 * `unauthenticated`: no credentials, or none that are valid; `forbidden`: known, but not on the list; `insufficient_scope`:
 * known, but without a required scope; `not_configured`: MCP_AUTH is not set; `keys_unavailable`: the issuer's keys cannot be
 * fetched.
 */
export type DenialReason =
  | 'unauthenticated'
  | 'forbidden'
  | 'insufficient_scope'
  | 'not_configured'
  | 'keys_unavailable';

/** `caller` is undefined if authentication is off (MCP_AUTH=none). */
export type AuthResult =
  | { allowed: true; caller: Caller | undefined }
  | { allowed: false; reason: DenialReason };

/** The credentials of a request: its Authorization header, and the identity that the endpoint has verified. */
export interface AuthInput {
  authorization: string | null | undefined;
  identity?: EndpointIdentity;
  /** The OAuth resource that is called: the audience that a token must have if MCP_OAUTH_AUDIENCE is not set. */
  resource: string;
}

/** Returns the caller; undefined if this method finds no credentials, `'forbidden'` if the caller is known and may not call. */
type AuthMethod = (input: AuthInput) => Promise<Caller | undefined | 'forbidden'>;

/** Creates the check for a configuration. `scopes` are those that a caller must have been granted. */
export function createAuthenticator(
  settings: Config,
  scopes: readonly string[],
): (input: AuthInput) => Promise<AuthResult> {
  if (settings.MCP_AUTH.includes('none')) return async () => ({ allowed: true, caller: undefined });
  const methods = methodsOf(settings);

  return async function authenticate(input) {
    if (methods.length === 0) {
      console.error(NOT_CONFIGURED);
      return { allowed: false, reason: 'not_configured' };
    }
    try {
      for (const method of methods) {
        const caller = await method(input);
        if (caller === 'forbidden') return { allowed: false, reason: 'forbidden' };
        if (!caller) continue;
        if (granted(caller, ...scopes)) return { allowed: true, caller };
        return { allowed: false, reason: 'insufficient_scope' };
      }
      return { allowed: false, reason: 'unauthenticated' };
    } catch (error) {
      if (!(error instanceof KeysUnavailableError)) throw error;
      console.error(`${error.message} Requests are denied until they can be fetched.`, error.cause);
      return { allowed: false, reason: 'keys_unavailable' };
    }
  };
}

export const NOT_CONFIGURED =
  'No authentication is configured, so every request is denied. Set MCP_AUTH to token, oauth, iam or authorizer, or to none for a public server.';

function methodsOf(settings: Config): AuthMethod[] {
  const modes = settings.MCP_AUTH;
  const methods: AuthMethod[] = [];
  if (modes.includes('iam')) methods.push(iamMethod(settings.MCP_IAM_ALLOWED_ARNS));
  if (modes.includes('authorizer')) methods.push(authorizerMethod(settings));
  if (modes.includes('token')) methods.push(bearerMethod(staticTokens(settings.MCP_TOKEN_SHA256)));
  if (modes.includes('oauth')) methods.push(bearerMethod(oauthVerifier(settings)));
  return methods;
}

/** Verifies the tokens of the OAuth proxy, or those of the issuer, and adds the tenant ID, by the issuer in both cases. */
function oauthVerifier(settings: Config): TokenCheck {
  const verify = oauthTokenCheck(settings);
  return async function checkOAuthToken(token, resource) {
    const caller = await verify(token, resource);
    const { MCP_OAUTH_ISSUER: issuer } = settings;
    const { subject } = caller?.extra ?? {};
    if (!caller || !issuer || !subject) return caller;
    return { ...caller, extra: { ...caller.extra, tenant: tenantId(issuer, subject) } };
  };
}

function oauthTokenCheck(settings: Config): TokenCheck {
  const {
    MCP_OAUTH_ISSUER: issuer = '',
    MCP_OAUTH_JWKS_URL: jwksUrl,
    MCP_OAUTH_ALGORITHMS: algorithms,
    MCP_OAUTH_TOKEN_TYPE: tokenType,
    MCP_OAUTH_CLOCK_TOLERANCE_SECONDS: clockToleranceSeconds,
  } = settings;
  if (settings.MCP_OAUTH_PROXY === 'on')
    return createOwnTokenVerifier(createKeys(settings), clockToleranceSeconds);
  const { MCP_OAUTH_AUDIENCE: audiences } = settings;
  const verify = createTokenVerifier({ issuer, jwksUrl, algorithms, tokenType, clockToleranceSeconds });
  return (token, resource) => verify(token, audiences.length > 0 ? audiences : [resource]);
}

function iamMethod(patterns: readonly string[]): AuthMethod {
  return async function byIam({ identity = {} }) {
    const caller = iamCaller(identity);
    if (!caller) return undefined;
    return patterns.length === 0 || arnAllowed(caller.clientId, patterns) ? caller : 'forbidden';
  };
}

function authorizerMethod(settings: Config): AuthMethod {
  const { MCP_OAUTH_CLOCK_TOLERANCE_SECONDS: clockToleranceSeconds, MCP_OAUTH_PROXY: proxy } = settings;
  return async function byAuthorizer({ identity = {}, resource }) {
    const caller = authorizerCaller(identity, { clockToleranceSeconds });
    const { auth, resource: bound } = caller?.extra.claims ?? {};
    // A token of the proxy is always for one resource.
    const needed = proxy === 'on' && auth === 'oauth';
    if (bound === resource || (bound === undefined && !needed)) return caller;
    console.warn('auth: denied a caller: the authorizer accepted the token for another resource.');
    return undefined;
  };
}

const BEARER = /^Bearer +([\w.~+/-]+=*)$/i; // RFC 6750 section 2.1

type TokenCheck = (token: string, resource: string) => Caller | undefined | Promise<Caller | undefined>;

function bearerMethod(check: TokenCheck): AuthMethod {
  return async function byBearer({ authorization, resource }) {
    const [, token] = BEARER.exec(authorization ?? '') ?? [];
    return token ? check(token, resource) : undefined;
  };
}
