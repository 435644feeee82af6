/**
 * The attack table: published advisories of other OAuth proxies, and other attacks. Each row is executed, and fails if the attack
 * succeeds. Rows begin with a valid request, so that a proxy that rejects everything fails too.
 */
import { createHmac } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { exportJWK, type GenerateKeyPairResult, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createPublicResolver } from '../../../../app/framework/oauth-proxy/public-address.ts';
import { loopbackAccess } from '../../../helpers/client-documents.ts';
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
  VERIFIER,
} from './lab.ts';

let lab: Lab;
let proxy: TestProxy;
beforeAll(async () => {
  lab = await startLab();
});
afterAll(() => lab.close());
beforeEach(() => {
  proxy = lab.proxy();
  lab.provider.person = ALICE;
  lab.provider.intercept = undefined;
});

async function newCode(clientId = lab.clientId, parameters: Record<string, string> = {}): Promise<string> {
  const query = await new Browser(proxy).signIn(authorizationUrl(clientId, parameters));
  const code = query.get('code');
  if (code === null) throw new Error(`No code: ${query}`);
  return code;
}

async function newTokens(): Promise<Record<string, unknown>> {
  const { status, body } = await proxy.post('/token', codeGrant(await newCode(), lab.clientId));
  expect(status).toBe(200);
  return body;
}

async function register(
  metadata: object = { client_name: 'Test client', redirect_uris: [REDIRECT] },
): Promise<string> {
  return String((await proxy.register(metadata)).body.client_id);
}

/** Returns whether the browser got an error page, without any redirect to a client. */
async function isStopped(url: string): Promise<boolean> {
  const browser = new Browser(proxy);
  const page = await browser.open(url);
  return page.status === 400 && browser.visited.length === 1;
}

async function tokenError(form: Record<string, string>): Promise<unknown> {
  const { body } = await proxy.post('/token', form);
  expect(body).not.toHaveProperty('access_token');
  return body.error;
}

/** Settings with a list of clients, with which errors of an authorization request are returned to the client. */
const TRUSTED = { MCP_OAUTH_ALLOWED_CLIENTS: 'client.example' };

type Rows = Record<string, () => Promise<void>>;
const run = (rows: Rows): void => {
  test.each(Object.entries(rows))('%s', (_name, attack) => attack());
};

