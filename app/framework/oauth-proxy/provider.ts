/**
 * The OpenID provider behind the proxy (MCP_OAUTH_ISSUER), with which this server is registered as a client: discovery, authorization
 * code with PKCE and nonce, ID token, refresh. Clients never get the tokens of the provider, but tokens of the proxy.
 *
 * https://openid.net/specs/openid-connect-core-1_0.html
 */
import { createRemoteJWKSet, type JWTPayload } from 'jose';
import {
  fetchIssuerMetadata,
  type IssuerMetadata,
  KeysUnavailableError,
  retryLater,
  tokenProblem,
  verify,
} from '../auth/token-verifier.ts';
import type { ReadParameter } from '../aws/parameter.ts';
import type { Config } from '../config.ts';
import { type Fields, fields, text } from '../json-fields.ts';
import { isSecure } from '../setting-formats.ts';
import { OAuthRequestError } from './oauth-error.ts';
import { digest } from './seal.ts';

/** The data about a signed-in person that the proxy stores. */
export interface Person {
  subject: string;
  /** Shown on the consent page: an email address or a name, from the provider. */
  label: string;
  emailDomain: string | undefined;
  /** Only groups in MCP_OAUTH_ALLOWED_GROUPS: a person can be in thousands of groups, which would not fit into a record. */
  groups: readonly string[];
}

export interface ProviderTokens {
  person: Person;
  refreshToken: string | undefined;
}

export interface AuthorizationCheck {
  /** PKCE code verifier. */
  verifier: string;
  nonce: string;
}

/** All methods reject with {@link OAuthRequestError}: `access_denied` if the provider denies, else `temporarily_unavailable`. */
export interface Provider {
  /** Returns the URL at which the person signs in. */
  authorizationUrl(redirectUri: string, state: string, check: AuthorizationCheck): Promise<URL>;
  /** Exchanges a code and validates the ID token. */
  exchange(code: string, redirectUri: string, check: AuthorizationCheck): Promise<ProviderTokens>;
  /** Checks with the provider whether `person`, who signed in before, may still sign in. */
  refresh(refreshToken: string, person: Person): Promise<ProviderTokens>;
}

const TIMEOUT_MS = 5_000;
const KEYS_TIMEOUT_MS = 3_000;

export function createProvider(settings: Config, readParameter: ReadParameter): Provider {
  const issuer = settings.MCP_OAUTH_ISSUER ?? '';
  const discovery = retryLater(async () => {
    const metadata = await fetchIssuerMetadata(issuer);
    const jwksUrl = new URL(settings.MCP_OAUTH_JWKS_URL ?? metadata.jwks_uri);
    return { metadata, keys: createRemoteJWKSet(jwksUrl, { timeoutDuration: KEYS_TIMEOUT_MS }) };
  });
  const discovered = () => discovery.get().catch(error => unavailable('its metadata', error));

  const requestTokens = async (parameters: Record<string, string>): Promise<Fields> => {
    const { metadata } = await discovered();
    const clientId = await readParameter(settings.MCP_OAUTH_CLIENT_ID ?? '');
    const { MCP_OAUTH_CLIENT_SECRET: secretName } = settings;
    const secret = secretName === undefined ? undefined : await readParameter(secretName);
    const form = new URLSearchParams(parameters);
    const headers: Record<string, string> = { accept: 'application/json' };
    if (secret === undefined) form.set('client_id', clientId);
    else if (usesBasic(metadata)) headers.authorization = basic(clientId, secret);
    else {
      form.set('client_id', clientId);
      form.set('client_secret', secret);
    }
    return post(endpointOf(metadata, 'token_endpoint'), form, headers);
  };

  const personOf = async (idToken: unknown, nonce: string | undefined): Promise<Person> => {
    if (typeof idToken !== 'string') throw invalidIdToken('the provider returned none');
    const { keys } = await discovered();
    const clientId = await readParameter(settings.MCP_OAUTH_CLIENT_ID ?? '');
    const rules = {
      issuer,
      audience: clientId,
      algorithms: settings.MCP_OAUTH_ALGORITHMS,
      clockTolerance: settings.MCP_OAUTH_CLOCK_TOLERANCE_SECONDS,
      requiredClaims: ['exp', 'iat', 'sub'],
    };
    const { payload, protectedHeader } = await verify(idToken, keys, rules).catch(error => {
      throw invalidIdToken(tokenProblem(error) ?? unavailable('its keys', error));
    });
    const problem = idTokenProblem(payload, protectedHeader.typ, { clientId, nonce });
    if (problem) throw invalidIdToken(problem);
    return describe(payload, settings.MCP_OAUTH_ALLOWED_GROUPS);
  };

  return {
    async authorizationUrl(redirectUri, state, { verifier, nonce }) {
      const { metadata } = await discovered();
      const url = endpointOf(metadata, 'authorization_endpoint');
      const parameters = {
        response_type: 'code',
        client_id: await readParameter(settings.MCP_OAUTH_CLIENT_ID ?? ''),
        redirect_uri: redirectUri,
        scope: scopesFor(settings.MCP_OAUTH_PROVIDER_SCOPES, metadata).join(' '),
        state,
        nonce,
        code_challenge: digest(verifier),
        code_challenge_method: 'S256',
      };
      for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
      return url;
    },
    async exchange(code, redirectUri, { verifier, nonce }) {
      const grant = { grant_type: 'authorization_code', code, redirect_uri: redirectUri };
      const { id_token, refresh_token } = await requestTokens({ ...grant, code_verifier: verifier });
      return { person: await personOf(id_token, nonce), refreshToken: text(refresh_token) };
    },
    async refresh(refreshToken, person) {
      // Before the request, which may invalidate the refresh token: if the new ID token could not be verified, the new
      // refresh token would be lost.
      const { keys } = await discovered();
      if (!keys.fresh) await keys.reload().catch(error => unavailable('its keys', error));
      const grant = { grant_type: 'refresh_token', refresh_token: refreshToken };
      const tokens = await requestTokens(grant);
      // OpenID Connect Core section 12.2: an ID token is optional here, and has no nonce.
      const current = tokens.id_token === undefined ? person : await personOf(tokens.id_token, undefined);
      if (current.subject !== person.subject)
        throw invalidIdToken('it is for another person than before the refresh');
      // A provider without rotation returns no refresh token.
      return { person: current, refreshToken: text(tokens.refresh_token) ?? refreshToken };
    },
  };
}

