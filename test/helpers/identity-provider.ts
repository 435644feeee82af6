/**
 * A real OpenID provider without client registration, as Cognito and Entra are: oidc-provider with one registered client. Its
 * person signs in at once. What real providers differ in, and what a broken one does, are options.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';

export const PROVIDER_CLIENT = { id: 'registered-by-hand', secret: 'secret-of-the-registered-client' };

export interface IdentityProvider {
  issuer: string;
  /** Who signs in next; undefined: the person cancels. */
  person: { sub: string; [claim: string]: unknown } | undefined;
  /** Handles requests instead of the provider, if it returns true. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** Requests so far, as `METHOD /path`. */
  requests: string[];
  close(): Promise<void>;
}

export interface IdentityProviderOptions {
  /** The client's own, one or several. */
  redirectUri: string | string[];
  /** `rotating`: each refresh token is valid once; `none`: there are none. @default 'fixed' */
  refreshTokens?: 'fixed' | 'rotating' | 'none';
  /** Whether the client has a secret. @default true */
  confidential?: boolean;
}

export const ALICE = { sub: 'alice', email: 'alice@example.com', email_verified: true, groups: ['staff'] };

export async function startIdentityProvider(options: IdentityProviderOptions): Promise<IdentityProvider> {
  const { redirectUri, refreshTokens = 'fixed', confidential = true } = options;
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: PROVIDER_CLIENT.id,
        ...(confidential && { client_secret: PROVIDER_CLIENT.secret }),
        token_endpoint_auth_method: confidential ? 'client_secret_basic' : 'none',
        redirect_uris: [redirectUri].flat(),
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
    ],
    scopes: ['openid', 'email', 'profile', ...(refreshTokens === 'none' ? [] : ['offline_access'])],
    claims: { openid: ['sub', 'groups', 'token_use'], email: ['email', 'email_verified'], profile: ['name'] },
    // Claims are in the ID token, as with Cognito, Entra and Google.
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    issueRefreshToken: () => refreshTokens !== 'none',
    rotateRefreshToken: refreshTokens === 'rotating',
    findAccount: (_ctx, accountId) => ({
      accountId,
      claims: () => ({ ...known.get(accountId), sub: accountId }),
    }),
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    cookies: { keys: ['only for tests'] },
    ttl: { AccessToken: 300, Grant: 3600, RefreshToken: 3600, Session: 3600, Interaction: 600 },
  });
  /** By subject, the claims. */
  const known = new Map<string, Record<string, unknown>>();
  const handle = provider.callback();
  const idp: IdentityProvider = {
    issuer,
    person: ALICE,
    intercept: undefined,
    requests: [],
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  server.on('request', async (request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    idp.requests.push(`${request.method} ${path}`);
    if (idp.intercept?.(request, response)) return;
    if (!path.startsWith('/interaction/')) return handle(request, response);
    const { params } = await provider.interactionDetails(request, response);
    if (!idp.person) return provider.interactionFinished(request, response, { error: 'access_denied' });
    const accountId = idp.person.sub;
    known.set(accountId, idp.person);
    const grant = new provider.Grant({ accountId, clientId: String(params.client_id) });
    grant.addOIDCScope(String(params.scope ?? 'openid'));
    const grantId = await grant.save();
    await provider.interactionFinished(request, response, { login: { accountId }, consent: { grantId } });
  });
  return idp;
}