describe('advisories against other proxies', () => {
  run({
    async 'CVE-2026-27124: a callback in another browser than the one that started the sign-in is rejected'() {
      const attacker = new Browser(proxy);
      const begun = await attacker.open(authorizationUrl(lab.clientId));
      expect(begun.status).toBe(200);
      const callback = attacker.visited.find(url => url.startsWith(`${ISSUER}/callback`));
      // The attacker sends the provider's URL to a victim without opening it.
      const another = new Browser(proxy);
      const second = await proxy.send(new Request(authorizationUrl(lab.clientId)));
      const page = await another.open(String(second.headers.get('location')));
      expect([page.status, page.text]).toEqual([400, expect.stringContaining('another browser')]);
      expect((await another.open(String(callback))).status).toBe(400);
    },
    async 'GHSA-6x8h-498w-gv8c: a remembered consent does not count for requests that another page or an old browser opens'() {
      const browser = new Browser(proxy);
      const url = authorizationUrl(await register());
      await browser.decide(await browser.open(url), 'allow', { remember: 'on' });
      for (const site of ['cross-site', 'same-site', 'same-origin', ''])
        expect((await browser.open(url, site)).text, site).toContain('<form');
      expect((await browser.open(url, 'none')).url).toContain('code=');
    },
    async 'GHSA-6x8h-498w-gv8c: the consent to a client with a metadata document, whose URL is public, is never remembered'() {
      const browser = new Browser(proxy);
      const url = authorizationUrl(lab.clientId);
      const page = await browser.open(url);
      expect(page.text).not.toContain('checkbox');
      await browser.decide(page, 'allow', { remember: 'on' });
      expect([...(browser.cookies.get('mcp.example')?.keys() ?? [])]).toEqual(['__Host-mcp-sign-in']);
      // Also not with the cookie of a registered client.
      const registered = authorizationUrl(await register());
      await browser.decide(await browser.open(registered), 'allow', { remember: 'on' });
      expect((await browser.open(registered, 'none')).url).toContain('code=');
      expect((await browser.open(url, 'none')).text).toContain('<form');
    },
    async 'CVE-2025-4143: /authorize rejects a redirect address that is not the client’s, before it shows a page'() {
      expect(
        await isStopped(authorizationUrl(lab.clientId, { redirect_uri: 'https://evil.example/callback' })),
      ).toBe(true);
      expect(await isStopped(authorizationUrl(lab.clientId, { redirect_uri: undefined }))).toBe(true);
    },
    async 'CVE-2025-4144: PKCE is required at /authorize and at /token'() {
      proxy = lab.proxy(TRUSTED);
      for (const parameters of [
        { code_challenge: undefined },
        { code_challenge: undefined, code_challenge_method: undefined },
        { code_challenge_method: 'plain' },
        { code_challenge_method: undefined },
      ]) {
        const page = await new Browser(proxy).open(authorizationUrl(lab.clientId, parameters));
        expect(new URL(page.url).searchParams.get('error')).toBe('invalid_request');
      }
      const { code_verifier: _, ...without } = codeGrant(await newCode(), lab.clientId);
      expect(await tokenError(without)).toBe('invalid_grant');
    },
    async 'punkpeye/fastmcp #262: a registration does not contain the issuer, client ID or secret of the provider'() {
      const { status, body } = await proxy.register({ redirect_uris: [REDIRECT] });
      expect(status).toBe(201);
      for (const secret of [PROVIDER_CLIENT.id, PROVIDER_CLIENT.secret, lab.provider.issuer])
        expect(JSON.stringify(body)).not.toContain(secret);
    },
    async 'punkpeye/fastmcp #201: redirect addresses have no default and no patterns'() {
      for (const redirect_uris of [undefined, [], ['*'], ['https://*'], 'https://a.example/', [7]])
        expect((await proxy.register({ redirect_uris })).body.error).toBe('invalid_redirect_uri');
      const id = await register({ redirect_uris: ['https://a.example/*'] });
      expect(await isStopped(authorizationUrl(id, { redirect_uri: 'https://a.example/b' }))).toBe(true);
    },
    async 'cloudflare/ai #51: a link to a client that registered itself leads to a consent page before a code is issued'() {
      const id = await register({ client_name: 'Claude', redirect_uris: ['https://evil.example/cb'] });
      const browser = new Browser(proxy);
      const page = await browser.open(authorizationUrl(id, { redirect_uri: 'https://evil.example/cb' }));
      expect([page.status, page.text]).toEqual([200, expect.stringContaining('Let evil.example use')]);
      expect(browser.visited.filter(url => url.startsWith('https://evil.example'))).toEqual([]);
    },
    async 'CVE-2026-45609: documents of clients are fetched from public addresses only'() {
      const internal = ['127.0.0.1', '10.1.2.3', '169.254.169.254', '192.168.0.1', '100.64.0.1', '0.0.0.0'];
      const mapped = [
        '::1',
        '::ffff:127.0.0.1',
        '::ffff:a9fe:a9fe',
        'fd00:ec2::254',
        'fe80::1',
        '64:ff9b::7f00:1',
        '2002:7f00:1::',
      ];
      const known = { address: '93.184.215.14', family: 4 };
      expect(await createPublicResolver(async () => [known])('client.example')).toEqual(known);
      for (const host of ['93.184.215.14', '[2606:2800:21f:cb07:6820:80da:af6b:8b2c]'])
        await expect(createPublicResolver(async () => [known])(host)).rejects.toThrow('not a domain name');
      for (const address of [...internal, ...mapped]) {
        const hidden = { address, family: address.includes(':') ? 6 : 4 };
        for (const addresses of [[hidden], [known, hidden]])
          await expect(
            createPublicResolver(async () => addresses)('client.example'),
            address,
          ).rejects.toThrow('not public');
      }
      // The documents of the tests are at 127.0.0.1, where a proxy without this check would fetch them.
      const resolve = createPublicResolver(async () => [{ address: '127.0.0.1', family: 4 }]);
      proxy = lab.proxy({}, { ...loopbackAccess, resolve });
      const before = lab.documents.requests.length;
      expect(await isStopped(authorizationUrl(lab.clientId))).toBe(true);
      expect(lab.documents.requests).toHaveLength(before);
    },
    async 'CVE-2026-45609: the proxy connects to the IP address that it checked, even if the name resolves to another one later (rebinding)'() {
      let resolved = 0;
      const resolve: typeof loopbackAccess.resolve = async hostname => {
        resolved += 1;
        if (resolved > 1) throw new Error(`${hostname} was resolved again`);
        return { address: '127.0.0.1', family: 4 };
      };
      proxy = lab.proxy({}, { ...loopbackAccess, resolve });
      expect((await new Browser(proxy).open(authorizationUrl(lab.clientId))).status).toBe(200);
      expect(resolved).toBe(1);
    },
    async 'CVE-2026-45609: keys of a client are fetched with the same checks as its document'() {
      const keys = await generateKeyPair('ES256');
      lab.documents.served.set('/keys.json', { keys: [await exportJWK(keys.publicKey)] });
      lab.documents.served.set('/moved-keys.json', (_request, response) => {
        response.writeHead(302, { location: '/keys.json' }).end();
      });
      const { port } = lab.documents;
      for (const [at, jwks_uri] of [
        `https://127.0.0.1:${port}/keys.json`,
        `https://internal.test:${port}/keys.json`,
        `${lab.documents.origin}/moved-keys.json`,
      ].entries()) {
        const client = await assertingClient({ path: `/ssrf-${at}.json`, jwks_uri, keys });
        const before = lab.documents.requests.filter(path => path === '/keys.json').length;
        expect(await tokenError(await client.grant()), jwks_uri).toBe('invalid_client');
        expect(lab.documents.requests.filter(path => path === '/keys.json')).toHaveLength(before);
      }
      const jwks_uri = `${lab.documents.origin}/keys.json`;
      const client = await assertingClient({ path: '/no-ssrf.json', jwks_uri, keys });
      expect((await proxy.post('/token', await client.grant())).status).toBe(200);
      const plain = lab.documents.publish('/http-keys.json', {
        redirect_uris: [REDIRECT],
        token_endpoint_auth_method: 'private_key_jwt',
        jwks_uri: `http://client.example:${port}/keys.json`,
      });
      expect(await isStopped(authorizationUrl(plain))).toBe(true);
    },
    async 'CVE-2026-45609: documents are not fetched from loopback addresses in the URL, in any notation, or after a redirect'() {
      const { port } = lab.documents;
      const hosts = [
        '127.0.0.1',
        '2130706433',
        '0x7f.1',
        '0177.0.0.1',
        '[::1]',
        '[::ffff:127.0.0.1]',
        'localhost',
      ];
      proxy = lab.proxy({}, { ...loopbackAccess, resolve: createPublicResolver() });
      for (const host of hosts)
        expect(await isStopped(authorizationUrl(`https://${host}:${port}/client.json`)), host).toBe(true);
      proxy = lab.proxy();
      lab.documents.served.set('/redirecting.json', (_request, response) => {
        response.writeHead(302, { location: `${lab.documents.origin}/target.json` }).end();
      });
      // The target contains the URL that redirects as its client_id, so the redirect is its only fault.
      const client_id = `${lab.documents.origin}/redirecting.json`;
      lab.documents.served.set('/target.json', { client_id, redirect_uris: [REDIRECT] });
      expect(await isStopped(authorizationUrl(client_id))).toBe(true);
      expect(lab.documents.requests).not.toContain('/target.json');
    },
    async 'FastMCP #4789: ChatGPT’s private_key_jwt is accepted only with exactly the advertised audiences'() {
      const client = await assertingClient();
      for (const aud of [ISSUER, `${ISSUER}/token`])
        expect((await proxy.post('/token', await client.grant({ aud }))).status).toBe(200);
      for (const aud of [`${ISSUER}/`, `${ISSUER}//token`, 'https://other.example'])
        expect(await tokenError(await client.grant({ aud }))).toBe('invalid_client');
    },
    async 'dinglebear-ai/unraid PR #14: two tabs of one sign-in have the same form, which works once'() {
      const browser = new Browser(proxy);
      const first = await browser.open(authorizationUrl(lab.clientId));
      const second = await browser.open(first.url);
      expect(hiddenFields(second)).toEqual(hiddenFields(first));
      expect((await browser.decide(first, 'allow')).url).toContain('code=');
      expect((await browser.decide(second, 'allow')).status).toBe(400);
    },
    async 'FastMCP #3100: the provider’s tokens are not returned to clients and not accepted by this server'() {
      let given = '';
      lab.provider.intercept = (request, response) => {
        if (request.url !== '/token') return false;
        const end = response.end.bind(response);
        response.end = ((body: unknown, ...rest: never[]) => {
          given = String(body);
          return end(body as never, ...rest);
        }) as typeof response.end;
        return false;
      };
      const own = JSON.stringify(await newTokens());
      const tokens = Object.values(JSON.parse(given) as Record<string, unknown>).filter(
        value => typeof value === 'string' && value.length > 20,
      );
      expect(tokens.length).toBeGreaterThanOrEqual(3);
      for (const token of tokens) {
        expect(own).not.toContain(token);
        expect(await proxy.accepts(token)).toBe(false);
      }
    },
    async 'CVE-2026-104850: credentials of this server go to the configured issuer’s metadata only'() {
      proxy = lab.proxy(TRUSTED);
      lab.provider.intercept = (request, response) => {
        if (!request.url?.startsWith('/.well-known/')) return false;
        const metadata = { issuer: 'https://evil.example', token_endpoint: `${lab.provider.issuer}/stolen` };
        response.end(JSON.stringify({ ...metadata, jwks_uri: `${lab.provider.issuer}/jwks` }));
        return true;
      };
      const page = await new Browser(proxy).open(authorizationUrl(lab.clientId));
      expect(new URL(page.url).searchParams.get('error')).toBe('temporarily_unavailable');
      expect(lab.provider.requests).not.toContain('POST /stolen');
    },
  });
});

