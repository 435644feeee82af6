/** The Lambda authorizer: its formats, and attacks on it through an HTTP API and a REST API. */
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authorizerCaller } from '../../../../app/framework/auth/event-identity.ts';
import { createGuard } from '../../../../app/framework/auth/guard.ts';
import { createAuthorizer } from '../../../../app/framework/auth/lambda-authorizer.ts';
import { createKeys } from '../../../../app/framework/auth/secret.ts';
import { tenantId } from '../../../../app/framework/auth/tenant.ts';
import { parseConfig } from '../../../../app/framework/config.ts';
import { endpointContext, withPublicUrl } from '../../../../app/framework/endpoint-context.ts';
import { CLIENTS } from '../../../helpers/clients.ts';
import { closeAll } from '../../../helpers/close-all.ts';
import { modernHeaders, modernRequest } from '../../../helpers/json-rpc.ts';
import { type RunningLambda, startApp } from '../../../helpers/local-lambda.ts';
import { type SigningIssuer, startSigningIssuer } from '../../../helpers/signing-issuer.ts';
import { ATTACKS, attacks, bearer, sha256 } from './attacks.ts';

const TOKEN = 'a-static-token-0123456789';
const AUDIENCE = 'https://mcp.example.com/mcp';
const METHOD_ARN = 'arn:aws:execute-api:eu-west-1:123456789012:abc123/live/POST/mcp/tools';

let issuer: SigningIssuer;
beforeAll(async () => {
  issuer = await startSigningIssuer(AUDIENCE);
});
afterAll(() => closeAll(issuer));

const settings = () => ({
  MCP_AUTH: 'token,oauth',
  MCP_TOKEN_SHA256: sha256(TOKEN),
  MCP_OAUTH_ISSUER: issuer.url,
  MCP_OAUTH_AUDIENCE: AUDIENCE,
  MCP_OAUTH_SCOPES: '',
  MCP_OAUTH_CLOCK_TOLERANCE_SECONDS: '0',
});

describe('the authorizer, for tokens of the OAuth proxy', () => {
  const proxySettings = parseConfig({
    MCP_AUTH: 'oauth',
    MCP_OAUTH_PROXY: 'on',
    MCP_OAUTH_ISSUER: 'https://provider.example',
    MCP_OAUTH_CLIENT_ID: 'client',
    MCP_SECRET: 'secret-of-the-test-0123456789-0123456789',
    MCP_TABLE: 'mcp-table',
  });
  const tokenFor = async (aud: string): Promise<string> => {
    const [key] = await createKeys(proxySettings)('access token');
    return new SignJWT({ aud, sub: 'alice', client_id: 'agent', scope: '' })
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
      .setExpirationTime('1m')
      .sign(key);
  };
  const request = (token: string) => ({
    type: 'REQUEST',
    methodArn: METHOD_ARN,
    path: '/mcp',
    headers: bearer(token),
    requestContext: { domainName: 'api.example', path: '/live/mcp' },
  });
  const effectOf = async (aud: string): Promise<string | undefined> => {
    const result = await createAuthorizer(proxySettings)(request(await tokenFor(aud)));
    return 'policyDocument' in result ? result.policyDocument.Statement[0].Effect : undefined;
  };

  test('expects the URL of the called path, with the domain name of the event, as the audience', async () => {
    expect(await effectOf('https://api.example/live/mcp')).toBe('Allow');
    expect(await effectOf('https://api.example/mcp')).toBe('Deny');
    expect(await effectOf('https://api.example/live/other')).toBe('Deny');
  });

  test('returns a result that the guard accepts for the called path only, even if it is cached', async () => {
    const token = await tokenFor('https://api.example/live/mcp');
    const { context } = await createAuthorizer(proxySettings)(request(token));
    const guard = createGuard({ ...proxySettings, MCP_AUTH: ['authorizer'] });
    const allowed = async (path: string): Promise<boolean> => {
      const called = new Request(`https://api.example${path}`, { method: 'POST' });
      const requestContext = { domainName: 'api.example', path: `/live${path}`, authorizer: context };
      return (await guard(called, endpointContext(called, { path, requestContext }))).allowed;
    };
    expect(await allowed('/mcp')).toBe(true);
    expect(await allowed('/other')).toBe(false);
  });
});

