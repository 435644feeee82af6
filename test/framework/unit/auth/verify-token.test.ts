/** The verifier: reasons in the log, several keys, an issuer that does not respond, and the resource of each path. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createGuard } from '../../../../app/framework/auth/guard.ts';
import { createTokenVerifier, KeysUnavailableError } from '../../../../app/framework/auth/token-verifier.ts';
import { parseConfig } from '../../../../app/framework/config.ts';
import { endpointContext, withPublicUrl } from '../../../../app/framework/endpoint-context.ts';

const AUDIENCE = 'https://mcp.example.com/mcp';
const rules = { algorithms: ['RS256'], tokenType: 'at+jwt' as const, clockToleranceSeconds: 0 };

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;
let keys: [Keys, Keys];
let foreign: Keys;
let server: Server;
let issuer: string;
/** Set by a test: the response to a request. */
let respond: (path: string) => object | 'hang' | undefined;
let requests: string[];

beforeAll(async () => {
  keys = [await generateKeyPair('RS256'), await generateKeyPair('RS256')];
  foreign = await generateKeyPair('RS256');
  server = createServer((request, response) => {
    requests.push(request.url ?? '');
    const document = respond(request.url ?? '');
    if (document === 'hang') return;
    response.writeHead(document ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(document ?? {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

let log: string;
let published: object[];
beforeEach(async () => {
  requests = [];
  log = '';
  for (const level of ['warn', 'error'] as const)
    vi.spyOn(console, level).mockImplementation((...parts) => {
      log += `${parts.join(' ')}\n`;
    });
  published = [{ ...(await exportJWK(keys[0].publicKey)), alg: 'RS256', use: 'sig' }];
  respond = path => {
    if (path === '/.well-known/openid-configuration') return { issuer, jwks_uri: `${issuer}/keys` };
    return path === '/keys' ? { keys: published } : undefined;
  };
});
afterEach(() => vi.restoreAllMocks());

function token(claims: JWTPayload = {}, key = keys[0].privateKey): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const payload = {
    iss: issuer,
    aud: AUDIENCE,
    sub: 'alice',
    client_id: 'agent',
    iat: now,
    exp: now + 60,
    ...claims,
  };
  return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', typ: 'at+jwt' }).sign(key);
}

test('the verifier accepts a valid token and logs nothing', async () => {
  const verify = createTokenVerifier({ issuer, ...rules });
  expect(await verify(await token(), [AUDIENCE])).toMatchObject({ clientId: 'agent' });
  expect(log).toBe('');
});

describe('the verifier denies, with one log line that contains no token,', () => {
  test.each<[string, () => Promise<string>, RegExp]>([
    ['a text that is not a JWT', async () => 'x', /it is not a JWT/],
    ['another issuer', () => token({ iss: 'https://other.example' }), /it is from another issuer/],
    [
      'another audience',
      () => token({ aud: 'https://other.example/mcp' }),
      /"aud".*Claims: .*other\.example/,
    ],
    ['an expired token', () => token({ exp: 1 }), /"exp".*Claims: .*"sub":"alice"/],
    ['a key that is not published', () => token({}, foreign.privateKey), /signature verification failed/],
  ])('%s', async (_what, make, reason) => {
    const verify = createTokenVerifier({ issuer, ...rules });
    const text = await make();
    expect(await verify(text, [AUDIENCE])).toBeUndefined();
    expect(log).toMatch(reason);
    expect(log.trim().split('\n')).toHaveLength(1);
    for (const part of text.split('.').filter(({ length }) => length > 1)) expect(log).not.toContain(part);
  });

  test('a token with an invalid signature, without logging its claims', async () => {
    const verify = createTokenVerifier({ issuer, ...rules });
    await verify(await token({ aud: 'x', sub: 'mallory' }, foreign.privateKey), [AUDIENCE]);
    expect(log).not.toContain('mallory');
  });

  test.each(['x', 'a.b.c', `${'e'.repeat(10_000)}.x.y`])(
    'a malformed token (case %#) without a request to the issuer',
    async text => {
      const verify = createTokenVerifier({ issuer, ...rules });
      expect(await verify(text, [AUDIENCE])).toBeUndefined();
      expect(requests).toEqual([]);
    },
  );
});

test('the verifier tries every key of the issuer for a token without kid', async () => {
  published = await Promise.all(
    [foreign, keys[1], keys[0]].map(async ({ publicKey }) => ({
      ...(await exportJWK(publicKey)),
      alg: 'RS256',
    })),
  );
  const verify = createTokenVerifier({ issuer, ...rules });
  expect(await verify(await token(), [AUDIENCE])).toMatchObject({ clientId: 'agent' });
  expect(
    await verify(await token({}, (await generateKeyPair('RS256')).privateKey), [AUDIENCE]),
  ).toBeUndefined();
});

describe('an issuer that does not respond', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
    respond = () => 'hang';
  });
  afterEach(() => void vi.useRealTimers());

  test('times out once, and is called again some seconds later', async () => {
    const timeouts = vi
      .spyOn(AbortSignal, 'timeout')
      .mockImplementation(() => AbortSignal.abort(new Error('late')));
    const verify = createTokenVerifier({ issuer, ...rules });
    const text = await token();
    await expect(verify(text, [AUDIENCE])).rejects.toBeInstanceOf(KeysUnavailableError);
    expect(timeouts).toHaveBeenCalledOnce(); // One deadline for both metadata documents.
    await expect(verify(text, [AUDIENCE])).rejects.toBeInstanceOf(KeysUnavailableError);
    expect(timeouts).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(6_000);
    await expect(verify(text, [AUDIENCE])).rejects.toBeInstanceOf(KeysUnavailableError);
    expect(timeouts).toHaveBeenCalledTimes(2);
  });
});

test('the verifier does not fetch keys over plain HTTP', async () => {
  respond = path =>
    path === '/.well-known/openid-configuration'
      ? { issuer, jwks_uri: 'http://keys.example/keys' }
      : undefined;
  const verify = createTokenVerifier({ issuer, ...rules });
  const error = await verify(await token(), [AUDIENCE]).catch((failure: Error) => failure);
  expect(error).toBeInstanceOf(KeysUnavailableError);
  expect(String((error as Error).cause)).toContain('not https');
});

test('each path is a separate resource if MCP_OAUTH_AUDIENCE is not set', async () => {
  const settings = parseConfig({ MCP_AUTH: 'oauth', MCP_OAUTH_ISSUER: issuer, MCP_PUBLIC_URL: AUDIENCE });
  const guard = createGuard(settings);
  const allowed = async (path: string, aud: string): Promise<boolean> => {
    const headers = { authorization: `Bearer ${await token({ aud })}` };
    const request = new Request(`https://inside.example${path}`, { method: 'POST', headers });
    const endpoint = withPublicUrl(endpointContext(request), { path: '/mcp', url: AUDIENCE });
    return (await guard(request, endpoint)).allowed;
  };
  expect(await allowed('/mcp', AUDIENCE)).toBe(true);
  expect(await allowed('/mcp/', AUDIENCE)).toBe(true);
  expect(await allowed('/weather', 'https://mcp.example.com/weather')).toBe(true);
  expect(await allowed('/weather', AUDIENCE)).toBe(false);
  expect(await allowed('/mcp', 'https://mcp.example.com/weather')).toBe(false);
  expect(await allowed('/mcp', 'https://inside.example/mcp')).toBe(false);
});
