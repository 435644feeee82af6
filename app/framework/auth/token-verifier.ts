/**
 * An OAuth 2.1 resource server's check of access tokens: JWTs signed by the issuer's keys, meant for this server, and made
 * to be access tokens (access-token.ts).
 *
 * RFC 9068 and RFC 8725; all cryptography and claim checks are jose's. Opaque tokens are not taken: they would cost a
 * call to the authorization server on every request.
 */
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { type AccessTokenType, accessTokenProblem } from './access-token.ts';
import type { Caller } from './identity.ts';

export interface OAuthResourceOptions {
  /** The authorization server's issuer identifier, as in the tokens' `iss`, to the letter. */
  issuer: string;
  /** What must be in the tokens' `aud`: one of these. */
  audiences: readonly string[];
  /** Where the issuer's keys are; by default where its metadata says (OpenID Connect discovery, RFC 8414). */
  jwksUrl?: string | undefined;
  /** Signature algorithms that are accepted. Never `none`, never a shared secret. */
  algorithms: readonly string[];
  /** Which JWTs of the issuer are access tokens. */
  tokenType: AccessTokenType;
  /** How far clocks may differ, in seconds. */
  clockToleranceSeconds: number;
  /** @default globalThis.fetch, for the metadata */
  fetch?: typeof globalThis.fetch;
}

/** The keys or the metadata cannot be had: nobody can be checked. */
export class KeysUnavailableError extends Error {
  override readonly name = 'KeysUnavailableError';
  readonly code = 'KEYS_UNAVAILABLE';
}

type KeySet = ReturnType<typeof createRemoteJWKSet>;

/** Time limit for the issuer's answers; a person waits for them in a cold start. */
const TIMEOUT_MS = 3_000;
/** An unknown key id may be a rotation: look again, but not more often than this. */
const COOLDOWN_MS = 5_000;
const CACHE_MS = 10 * 60_000;

/** Gives the check for access tokens: the caller, or undefined for a token that is not good. Throws {@link KeysUnavailableError}. */
export function createTokenVerifier(options: OAuthResourceOptions) {
  const { issuer, audiences, algorithms, tokenType, clockToleranceSeconds: clockTolerance } = options;
  let keySet: Promise<KeySet> | undefined;

  return async function checkAccessToken(token: string): Promise<Caller | undefined> {
    keySet ??= findKeys(options);
    const keys = await keySet.catch(error => {
      keySet = undefined; // Tried again with the next request.
      throw error;
    });
    const verified = await jwtVerify(token, keys, {
      issuer,
      audience: [...audiences],
      algorithms: [...algorithms],
      clockTolerance,
      requiredClaims: ['exp'],
    }).catch(badToken);
    if (!verified) return undefined;
    const { payload, protectedHeader } = verified;
    const problem = accessTokenProblem(protectedHeader, payload, tokenType) ?? clientIdProblem(payload);
    if (!problem) return callerOf(token, payload);
    console.warn(`auth: a token that the issuer has signed is not taken as an access token: ${problem}.`);
    return undefined;
  };
}

async function findKeys({ issuer, jwksUrl, fetch }: OAuthResourceOptions): Promise<KeySet> {
  const url = jwksUrl ?? (await discover(issuer, fetch));
  return createRemoteJWKSet(new URL(url), {
    timeoutDuration: TIMEOUT_MS,
    cooldownDuration: COOLDOWN_MS,
    cacheMaxAge: CACHE_MS,
  });
}

async function discover(issuer: string, fetch = globalThis.fetch): Promise<string> {
  const causes: unknown[] = [];
  for (const url of metadataUrls(issuer)) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' });
      if (!response.ok) throw new Error(`${url} answered ${response.status}`);
      const metadata = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown };
      if (metadata.issuer !== issuer) throw new Error(`${url} is of another issuer`);
      if (typeof metadata.jwks_uri === 'string') return metadata.jwks_uri;
      throw new Error(`${url} has no jwks_uri`);
    } catch (error) {
      causes.push(error);
    }
  }
  const cause = new AggregateError(causes, causes.map(String).join('; '));
  throw new KeysUnavailableError(`No metadata of the issuer ${issuer} can be had.`, { cause });
}

/** OpenID Connect Discovery section 4, and RFC 8414 section 3.1, which puts the path behind. */
function metadataUrls(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ];
}

/** Undefined where it is the token that is at fault, and not the fetching of keys. */
function badToken(error: unknown): undefined {
  const { JOSEError, JWKSTimeout, JWKSInvalid } = errors;
  const notTheToken = [JOSEError.code, JWKSTimeout.code, JWKSInvalid.code];
  if (error instanceof JOSEError && !notTheToken.includes(error.code)) return;
  throw new KeysUnavailableError('The keys of the authorization server cannot be fetched.', { cause: error });
}

/** RFC 9068; OpenID Connect, Auth0, Entra; Entra before version 2; Okta. */
const CLIENT = ['client_id', 'azp', 'appid', 'cid', 'sub'];

/** Who calls is told by text (RFC 7519 section 4.1.2, RFC 8693 section 4.3), by some issuers by numbers. Why it is not. */
function clientIdProblem(claims: JWTPayload): string | undefined {
  const odd = CLIENT.find(name => !['string', 'number'].includes(typeof (claims[name] ?? '')));
  return odd && `its claim ${odd} is no text`;
}

function callerOf(token: string, claims: JWTPayload): Caller {
  const { sub, exp, scope, scp } = claims;
  const client = CLIENT.map(name => claims[name]).find(claim => claim !== undefined && claim !== null);
  return {
    token,
    clientId: String(client ?? 'unknown'),
    scopes: scopesOf(scope ?? scp),
    ...(exp !== undefined && { expiresAt: exp }),
    extra: { mode: 'oauth', subject: sub === undefined || sub === null ? undefined : String(sub), claims },
  };
}

/** `scope` is a string with spaces (RFC 8693); `scp` is a list with Entra and others. */
export function scopesOf(claim: unknown): string[] {
  if (Array.isArray(claim)) return claim.filter(scope => typeof scope === 'string');
  return typeof claim === 'string' ? claim.split(' ').filter(Boolean) : [];
}