describe('the result of the authorizer', () => {
  const judge = (event: object, more: Record<string, string> = {}) =>
    createAuthorizer(parseConfig({ ...settings(), ...more }))(event);
  const rest = (headers: object) => ({ type: 'REQUEST', methodArn: METHOD_ARN, headers });

  test('is a simple response for payload format 2.0', async () => {
    const event = { version: '2.0', type: 'REQUEST', routeArn: METHOD_ARN };
    expect(await judge({ ...event, headers: bearer(TOKEN) })).toEqual({
      isAuthorized: true,
      context: {
        client_id: `token-${sha256(TOKEN).slice(0, 8)}`,
        scope: '',
        auth: 'token',
        tenant: tenantId('token', sha256(TOKEN)),
      },
    });
    expect(await judge({ ...event, headers: bearer('wrong') })).toEqual({ isAuthorized: false });
  });

  test.each<[string, (token: string) => object]>([
    ['REST API, REQUEST', token => rest({ Authorization: `Bearer ${token}` })],
    [
      'REST API, REQUEST, multi-value headers',
      token => ({ ...rest({}), multiValueHeaders: { authorization: [`Bearer ${token}`] } }),
    ],
    [
      'REST API, TOKEN',
      token => ({ type: 'TOKEN', methodArn: METHOD_ARN, authorizationToken: `Bearer ${token}` }),
    ],
    ['HTTP API, 1.0', token => ({ version: '1.0', ...rest({ authorization: `Bearer ${token}` }) })],
  ])('is a policy for the whole stage for %s', async (_format, event) => {
    const statement = {
      Action: 'execute-api:Invoke',
      Resource: 'arn:aws:execute-api:eu-west-1:123456789012:abc123/live/*',
    };
    const token = await issuer.token({ scope: 'a b' });
    expect(await judge(event(token))).toEqual({
      principalId: 'alice',
      policyDocument: { Version: '2012-10-17', Statement: [{ ...statement, Effect: 'Allow' }] },
      context: {
        client_id: 'agent',
        scope: 'a b',
        auth: 'oauth',
        sub: 'alice',
        tenant: tenantId(issuer.url, 'alice'),
        exp: expect.any(Number),
      },
    });
    expect(await judge(event('wrong'))).toEqual({
      principalId: 'anonymous',
      policyDocument: { Version: '2012-10-17', Statement: [{ ...statement, Effect: 'Deny' }] },
    });
  });

  test('denies an event that it cannot read, and one with two Authorization headers', async () => {
    for (const event of [
      {},
      null,
      'x',
      rest({ authorization: ['Bearer a', 'Bearer b'] }),
      {
        ...rest({ Authorization: `Bearer ${TOKEN}` }),
        multiValueHeaders: { authorization: ['Bearer other'] },
      },
      rest({ authorization: { toString: () => `Bearer ${TOKEN}` } }),
    ])
      expect(await judge(event as object)).toMatchObject({
        policyDocument: { Statement: [{ Effect: 'Deny' }] },
      });
  });

  test('denies a token without a scope of MCP_OAUTH_SCOPES', async () => {
    const event = rest(bearer(await issuer.token({ scope: 'read' })));
    const effect = async (scopes: string) =>
      (await judge(event, { MCP_OAUTH_SCOPES: scopes })) as {
        policyDocument: { Statement: [{ Effect: string }] };
      };
    expect((await effect('read')).policyDocument.Statement[0].Effect).toBe('Allow');
    expect((await effect('read write')).policyDocument.Statement[0].Effect).toBe('Deny');
  });

  test.each(['/other/mcp', '/live/other/mcp'])(
    'for the path %s, denies a token of another path',
    async path => {
      const env = { MCP_PUBLIC_URL: 'https://mcp.example/mcp', MCP_OAUTH_AUDIENCE: '' };
      const http = { version: '2.0', type: 'REQUEST', routeArn: METHOD_ARN, rawPath: path };
      const tokenFor = (called: string) => issuer.token({ aud: `https://mcp.example${called}` });
      const event = { ...http, headers: bearer(await tokenFor(path)) };
      expect(await judge(event, env)).toMatchObject({ isAuthorized: true });
      const ofFirst = { ...http, headers: bearer(await tokenFor('/mcp')) };
      expect(await judge(ofFirst, env)).toMatchObject({ isAuthorized: false });
    },
  );

  test('is an error, which API Gateway does not cache, while the issuer is unreachable', async () => {
    const gone = await startSigningIssuer(AUDIENCE);
    const event = rest(bearer(await gone.token()));
    gone.setDown(true);
    await expect(judge(event, { MCP_OAUTH_ISSUER: gone.url })).rejects.toThrow(
      /keys of the authorization server/,
    );
    await gone.close();
  });

  test.each([
    {},
    { MCP_AUTH: 'none' },
    { MCP_AUTH: 'iam' },
    { MCP_AUTH: 'authorizer' },
    { MCP_AUTH: 'token,iam', MCP_TOKEN_SHA256: sha256(TOKEN) },
  ])('does not exist with the settings %j: createAuthorizer throws', env => {
    expect(() => createAuthorizer(parseConfig(env))).toThrow(/supports MCP_AUTH=token, oauth or both/);
  });
});

describe('a cached result of the authorizer', () => {
  const event = (lambda: object) => ({ authorizer: { lambda } });

  test('expires with the token, however long API Gateway caches it', () => {
    const now = 1_000_000_000;
    const caller = (exp: number | string, clockToleranceSeconds = 0) =>
      authorizerCaller(event({ client_id: 'agent', exp }), { now, clockToleranceSeconds });
    expect(caller(now / 1000 + 1)).toMatchObject({ clientId: 'agent', expiresAt: now / 1000 + 1 });
    expect(caller(String(now / 1000 + 1))).toMatchObject({ clientId: 'agent' });
    expect(caller(now / 1000)).toBeUndefined();
    expect(caller(now / 1000 - 1, 5)).toMatchObject({ clientId: 'agent' });
    expect(caller('soon')).toBeUndefined();
  });
});

