/**
 * Tenant IDs under attack: with MCP_ISOLATION=per-caller a caller must not choose, override or avoid its tenant, by a header, the
 * query, the path, the body or a claim, and the function must not serve a request in the environment of another caller.
 */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { JWTPayload } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthenticator } from '../../../../app/framework/auth/authenticate.ts';
import { authorizerCaller } from '../../../../app/framework/auth/event-identity.ts';
import { createAuthorizer } from '../../../../app/framework/auth/lambda-authorizer.ts';
import { tenantId } from '../../../../app/framework/auth/tenant.ts';
import { parseConfig } from '../../../../app/framework/config.ts';
import { closeAll } from '../../../helpers/close-all.ts';
import { modernHeaders, modernRequest } from '../../../helpers/json-rpc.ts';
import { type RunningLambda, startApp } from '../../../helpers/local-lambda.ts';
import { type RawResponse, rawRequest } from '../../../helpers/raw-request.ts';
import { type SigningIssuer, startSigningIssuer } from '../../../helpers/signing-issuer.ts';
import { bearer, sha256 } from './attacks.ts';

const TOKEN = 'a-static-token-0123456789';
const AUDIENCE = 'https://mcp.example.com/mcp';
const METHOD_ARN = 'arn:aws:execute-api:eu-west-1:123456789012:abc123/live/POST/mcp';
/** The tenant as the log line has it. */
const shortened = (tenant: string): string => tenant.slice(0, 12);

let issuer: SigningIssuer;
let lambda: RunningLambda;
let alice: string;
let victim: string;
const settings = () => ({
  MCP_AUTH: 'token,oauth',
  MCP_TOKEN_SHA256: sha256(TOKEN),
  MCP_OAUTH_ISSUER: issuer.url,
  MCP_OAUTH_AUDIENCE: AUDIENCE,
});
beforeAll(async () => {
  issuer = await startSigningIssuer(AUDIENCE);
  [alice, victim] = [tenantId(issuer.url, 'alice'), tenantId(issuer.url, 'victim')];
  const args = [
    ...['--isolation', 'per-caller', '--endpoint', 'rest-api', '--authorizer', 'authorizer.request'],
    ...['--invoke-port', '0', '--init-timeout', '20'],
  ];
  lambda = await startApp({ args, env: settings() });
});
afterAll(() => closeAll(lambda, issuer));

interface Attack {
  headers?: [string, string][];
  /** The path below the stage. */
  target?: string;
  meta?: object;
  claims?: JWTPayload;
}

/** Calls as alice, with the headers, path, metadata and claims of the attack. */
async function call({ headers = [], target = '/mcp', meta = {}, claims = {} }: Attack = {}) {
  return rawRequest(lambda.url, {
    method: 'POST',
    target: `/live${target}`,
    headers: [
      ...Object.entries({
        ...bearer(await issuer.token(claims)),
        'content-type': 'application/json',
        ...modernHeaders('tools/list'),
      }),
      ...headers,
    ],
    body: JSON.stringify(modernRequest('tools/list', { _meta: meta })),
  });
}

/** Returns the tenant of the environment that served the request. */
async function tenantOf({ header }: RawResponse): Promise<string | undefined> {
  const line = new RegExp(`"requestId":"${header('x-amzn-requestid')}"[^\\n]*"tenant":"([^"]*)"`);
  return (await lambda.printed(line))[1];
}

