/**
 * The whole OAuth flow of real clients against a real authorization server (oidc-provider), through every endpoint as
 * terraform/ deploys it: 401, metadata, registration, code with PKCE, token, call, refresh. A Function URL renames the
 * header of the challenge, API Gateway sends its own challenge, and a REST API has its stage in the path.
 */
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { UnauthorizedError as UnauthorizedErrorV1 } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport as TransportOfV1 } from '@modelcontextprotocol/sdk/shared/transport.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type AuthorizationServer,
  signIn,
  startAuthorizationServer,
} from '../../../helpers/authorization-server.ts';
import { closeAll } from '../../../helpers/close-all.ts';
import { freePort, type RunningLambda, startApp } from '../../../helpers/local-lambda.ts';
import { memoryOAuthProvider, REDIRECT } from '../../../helpers/oauth-client.ts';

const TOKEN_SECONDS = 4;

interface Endpoint {
  name: string;
  /** The path of the MCP endpoint. */
  path: string;
  handler: string;
  /** Returns the flags for an endpoint at `url`. */
  args(url: string, issuer: string): string[];
  /** Whether the server needs MCP_PUBLIC_URL, because its events do not contain the URL. */
  needsPublicUrl: boolean;
  /** The part that checked the token, as in the log. */
  checkedBy: 'oauth' | 'authorizer';
}

const AUTHORIZER = ['--authorizer', 'authorizer.request'];
const ENDPOINTS: Endpoint[] = [
  {
    name: 'a Function URL',
    path: '/mcp',
    handler: 'handler.stream',
    args: () => [],
    needsPublicUrl: false,
    checkedBy: 'oauth',
  },
  {
    name: 'a REST API with a Lambda authorizer, at its stage',
    path: '/live/mcp',
    handler: 'handler.stream',
    args: () => ['--endpoint', 'rest-api', ...AUTHORIZER],
    needsPublicUrl: false,
    checkedBy: 'authorizer',
  },
  {
    name: 'a REST API with a Lambda authorizer and a custom domain',
    path: '/mcp',
    handler: 'handler.stream',
    // The domain does not resolve here. Without a URL in the challenge, clients use the well-known paths.
    args: () => [
      '--endpoint',
      'rest-api',
      ...AUTHORIZER,
      '--domain-name',
      'mcp.example',
      '--challenge',
      'Bearer',
    ],
    needsPublicUrl: true,
    checkedBy: 'authorizer',
  },
  {
    name: 'an HTTP API with a JWT authorizer',
    path: '/mcp',
    handler: 'handler.buffered',
    args: (url, issuer) => [
      ...['--endpoint', 'http-api', '--authorizer', 'jwt', '--jwt-issuer', issuer, '--jwt-audience', url],
      ...['--jwt-scopes', 'mcp'],
    ],
    needsPublicUrl: false,
    checkedBy: 'oauth',
  },
  {
    name: 'an HTTP API with a Lambda authorizer',
    path: '/mcp',
    handler: 'handler.buffered',
    args: () => ['--endpoint', 'http-api', ...AUTHORIZER],
    needsPublicUrl: false,
    checkedBy: 'authorizer',
  },
];

let server: AuthorizationServer;
beforeAll(async () => {
  server = await startAuthorizationServer(['mcp'], TOKEN_SECONDS);
});
afterAll(() => closeAll(server));

async function startBehind(endpoint: Endpoint): Promise<{ lambda: RunningLambda; url: URL }> {
  // The audience is the server's URL, so its port must be known before it starts.
  const port = String(await freePort());
  const url = new URL(`http://127.0.0.1:${port}${endpoint.path}`);
  const env = {
    PORT: port,
    MCP_AUTH: 'oauth',
    MCP_OAUTH_ISSUER: server.issuer,
    MCP_OAUTH_AUDIENCE: url.href,
    MCP_OAUTH_SCOPES: 'mcp',
    MCP_OAUTH_CLOCK_TOLERANCE_SECONDS: '0',
    ...(endpoint.needsPublicUrl && { MCP_PUBLIC_URL: url.href, MCP_ALLOWED_HOSTS: 'mcp.example,127.0.0.1' }),
  };
  const lambda = await startApp({ env, args: endpoint.args(url.href, server.issuer) }, endpoint.handler);
  return { lambda, url };
}