describe('grants', () => {
  run({
    async 'names of JavaScript object properties are rejected as grant types'() {
      for (const grant_type of ['constructor', 'toString', 'valueOf', '__proto__', 'password'])
        expect(
          await proxy.post('/token', { ...codeGrant(await newCode(), lab.clientId), grant_type }),
        ).toEqual({
          status: 400,
          body: { error: 'unsupported_grant_type', error_description: expect.any(String) },
        });
    },
  });
});

describe('authorization codes', () => {
  run({
    async 'a code is valid once, and its replay revokes the tokens that were issued for it'() {
      const grant = codeGrant(await newCode(), lab.clientId);
      const { body } = await proxy.post('/token', grant);
      expect(await tokenError(grant)).toBe('invalid_grant');
      expect(await tokenError(refreshGrant(body.refresh_token, lab.clientId))).toBe('invalid_grant');
    },
    async 'a code that several execution environments read at the same time leads to tokens in one of them'() {
      const grant = codeGrant(await newCode(), lab.clientId);
      const environments = Array.from({ length: 8 }, () => lab.proxy());
      lab.database.holdWritesUntil(environments.length);
      const results = await Promise.all(environments.map(environment => environment.post('/token', grant)));
      expect(results.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(400)]);
    },
    async 'a stolen code is rejected without the verifier, and invalid afterwards'() {
      const code = await newCode();
      const stolen = codeGrant(code, lab.clientId, { code_verifier: VERIFIER.replace('v', 'w') });
      expect(await tokenError(stolen)).toBe('invalid_grant');
      expect(await tokenError(codeGrant(code, lab.clientId))).toBe('invalid_grant');
    },
    async 'a code of one client is not valid for another'() {
      const other = await register({ redirect_uris: [REDIRECT] });
      expect(await tokenError(codeGrant(await newCode(), other))).toBe('invalid_grant');
    },
    async 'a code is valid only for its redirect address and resource'() {
      const redirect_uri = 'https://client.example/other';
      expect(await tokenError(codeGrant(await newCode(), lab.clientId, { redirect_uri }))).toBe(
        'invalid_grant',
      );
      const resource = OTHER_RESOURCE;
      expect(await tokenError(codeGrant(await newCode(), lab.clientId, { resource }))).toBe('invalid_target');
    },
    async 'a code expires after a minute'() {
      const code = await newCode();
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
      try {
        expect(await tokenError(codeGrant(code, lab.clientId))).toBe('invalid_grant');
      } finally {
        vi.useRealTimers();
      }
    },
    async 'an invented code is not valid'() {
      expect(await tokenError(codeGrant('x'.repeat(43), lab.clientId))).toBe('invalid_grant');
    },
  });
});

