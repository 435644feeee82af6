/**
 * Authenticates a client at the token and revocation endpoints: `none`, for public clients, whose codes are bound by PKCE and
 * whose refresh tokens rotate; or `private_key_jwt` (RFC 7523), if its metadata document says so.
 */
import { createLocalJWKSet } from 'jose';
import { verify } from '../auth/token-verifier.ts';
import { OAuthRequestError } from './oauth-error.ts';
import { type Parameters, required } from './parameters.ts';
import type { OAuthProxy, ProxyRequest } from './proxy.ts';
import type { Authorization } from './transaction.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
export const ASSERTION_ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
/** Maximum lifetime of an assertion; used assertions are stored for this time plus a minute. */
const MAX_AGE_SECONDS = 10 * 60;

/**
 * Checks that the request is from the client to which a code or refresh token was issued. Rejects with {@link OAuthRequestError}.
 */
export async function authenticateClient(
  proxy: OAuthProxy,
  call: ProxyRequest,
  form: Parameters,
  { id, authMethod }: Authorization['client'],
): Promise<void> {
  // RFC 7521 section 4.2: with an assertion, client_id is optional.
  const named = form.client_id ?? (authMethod === 'private_key_jwt' ? id : undefined);
  if (named !== id) throw new OAuthRequestError('invalid_grant', 'The grant was issued to another client.');
  if (authMethod === 'none') return;
  if (form.client_assertion_type !== ASSERTION_TYPE)
    throw new OAuthRequestError('invalid_client', 'A client assertion (private_key_jwt) is required.');
  await verifyAssertion(proxy, call, required(form, 'client_assertion'), id);
}

async function verifyAssertion(
  { clients, records }: OAuthProxy,
  { issuer }: ProxyRequest,
  assertion: string,
  id: string,
): Promise<void> {
  const keys = await clients.keysOf(await clients.find(id));
  const rules = {
    issuer: id,
    subject: id,
    // Both forms as in the metadata: clients use either.
    audience: [issuer, `${issuer}/token`],
    algorithms: ASSERTION_ALGORITHMS,
    requiredClaims: ['exp'],
    clockTolerance: 5,
  };
  // The keys are from the client, so errors about them are errors of the client, too.
  const verified = await (async () => verify(assertion, createLocalJWKSet(keys), rules))().catch(error => {
    const problem = `The client assertion is not valid: ${(error as Error).message}.`;
    throw new OAuthRequestError('invalid_client', 'The client assertion is not valid.', problem);
  });
  const { exp = 0, jti } = verified.payload;
  if (exp > Date.now() / 1000 + MAX_AGE_SECONDS)
    throw new OAuthRequestError('invalid_client', 'The client assertion is valid for too long.');
  const fresh = await records.create('assertion', `${id} ${jti ?? assertion}`, {}, MAX_AGE_SECONDS + 60);
  if (!fresh) throw new OAuthRequestError('invalid_client', 'The client assertion was used before.');
}
