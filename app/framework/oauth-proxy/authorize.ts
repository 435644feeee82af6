/**
 * `/authorize`: validates the request of a client and redirects the browser to the provider to sign in. It redirects only after it
 * has verified that the redirect address belongs to the client. Consent follows the sign-in (consent.ts), because the page names
 * the person; no code exists before that.
 */
import { clientAllowed } from './allow-lists.ts';
import type { OAuthClient } from './clients.ts';
import { OAuthRequestError } from './oauth-error.ts';
import { ownPage } from './own-page.ts';
import { type Parameters, parametersOf, required } from './parameters.ts';
import type { OAuthProxy, ProxyEndpoint, ProxyRequest } from './proxy.ts';
import { isRegistered } from './redirect-uri.ts';
import { errorUrl, redirect } from './redirects.ts';
import {
  type Authorization,
  identifyBrowser,
  randomText,
  TRANSACTION_SECONDS,
  type Transaction,
} from './transaction.ts';

export const authorize: ProxyEndpoint = async (proxy, call) => {
  const parameters = parametersOf(call.url.searchParams);
  const page = ownPage(proxy, call, parameters);
  const client = page ?? (await proxy.clients.find(required(parameters, 'client_id')));
  const redirectUri = redirectUriOf(parameters, client);
  if (!clientAllowed(redirectUri, proxy.settings))
    throw new OAuthRequestError('access_denied', 'This client may not sign people in here.');
  try {
    const authorization = authorizationOf(proxy, call, parameters, { client, redirectUri });
    return await begin(proxy, call, authorization);
  } catch (error) {
    // Any host can publish a client: a redirect without a sign-in would be an open redirector (RFC 9700 section 4.11.2).
    if (proxy.settings.MCP_OAUTH_ALLOWED_CLIENTS.length === 0) throw error;
    return redirect(errorUrl({ client, redirectUri, state: parameters.state }, call.issuer, error));
  }
};

/** Returns the redirect address, which is always required, even if the client has only one. */
function redirectUriOf(parameters: Parameters, client: OAuthClient): string {
  const uri = required(parameters, 'redirect_uri');
  if (!isRegistered(uri, client.redirectUris))
    throw new OAuthRequestError('invalid_request', 'The redirect address does not belong to this client.');
  return uri;
}

function authorizationOf(
  { settings }: OAuthProxy,
  call: ProxyRequest,
  parameters: Parameters,
  { client, redirectUri }: { client: OAuthClient; redirectUri: string },
): Authorization {
  if (required(parameters, 'response_type') !== 'code')
    throw new OAuthRequestError('unsupported_response_type', 'Only response_type=code is supported.');
  if (parameters.code_challenge_method !== 'S256')
    throw new OAuthRequestError('invalid_request', 'code_challenge_method must be S256.');
  const challenge = required(parameters, 'code_challenge');
  if (!/^[\w-]{43}$/.test(challenge))
    throw new OAuthRequestError('invalid_request', 'code_challenge is malformed.');
  const resource = call.resourceOf(parameters.resource);
  if (resource === undefined)
    throw new OAuthRequestError('invalid_target', 'resource is not an MCP server of this deployment.');
  const { id, name, host, authMethod } = client;
  return {
    client: { id, name, host, authMethod },
    redirectUri,
    state: parameters.state,
    challenge,
    resource,
    // Every caller must have all of them, so a token with fewer scopes would be denied.
    scopes: settings.MCP_OAUTH_SCOPES,
  };
}

async function begin(proxy: OAuthProxy, call: ProxyRequest, authorization: Authorization): Promise<Response> {
  const { browser, setCookie } = identifyBrowser(call);
  const id = randomText();
  const transaction: Transaction = {
    step: 'at provider',
    authorization,
    browser,
    openedDirectly: call.request.headers.get('sec-fetch-site') === 'none',
    verifier: randomText(),
    nonce: randomText(),
  };
  const url = await proxy.provider.authorizationUrl(`${call.issuer}/callback`, id, transaction);
  await proxy.records.create('transaction', id, transaction, TRANSACTION_SECONDS);
  return redirect(url.href, [setCookie]);
}