async function post(url: URL, body: URLSearchParams, headers: Record<string, string>): Promise<Fields> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const init = { method: 'POST', body, headers, signal, redirect: 'error' } as const;
  const { status, value } = await fetch(url, init)
    .then(async response => ({ status: response.status, value: parse(await response.text()) }))
    .catch(error => unavailable('its token endpoint', error));
  const result = fields(value);
  if (status === 200) return result;
  const error = JSON.stringify(result.error)?.slice(0, 100);
  if (result.error === 'invalid_grant')
    throw new OAuthRequestError('access_denied', 'The identity provider does not accept this sign-in.');
  return unavailable('its token endpoint', new Error(`it returned ${status}, error ${error}`));
}

/** Parses JSON. The error of `response.json()` would quote the response, which may contain tokens, in the log. */
function parse(response: string): unknown {
  try {
    return JSON.parse(response);
  } catch {
    throw new Error('its response is not JSON');
  }
}

function unavailable(what: string, cause: unknown): never {
  const error = cause instanceof KeysUnavailableError ? cause.cause : cause;
  // The message of fetch alone is only "fetch failed".
  const details = error instanceof Error && error.cause ? `${error}: ${error.cause}` : String(error);
  throw new OAuthRequestError(
    'temporarily_unavailable',
    'The identity provider cannot be reached at the moment. Try again shortly.',
    `The identity provider failed (${what}): ${details.slice(0, 500)}`,
    { cause },
  );
}

function invalidIdToken(problem: string): OAuthRequestError {
  return new OAuthRequestError(
    'access_denied',
    'The identity provider returned an invalid ID token.',
    `The ID token is not valid: ${problem}.`,
  );
}

/** Returns why an ID token is invalid (OpenID Connect Core section 3.1.3.7), except for the checks that jose has done. */
function idTokenProblem(
  { sub, aud, azp, nonce, token_use }: JWTPayload,
  typ: string | undefined,
  expected: { clientId: string; nonce: string | undefined },
): string | undefined {
  // OpenID Connect Core section 2: a text of at most 255 characters.
  if (text(sub) === undefined || String(sub).length > 255)
    return 'its sub is not a string of 1 to 255 characters';
  if (expected.nonce !== undefined && nonce !== expected.nonce) return 'its nonce is different';
  if (azp !== undefined && azp !== expected.clientId) return 'its azp is another client';
  if (Array.isArray(aud) && aud.length > 1 && azp === undefined) return 'it has several audiences and no azp';
  // Cognito marks other tokens by a claim, RFC 9068 by the type.
  if (token_use !== undefined && token_use !== 'id') return 'its token_use is not id';
  return typ !== undefined && typ.toLowerCase() !== 'jwt' ? `its typ is ${JSON.stringify(typ)}` : undefined;
}

function describe(claims: JWTPayload, allowedGroups: readonly string[]): Person {
  const { sub = '', email, email_verified: verified, preferred_username: username, name } = claims;
  const isVerified = verified === true || verified === 'true';
  const address = isVerified ? text(email) : undefined;
  const groups = [claims.groups, claims['cognito:groups']].flat();
  return {
    subject: sub,
    label: (address ?? text(username) ?? text(email) ?? text(name) ?? sub).slice(0, 200),
    emailDomain: address?.split('@').at(-1)?.toLowerCase(),
    groups: allowedGroups.filter(group => groups.includes(group)),
  };
}

/**
 * Returns the URL of an endpoint. Rejects URLs that are not https (or http on this machine): codes and secrets must be encrypted.
 */
function endpointOf(metadata: IssuerMetadata, name: 'authorization_endpoint' | 'token_endpoint'): URL {
  const url = URL.parse(String(metadata[name]));
  if (!url || !isSecure(url)) return unavailable('its metadata', new Error(`it has no https ${name}`));
  return url;
}

function usesBasic({ token_endpoint_auth_methods_supported: methods }: IssuerMetadata): boolean {
  return !Array.isArray(methods) || methods.includes('client_secret_basic');
}

/** Returns the Authorization header. RFC 6749 section 2.3.1: both parts are form-encoded first. */
function basic(clientId: string, secret: string): string {
  const encode = (part: string): string => new URLSearchParams({ '': part }).toString().slice(1);
  return `Basic ${Buffer.from(`${encode(clientId)}:${encode(secret)}`).toString('base64')}`;
}

function scopesFor(scopes: readonly string[], { scopes_supported: supported }: IssuerMetadata): string[] {
  const offline = Array.isArray(supported) && supported.includes('offline_access');
  return [...new Set([...scopes, ...(offline ? ['offline_access'] : [])])];
}
