/**
 * `/register` (RFC 7591): stateless registration of public clients. The response contains no data of this server's own
 * registration with the provider (punkpeye/fastmcp #262). Other metadata than that of a public client is replaced in the response.
 */
import { clientAllowed } from './allow-lists.ts';
import { ANY_ORIGIN, NO_STORE, OAuthRequestError } from './oauth-error.ts';
import { jsonOf } from './parameters.ts';
import type { ProxyEndpoint } from './proxy.ts';

export const register: ProxyEndpoint = async ({ clients, settings }, { request }) => {
  if (settings.MCP_OAUTH_REGISTRATION === 'off')
    throw new OAuthRequestError('invalid_request', 'Registration is off. Use a client metadata document.');
  const { id, name, redirectUris } = await clients.register(await jsonOf(request));
  if (!redirectUris.every(uri => clientAllowed(uri, settings)))
    throw new OAuthRequestError('invalid_redirect_uri', 'A redirect address is not allowed here.');
  const registration = {
    client_id: id,
    client_id_issued_at: Math.floor(Date.now() / 1000),
    ...(name !== undefined && { client_name: name }),
    redirect_uris: redirectUris,
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  };
  return Response.json(registration, { status: 201, headers: { ...NO_STORE, ...ANY_ORIGIN } });
};