const ATTACKS = (): Record<string, Attack> => ({
  'header X-Amz-Tenant-Id': { headers: [['X-Amz-Tenant-Id', victim]] },
  'header Lambda-Runtime-Aws-Tenant-Id': { headers: [['Lambda-Runtime-Aws-Tenant-Id', victim]] },
  'several headers': {
    headers: [
      ['x-amz-tenant-id', victim],
      ['x-amz-tenant-id', 'open'],
      ['x-tenant-id', victim],
      ['tenant', victim],
    ],
  },
  'a header with an event or an authorizer context': {
    headers: [
      ['x-apigateway-event', JSON.stringify({ requestContext: { authorizer: { tenant: victim } } })],
      ['x-amzn-requestcontext', JSON.stringify({ authorizer: { tenant: victim } })],
    ],
  },
  'the query': {
    target: `/mcp?tenant=${victim}&X-Amz-Tenant-Id=${victim}&context.authorizer.tenant=${victim}`,
  },
  'the metadata of the message': { meta: { tenant: victim, 'X-Amz-Tenant-Id': victim } },
  'a claim of the token': { claims: { tenant: victim, tenantId: victim, 'custom:tenant': victim } },
  'a client ID': { claims: { client_id: victim, azp: victim } },
  'a claim that looks like the issuer': { claims: { issuer: 'https://evil.example', sub_id: 'victim' } },
});

describe('a caller', () => {
  test.each(Object.keys(ATTACKS()))('does not get another tenant by %s', async attack => {
    const response = await call(ATTACKS()[attack]);
    expect(response.status).toBe(200);
    expect(await tenantOf(response)).toBe(shortened(alice));
  });

  test.each([
    ['no subject', { sub: undefined as unknown as string }],
    ['an empty subject', { sub: '' }],
    ['null for a subject', { sub: null as unknown as string }],
  ])('is denied with %s, even as another client', async (_what, claims) => {
    expect((await call({ claims })).status).toBe(401);
    expect((await call({ claims: { ...claims, client_id: 'victim' } })).status).toBe(401);
    expect((await call()).status).toBe(200);
  });

  test('with another subject has another tenant, and the same one again after a new token', async () => {
    const seen = [];
    for (const sub of ['bob', 'Bob', 'bob ', 'bob', 'victim'])
      seen.push(await tenantOf(await call({ claims: { sub, jti: crypto.randomUUID() } })));
    expect(new Set(seen).size).toBe(4);
    expect(seen[3]).toBe(seen[0]);
    expect(seen[4]).toBe(shortened(victim));
  });

  test('with two Authorization headers is denied', async () => {
    const second = bearer(await issuer.token({ sub: 'victim' })).authorization;
    expect([400, 401]).toContain((await call({ headers: [['authorization', second]] })).status);
  });

  test.each([
    ['OPTIONS', '/mcp'],
    ['GET', '/.well-known/oauth-protected-resource/mcp'],
  ])(
    'without credentials gets %s %s from an environment that belongs to no caller',
    async (method, target) => {
      const headers: [string, string][] = [['x-amz-tenant-id', victim]];
      const response = await rawRequest(lambda.url, { method, target: `/live${target}`, headers });
      expect(response.status).toBeLessThan(500);
      expect(await tenantOf(response)).toBe('open');
    },
  );
});