describe.each(ENDPOINTS)('$name', endpoint => {
  let lambda: RunningLambda;
  let url: URL;
  beforeAll(async () => {
    ({ lambda, url } = await startBehind(endpoint));
  });
  afterAll(() => closeAll(lambda));

  test('serves its metadata at the URL in the challenge, or at the well-known paths', async () => {
    const challenge = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(challenge.status).toBe(401);
    const [, named] =
      /resource_metadata="([^"]+)"/.exec(challenge.headers.get('www-authenticate') ?? '') ?? [];
    const wellKnown = '/.well-known/oauth-protected-resource';
    const wellKnownUrls = [`${url.origin}${wellKnown}/mcp`, `${url.origin}${wellKnown}`];
    for (const place of named ? [named] : wellKnownUrls) {
      const response = await fetch(place, { headers: { origin: 'https://any.page' } });
      expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([200, '*']);
      expect(await response.json()).toEqual({
        resource: url.href,
        authorization_servers: [server.issuer],
        bearer_methods_supported: ['header'],
        scopes_supported: ['mcp'],
      });
    }
  });

  describe.each(['legacy', 'auto'] as const)('the client of SDK v2, mode %s', mode => {
    test('signs in, calls, and refreshes when the token has expired', async () => {
      const provider = memoryOAuthProvider();
      const connect = async (): Promise<Client> => {
        const client = new Client({ name: 'oauth-test', version: '1.0.0' }, { versionNegotiation: { mode } });
        const transport = new StreamableHTTPClientTransport(url, { authProvider: provider });
        try {
          await client.connect(transport);
          return client;
        } catch (error) {
          if (!(error instanceof UnauthorizedError) || !provider.authorizationUrl) throw error;
          const callback = await signIn(provider.authorizationUrl, REDIRECT);
          expect(callback.get('state')).toBe(provider.lastState);
          await transport.finishAuth(callback);
          return connect();
        }
      };
      const client = await connect();
      expect((await client.listTools()).tools).toHaveLength(2);
      expect(provider.authorizationUrl?.searchParams.get('code_challenge_method')).toBe('S256');
      expect(provider.authorizationUrl?.searchParams.get('resource')).toBe(url.href);
      const first = provider.tokens()?.access_token;
      await new Promise(resolve => setTimeout(resolve, (TOKEN_SECONDS + 1) * 1000));
      expect((await client.listTools()).tools).toHaveLength(2);
      expect(provider.tokens()?.access_token).not.toBe(first);
      await client.close();
      await lambda.printed(new RegExp(`"auth":"${endpoint.checkedBy}","subject":"alice"`));
    });
  });

  test('the client of SDK v1 signs in and calls', async () => {
    const provider = memoryOAuthProvider();
    const client = new ClientV1({ name: 'oauth-test-v1', version: '1.0.0' });
    const transport = new TransportV1(url, { authProvider: provider });
    await expect(client.connect(transport as TransportOfV1)).rejects.toThrow(UnauthorizedErrorV1);
    const callback = await signIn(provider.authorizationUrl as URL, REDIRECT);
    await transport.finishAuth(String(callback.get('code')));
    const signedIn = new ClientV1({ name: 'oauth-test-v1', version: '1.0.0' });
    await signedIn.connect(new TransportV1(url, { authProvider: provider }) as TransportOfV1);
    expect((await signedIn.listTools()).tools).toHaveLength(2);
    await signedIn.close();
  });
});

test('a Function URL returns the challenge as a 401 with a renamed header', async () => {
  const { lambda, url } = await startBehind(ENDPOINTS[0] as Endpoint);
  await using _ = lambda;
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, null]);
  expect(response.headers.get('x-amzn-remapped-www-authenticate')).toContain('resource_metadata=');
});

test('a server rejects a token of its issuer for another resource', async () => {
  const provider = memoryOAuthProvider();
  const { lambda, url } = await startBehind(ENDPOINTS[0] as Endpoint);
  await using _ = lambda;
  await using other = await startApp({
    env: {
      MCP_AUTH: 'oauth',
      MCP_OAUTH_ISSUER: server.issuer,
      MCP_OAUTH_AUDIENCE: 'https://other.example/mcp',
    },
  });
  const transport = new StreamableHTTPClientTransport(url, { authProvider: provider });
  await new Client({ name: 'x', version: '1' }).connect(transport).catch(() => undefined);
  await transport.finishAuth(await signIn(provider.authorizationUrl as URL, REDIRECT));
  const headers = {
    authorization: `Bearer ${provider.tokens()?.access_token}`,
    'content-type': 'application/json',
  };
  const body = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
  expect((await fetch(`${other.url}/mcp`, { method: 'POST', headers, body })).status).toBe(401);
});
