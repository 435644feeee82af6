/**
 * Verifies the access tokens that the OAuth proxy has issued (app/framework/oauth-proxy): JWTs with an HMAC, because issuer and
 * resource server are the same function. Only the secret is fetched, at most once in 5 minutes.
 *
 * The key identifies the issuer, so `iss` is not checked; `aud` must be the resource that is called.
 */
import { errors, type JWTPayload, jwtVerify } from 'jose';
import type { Caller } from './identity.ts';
import type { Keys } from './secret.ts';
import { callerOf, deny, KeysUnavailableError } from './token-verifier.ts';

export const OWN_TOKEN_ALGORITHM = 'HS256';
/** RFC 9068 section 2.1. */
export const OWN_TOKEN_TYPE = 'at+jwt';

/**
 * Creates the check. It returns the caller, or undefined for a token that is not valid for `resource`, and logs the reason.
 * Throws {@link KeysUnavailableError}.
 */
export function createOwnTokenVerifier(keys: Keys, clockTolerance: number) {
  return async function verifyOwnToken(token: string, resource: string): Promise<Caller | undefined> {
    const candidates = await keys('access token').catch(cause => {
      throw new KeysUnavailableError('MCP_SECRET cannot be read.', { cause });
    });
    const rules = {
      algorithms: [OWN_TOKEN_ALGORITHM],
      audience: resource,
      clockTolerance,
      requiredClaims: ['exp', 'sub', 'client_id'],
      typ: OWN_TOKEN_TYPE,
    };
    let problem = 'it is not a token of this server';
    let claims: JWTPayload | undefined;
    for (const key of candidates) {
      try {
        const { payload } = await jwtVerify(token, key, rules);
        return callerOf(token, payload);
      } catch (error) {
        if (!(error instanceof errors.JOSEError)) throw error;
        problem = error.message;
        if (error instanceof errors.JWSSignatureVerificationFailed) continue;
        if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired)
          claims = error.payload;
        break;
      }
    }
    return deny(problem, claims);
  };
}
