/**
 * Verifies access tokens as an OAuth 2.1 resource server: JWTs signed by the issuer's keys, for this server, and issued as access
 * tokens (access-token.ts).
 *
 * RFC 9068 and RFC 8725; all cryptography and claim checks are jose's. Opaque tokens are not accepted: each request with
 * one would need a call to the authorization server.
 */
import {
  createRemoteJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyResult,
  jwtVerify,
} from 'jose';
import { isSecure } from '../setting-formats.ts';
import { UNKNOWN_CLIENT } from '../types.ts';
import { type AccessTokenType, accessTokenProblem } from './access-token.ts';
import type { Caller } from './identity.ts';

export interface TokenVerifierOptions {
  /** The authorization server's issuer identifier, exactly as in the tokens' `iss`. */
  issuer: string;
  /** URL of the issuer's keys; by default the one in its metadata (OpenID Connect discovery, RFC 8414). */
  jwksUrl?: string | undefined;
  /** Signature algorithms that are accepted. Never `none`, never a shared secret. */
  algorithms: readonly string[];
  /** Which JWTs of the issuer are access tokens. */
  tokenType: AccessTokenType;
  /** Tolerated clock difference, in seconds. */
  clockToleranceSeconds: number;
  /** @default globalThis.fetch, for the metadata */
  fetch?: typeof globalThis.fetch;
}

/** The issuer's keys or metadata cannot be fetched: no caller can be authenticated. */
export class KeysUnavailableError extends Error {
  override readonly name = 'KeysUnavailableError';
  readonly code = 'KEYS_UNAVAILABLE';
}

type KeySet = ReturnType<typeof createRemoteJWKSet>;

/** Time limit for the issuer's metadata and its keys, all attempts together: a person waits for them in a cold start. */
const TIMEOUT_MS = 3_000;
/** After a failure the issuer is not called again for this time: each request would wait for it. */
const RETRY_MS = 5_000;
/** An unknown key id may be a rotation: the keys are fetched again, but not more often than this. */
const COOLDOWN_MS = 5_000;
const CACHE_MS = 10 * 60_000;

/**
 * Creates the check of access tokens. It returns the caller, or undefined for an invalid token, and logs the reason; `audiences`
 * are the values of which the token's `aud` must contain one. Throws {@link KeysUnavailableError}.
 */
export function createTokenVerifier(options: TokenVerifierOptions) {
  const { issuer, algorithms, tokenType, clockToleranceSeconds: clockTolerance } = options;
  const keySet = retryLater(() => findKeys(options));

  return async function verifyAccessToken(
    token: string,
    audiences: readonly string[],
  ): Promise<Caller | undefined> {
    const malformed = formProblem(token, issuer, algorithms);
    if (malformed) return deny(malformed);
    const rules = {
      issuer,
      audience: [...audiences],
      algorithms: [...algorithms],
      clockTolerance,
      requiredClaims: ['exp'],
    };
    const started = performance.now();
    const keys = await keySet.get();
    const verification = verify(token, keys, rules);
    // The metadata may have used up a part of the time limit.
    const left = TIMEOUT_MS - (performance.now() - started);
    const verified = await (keys.fresh ? verification : within(left, verification)).catch(error => {
      const problem = tokenProblem(error);
      if (problem) return deny(problem, error.payload);
      const message = 'The keys of the authorization server cannot be fetched.';
      const unavailable = new KeysUnavailableError(message, { cause: error });
      // An unknown key id, which anyone can send, must not affect the callers whose keys are cached.
      throw keys.fresh ? unavailable : keySet.failed(unavailable);
    });
    if (!verified) return undefined;
    const { payload, protectedHeader } = verified;
    const problem = accessTokenProblem(protectedHeader, payload, tokenType) ?? clientIdProblem(payload);
    return problem ? deny(problem, payload) : callerOf(token, payload);
  };
}

/** Rejects after `ms`, unless `work` ends before that. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('The keys were not received in time.')), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Returns why a token is malformed or of another issuer; undefined if it is neither. Sends no request to the issuer. */
function formProblem(token: string, issuer: string, algorithms: readonly string[]): string | undefined {
  try {
    const { alg } = decodeProtectedHeader(token);
    if (!algorithms.includes(String(alg))) return `its algorithm is ${JSON.stringify(alg)?.slice(0, 20)}`;
    if (decodeJwt(token).iss !== issuer) return 'it is from another issuer';
    return undefined;
  } catch {
    return 'it is not a JWT';
  }
}

/** Verifies a token. If it has no `kid`, several keys of the issuer may match; each is tried. */
export async function verify(
  token: string,
  keys: JWTVerifyGetKey,
  rules: Parameters<typeof jwtVerify>[2],
): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(token, keys, rules);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    let last: unknown = error;
    for await (const key of error) {
      try {
        return await jwtVerify(token, key, rules);
      } catch (failure) {
        last = failure;
        if (!(failure instanceof errors.JWSSignatureVerificationFailed)) break;
      }
    }
    throw last;
  }
}

/** Returns why a token is invalid, by the error of its verification; undefined if the keys could not be fetched. */
export function tokenProblem(error: unknown): string | undefined {
  const { JOSEError, JWKSTimeout, JWKSInvalid } = errors;
  const notTheToken = [JOSEError.code, JWKSTimeout.code, JWKSInvalid.code];
  return error instanceof JOSEError && !notTheToken.includes(error.code) ? error.message : undefined;
}

