/** The flow of the proxy without an attack: metadata, sign-in, consent, tokens, refresh, revocation. */
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ALICE, PROVIDER_CLIENT } from '../../../helpers/identity-provider.ts';
import {
  authorizationUrl,
  Browser,
  codeGrant,
  hiddenFields,
  ISSUER,
  type Lab,
  OTHER_RESOURCE,
  REDIRECT,
  RESOURCE,
  refreshGrant,
  startLab,
  type TestProxy,
} from './lab.ts';

let lab: Lab;
let proxy: TestProxy;
beforeAll(async () => {
  lab = await startLab();
  proxy = lab.proxy();
});
afterAll(() => lab.close());

describe('the metadata of the OAuth proxy', () => {
  const get = async (path: string): Promise<Response> => proxy.send(new Request(`${ISSUER}${path}`));

  test('has the fields that Claude and ChatGPT read, and URLs below the issuer', async () => {
    const response = await get('/.well-known/oauth-authorization-server');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(await response.json()).toMatchObject({
      issuer: ISSUER,
      authorization_endpoint: `${ISSUER}/authorize`,
      token_endpoint: `${ISSUER}/token`,
      revocation_endpoint: `${ISSUER}/revoke`,
      registration_endpoint: `${ISSUER}/register`,
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
      client_id_metadata_document_supported: true,
      authorization_response_iss_parameter_supported: true,
      scopes_supported: ['mcp'],
    });
  });

  test('is also at openid-configuration, with the fields that OpenID Connect requires', async () => {
    const document = (await (await get('/.well-known/openid-configuration')).json()) as { jwks_uri: string };
    expect(document).toMatchObject({ issuer: ISSUER, subject_types_supported: ['public'] });
    expect(await (await get(new URL(document.jwks_uri).pathname)).json()).toEqual({ keys: [] });
  });

  test('does not exist below paths other than the issuer’s', async () => {
    expect((await get('/.well-known/oauth-authorization-server/other')).status).toBe(404);
  });

  test('has no registration endpoint if registration is off, and the endpoint rejects requests', async () => {
    const closed = lab.proxy({ MCP_OAUTH_REGISTRATION: 'off' });
    const response = await closed.send(new Request(`${ISSUER}/.well-known/oauth-authorization-server`));
    expect(await response.json()).not.toHaveProperty('registration_endpoint');
    expect((await closed.register({ redirect_uris: [REDIRECT] })).status).toBe(400);
  });
});

test('a person signs in, consents, and the client gets tokens for one resource', async () => {
  const browser = new Browser(proxy);
  const page = await browser.open(authorizationUrl(lab.clientId));
  expect(page.status).toBe(200);
  for (const shown of [new URL(lab.clientId).host, 'Test client', REDIRECT, RESOURCE, ALICE.email])
    expect(page.text).toContain(shown);
  const end = new URL((await browser.decide(page, 'allow')).url);
  expect(`${end.origin}${end.pathname}`).toBe(REDIRECT);
  expect(end.searchParams.get('state')).toBe('state-of-the-client');
  expect(end.searchParams.get('iss')).toBe(ISSUER);
  const { status, body } = await proxy.post('/token', codeGrant(end.searchParams.get('code'), lab.clientId));
  expect([status, body.token_type, body.scope, body.expires_in]).toEqual([200, 'Bearer', 'mcp', 900]);
  expect(await proxy.accepts(body.access_token)).toBe(true);
  expect(await proxy.accepts(body.access_token, '/other/mcp')).toBe(false);
});

test('a request over http to a host other than localhost is rejected', async () => {
  const url = authorizationUrl(lab.clientId);
  const headers = { 'x-forwarded-proto': 'http' };
  const response = await proxy.send(new Request(url, { headers }));
  expect([response.status, await response.json()]).toEqual([
    400,
    { error: 'invalid_request', error_description: 'Use https.' },
  ]);
  expect((await proxy.send(new Request(url))).status).toBe(303);
});

test('without consent the client gets access_denied', async () => {
  const browser = new Browser(proxy);
  const end = await browser.decide(await browser.open(authorizationUrl(lab.clientId)), 'deny');
  expect(new URL(end.url).searchParams.get('error')).toBe('access_denied');
});

test('a client that names no resource gets a token for the first MCP server', async () => {
  const query = await new Browser(proxy).signIn(authorizationUrl(lab.clientId, { resource: undefined }));
  const { resource: _, ...grant } = codeGrant(query.get('code'), lab.clientId);
  const { body } = await proxy.post('/token', grant);
  expect(await proxy.accepts(body.access_token)).toBe(true);
});

