/**
 * An HTTP API's JWT authorizer: verifies the bearer token with the issuer's published keys, checks issuer, audience, time and scopes,
 * and passes on the claims. Like API Gateway, it does not check the kind of the token.
 *
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html. RSA only; without `aud`,
 * `client_id` is the audience.
 */
import { createRemoteJWKSet, decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import { type Authorize, onlyHeader, type Refused } from './authorization.ts';
import type { WireRequest } from './request.ts';

export interface JwtAuthorizerOptions {
  issuer: string;
  audience: readonly string[];
  /** One of these must be in the token's `scope` or `scp`; empty: no scope is required. */
  scopes: readonly string[];
}

const ALGORITHMS = ['RS256', 'RS384', 'RS512'];
/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const DISCOVERY_TIMEOUT_MS = 1_500;

export function jwtAuthorizer({ issuer, audience, scopes }: JwtAuthorizerOptions): Authorize {
  let keys: Promise<ReturnType<typeof createRemoteJWKSet>> | undefined;

  return async function checkJwt(request) {
    const token = tokenIn(request);
    if (!token) return unauthorized();
    try {
      keys ??= keysOf(issuer);
      const found = await keys;
      const { payload } = await jwtVerify(token, found, { issuer, algorithms: ALGORITHMS });
      if (!audienceOf(payload).some(each => audience.includes(each)))
        return unauthorized('the token does not have a valid audience');
      const granted = scopesOf(payload);
      if (scopes.length > 0 && !scopes.some(scope => granted.includes(scope))) return { refused: 'denied' };
      return { authorizer: { jwt: { claims: claimsAsText(payload), scopes: granted } } };
    } catch (error) {
      if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout))
        return unauthorized(reasonOf(error, token));
      keys = undefined; // The issuer cannot be reached; the next request tries again.
      return unauthorized('unable to fetch the keys of the issuer');
    }
  };
}

function tokenIn(request: WireRequest): string | undefined {
  return /^(?:Bearer +)?(\S+)$/i.exec(onlyHeader(request, 'authorization') ?? '')?.[1];
}

async function keysOf(issuer: string): Promise<ReturnType<typeof createRemoteJWKSet>> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await fetch(url, { signal: AbortSignal.timeout(DISCOVERY_TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${url} returned ${response.status}`);
  const { jwks_uri } = (await response.json()) as { jwks_uri: string };
  return createRemoteJWKSet(new URL(jwks_uri), { timeoutDuration: DISCOVERY_TIMEOUT_MS });
}

function audienceOf({ aud, client_id }: JWTPayload): string[] {
  return aud === undefined ? [String(client_id ?? '')] : [aud].flat();
}

function scopesOf({ scope, scp }: JWTPayload): string[] {
  const given = scope ?? scp;
  return Array.isArray(given)
    ? given.map(String)
    : String(given ?? '')
        .split(' ')
        .filter(Boolean);
}

/** Returns the claims as strings, as in the event; a list is in brackets. */
function claimsAsText(claims: JWTPayload): Record<string, string> {
  const asText = (value: unknown): string =>
    Array.isArray(value)
      ? `[${value.join(' ')}]`
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value);
  return Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, asText(value)]));
}

function reasonOf(error: InstanceType<typeof errors.JOSEError>, token: string): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'iss')
    return 'issuer of the token is not valid';
  try {
    decodeJwt(token);
    return 'signing method or key is not valid';
  } catch {
    return 'invalid number of segments'; // Not a JWT.
  }
}

/** Returns the 401. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-jwt.html */
function unauthorized(description?: string): Refused {
  const problem = description ? ` error="invalid_token" error_description="${description}"` : '';
  return {
    response: {
      status: 401,
      headers: [
        ['content-type', 'application/json'],
        ['www-authenticate', description ? `Bearer scope=""${problem}` : 'Bearer'],
      ],
      body: Buffer.from('{"message":"Unauthorized"}'),
    },
  };
}