describe('refresh tokens', () => {
  run({
    async 'the reuse of an old refresh token revokes all tokens of its sign-in'() {
      const { refresh_token: first } = await newTokens();
      const { body } = await proxy.post('/token', refreshGrant(first, lab.clientId));
      expect(await tokenError(refreshGrant(first, lab.clientId))).toBe('invalid_grant');
      expect(await tokenError(refreshGrant(body.refresh_token, lab.clientId))).toBe('invalid_grant');
    },
    async 'a refresh token that several execution environments read at the same time leads to tokens in one of them'() {
      const { refresh_token: token } = await newTokens();
      const environments = Array.from({ length: 8 }, () => lab.proxy());
      const asked = lab.provider.requests.filter(request => request === 'POST /token').length;
      lab.database.holdWritesUntil(environments.length);
      const results = await Promise.all(
        environments.map(environment => environment.post('/token', refreshGrant(token, lab.clientId))),
      );
      expect(results.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(503)]);
      // A provider that rotates its refresh tokens must get the old one only once.
      expect(lab.provider.requests.filter(request => request === 'POST /token')).toHaveLength(asked + 1);
    },
    async 'a refresh token is not valid for another client or resource'() {
      const { refresh_token: token } = await newTokens();
      const other = await register({ redirect_uris: [REDIRECT] });
      expect(await tokenError(refreshGrant(token, other))).toBe('invalid_grant');
      expect(await tokenError(refreshGrant(token, lab.clientId, { resource: OTHER_RESOURCE }))).toBe(
        'invalid_target',
      );
      expect((await proxy.post('/token', refreshGrant(token, lab.clientId))).status).toBe(200);
    },
    async 'a client cannot revoke the sign-in of another'() {
      const { refresh_token: token } = await newTokens();
      const other = await register({ redirect_uris: [REDIRECT] });
      const { status } = await proxy.post('/revoke', { token: String(token), client_id: other });
      expect(status).toBe(400);
      expect((await proxy.post('/token', refreshGrant(token, lab.clientId))).status).toBe(200);
    },
    async 'a person is signed out when the provider no longer accepts their refresh token'() {
      const { refresh_token: token } = await newTokens();
      respondToTokens(400, { error: 'invalid_grant' });
      expect(await tokenError(refreshGrant(token, lab.clientId))).toBe('invalid_grant');
      lab.provider.intercept = undefined;
      expect(await tokenError(refreshGrant(token, lab.clientId))).toBe('invalid_grant');
    },
    async 'an ID token of another person in a refresh is rejected, and signs the person out'() {
      const { refresh_token: token } = await newTokens();
      const keys = await generateKeyPair('RS256');
      const jwks = { keys: [{ ...(await exportJWK(keys.publicKey)), alg: 'RS256', use: 'sig' }] };
      const idToken = (sub: string): Promise<string> =>
        new SignJWT({ sub })
          .setProtectedHeader({ alg: 'RS256' })
          .setIssuer(lab.provider.issuer)
          .setAudience(PROVIDER_CLIENT.id)
          .setIssuedAt()
          .setExpirationTime('1 minute')
          .sign(keys.privateKey);
      const [alice, mallory] = await Promise.all([idToken('alice'), idToken('mallory')]);
      let id_token = alice;
      lab.provider.intercept = (request, response) => {
        const body = request.url === '/jwks' ? jwks : request.url === '/token' ? { id_token } : undefined;
        if (body) response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
        return body !== undefined;
      };
      // Another execution environment, which has not fetched the provider's keys.
      proxy = lab.proxy();
      const { body } = await proxy.post('/token', refreshGrant(token, lab.clientId));
      expect(body).toHaveProperty('access_token');
      id_token = mallory;
      expect(await tokenError(refreshGrant(body.refresh_token, lab.clientId))).toBe('invalid_grant');
      id_token = alice;
      expect(await tokenError(refreshGrant(body.refresh_token, lab.clientId))).toBe('invalid_grant');
    },
    async 'an error of the provider does not sign the person out, and no token is returned'() {
      const { refresh_token: token } = await newTokens();
      respondToTokens(500, {});
      expect(await tokenError(refreshGrant(token, lab.clientId))).toBe('temporarily_unavailable');
      lab.provider.intercept = undefined;
      expect((await proxy.post('/token', refreshGrant(token, lab.clientId))).status).toBe(200);
    },
    async 'a client that was removed from the list gets no more tokens'() {
      const { refresh_token: token } = await newTokens();
      const stricter = lab.proxy({ MCP_OAUTH_ALLOWED_CLIENTS: 'claude.ai' });
      expect((await stricter.post('/token', refreshGrant(token, lab.clientId))).body.error).toBe(
        'invalid_grant',
      );
      expect(await tokenError(refreshGrant(token, lab.clientId))).toBe('invalid_grant');
    },
    async 'a person is signed out after removal from the list'() {
      const { refresh_token: token } = await newTokens();
      const stricter = lab.proxy({ MCP_OAUTH_ALLOWED_SUBJECTS: 'bob' });
      const { body } = await stricter.post('/token', refreshGrant(token, lab.clientId));
      expect(body.error).toBe('invalid_grant');
      expect(await tokenError(refreshGrant(token, lab.clientId))).toBe('invalid_grant');
    },
  });
});

/** Makes the provider's token endpoint return this response. */
function respondToTokens(status: number, body: object): void {
  lab.provider.intercept = (request, response) => {
    if (request.url !== '/token') return false;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    return true;
  };
}

describe('redirect addresses', () => {
  test('get no error redirect before a sign-in, which would be an open redirect', async () => {
    for (const parameters of [
      { response_type: 'nope' },
      { code_challenge: undefined },
      { resource: 'https://x.example' },
    ])
      expect(await isStopped(authorizationUrl(lab.clientId, parameters))).toBe(true);
  });

  test.each([
    'https://client.example/callback/',
    'https://client.example/CALLBACK',
    'https://CLIENT.example/callback',
    'HTTPS://client.example/callback',
    'https://client.example:443/callback',
    'https://client.example:8443/callback',
    'http://client.example/callback',
    'https://client.example/callback?next=https://evil.example',
    'https://client.example/callback#x',
    'https://client.example/x/../callback',
    'https://client.example/%63allback',
    'https://user@client.example/callback',
    'https://client.example@evil.example/callback',
    'https://client.example.evil.example/callback',
    'https://client.example\\@evil.example/callback',
    '//client.example/callback',
    'javascript:alert(1)',
  ])('do not match the registered %s', async redirect_uri => {
    expect(await isStopped(authorizationUrl(lab.clientId, { redirect_uri }))).toBe(true);
  });

  test.each([
    'http://127.0.0.1:1/other',
    'http://127.0.0.1.evil.example/cb',
    'http://127.0.0.1:1@evil.example/cb',
    'http://127.0.0.1:99999/cb',
    'http://localhost:1/cb',
    'https://127.0.0.1:1/cb',
    'http://127.1/cb',
  ])('do not match a registered loopback address: %s', async redirect_uri => {
    const id = await register({ redirect_uris: ['http://127.0.0.1/cb'] });
    expect(
      (await new Browser(proxy).open(authorizationUrl(id, { redirect_uri: 'http://127.0.0.1:1/cb' }))).status,
    ).toBe(200);
    expect(await isStopped(authorizationUrl(id, { redirect_uri }))).toBe(true);
  });

  test.each([
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'http://evil.example/cb',
    'https://user:password@a.example/cb',
    'https://a.example/cb#fragment',
    'https://a.example/ cb',
    'https://a.example/cb"onload=',
    'https://*.example/cb',
    'https://evil.example;sandbox/cb',
    'https://evil.example,sandbox/cb',
    "https://evil.example'/cb",
    '/relative',
  ])('cannot be registered: %s', async uri => {
    const { body } = await proxy.register({ redirect_uris: [REDIRECT, uri] });
    expect(body.error).toBe('invalid_redirect_uri');
  });
});