/** Claims that help to find a wrong configuration. */
const LOGGED = ['iss', 'aud', 'sub', 'client_id', 'azp', 'scope', 'scp', 'exp', 'nbf'];

/**
 * Logs why a token is denied, in one line without the token. Pass `claims` only if the signature was valid (jose verifies it
 * first).
 */
export function deny(problem: string, claims?: JWTPayload): undefined {
  const known =
    claims && Object.fromEntries(LOGGED.filter(name => name in claims).map(name => [name, claims[name]]));
  const details = known ? ` Claims: ${JSON.stringify(known).slice(0, 1_000)}` : '';
  console.warn(`auth: denied a token: ${problem}.${details}`);
}

/**
 * Creates a cache for the result of `find`. After a failure, `get` rejects with the same error for 5 seconds, then calls `find`
 * again.
 */
export function retryLater<T>(find: () => Promise<T>) {
  let found: Promise<T> | undefined;
  let failure: { error: unknown; until: number } | undefined;
  const failed = (error: unknown): unknown => {
    failure = { error, until: performance.now() + RETRY_MS };
    return error;
  };
  return {
    failed,
    async get(): Promise<T> {
      if (failure && performance.now() < failure.until) throw failure.error;
      found ??= find();
      return found.catch(error => {
        found = undefined;
        throw failed(error);
      });
    },
  };
}

async function findKeys({ issuer, jwksUrl, fetch }: TokenVerifierOptions): Promise<KeySet> {
  const url = jwksUrl ?? (await discover(issuer, fetch));
  return createRemoteJWKSet(new URL(url), {
    timeoutDuration: TIMEOUT_MS,
    cooldownDuration: COOLDOWN_MS,
    cacheMaxAge: CACHE_MS,
  });
}

async function discover(issuer: string, fetch = globalThis.fetch): Promise<string> {
  return (await fetchIssuerMetadata(issuer, fetch)).jwks_uri;
}

/** The metadata of an issuer that names itself as `issuer`; everything but the two names is as the issuer has sent it. */
export interface IssuerMetadata extends Record<string, unknown> {
  issuer: string;
  jwks_uri: string;
}

/** Fetches an issuer's metadata. Rejects with {@link KeysUnavailableError}. */
export async function fetchIssuerMetadata(issuer: string, fetch = globalThis.fetch): Promise<IssuerMetadata> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const causes: unknown[] = [];
  for (const url of metadataUrls(issuer)) {
    try {
      const response = await fetch(url, { signal, redirect: 'error' });
      if (!response.ok) throw new Error(`${url} returned ${response.status}`);
      const metadata = (await response.json()) as Record<string, unknown>;
      if (metadata.issuer !== issuer) throw new Error(`${url} names another issuer`);
      return { ...metadata, issuer, jwks_uri: keysUrl(metadata.jwks_uri, url) };
    } catch (error) {
      causes.push(error);
    }
  }
  const cause = new AggregateError(causes, causes.map(String).join('; '));
  throw new KeysUnavailableError(`The metadata of the issuer ${issuer} cannot be fetched.`, { cause });
}

/** Returns the URL of the keys. Throws if it is not https (or http on this machine): the keys could be replaced in transit. */
function keysUrl(uri: unknown, source: string): string {
  if (typeof uri !== 'string' || !URL.canParse(uri)) throw new Error(`${source} has no jwks_uri`);
  if (!isSecure(new URL(uri))) throw new Error(`${source} has a jwks_uri that is not https`);
  return uri;
}

/** Returns the URLs of the metadata: OpenID Connect Discovery section 4, and RFC 8414 section 3.1, which appends the path. */
function metadataUrls(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ];
}

/** Claims that identify the client: RFC 9068; OpenID Connect, Auth0, Entra; Entra before version 2; Okta; else the subject. */
const CLIENT = ['client_id', 'azp', 'appid', 'cid', 'sub'];

/**
 * Returns a problem if a claim that identifies the client is neither a string (RFC 7519 section 4.1.2, RFC 8693 section 4.3) nor a
 * number, which some issuers use.
 */
function clientIdProblem(claims: JWTPayload): string | undefined {
  const odd = CLIENT.find(name => !['string', 'number'].includes(typeof (claims[name] ?? '')));
  return odd && `its claim ${odd} is not a string`;
}

export function callerOf(token: string, claims: JWTPayload): Caller {
  const { sub, exp, scope, scp } = claims;
  const client = CLIENT.map(name => claims[name]).find(claim => claim !== undefined && claim !== null);
  return {
    token,
    clientId: String(client ?? UNKNOWN_CLIENT),
    scopes: scopesOf(scope ?? scp),
    ...(exp !== undefined && { expiresAt: exp }),
    extra: { mode: 'oauth', subject: sub === undefined || sub === null ? undefined : String(sub), claims },
  };
}

/** Returns the scopes in a claim: `scope` is a string with spaces (RFC 8693), `scp` of Entra and others is a list. */
export function scopesOf(claim: unknown): string[] {
  if (Array.isArray(claim)) return claim.filter(scope => typeof scope === 'string');
  return typeof claim === 'string' ? claim.split(' ').filter(Boolean) : [];
}
