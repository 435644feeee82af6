/**
 * A real OpenID provider without client registration, like Cognito and Entra: oidc-provider with one registered client. Its person
 * signs in at once, or with a form. The differences between real providers, and faults, are options.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';

export const PROVIDER_CLIENT = { id: 'registered-by-hand', secret: 'secret-of-the-registered-client' };

export interface IdentityProvider {
  issuer: string;
  /** The person who signs in next; undefined if the person cancels. */
  person: { sub: string; [claim: string]: unknown } | undefined;
  /** Handles requests instead of the provider, if it returns true. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** Requests so far, as `METHOD /path`. */
  requests: string[];
  close(): Promise<void>;
}

export interface IdentityProviderOptions {
  /** The redirect addresses of the client. */
  redirectUri: string | string[];
  /** `rotating`: each refresh token is valid once; `none`: the provider issues none. @default 'fixed' */
  refreshTokens?: 'fixed' | 'rotating' | 'none';
  /** Whether the client has a secret. @default true */
  confidential?: boolean;
  /** Path of the issuer. */
  path?: string;
  /** Claims of every person. */
  claims?: Record<string, unknown>;
  /** Whether the provider has the scope offline_access. @default if it has refresh tokens */
  offlineAccess?: boolean;
  /** Returns why an authorization request with these parameters is refused. */
  refuses?: (parameters: Readonly<Partial<Record<string, string>>>) => string | undefined;
  /** Whether the person signs in with a form. @default false */
  form?: boolean;
}

/**
 * Options for providers that behave like real ones. All have openid-configuration only, and no registration.
 * https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html
 * https://learn.microsoft.com/en-us/entra/identity-platform/id-token-claims-reference
 * https://developers.google.com/identity/openid-connect/openid-connect
 */
export const IMITATIONS = {
  /** With a public client, as Terraform creates it. Issues refresh tokens without offline_access, which it rejects. */
  cognito: {
    path: '/eu-central-1_Example',
    confidential: false,
    claims: { token_use: 'id', 'cognito:groups': ['staff'], 'cognito:username': 'alice' },
    offlineAccess: false,
    refuses: ({ scope = '' }) => (scope.includes('offline_access') ? 'invalid_scope' : undefined),
  },
  /** Version 2 of its endpoints. Rejects `resource`; e-mail addresses are not verified. */
  entra: {
    path: '/00000000-tenant/v2.0',
    refreshTokens: 'rotating',
    claims: { ver: '2.0', tid: '00000000-tenant', oid: 'object-of-alice', email_verified: undefined },
    refuses: ({ resource }) => (resource === undefined ? undefined : 'AADSTS901002'),
  },
  /** Version 1: the issuer ends with a slash. */
  'entra-v1': {
    path: '/00000000-tenant/',
    refreshTokens: 'rotating',
    claims: { ver: '1.0', tid: '00000000-tenant', oid: 'object-of-alice', email_verified: undefined },
  },
  google: { refreshTokens: 'none', claims: { hd: 'example.com' } },
} satisfies Record<string, Omit<IdentityProviderOptions, 'redirectUri'>>;

export const ALICE = { sub: 'alice', email: 'alice@example.com', email_verified: true, groups: ['staff'] };

/** In seconds. */
const TTL = 90 * 24 * 3600;
const SIGN_IN_FORM = `<!doctype html><html lang="en"><title>Sign in</title><link rel="icon" href="data:,">
<form method="post"><button>Sign in as the person of the test</button></form></html>`;

export async function startIdentityProvider(options: IdentityProviderOptions): Promise<IdentityProvider> {
  const { redirectUri, refreshTokens = 'fixed', confidential = true, path: issuerPath = '' } = options;
  const { offlineAccess = refreshTokens !== 'none' } = options;
  /** The prefix of the provider's paths. */
  const mount = issuerPath.replace(/\/$/, '');
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}${issuerPath}`;
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
    scopes: ['openid', 'email', 'profile', ...(offlineAccess ? ['offline_access'] : [])],
    claims: {
      openid: ['sub', 'groups', ...Object.keys(options.claims ?? {})],
      email: ['email', 'email_verified'],
      profile: ['name', 'preferred_username'],
    },
    // Claims are in the ID token, as with Cognito, Entra and Google.
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    expiresWithSession: () => false,
    issueRefreshToken: () => refreshTokens !== 'none',
    rotateRefreshToken: refreshTokens === 'rotating',
    findAccount: (_ctx, accountId) => ({
      accountId,
      claims: () => ({ ...known.get(accountId), sub: accountId }),
    }),
    interactions: { url: (_ctx, { uid }) => `${mount}/interaction/${uid}` },
    cookies: { keys: ['only for tests'] },
    // Refresh tokens are valid longer than sign-ins of the proxy.
    ttl: { AccessToken: 300, Grant: TTL, RefreshToken: TTL, Session: 3600, Interaction: 600 },
  });
  /** The claims, by subject. */
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
    if (!request.url?.startsWith(`${mount}/`)) return response.writeHead(404).end();
    // As Express does for an app that is mounted below a path.
    Object.assign(request, { originalUrl: request.url, url: request.url.slice(mount.length) });
    const { pathname: path, searchParams } = new URL(request.url, issuer);
    idp.requests.push(`${request.method} ${path}`);
    if (idp.intercept?.(request, response)) return;
    if (path === '/.well-known/oauth-authorization-server' || path === '/reg')
      return response.writeHead(404).end();
    const refused = path === '/auth' ? options.refuses?.(Object.fromEntries(searchParams)) : undefined;
    if (refused) return response.writeHead(400).end(refused);
    if (!path.startsWith('/interaction/')) return handle(request, response);
    if (options.form && request.method === 'GET')
      return response.writeHead(200, { 'content-type': 'text/html' }).end(SIGN_IN_FORM);
    const { params } = await provider.interactionDetails(request, response);
    if (!idp.person) return provider.interactionFinished(request, response, { error: 'access_denied' });
    const accountId = idp.person.sub;
    known.set(accountId, { ...idp.person, ...options.claims });
    const grant = new provider.Grant({ accountId, clientId: String(params.client_id) });
    grant.addOIDCScope(String(params.scope ?? 'openid'));
    const grantId = await grant.save();
    await provider.interactionFinished(request, response, { login: { accountId }, consent: { grantId } });
  });
  return idp;
}