test('a token for another resource is valid only for that resource', async () => {
  const query = await new Browser(proxy).signIn(authorizationUrl(lab.clientId, { resource: OTHER_RESOURCE }));
  const grant = codeGrant(query.get('code'), lab.clientId, { resource: OTHER_RESOURCE });
  const { body } = await proxy.post('/token', grant);
  expect(await proxy.accepts(body.access_token, '/other/mcp')).toBe(true);
  expect(await proxy.accepts(body.access_token)).toBe(false);
});

test('a registered client signs in with another loopback port than it registered', async () => {
  const registered = await proxy.register({
    client_name: 'Desktop',
    redirect_uris: ['http://127.0.0.1:1234/callback'],
    token_endpoint_auth_method: 'client_secret_post',
  });
  expect(registered.status).toBe(201);
  expect(registered.body).toMatchObject({ token_endpoint_auth_method: 'none' });
  expect(Object.keys(registered.body)).not.toContain('client_secret');
  const clientId = String(registered.body.client_id);
  const redirect = 'http://localhost:1/never';
  expect((await new Browser(proxy).open(authorizationUrl(clientId, { redirect_uri: redirect }))).status).toBe(
    400,
  );
  const browser = new Browser(proxy);
  const page = await browser.open(
    authorizationUrl(clientId, { redirect_uri: 'http://127.0.0.1:9/callback' }),
  );
  expect(page.text).toContain('not verified');
  expect(page.headers.get('content-security-policy')).toContain("form-action 'self' http://127.0.0.1:9");
  const code = new URL((await browser.decide(page, 'allow')).url).searchParams.get('code');
  const grant = codeGrant(code, clientId, { redirect_uri: 'http://127.0.0.1:9/callback' });
  const { body } = await proxy.post('/token', grant);
  expect(await proxy.accepts(body.access_token)).toBe(true);
  expect(decodeJwt(String(body.access_token)).client_id).toMatch(/^registered-[\w-]{16}$/);
});

test('the log has the person and client of each sign-in and the reason of each refusal, but no secret', async () => {
  const lines: string[] = [];
  for (const level of ['info', 'warn', 'error'] as const)
    vi.spyOn(console, level).mockImplementation((...parts) => void lines.push(parts.join(' ')));
  const log = (): Record<string, unknown>[] => lines.map(line => JSON.parse(line));
  try {
    const browser = new Browser(proxy);
    const page = await browser.open(authorizationUrl(lab.clientId));
    const end = new URL((await browser.decide(page, 'allow')).url);
    const grant = codeGrant(end.searchParams.get('code'), lab.clientId);
    const { body } = await proxy.post('/token', grant);
    const about = { client: lab.clientId, resource: RESOURCE, subject: 'alice' };
    expect(log()).toEqual([
      { type: 'sign_in', event: 'consented', redirect: REDIRECT, ...about },
      { type: 'sign_in', event: 'signed_in', ...about },
    ]);

    await proxy.post('/token', grant);
    await proxy.post('/token', refreshGrant(body.refresh_token, lab.clientId));
    const stricter = lab.proxy({ MCP_OAUTH_ALLOWED_SUBJECTS: 'bob' });
    await new Browser(stricter).signIn(authorizationUrl(lab.clientId));
    await new Browser(proxy).open(authorizationUrl(lab.clientId, { redirect_uri: 'https://evil.example/' }));
    expect(log().slice(2)).toMatchObject([
      { event: 'refused', endpoint: 'POST /token', reason: expect.stringContaining('used before') },
      { event: 'refused', endpoint: 'POST /token', reason: 'The refresh token is not valid.' },
      {
        event: 'refused',
        client: lab.clientId,
        reason: expect.stringMatching(/^alice may not sign in: .*ALLOWED_SUBJECTS/),
      },
      {
        event: 'refused',
        endpoint: 'GET /authorize',
        client: lab.clientId,
        reason: expect.stringContaining('redirect address'),
      },
    ]);
    const cookies = [...browser.cookies.values()].flatMap(jar => [...jar.values()].filter(Boolean));
    const { access_token, refresh_token } = body;
    const secrets = [grant.code, grant.code_verifier, access_token, refresh_token, PROVIDER_CLIENT.secret];
    for (const secret of [...cookies, ...secrets, ...Object.values(hiddenFields(page))])
      expect(lines.join('\n')).not.toContain(secret);
  } finally {
    vi.restoreAllMocks();
  }
});

