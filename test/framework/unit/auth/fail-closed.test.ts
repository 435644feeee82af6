/** Fail closed: without configuration every request is denied; an invalid configuration stops init. */
import { describe, expect, test } from 'vitest';
import { createGuard } from '../../../../app/framework/auth/guard.ts';
import { ConfigError, parseConfig } from '../../../../app/framework/config.ts';
import { endpointContext } from '../../../../app/framework/endpoint-context.ts';
import { startApp } from '../../../helpers/local-lambda.ts';

const REQUEST = new Request('https://mcp.example/mcp', { method: 'POST' });
const ENDPOINT = endpointContext(REQUEST);
const DIGEST = 'a'.repeat(64);
const PROXY = {
  MCP_AUTH: 'oauth',
  MCP_OAUTH_PROXY: 'on',
  MCP_OAUTH_ISSUER: 'https://i.example',
  MCP_OAUTH_CLIENT_ID: 'client',
  MCP_SECRET: 'ssm:/mcp/secret',
  MCP_TABLE: 'mcp-table',
};

describe('the guard', () => {
  test('denies every request if nothing is configured, and names the setting', async () => {
    const result = await createGuard(parseConfig({}))(REQUEST, ENDPOINT);
    if (result.allowed) throw new Error('The guard allows a request without any authentication method.');
    expect(result.response.status).toBe(401);
    expect(await result.response.json()).toMatchObject({
      error: { message: expect.stringContaining('Set MCP_AUTH to') },
    });
  });

  test('allows every request with MCP_AUTH=none, but denies it with an empty MCP_AUTH', async () => {
    expect(await createGuard(parseConfig({ MCP_AUTH: 'none' }))(REQUEST, ENDPOINT)).toEqual({
      allowed: true,
    });
    expect(await createGuard(parseConfig({ MCP_AUTH: '' }))(REQUEST, ENDPOINT)).toMatchObject({
      allowed: false,
    });
  });
});

test.each<[string, Record<string, string>, RegExp]>([
  ['an unknown method', { MCP_AUTH: 'password' }, /MCP_AUTH.*must be of token, oauth, iam, authorizer, none/],
  [
    'none together with another method',
    { MCP_AUTH: 'none,token', MCP_TOKEN_SHA256: DIGEST },
    /MCP_AUTH: none cannot be combined with another method/,
  ],
  ['token without a digest', { MCP_AUTH: 'token' }, /MCP_TOKEN_SHA256: is required by MCP_AUTH=token/],
  [
    'a token instead of its digest',
    { MCP_AUTH: 'token', MCP_TOKEN_SHA256: 'my-secret' },
    /MCP_TOKEN_SHA256.*64 lower-case hex/,
  ],
  [
    'oauth without an issuer',
    { MCP_AUTH: 'oauth', MCP_OAUTH_AUDIENCE: 'a' },
    /MCP_OAUTH_ISSUER: is required/,
  ],
  [
    'oauth without an audience',
    { MCP_AUTH: 'oauth', MCP_OAUTH_ISSUER: 'https://i.example' },
    /MCP_OAUTH_AUDIENCE: is required/,
  ],
  [
    'an OAuth proxy without client, secret and table',
    { MCP_AUTH: 'oauth', MCP_OAUTH_ISSUER: 'https://i.example', MCP_OAUTH_PROXY: 'on' },
    /MCP_OAUTH_CLIENT_ID: is required.*MCP_SECRET: is required.*MCP_TABLE: is required/s,
  ],
  ['an OAuth proxy without the method oauth', { ...PROXY, MCP_AUTH: 'iam' }, /MCP_AUTH: must include oauth/],
  [
    'two secrets that are each too short',
    { ...PROXY, MCP_SECRET: `${'a'.repeat(16)},${'b'.repeat(16)}` },
    /MCP_SECRET: must be ssm:NAME or a random secret/,
  ],
  ['a short secret', { ...PROXY, MCP_SECRET: 'short' }, /MCP_SECRET: must be ssm:NAME or a random secret/],
  [
    'an OAuth proxy with Google and no allowed domain',
    { ...PROXY, MCP_OAUTH_ISSUER: 'https://accounts.google.com' },
    /MCP_OAUTH_ALLOWED_DOMAINS: is required with Google/,
  ],
  [
    'an issuer without TLS',
    { MCP_AUTH: 'oauth', MCP_OAUTH_ISSUER: 'http://i.example', MCP_OAUTH_AUDIENCE: 'a' },
    /MCP_OAUTH_ISSUER: must be an https URL/,
  ],
  ['a shared-secret algorithm', { MCP_OAUTH_ALGORITHMS: 'HS256' }, /MCP_OAUTH_ALGORITHMS.*must be of RS256/],
])('parseConfig throws an error that contains no values for %s', (_what, env, message) => {
  expect(() => parseConfig(env)).toThrow(ConfigError);
  expect(() => parseConfig(env)).toThrow(message);
  expect(() => parseConfig(env)).not.toThrow('my-secret');
});

test('init reports each invalid setting once, and the process exits with code 2', async () => {
  const env = { MCP_AUTH: 'token', FIXTURE_TIMEOUT_MS: 'soon', MCP_PUBLIC_URL: 'nowhere' };
  const output: string = await startApp({ env }).then(
    () => '',
    error => error.message,
  );
  expect(output).toMatch(/^The local Lambda ended with 2:\nThe environment has 3 bad setting\(s\):/);
  for (const name of ['MCP_TOKEN_SHA256', 'FIXTURE_TIMEOUT_MS', 'MCP_PUBLIC_URL'])
    expect(output.split(`- ${name}: `)).toHaveLength(2);
});

test('a static token is accepted by its digest; a similar token and the digest itself are rejected', async () => {
  const { staticTokens } = await import('../../../../app/framework/auth/static-token.ts');
  const { createHash } = await import('node:crypto');
  const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
  const check = staticTokens([digest('token-A'), digest('token-B')]);
  expect(check('token-A')?.clientId).toBe(`token-${digest('token-A').slice(0, 8)}`);
  expect(check('token-B')?.clientId).toBe(`token-${digest('token-B').slice(0, 8)}`);
  for (const guess of ['', 'token-', 'token-a', 'token-AA', digest('token-A')])
    expect(check(guess)).toBeUndefined();
});

test('with MCP_AUTH=token, the OAuth paths return 404 with a message to send a token', async () => {
  await using lambda = await startApp({ env: { MCP_AUTH: 'token', MCP_TOKEN_SHA256: DIGEST } });
  for (const path of ['/register', '/authorize', '/token']) {
    const response = await fetch(lambda.url + path, { method: 'POST' });
    expect([response.status, await response.json()]).toEqual([
      404,
      { error: 'not_found', message: expect.stringContaining('Authorization: Bearer TOKEN') },
    ]);
  }
  await using open = await startApp();
  expect(await (await fetch(`${open.url}/register`, { method: 'POST' })).json()).toMatchObject({
    message: 'Nothing is mounted at /register.',
  });
});
