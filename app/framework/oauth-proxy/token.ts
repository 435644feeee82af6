/**
 * `/token`: exchanges codes and refresh tokens for the proxy's own tokens.
 *
 * A code can be used once; its reuse with the PKCE verifier revokes the tokens that it was exchanged for. Refresh tokens rotate: each
 * can be used once. The reuse of an old one revokes the family, because a stolen token cannot be distinguished from an error of the
 * client (RFC 9700 section 4.14). Conditional writes ensure both for concurrent requests in different execution environments.
 */
import { clientAllowed, personProblem } from './allow-lists.ts';
import { authenticateClient } from './client-auth.ts';
import { shortId } from './clients.ts';
import { type Family, findFamily, refreshTokenOf, revokeFamily } from './families.ts';
import { ANY_ORIGIN, NO_STORE, OAuthRequestError } from './oauth-error.ts';
import { formOf, type Parameters, required } from './parameters.ts';
import type { OAuthProxy, ProxyEndpoint, ProxyRequest } from './proxy.ts';
import { logSignIn } from './proxy.ts';
import type { SealedRecord } from './records.ts';
import { CODE_SECONDS, type Code } from './redirects.ts';
import { digest } from './seal.ts';
import { randomText } from './transaction.ts';

const ACCESS_TOKEN_SECONDS = 15 * 60;
/** Maximum time until a person has to sign in again. */
const FAMILY_SECONDS = 30 * 24 * 3600;
/** The same without a refresh token of the provider, because later checks with the provider are not possible. */
const UNCHECKED_FAMILY_SECONDS = 24 * 3600;
/** Maximum duration of a refresh: after it, the refresh or its execution environment has ended. */
const REFRESH_MS = 15_000;

export const token: ProxyEndpoint = async (proxy, call) => {
  const form = await formOf(call.request);
  const grant = GRANTS.get(required(form, 'grant_type'));
  if (!grant)
    throw new OAuthRequestError('unsupported_grant_type', 'Use authorization_code or refresh_token.');
  return Response.json(await grant(proxy, call, form), { headers: { ...NO_STORE, ...ANY_ORIGIN } });
};

type Grant = (proxy: OAuthProxy, call: ProxyRequest, form: Parameters) => Promise<object>;

const exchangeCode: Grant = async (proxy, call, form) => {
  const record = await proxy.records.read<Code>('code', required(form, 'code'));
  if (!record) throw invalidGrant('The code is unknown or has expired.');
  const { data } = record;
  const { authorization, person } = data;
  try {
    await authenticateClient(proxy, call, form, authorization.client);
    requireSameRequest(call, form, data);
  } catch (error) {
    // The code was stolen, or the client has an error.
    if (!data.used) await proxy.records.replace<Code>(record, { ...data, used: true });
    throw error;
  }
  if (data.used) {
    await revokeFamily(proxy, data.family);
    throw invalidGrant('The code was used before; the tokens that it was exchanged for are revoked.');
  }
  if (Date.now() > data.created + CODE_SECONDS * 1000) throw invalidGrant('The code has expired.');
  if (!(await proxy.records.replace<Code>(record, { ...data, used: true })))
    throw invalidGrant('The code was used before.');
  const secret = randomText();
  const { refreshToken } = data;
  const family: Family = { current: digest(secret), authorization, person, refreshToken, busyUntil: 0 };
  const seconds = refreshToken === undefined ? UNCHECKED_FAMILY_SECONDS : FAMILY_SECONDS;
  if (!(await proxy.records.create('family', data.family, family, seconds)))
    throw invalidGrant('The code was used before.');
  logSignIn('signed_in', about(family));
  return tokens(proxy, call, family, refreshTokenOf(data.family, secret));
};