test('the server’s own page is a client without registration, with only the addresses of the page as redirect addresses', async () => {
  const closed = lab.proxy({ MCP_OAUTH_REGISTRATION: 'off' });
  const id = `${ISSUER}/_page/client`;
  for (const redirect_uri of [RESOURCE, OTHER_RESOURCE, `${ISSUER}/`]) {
    const page = await new Browser(closed).open(authorizationUrl(id, { redirect_uri }));
    expect([page.status, page.text]).toEqual([200, expect.stringContaining(redirect_uri)]);
  }
  const query = await new Browser(closed).signIn(authorizationUrl(id, { redirect_uri: RESOURCE }));
  const grant = codeGrant(query.get('code'), id, { redirect_uri: RESOURCE });
  const { body } = await closed.post('/token', grant);
  expect(await closed.accepts(body.access_token)).toBe(true);
  expect((await closed.post('/token', refreshGrant(body.refresh_token, id))).status).toBe(200);

  const isRefused = async (url: string, env = {}): Promise<boolean> =>
    (await new Browser(lab.proxy(env)).open(url)).status === 400;
  for (const redirect_uri of [REDIRECT, `${ISSUER}/token`, `${RESOURCE}?x=1`, `${ISSUER}/x/../mcp`])
    expect(await isRefused(authorizationUrl(id, { redirect_uri })), redirect_uri).toBe(true);
  expect(await isRefused(authorizationUrl(id, { redirect_uri: RESOURCE }), { MCP_PAGE: 'off' })).toBe(true);
  const foreign = authorizationUrl('https://evil.example/_page/client', { redirect_uri: RESOURCE });
  expect(await isRefused(foreign)).toBe(true);
});

test('refresh tokens rotate, and the person is checked with the provider each time', async () => {
  const query = await new Browser(proxy).signIn(authorizationUrl(lab.clientId));
  const first = await proxy.post('/token', codeGrant(query.get('code'), lab.clientId));
  const asked = lab.provider.requests.filter(request => request === 'POST /token').length;
  const second = await proxy.post('/token', refreshGrant(first.body.refresh_token, lab.clientId));
  expect(second.status).toBe(200);
  expect(second.body.refresh_token).not.toBe(first.body.refresh_token);
  expect(lab.provider.requests.filter(request => request === 'POST /token')).toHaveLength(asked + 1);
  expect(await proxy.accepts(second.body.access_token)).toBe(true);
  const third = await proxy.post('/token', refreshGrant(second.body.refresh_token, lab.clientId));
  expect(third.status).toBe(200);
});

test('a revoked refresh token is invalid, and the revocation of an invalid token succeeds', async () => {
  const query = await new Browser(proxy).signIn(authorizationUrl(lab.clientId));
  const { body } = await proxy.post('/token', codeGrant(query.get('code'), lab.clientId));
  const token = String(body.refresh_token);
  expect((await proxy.post('/revoke', { token, client_id: lab.clientId })).status).toBe(200);
  expect((await proxy.post('/token', refreshGrant(token, lab.clientId))).body.error).toBe('invalid_grant');
  expect((await proxy.post('/revoke', { token, client_id: lab.clientId })).status).toBe(200);
  expect((await proxy.post('/revoke', { token: 'x', client_id: lab.clientId })).status).toBe(200);
});

test('a remembered consent counts for a request that the person opens, with the same client, resource and person', async () => {
  const browser = new Browser(proxy);
  const { body } = await proxy.register({ client_name: 'Desktop', redirect_uris: [REDIRECT] });
  const clientId = String(body.client_id);
  const url = authorizationUrl(clientId);
  const end = await browser.decide(await browser.open(url), 'allow', { remember: 'on' });
  expect(new URL(end.url).searchParams.has('code')).toBe(true);
  expect(new URL((await browser.open(url, 'none')).url).searchParams.has('code')).toBe(true);
  const other = authorizationUrl(clientId, { resource: OTHER_RESOURCE });
  expect((await browser.open(other, 'none')).text).toContain(OTHER_RESOURCE);
  lab.provider.person = { sub: 'bob' };
  browser.cookies.delete(new URL(lab.provider.issuer).host);
  expect((await browser.open(url, 'none')).text).toContain('bob');
  lab.provider.person = ALICE;
});