describe('consent', () => {
  const open = async (browser: Browser) => browser.open(authorizationUrl(lab.clientId));

  run({
    async 'a consent form of another page is rejected (CSRF)'() {
      const browser = new Browser(proxy);
      const page = await open(browser);
      const body = () => new URLSearchParams({ ...hiddenFields(page), decision: 'allow' });
      for (const [site, origin] of [
        ['cross-site', 'https://evil.example'],
        ['', 'https://evil.example'],
        ['', 'null'],
        ['same-site', ISSUER],
      ] as const) {
        const init = { method: 'POST', body: body(), headers: { origin } };
        expect((await browser.open(`${ISSUER}/consent`, site, init)).status, `${site} ${origin}`).toBe(400);
      }
      expect((await browser.decide(page, 'allow')).url).toContain('code=');
    },
    async 'a consent form without the CSRF token, or with the token of another sign-in, is rejected'() {
      const browser = new Browser(proxy);
      const page = await open(browser);
      const { csrf = '' } = hiddenFields(await open(browser));
      for (const forged of ['', csrf, 'x'])
        expect((await browser.decide(page, 'allow', { csrf: forged })).status).toBe(400);
    },
    async 'a consent form in another browser is rejected, even with that browser’s own cookie'() {
      const page = await open(new Browser(proxy));
      const other = new Browser(proxy);
      expect((await other.decide(page, 'allow')).status).toBe(400);
      await open(other);
      expect((await other.decide(page, 'allow')).status).toBe(400);
    },
    async 'the consent page cannot be framed, runs no script and loads no resource (clickjacking)'() {
      const { headers, text } = await open(new Browser(proxy));
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/script-src|unsafe/);
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(text).not.toContain('<script');
    },
    async 'markup and direction marks in a client’s name are shown as text'() {
      const client_name = '<script>alert(1)</script>\u202Egnihsihp\n"><img src=x>';
      const id = lab.documents.publish('/markup.json', { client_name, redirect_uris: [REDIRECT] });
      const { text } = await new Browser(proxy).open(authorizationUrl(id));
      expect(text).toContain('&lt;script&gt;');
      expect(text).not.toMatch(/<script|<img|\u202E/);
    },
    async 'a remembered consent is valid for one person, client and redirect address, and cannot be forged'() {
      const browser = new Browser(proxy);
      const url = authorizationUrl(await register());
      await browser.decide(await browser.open(url), 'allow', { remember: 'on' });
      const cookies = browser.cookies.get('mcp.example');
      const [name = '', value = ''] = [...(cookies ?? [])].find(([key]) => key.includes('consent')) ?? [];
      expect(name).toMatch(/^__Host-mcp-consent-/);
      const key = 'a-secret-for-tests-0123456789-0123456789';
      const [header, payload] = value.split('.');
      const forged = createHmac('sha256', key).update(`${header}.${payload}`).digest('base64url');
      for (const cookie of [`${header}.${payload}.${forged}`, 'x', new UnsecuredJWT({}).encode()]) {
        cookies?.set(name, cookie);
        expect((await browser.open(url, 'none')).text).toContain('<form');
      }
      cookies?.set(name, value);
      expect((await browser.open(url, 'none')).url).toContain('code=');
      const other = await register({ client_name: 'Test client', redirect_uris: [REDIRECT] });
      expect((await browser.open(authorizationUrl(other), 'none')).text).toContain('<form');
    },
    async 'remembered consents use at most 11 cookies (FastMCP #3747)'() {
      const browser = new Browser(proxy);
      const urls: string[] = [];
      for (let at = 0; at < 13; at += 1) {
        urls.push(authorizationUrl(await register()));
        await browser.decide(await browser.open(String(urls.at(-1))), 'allow', { remember: 'on' });
        const cookies = [...(browser.cookies.get('mcp.example') ?? [])].filter(([, value]) => value !== '');
        expect(cookies.filter(([name]) => name.includes('consent')).length).toBeLessThanOrEqual(11);
      }
      expect((await browser.open(String(urls.at(-1)), 'none')).url).toContain('code=');
    },
    async 'a change of the client’s metadata does not affect an open consent page, and applies to the next request'() {
      const metadata = { client_name: 'Changing', redirect_uris: [REDIRECT] };
      const id = lab.documents.publish('/changing.json', metadata);
      const browser = new Browser(proxy);
      const page = await browser.open(authorizationUrl(id));
      const moved = 'https://evil.example/moved';
      lab.documents.publish('/changing.json', { client_name: 'Other', redirect_uris: [moved] });
      const later = lab.proxy(); // Another execution environment, without the cached document.
      const onLater = new Browser(later);
      onLater.cookies.set('mcp.example', browser.cookies.get('mcp.example') ?? new Map());
      // The redirect address on the page counts, not the one in the changed document.
      const end = new URL((await onLater.decide(page, 'allow')).url);
      expect(`${end.origin}${end.pathname}`).toBe(REDIRECT);
      expect(end.searchParams.has('code')).toBe(true);
      proxy = later;
      expect(await isStopped(authorizationUrl(id))).toBe(true);
      const asked = await onLater.open(authorizationUrl(id, { redirect_uri: moved }), 'none');
      expect([asked.status, asked.text]).toEqual([200, expect.stringContaining(moved)]);
    },
  });
});