const refresh: Grant = async (proxy, call, form) => {
  const { id, secret, record } = await findFamily(proxy, required(form, 'refresh_token'));
  const { data } = record;
  await authenticateClient(proxy, call, form, data.authorization.client);
  if (form.resource !== undefined && call.resourceOf(form.resource) !== data.authorization.resource)
    throw new OAuthRequestError('invalid_target', 'The refresh token is for another resource.');
  if (data.current !== digest(secret)) {
    await revokeFamily(proxy, id);
    logSignIn('refresh_token_reused', about(data));
    throw invalidGrant('The refresh token was used before; all tokens of this sign-in are revoked.');
  }
  if (Date.now() < data.busyUntil) throw busy();
  // The provider may rotate its tokens as well, so parallel refreshes with it must be prevented.
  const claimed = await proxy.records.replace<Family>(record, {
    ...data,
    busyUntil: Date.now() + REFRESH_MS,
  });
  if (!claimed) throw busy();
  const next = randomText();
  const current = await confirmPerson(proxy, id, claimed);
  const replaced = await proxy.records.replace<Family>(claimed, {
    ...data,
    ...current,
    current: digest(next),
    busyUntil: 0,
  });
  if (!replaced) throw invalidGrant('The refresh token is revoked.');
  return tokens(proxy, call, replaced.data, refreshTokenOf(id, next));
};

/** A Map, because an object has inherited keys such as `constructor`. */
const GRANTS = new Map<string, Grant>([
  ['authorization_code', exchangeCode],
  ['refresh_token', refresh],
]);

/** Checks the allow-lists, and with the provider. Revokes the family if one of them denies. */
async function confirmPerson(
  proxy: OAuthProxy,
  id: string,
  record: SealedRecord<Family>,
): Promise<Pick<Family, 'person' | 'refreshToken'>> {
  const { person, refreshToken, authorization } = record.data;
  try {
    if (!clientAllowed(authorization.redirectUri, proxy.settings))
      throw new OAuthRequestError('access_denied', 'This client may not sign people in here.');
    const current =
      refreshToken === undefined
        ? { person, refreshToken }
        : await proxy.provider.refresh(refreshToken, person);
    const problem = personProblem(current.person, proxy.settings);
    if (problem) throw new OAuthRequestError('access_denied', 'This person may not sign in here.', problem);
    return current;
  } catch (error) {
    if (!(error instanceof OAuthRequestError) || error.code !== 'access_denied') {
      // The refresh token stays valid: the client can try again.
      await proxy.records.replace<Family>(record, { ...record.data, busyUntil: 0 });
      throw error;
    }
    await revokeFamily(proxy, id);
    throw new OAuthRequestError('invalid_grant', 'The person must sign in again.', error.message);
  }
}

/** Throws unless the request matches the one that the code was issued for. */
function requireSameRequest(call: ProxyRequest, form: Parameters, { authorization }: Code): void {
  if (form.redirect_uri !== undefined && form.redirect_uri !== authorization.redirectUri)
    throw invalidGrant('redirect_uri differs from that of the authorization request.');
  if (form.resource !== undefined && call.resourceOf(form.resource) !== authorization.resource)
    throw new OAuthRequestError('invalid_target', 'The code is for another resource.');
  const verifier = form.code_verifier ?? '';
  if (!/^[\w.~-]{43,128}$/.test(verifier) || digest(verifier) !== authorization.challenge)
    throw invalidGrant('code_verifier does not match code_challenge.');
}

async function tokens(
  { sealer }: OAuthProxy,
  { issuer }: ProxyRequest,
  { authorization, person }: Family,
  refreshToken: string,
): Promise<object> {
  const { client, resource, scopes } = authorization;
  const iat = Math.floor(Date.now() / 1000);
  const scope = scopes.join(' ');
  const claims = {
    iss: issuer,
    aud: resource,
    sub: person.subject,
    client_id: shortId(client),
    ...(scope !== '' && { scope }),
    iat,
    exp: iat + ACCESS_TOKEN_SECONDS,
    jti: randomText(),
  };
  return {
    access_token: await sealer.signAccessToken(claims),
    token_type: 'Bearer',
    expires_in: ACCESS_TOKEN_SECONDS,
    refresh_token: refreshToken,
    ...(scope !== '' && { scope }),
  };
}

function about({ authorization: { client, resource }, person }: Family): Record<string, string> {
  return { client: shortId(client), resource, subject: person.subject };
}

function busy(): OAuthRequestError {
  return new OAuthRequestError('temporarily_unavailable', 'A refresh with this token is in progress.');
}

function invalidGrant(description: string): OAuthRequestError {
  return new OAuthRequestError('invalid_grant', description);
}
