/**
 * The sign-in through the OAuth proxy behind every endpoint type, as terraform/ deploys it: the issuer is the public URL, clients
 * of both SDKs find it, and with an authorizer only the paths of the sign-in are open.
 */
import {
  Client,
  type FetchLike,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client';
import { UnauthorizedError as UnauthorizedErrorV1 } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport as TransportOfV1 } from '@modelcontextprotocol/sdk/shared/transport.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tenantId } from '../../../app/framework/auth/tenant.ts';
import { SIGN_IN_PATHS } from '../../../app/framework/sign-in-paths.ts';
import { closeAll } from '../../helpers/close-all.ts';
import { signInAndConsent } from '../../helpers/consenting-browser.ts';
import {
  ALICE,
  type IdentityProvider,
  PROVIDER_CLIENT,
  startIdentityProvider,
} from '../../helpers/identity-provider.ts';
import { freePort, type RunningLambda, startApp } from '../../helpers/local-lambda.ts';
import { type MemoryOAuthProvider, memoryOAuthProvider, REDIRECT } from '../../helpers/oauth-client.ts';
import { proxySettings } from '../../helpers/oauth-proxy.ts';

interface Deployment {
  name: string;
  args: string[];
  /** The stage in the path, for a REST API without a domain. */
  stage?: string;
  /** Whether clients use a custom domain, set by MCP_PUBLIC_URL, that the endpoint does not know. */
  domain?: true;
}

const AUTHORIZER = ['--authorizer', 'authorizer.request'];
const DEPLOYMENTS: Deployment[] = [
  { name: 'a Function URL', args: [] },
  { name: 'a Function URL with a domain', args: [], domain: true },
  { name: 'an HTTP API', args: ['--endpoint', 'http-api'] },
  { name: 'an HTTP API with an authorizer', args: ['--endpoint', 'http-api', ...AUTHORIZER] },
  { name: 'an HTTP API with a domain', args: ['--endpoint', 'http-api'], domain: true },
  {
    name: 'a REST API with an authorizer, at its stage',
    args: ['--endpoint', 'rest-api', ...AUTHORIZER],
    stage: '/live',
  },
  {
    name: 'a REST API with an authorizer and a domain',
    args: ['--endpoint', 'rest-api', '--domain-name', 'localhost', ...AUTHORIZER],
    domain: true,
  },
  {
    name: 'a REST API, an environment per caller',
    args: ['--endpoint', 'rest-api', '--isolation', 'per-caller', ...AUTHORIZER],
    stage: '/live',
  },
];