describe('the sign-in at the provider', () => {
  const callbackOf = async (browser: Browser, change: (url: URL) => void) => {
    const begun = await proxy.send(new Request(authorizationUrl(lab.clientId)));
    const state = new URL(String(begun.headers.get('location'))).searchParams.get('state') ?? '';
    const [, cookie = ''] = /=([^;]+)/.exec(begun.headers.getSetCookie()[0] ?? '') ?? [];
    browser.cookies.set('mcp.example', new Map([['__Host-mcp-sign-in', cookie]]));
    const url = new URL(`${ISSUER}/callback?code=injected&state=${state}`);
    change(url);
    return browser.open(url.href);
  };

  run({
    async 'a missing or unknown state is rejected (state fixation)'() {
      const browser = new Browser(proxy);
      for (const state of ['x', 'x'.repeat(43), ''])
        expect((await callbackOf(browser, url => url.searchParams.set('state', state))).status).toBe(400);
    },
    async 'an injected code of the provider is rejected'() {
      const page = await callbackOf(new Browser(proxy), () => undefined);
      expect(new URL(page.url).searchParams.get('error')).toBe('access_denied');
    },
    async 'a response with another issuer is rejected (mix-up)'() {
      const exchanges = (): number =>
        lab.provider.requests.filter(request => request === 'POST /token').length;
      const before = exchanges();
      const page = await callbackOf(new Browser(proxy), url =>
        url.searchParams.set('iss', 'https://evil.example'),
      );
      expect(new URL(page.url).searchParams.get('error')).toBe('access_denied');
      expect(exchanges()).toBe(before);
    },
    async 'a callback is valid once'() {
      const browser = new Browser(proxy);
      await browser.open(authorizationUrl(lab.clientId));
      const callback = browser.visited.find(url => url.startsWith(`${ISSUER}/callback`)) ?? '';
      expect((await browser.open(callback)).status).toBe(400);
    },
    async 'a callback that two execution environments get at the same time exchanges the code of the provider once'() {
      const send: TestProxy['send'] = async request =>
        request.url.startsWith(`${ISSUER}/callback`) ? new Response() : proxy.send(request);
      const browser = new Browser({ ...proxy, send });
      const { url } = await browser.open(authorizationUrl(lab.clientId));
      const cookie = [...(browser.cookies.get('mcp.example') ?? [])].map(pair => pair.join('=')).join('; ');
      const exchanges = () => lab.provider.requests.filter(request => request === 'POST /token').length;
      const before = exchanges();
      const environments = [lab.proxy(), lab.proxy()];
      lab.database.holdWritesUntil(environments.length);
      const responses = await Promise.all(
        environments.map(environment => environment.send(new Request(url, { headers: { cookie } }))),
      );
      expect(responses.map(({ status }) => status).sort()).toEqual([303, 400]);
      expect(exchanges()).toBe(before + 1);
    },
    async 'an error of the provider is returned to the client as access_denied'() {
      lab.provider.person = undefined;
      const query = await new Browser(proxy).signIn(authorizationUrl(lab.clientId));
      expect([query.get('error'), query.get('iss'), query.get('code')]).toEqual([
        'access_denied',
        ISSUER,
        null,
      ]);
    },
    async 'duplicate parameters are rejected'() {
      expect(await isStopped(`${authorizationUrl(lab.clientId)}&redirect_uri=https://evil.example/`)).toBe(
        true,
      );
      expect(await isStopped(`${authorizationUrl(lab.clientId)}&state=2`)).toBe(true);
    },
    async 'the Host header and forwarded hosts do not change the URLs of the proxy'() {
      const headers = {
        host: 'evil.example',
        'x-forwarded-host': 'evil.example',
        forwarded: 'host=evil.example',
      };
      const response = await proxy.send(new Request(authorizationUrl(lab.clientId), { headers }));
      const to = new URL(String(response.headers.get('location')));
      expect(to.searchParams.get('redirect_uri')).toBe(`${ISSUER}/callback`);
    },
    async 'a cookie is bound to this host, and cannot be read by scripts'() {
      const response = await proxy.send(new Request(authorizationUrl(lab.clientId)));
      const [cookie] = response.headers.getSetCookie();
      expect(cookie).toMatch(/^__Host-mcp-sign-in=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
    },
  });

  test.each<[string, Record<string, unknown>, ('wrong key' | 'none' | 'at+jwt')?]>([
    ['another issuer', { iss: 'https://evil.example' }],
    ['another audience', { aud: 'other' }],
    ['no audience', { aud: undefined }],
    ['several audiences and no azp', { aud: [PROVIDER_CLIENT.id, 'other'] }],
    ['another azp', { azp: 'other' }],
    ['another nonce', { nonce: 'other' }],
    ['no nonce', { nonce: undefined }],
    ['no subject', { sub: undefined }],
    ['an empty subject', { sub: '' }],
    ['a number for a subject', { sub: 7 }],
    ['a subject of 256 characters', { sub: 'x'.repeat(256) }],
    ['an exp in the past', { exp: 1 }],
    ['the token_use of an access token', { token_use: 'access' }],
    ['a signature of another key', {}, 'wrong key'],
    ['no signature', {}, 'none'],
    ['the type of an access token', {}, 'at+jwt'],
  ])('an ID token with %s is rejected', async (_name, claims, signature) => {
    const keys = await generateKeyPair('RS256');
    const wrong = await generateKeyPair('RS256');
    const jwks = { keys: [{ ...(await exportJWK(keys.publicKey)), alg: 'RS256', use: 'sig' }] };
    let nonce = '';
    let change: Record<string, unknown> = claims;
    lab.provider.intercept = (request, response) => {
      const url = new URL(request.url ?? '', lab.provider.issuer);
      nonce = url.searchParams.get('nonce') ?? nonce;
      const reply = (body: object): boolean => {
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
        return true;
      };
      if (url.pathname === '/jwks') return reply(jwks);
      if (url.pathname !== '/token') return false;
      const now = Math.floor(Date.now() / 1000);
      const payload = {
        iss: lab.provider.issuer,
        aud: PROVIDER_CLIENT.id,
        sub: 'mallory',
        nonce,
        iat: now,
        exp: now + 60,
        ...change,
      };
      const signed =
        signature === 'none' && change === claims
          ? Promise.resolve(new UnsecuredJWT(payload).encode())
          : new SignJWT(payload)
              .setProtectedHeader({
                alg: 'RS256',
                ...(signature === 'at+jwt' && change === claims && { typ: 'at+jwt' }),
              })
              .sign(signature === 'wrong key' && change === claims ? wrong.privateKey : keys.privateKey);
      void signed.then(id_token => reply({ id_token, access_token: 'x', token_type: 'Bearer' }));
      return true;
    };
    proxy = lab.proxy();
    const query = await new Browser(proxy).signIn(authorizationUrl(lab.clientId));
    expect([query.get('error'), query.get('code')]).toEqual(['access_denied', null]);
    change = {}; // The same token without the change is accepted.
    expect((await new Browser(proxy).signIn(authorizationUrl(lab.clientId))).has('code')).toBe(true);
  });

  test.each<[string, string, (response: ServerResponse) => void]>([
    ['whose token endpoint hangs', '/token', () => undefined],
    [
      'whose token endpoint never ends',
      '/token',
      response => void response.writeHead(200, { 'content-type': 'application/json' }).write('{"id_token":'),
    ],
    ['whose token endpoint returns a page', '/token', response => void response.end('<html>')],
    ['whose token endpoint returns a list', '/token', response => void response.writeHead(500).end('[]')],
    [
      'whose token endpoint redirects',
      '/token',
      response => void response.writeHead(307, { location: '/stolen' }).end(),
    ],
    ['whose keys hang', '/jwks', () => undefined],
    ['whose keys are a page', '/jwks', response => void response.end('<html>')],
  ])('a provider %s fails the sign-in within a few seconds', async (_what, path, respond) => {
    lab.provider.intercept = (request, response) => {
      if (request.url !== path) return false;
      respond(response);
      return true;
    };
    const query = await new Browser(proxy).signIn(authorizationUrl(lab.clientId));
    expect([query.get('error'), query.get('code')]).toEqual(['temporarily_unavailable', null]);
    expect(lab.provider.requests.filter(request => request.includes('stolen'))).toEqual([]);
  });

  test('a person in thousands of groups can sign in', async () => {
    const groups = Array.from({ length: 10_000 }, (_, at) => `group-with-a-long-name-like-an-id-${at}`);
    lab.provider.person = { ...ALICE, groups: [...groups, 'staff'] };
    proxy = lab.proxy({ MCP_OAUTH_ALLOWED_GROUPS: 'admins,staff' });
    expect((await new Browser(proxy).signIn(authorizationUrl(lab.clientId))).has('code')).toBe(true);
  });
});

describe('the lists of people and clients', () => {
  test.each<[string, Record<string, string>, object, boolean]>([
    ['a subject on the list', { MCP_OAUTH_ALLOWED_SUBJECTS: 'alice,carol' }, ALICE, true],
    ['a subject that is not on the list', { MCP_OAUTH_ALLOWED_SUBJECTS: 'carol' }, ALICE, false],
    ['a domain on the list', { MCP_OAUTH_ALLOWED_DOMAINS: 'Example.com' }, ALICE, true],
    [
      'a domain with the same ending as one on the list',
      { MCP_OAUTH_ALLOWED_DOMAINS: 'ample.com' },
      ALICE,
      false,
    ],
    [
      'an e-mail address that is not verified',
      { MCP_OAUTH_ALLOWED_DOMAINS: 'example.com' },
      { ...ALICE, email_verified: false },
      false,
    ],
    ['a group on the list', { MCP_OAUTH_ALLOWED_GROUPS: 'admins,staff' }, ALICE, true],
    [
      'a person without groups',
      { MCP_OAUTH_ALLOWED_GROUPS: 'staff' },
      { ...ALICE, groups: undefined },
      false,
    ],
    [
      'a person on one of two lists',
      { MCP_OAUTH_ALLOWED_GROUPS: 'staff', MCP_OAUTH_ALLOWED_SUBJECTS: 'bob' },
      ALICE,
      false,
    ],
    ['a client on the list', { MCP_OAUTH_ALLOWED_CLIENTS: 'client.example' }, ALICE, true],
    ['a client that is not on the list', { MCP_OAUTH_ALLOWED_CLIENTS: 'claude.ai' }, ALICE, false],
  ])('are checked in a sign-in: %s', async (_name, env, person, allowed) => {
    lab.provider.person = person as typeof ALICE;
    const query = await new Browser(lab.proxy(env)).signIn(authorizationUrl(lab.clientId));
    expect(query.has('code')).toBe(allowed);
  });
});

describe('the metadata document of a client', () => {
  test.each<[string, object]>([
    ['names another client_id', { client_id: 'https://client.example/other.json' }],
    ['has a client secret', { client_secret: 'x' }],
    ['requires another authentication method', { token_endpoint_auth_method: 'client_secret_basic' }],
    ['has no keys for private_key_jwt', { token_endpoint_auth_method: 'private_key_jwt' }],
    ['has no redirect addresses', { redirect_uris: [] }],
    ['has a redirect address with a script', { redirect_uris: [REDIRECT, 'javascript:alert(1)'] }],
    ['is larger than 5 kB', { padding: 'x'.repeat(5 * 1024) }],
  ])('is rejected if it %s', async (_name, document) => {
    const id = lab.documents.publish('/bad.json', { redirect_uris: [REDIRECT], ...document });
    expect(await isStopped(authorizationUrl(id))).toBe(true);
  });

  test.each([
    (origin: string) => `${origin}/client.json#fragment`,
    (origin: string) => `${origin}/x/../client.json`,
    (origin: string) => origin,
    (origin: string) => origin.replace('https://', 'https://user@').concat('/client.json'),
    (origin: string) => origin.replace('https:', 'http:').concat('/client.json'),
    (origin: string) => origin.replace('client', 'CLIENT').concat('/client.json'),
  ])('is not fetched for a malformed client_id (case %#)', async make => {
    const before = lab.documents.requests.length;
    expect(await isStopped(authorizationUrl(make(lab.documents.origin)))).toBe(true);
    expect(lab.documents.requests).toHaveLength(before);
  });

  run({
    async 'is rejected if its server does not respond, sends invalid data, or has an untrusted certificate'() {
      proxy = lab.proxy({}, { ...loopbackAccess, timeoutMs: 300 });
      lab.documents.served.set('/hanging.json', () => undefined);
      const document = { client_id: `${lab.documents.origin}/html.json`, redirect_uris: [REDIRECT] };
      lab.documents.served.set('/html.json', (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/html' }).end(JSON.stringify(document));
      });
      lab.documents.served.set('/broken.json', (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end('{');
      });
      for (const path of ['/hanging.json', '/html.json', '/broken.json'])
        expect(await isStopped(authorizationUrl(`${lab.documents.origin}${path}`)), path).toBe(true);
      const stranger = `https://stranger.example:${lab.documents.port}/client.json`;
      expect(await isStopped(authorizationUrl(stranger))).toBe(true);
      const { ca: _, ...unknownAuthority } = loopbackAccess;
      proxy = lab.proxy({}, unknownAuthority);
      expect(await isStopped(authorizationUrl(lab.clientId))).toBe(true);
    },
    async 'is fetched once for several requests, even if fetching fails'() {
      const id = lab.documents.publish('/counted.json', { redirect_uris: [REDIRECT] });
      const missing = `${lab.documents.origin}/missing.json`;
      for (let at = 0; at < 5; at += 1) {
        await new Browser(proxy).open(authorizationUrl(id));
        await isStopped(authorizationUrl(missing));
      }
      const fetched = lab.documents.requests.filter(path => /counted|missing/.test(path)).sort();
      expect(fetched).toEqual(['/counted.json', '/missing.json']);
    },
    async 'leads to an error page without the reason if it cannot be fetched'() {
      const { text } = await new Browser(proxy).open(authorizationUrl('https://unknown.test/client.json'));
      expect(text).not.toMatch(/unknown\.test|not known|ECONN/);
    },
  });
});

/** Creates a client with private_key_jwt, like ChatGPT. Its keys are at `jwks_uri`, or are published. */
async function assertingClient(given?: { path: string; jwks_uri: string; keys: GenerateKeyPairResult }) {
  const keys = given?.keys ?? (await generateKeyPair('ES256'));
  if (!given) {
    const published = { ...(await exportJWK(keys.publicKey)), alg: 'ES256' };
    lab.documents.served.set('/jwks.json', { keys: [published] });
  }
  const id = lab.documents.publish(given?.path ?? '/asserting.json', {
    redirect_uris: [REDIRECT],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks_uri: given?.jwks_uri ?? `${lab.documents.origin}/jwks.json`,
  });
  const assertion = (claims: Record<string, unknown> = {}, key = keys.privateKey): Promise<string> =>
    new SignJWT({
      iss: id,
      sub: id,
      aud: ISSUER,
      jti: crypto.randomUUID(),
      exp: Date.now() / 1000 + 60,
      ...claims,
    })
      .setProtectedHeader({ alg: 'ES256' })
      .sign(key);
  const withAssertion = async (client_assertion: string): Promise<Record<string, string>> =>
    codeGrant(await newCode(id), id, {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion,
    });
  return {
    id,
    assertion,
    withAssertion,
    grant: async (claims = {}) => withAssertion(await assertion(claims)),
  };
}

describe('client assertions', () => {
  run({
    async 'a client with keys is rejected without an assertion, and with an assertion of another key'() {
      const client = await assertingClient();
      expect(await tokenError(codeGrant(await newCode(client.id), client.id))).toBe('invalid_client');
      const { privateKey } = await generateKeyPair('ES256');
      expect(await tokenError(await client.withAssertion(await client.assertion({}, privateKey)))).toBe(
        'invalid_client',
      );
      for (const claims of [
        { sub: 'other' },
        { iss: 'other' },
        { exp: 1 },
        { exp: Date.now() / 1000 + 7200 },
      ])
        expect(await tokenError(await client.grant(claims))).toBe('invalid_client');
    },
    async 'an assertion is valid once'() {
      const client = await assertingClient();
      const assertion = await client.assertion();
      expect((await proxy.post('/token', await client.withAssertion(assertion))).status).toBe(200);
      expect(await tokenError(await client.withAssertion(assertion))).toBe('invalid_client');
    },
  });
});

describe('client registrations', () => {
  run({
    async '50 registrations write nothing to the table or to the provider'() {
      const before = lab.database.writes;
      const ids = await Promise.all(
        Array.from({ length: 50 }, (_, at) => register({ redirect_uris: [`https://${at}.example/cb`] })),
      );
      expect(new Set(ids).size).toBe(50);
      expect(lab.database.writes).toBe(before);
      expect(lab.provider.requests.filter(request => request.includes('reg'))).toEqual([]);
    },
    async 'registrations are limited in the number of addresses and in size, and must be an object'() {
      const redirect_uris = Array.from({ length: 21 }, (_, at) => `https://a.example/${at}`);
      expect((await proxy.register({ redirect_uris })).status).toBe(400);
      const long = Array.from({ length: 5 }, (_, at) => `https://a.example/${at}/${'x'.repeat(1_500)}`);
      expect((await proxy.register({ redirect_uris: long })).body.error).toBe('invalid_client_metadata');
      expect((await proxy.register({ redirect_uris: [REDIRECT], padding: 'x'.repeat(40_000) })).status).toBe(
        400,
      );
      expect((await proxy.register([])).body.error).toBe('invalid_client_metadata');
    },
    async 'a client ID that is forged, changed or from another server is rejected'() {
      const id = await register({ redirect_uris: [REDIRECT] });
      const foreign = lab.proxy({ MCP_SECRET: 'another-secret-0123456789-0123456789-0123' });
      const { body } = await foreign.register({ redirect_uris: [REDIRECT] });
      for (const forged of [`${id.slice(0, -2)}AA`, String(body.client_id), 'x', 'eyJhbGciOiJub25lIn0.e30.'])
        expect(await isStopped(authorizationUrl(forged))).toBe(true);
    },
    async 'a registration is still valid after a rotation of the secret'() {
      const id = await register({ redirect_uris: [REDIRECT] });
      const next = 'the-next-secret-0123456789-0123456789-012';
      const rotated = lab.proxy({ MCP_SECRET: `${next},a-secret-for-tests-0123456789-0123456789` });
      const query = await new Browser(rotated).signIn(authorizationUrl(id));
      const { body } = await rotated.post('/token', codeGrant(query.get('code'), id));
      expect(await lab.proxy({ MCP_SECRET: next }).accepts(body.access_token)).toBe(true);
      expect(await proxy.accepts(body.access_token)).toBe(false);
    },
  });
});

describe('access tokens', () => {
  run({
    async 'an access token is valid only for its resource, with its type, until it expires'() {
      const { access_token: token, refresh_token: refresh } = await newTokens();
      expect(await proxy.accepts(token)).toBe(true);
      for (const other of [refresh, `${token}x`, String(token).split('.').slice(0, 2).join('.')])
        expect(await proxy.accepts(other)).toBe(false);
      expect(await proxy.accepts(token, '/other/mcp')).toBe(false);
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 16 * 60_000 });
      try {
        expect(await proxy.accepts(token)).toBe(false);
      } finally {
        vi.useRealTimers();
      }
    },
    async 'a token that is unsigned or signed with the secret itself is rejected'() {
      const now = Math.floor(Date.now() / 1000);
      const claims = {
        iss: ISSUER,
        aud: RESOURCE,
        sub: 'mallory',
        client_id: 'x',
        scope: 'mcp',
        exp: now + 60,
      };
      const raw = Buffer.from('a-secret-for-tests-0123456789-0123456789');
      const header = { alg: 'HS256', typ: 'at+jwt' };
      expect(await proxy.accepts(await new SignJWT(claims).setProtectedHeader(header).sign(raw))).toBe(false);
      expect(await proxy.accepts(new UnsecuredJWT(claims).encode())).toBe(false);
    },
  });
});