describe('the function', () => {
  /** Invokes the function by the Invoke API, which can send any event in any tenant. Returns the response. */
  async function invoke(tenant: string, authorizer: object | null | undefined): Promise<string> {
    const Payload = JSON.stringify({
      httpMethod: 'POST',
      path: '/mcp',
      headers: { host: '127.0.0.1', 'content-type': 'application/json', ...modernHeaders('tools/list') },
      requestContext: {
        domainName: '127.0.0.1',
        path: '/live/mcp',
        ...(authorizer !== undefined && { authorizer }),
      },
      body: JSON.stringify(modernRequest('tools/list')),
    });
    const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'not-checked-here' };
    const client = new LambdaClient({ endpoint: lambda.invokeUrl, region: 'us-east-1', credentials });
    const { Payload: payload } = await client.send(
      new InvokeCommand({ FunctionName: 'local', TenantId: tenant, Payload }),
    );
    return Buffer.from(payload ?? []).toString();
  }
  const identity = { principalId: 'alice', client_id: 'agent', sub: 'alice' };

  test('serves a request whose authorizer returned the tenant of the invocation', async () => {
    expect(await invoke(alice, { ...identity, tenant: alice })).toMatch(/"statusCode":200[\s\S]*"tools"/);
  });

  test.each<[string, () => [string, object | null | undefined]]>([
    ['another tenant', () => [victim, { ...identity, tenant: alice }]],
    ['the tenant of open routes', () => ['open', { ...identity, tenant: alice }]],
    ['a longer tenant', () => [`${alice}0`, { ...identity, tenant: alice }]],
    ['another letter case', () => [alice.toUpperCase(), { ...identity, tenant: alice }]],
    ['a tenant, but none from the authorizer', () => [alice, identity]],
    ['a tenant, but an empty one from the authorizer', () => [alice, { ...identity, tenant: '' }]],
    ['a tenant, but a list from the authorizer', () => [alice, { ...identity, tenant: [alice] }]],
    ['a tenant, but no authorizer', () => [alice, undefined]],
    ['a tenant, but an authorizer that is null', () => [alice, null]],
    ['the tenant of open routes, but an authorizer without a tenant', () => ['open', identity]],
  ])('refuses an invocation with %s', async (_what, event) => {
    const response = await invoke(...event());
    expect(response).toContain('"statusCode":403');
    expect(response).toContain('does not belong to the caller');
    expect(response).not.toContain('"tools"');
  });

  test('serves no MCP request in an environment that belongs to no caller', async () => {
    expect(await invoke('open', undefined)).toContain('"statusCode":401');
  });
});

describe('a tenant ID', () => {
  test('has 64 hex digits, and does not contain the subject', () => {
    expect(tenantId('https://issuer.example', 'alice@example.com')).toMatch(/^[0-9a-f]{64}$/);
  });

  test('is different for every pair of issuer and subject', () => {
    const pairs = [
      ['https://a.example', 'b'],
      ['https://a.example"', ',"b'],
      ['https://a.exampleb', ''],
      ['https://a.example', '"b"'],
      ['https://a.example","b', ''],
      ['token', sha256(TOKEN)],
      ['https://b.example', 'b'],
    ] as const;
    expect(new Set(pairs.map(([from, sub]) => tenantId(from, sub))).size).toBe(pairs.length);
  });

  test('is the same with and without the authorizer, for static tokens and for OAuth', async () => {
    const config = parseConfig({ ...settings(), MCP_ISOLATION: 'per-caller' });
    const authenticate = createAuthenticator(config, []);
    for (const token of [TOKEN, await issuer.token()]) {
      const direct = await authenticate({ authorization: `Bearer ${token}`, resource: AUDIENCE });
      const { context } = await createAuthorizer(config)({ methodArn: METHOD_ARN, headers: bearer(token) });
      const behind = authorizerCaller({ authorizer: { principalId: 'x', ...context } });
      expect(behind?.extra.tenant).toMatch(/^[0-9a-f]{64}$/);
      expect(direct).toMatchObject({ caller: { extra: { tenant: behind?.extra.tenant } } });
    }
  });

  test('is not taken from the claims of a token that API Gateway verified', () => {
    const claims = { iss: issuer.url, sub: 'alice', client_id: 'agent', tenant: victim };
    for (const authorizer of [{ jwt: { claims } }, { claims }])
      expect(authorizerCaller({ authorizer })?.extra.tenant).toBe(alice);
    const { sub: _, ...anonymous } = claims;
    expect(authorizerCaller({ authorizer: { jwt: { claims: anonymous } } })?.extra.tenant).toBeUndefined();
  });
});

test.each(['none', 'iam', 'authorizer,iam'])(
  'init fails with MCP_ISOLATION=per-caller and MCP_AUTH=%s',
  MCP_AUTH => {
    expect(() => parseConfig({ MCP_AUTH, MCP_ISOLATION: 'per-caller' })).toThrow(
      /MCP_AUTH: must be authorizer, or token or oauth for the authorizer itself/,
    );
  },
);
