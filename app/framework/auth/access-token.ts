/**
 * Distinguishes access tokens from everything else that an issuer signs for the same audience: ID tokens, logout tokens, security
 * events, DPoP proofs. A signature alone does not prove the purpose of a JWT (RFC 8725 sections 2.8, 3.11 and 3.12).
 *
 * RFC 9068 section 4: an access token has its own `typ`. Older issuers set `JWT` or nothing; then the claims decide. Not here:
 * signature, issuer, audience, time (token-verifier.ts).
 */
import type { JWTHeaderParameters, JWTPayload } from 'jose';

/**
 * `at+jwt`: only tokens of RFC 9068. `JWT`: also those whose `typ` is `JWT` or missing, if their claims are those of an access
 * token and of no other kind.
 */
export type AccessTokenType = 'at+jwt' | 'JWT';

/**
 * Claims that no access token has: of ID tokens (OpenID Connect Core 2 and 3.3.2.11, FAPI 1.0 part 2), logout tokens and
 * security events (RFC 8417), DPoP proofs (RFC 9449), introspection responses (RFC 9701).
 */
const OF_OTHERS = ['nonce', 'at_hash', 'c_hash', 's_hash', 'events', 'htm', 'htu', 'token_introspection'];

/** Returns why a token is not accepted as an access token, for the log; undefined if it is. */
export function accessTokenProblem(
  header: Partial<JWTHeaderParameters>,
  claims: JWTPayload,
  accepted: AccessTokenType,
): string | undefined {
  // It is bound to a key, and this server checks no proof of possession (RFC 9449, RFC 8705): a thief could use it.
  if ('cnf' in claims) return 'it is bound to a key (cnf), and no proof of possession is checked here';
  const type = mediaType(header.typ);
  if (type === 'at+jwt') return undefined;
  const named = `its typ is ${header.typ === undefined ? 'not set' : JSON.stringify(header.typ)}`;
  if (type !== undefined && type !== 'jwt') return named;
  if (accepted === 'at+jwt')
    return `${named}, and MCP_OAUTH_TOKEN_TYPE=at+jwt accepts tokens of RFC 9068 only; JWT accepts older forms too`;
  return ofAnotherKind(claims) ?? grantsNothing(claims);
}

/** Returns why claims belong to another kind of token; undefined if nothing indicates it. The signature is checked elsewhere. */
export function ofAnotherKind(claims: Readonly<Record<string, unknown>>): string | undefined {
  const { typ, token_use } = claims;
  const other = OF_OTHERS.find(name => name in claims);
  if (other) return `it has the claim ${other}, which access tokens do not have`;
  // Keycloak: Bearer, ID, Refresh, Logout. Cognito: access, id.
  if (typ !== undefined && typ !== 'Bearer') return `its claim typ is ${JSON.stringify(typ)}`;
  if (token_use !== undefined && token_use !== 'access')
    return `its token_use is ${JSON.stringify(token_use)}`;
  return undefined;
}

/**
 * Returns the type in lower case (media types are case-insensitive), without the prefix that RFC 7515 section 4.1.9 makes optional.
 */
function mediaType(typ: unknown): string | undefined {
  return typ === undefined
    ? undefined
    : String(typ)
        .toLowerCase()
        .replace(/^application\//, '');
}

/** Returns a problem unless the token grants access: by a scope, the role of an application, or the issuer's `token_use`. */
export function grantsNothing({
  token_use,
  scope,
  scp,
  roles,
  azp,
  appid,
}: Readonly<Record<string, unknown>>): string | undefined {
  if (token_use === 'access' || has(scope) || has(scp)) return undefined;
  // Entra's tokens for applications have no scope; its ID tokens may have roles, but name no application.
  if (has(roles) && (azp ?? appid) !== undefined) return undefined;
  return 'it grants nothing: no scope, scp, token_use or roles of an application';
}

function has(claim: unknown): boolean {
  return (typeof claim === 'string' || Array.isArray(claim)) && claim.length > 0;
}