describe.each([
  { endpoint: 'http-api', handler: 'handler.buffered', path: '/mcp', refusals: [401, 403] },
  { endpoint: 'rest-api', handler: 'handler.stream', path: '/live/mcp', refusals: [401] },
])('the authorizer of endpoint $endpoint', ({ endpoint, handler, path, refusals }) => {
  let lambda: RunningLambda;
  beforeAll(async () => {
    const args = ['--endpoint', endpoint, '--authorizer', 'authorizer.request', '--authorizer-ttl', '300'];
    lambda = await startApp({ args, env: settings() }, handler);
  });
  afterAll(() => closeAll(lambda));

  async function ask(headers: Record<string, string>) {
    const response = await fetch(lambda.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...modernHeaders('tools/list'), ...headers },
      body: JSON.stringify(modernRequest('tools/list')),
    });
    return { status: response.status, text: await response.text() };
  }
  const TRACE = '0af7651916cd43dd8448eb211c80319c';

  /** Sends requests with a trace ID and expects that each is refused, and that the server has logged the next valid one only. */
  async function expectDenied(...requests: Record<string, string>[]): Promise<void> {
    const logged = (): number => lambda.output().match(/"type":"request"/g)?.length ?? 0;
    const before = logged();
    for (const headers of requests) {
      const { status } = await ask({ ...headers, traceparent: `00-${TRACE}-b7ad6b7169203331-01` });
      expect(refusals).toContain(status);
    }
    expect((await ask(bearer(TOKEN))).status).toBe(200);
    await expect.poll(logged).toBeGreaterThan(before);
    expect(lambda.output()).not.toContain(TRACE);
  }

  test('allows valid credentials, and the server logs the caller', async () => {
    expect((await ask(bearer(TOKEN))).status).toBe(200);
    await lambda.printed(new RegExp(`"caller":"token-${sha256(TOKEN).slice(0, 8)}","auth":"authorizer"`));
    const token = await issuer.token({ client_id: 'the-agent', sub: 'the-person' });
    expect((await ask(bearer(token))).status).toBe(200);
    await lambda.printed(/"caller":"the-agent","auth":"authorizer","subject":"the-person"/);
    for (const secret of [token, token.split('.')[2] ?? '', TOKEN, sha256(TOKEN)])
      expect(lambda.output()).not.toContain(secret);
  });

  test.each(ATTACKS)(
    'denies a request with %s, does not invoke the server, and allows the next valid request',
    async what => {
      const headers = (await attacks(issuer, { token: TOKEN, audience: AUDIENCE })[what]?.()) ?? {};
      await expectDenied(headers, headers);
    },
  );

  test('denies a request whose headers claim an identity', async () => {
    await expectDenied(
      { 'x-amzn-oidc-identity': 'admin' },
      { 'x-apigateway-event': '{}', 'x-apigateway-context': '{}' },
      {
        'x-forwarded-user': 'admin',
        'x-amzn-requestcontext': '{"authorizer":{"lambda":{"client_id":"admin"}}}',
      },
    );
  });

  test.each(Object.entries(CLIENTS))('lets the client %s list and call tools', async (_name, connect) => {
    const client = await connect(lambda.url + path.replace('/mcp', ''), { headers: bearer(TOKEN) });
    expect(await client.tools()).toHaveLength(2);
    expect((await client.call('lookup', { term: '' })).isError).toBe(true);
    await client.close();
    await expect(
      connect(lambda.url + path.replace('/mcp', ''), { headers: bearer('wrong') }),
    ).rejects.toThrow();
  });
});

test('a result of the authorizer for the token of one path, cached by API Gateway, does not allow another path', async () => {
  const env = { MCP_AUTH: 'oauth', MCP_OAUTH_ISSUER: issuer.url, MCP_PUBLIC_URL: AUDIENCE };
  const authorize = createAuthorizer(parseConfig(env));
  const headers = bearer(await issuer.token({ aud: AUDIENCE }));
  const { context } = (await authorize({
    type: 'REQUEST',
    methodArn: METHOD_ARN,
    path: '/mcp',
    headers,
  })) as {
    context: Record<string, unknown>;
  };
  expect(context.resource).toBe(AUDIENCE);
  const guard = createGuard(parseConfig({ ...env, MCP_AUTH: 'authorizer' }));
  const allowed = async (path: string) => {
    const request = new Request(`https://inside.example${path}`, { method: 'POST' });
    const endpoint = endpointContext(request, { path, requestContext: { path, authorizer: context } });
    return (await guard(request, withPublicUrl(endpoint, { path: '/mcp', url: AUDIENCE }))).allowed;
  };
  expect(await allowed('/mcp')).toBe(true);
  expect(await allowed('/weather')).toBe(false);
});