describe.each(DEPLOYMENTS)('the OAuth proxy behind $name', ({ args, stage = '', domain }) => {
  let provider: IdentityProvider;
  let lambda: RunningLambda;
  let base: string;
  const hasAuthorizer = args.includes('--authorizer');
  const isPerCaller = args.includes('per-caller');

  beforeAll(async () => {
    const port = await freePort();
    // With a domain, the function and the client use two names of the same address.
    base = `http://${domain ? 'localhost' : '127.0.0.1'}:${port}${stage}`;
    provider = await startIdentityProvider({ redirectUri: [`${base}/callback`] });
    const env = {
      ...proxySettings(provider, port),
      MCP_OAUTH_CLIENT_SECRET: PROVIDER_CLIENT.secret,
      MCP_OAUTH_SCOPES: 'mcp',
      ...(domain && {
        MCP_PUBLIC_URL: `${base}/mcp`,
        // A real domain has no port.
        LAMBDA_CHALLENGE: `Bearer resource_metadata="${base}/.well-known/oauth-protected-resource/mcp"`,
      }),
    };
    const handler = args.includes('http-api') ? 'handler.buffered' : 'handler.stream';
    lambda = await startApp({ args, env }, handler);
  });
  afterAll(() => closeAll(lambda, provider));

  test('has the public URL as its issuer, whatever a forwarding header contains', async () => {
    const metadata = async (headers: Record<string, string>): Promise<Record<string, unknown>> =>
      (await (await fetch(`${base}/.well-known/openid-configuration`, { headers })).json()) as Record<
        string,
        unknown
      >;
    for (const headers of [{}, { 'x-forwarded-host': 'attacker.example' }])
      expect(await metadata(headers)).toMatchObject({
        issuer: base,
        authorization_endpoint: `${base}/authorize`,
        registration_endpoint: `${base}/register`,
      });
  });

  test.each(['legacy', 'auto'] as const)('a client of SDK v2 (%s) signs in and calls a tool', async mode => {
    const storage = memoryOAuthProvider();
    const client = await connect(base, storage, mode);
    expect((await client.listTools()).tools.length).toBeGreaterThan(0);
    await client.close();
    await lambda.printed(/"caller":"registered-[\w-]{16}","auth":"(oauth|authorizer)","subject":"alice"/);
  });

  test('lets a client of SDK v1 sign in and call a tool', async () => {
    const storage = memoryOAuthProvider();
    const url = new URL(`${base}/mcp`);
    const transport = new TransportV1(url, { authProvider: storage });
    const first = new ClientV1({ name: 'test', version: '1.0.0' });
    await expect(first.connect(transport as TransportOfV1)).rejects.toThrow(UnauthorizedErrorV1);
    const query = await signInAndConsent(sentTo(storage), REDIRECT);
    await transport.finishAuth(String(query.get('code')));
    const client = new ClientV1({ name: 'test', version: '1.0.0' });
    await client.connect(new TransportV1(url, { authProvider: storage }) as TransportOfV1);
    expect((await client.listTools()).tools.length).toBeGreaterThan(0);
    await client.close();
  });

  test('denies an invalid token', async () => {
    const forged = await fetch(`${base}/mcp`, { method: 'POST', headers: { authorization: 'Bearer a.b.c' } });
    // An HTTP API returns 403 if its authorizer denies a call; the check "http_api_denies_by_403" of terraform/ warns of it.
    expect(forged.status).toBe(hasAuthorizer && args.includes('http-api') ? 403 : 401);
  });

  if (isPerCaller) {
    /** Signs a person in and calls the server. Returns the tenants of the environments that served the calls. */
    const tenantsOf = async (sub: string, storage = memoryOAuthProvider()): Promise<Set<string>> => {
      provider.person = { ...ALICE, sub };
      const served: string[] = [];
      const client = await connect(base, storage, 'auto', async (url, init) => {
        const response = await fetch(url, init);
        if (response.ok && String(url) === `${base}/mcp`)
          served.push(String(response.headers.get('x-amzn-requestid')));
        return response;
      });
      await client.listTools();
      await client.close();
      const tenants = await Promise.all(
        served.map(id => lambda.printed(new RegExp(`"requestId":"${id}"[^\\n]*"tenant":"([^"]*)"`))),
      );
      return new Set(tenants.map(([, tenant = '']) => tenant));
    };
    /** As the log line has it. */
    const tenantOf = (sub: string): string => tenantId(provider.issuer, sub).slice(0, 12);

    test('each person who signs in has one tenant, with every client and every token', async () => {
      const storage = memoryOAuthProvider();
      expect(await tenantsOf('alice', storage)).toEqual(new Set([tenantOf('alice')]));
      expect(await tenantsOf('bob')).toEqual(new Set([tenantOf('bob')]));
      expect(await tenantsOf('alice')).toEqual(new Set([tenantOf('alice')]));
      const first = storage.tokens();
      storage.saveTokens({ ...first, access_token: 'expired', token_type: 'Bearer' });
      expect(await tenantsOf('alice', storage)).toEqual(new Set([tenantOf('alice')]));
      expect(storage.tokens()?.refresh_token).not.toBe(first?.refresh_token);
    });

    test('the paths of the sign-in are served in environments of no caller', async () => {
      await tenantsOf('alice');
      for (const path of SIGN_IN_PATHS.filter(path => path !== '/revoke')) {
        const [, tenant] = await lambda.printed(new RegExp(`"path":"${path}"[^\\n]*"tenant":"([^"]*)"`));
        expect(tenant, path).toBe('open');
      }
    });
  }

  if (hasAuthorizer)
    test('requires a token for every path except those of the sign-in', async () => {
      const status = async (path: string, method = 'POST'): Promise<number> =>
        (await fetch(base + path, { method, redirect: 'manual' })).status;
      for (const path of SIGN_IN_PATHS) expect(await status(path), path).not.toBe(401);
      for (const path of ['/', '/mcp', '/token/x', '/tokens', '/callback/', '/healthz'])
        expect(await status(path), path).toBe(401);
    });
});

describe('without the OAuth proxy', () => {
  test('an authorizer denies requests without a token for the paths of the sign-in', async () => {
    const env = { MCP_AUTH: 'token', MCP_TOKEN_SHA256: 'a'.repeat(64) };
    await using lambda = await startApp(
      { args: ['--endpoint', 'http-api', ...AUTHORIZER], env },
      'handler.buffered',
    );
    for (const path of SIGN_IN_PATHS)
      expect((await fetch(lambda.url + path, { method: 'POST' })).status, path).toBe(401);
  });
});

/** Connects a client of SDK v2; the person signs in if the server wants it. */
async function connect(
  base: string,
  storage: MemoryOAuthProvider,
  mode: 'legacy' | 'auto',
  fetch?: FetchLike,
): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode } });
  const options = { authProvider: storage, ...(fetch && { fetch }) };
  const transport = new StreamableHTTPClientTransport(new URL(`${base}/mcp`), options);
  try {
    await client.connect(transport);
    return client;
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    await transport.finishAuth(await signInAndConsent(sentTo(storage), REDIRECT));
    return connect(base, storage, mode, fetch);
  }
}

function sentTo({ authorizationUrl }: { authorizationUrl?: URL }): URL {
  if (!authorizationUrl) throw new Error('The client did not send the person anywhere.');
  return authorizationUrl;
}
