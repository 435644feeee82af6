/** `/revoke` (RFC 7009): ends a sign-in by its refresh token. Access tokens are short-lived and cannot be revoked. */
import { authenticateClient } from './client-auth.ts';
import { findFamily, revokeFamily } from './families.ts';
import { ANY_ORIGIN, NO_STORE, OAuthRequestError } from './oauth-error.ts';
import { formOf, required } from './parameters.ts';
import type { ProxyEndpoint } from './proxy.ts';

export const revoke: ProxyEndpoint = async (proxy, call) => {
  const form = await formOf(call.request);
  const found = await findFamily(proxy, required(form, 'token')).catch(ignoreInvalid);
  if (found) {
    await authenticateClient(proxy, call, form, found.record.data.authorization.client);
    await revokeFamily(proxy, found.id);
  }
  return new Response(null, { headers: { ...NO_STORE, ...ANY_ORIGIN } });
};

/** Ignores invalid tokens, which count as revoked (section 2.2). */
function ignoreInvalid(error: unknown): undefined {
  if (!(error instanceof OAuthRequestError)) throw error;
}
