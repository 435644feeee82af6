/** Requests of web pages: Origin, Host and CORS. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeAll } from '../../../helpers/close-all.ts';
import { modernHeaders, modernRequest } from '../../../helpers/json-rpc.ts';
import { type RunningLambda, startApp } from '../../../helpers/local-lambda.ts';
import { rawRequest } from '../../../helpers/raw-request.ts';

let lambda: RunningLambda;
beforeAll(async () => {
  lambda = await startApp({ env: { MCP_ALLOWED_ORIGINS: 'app.example.com' } });
});
afterAll(() => closeAll(lambda));

const body = JSON.stringify(modernRequest('tools/list'));
const headers: [string, string][] = [
  ['content-type', 'application/json'],
  ...Object.entries(modernHeaders('tools/list')),
];
const post = (more: [string, string][]) =>
  rawRequest(lambda.url, { method: 'POST', target: '/mcp', headers: [...headers, ...more], body });

test('a request without Origin, as of a client outside a browser, is served', async () => {
  const response = await post([]);
  expect([response.status, response.header('access-control-allow-origin')]).toEqual([200, undefined]);
});

test('a request of an allowed origin is served, and its page may read the response', async () => {
  const response = await post([['origin', 'https://app.example.com']]);
  expect([response.status, response.header('access-control-allow-origin')]).toEqual([
    200,
    'https://app.example.com',
  ]);
  expect(response.header('access-control-expose-headers')).toMatch(/Mcp-Protocol-Version.*WWW-Authenticate/);
});

test.each([
  'https://evil.example',
  'null',
  'https://app.example.com.evil.example',
  'not an origin',
  // Origins that a URL parser would change to the allowed one.
  'https://app.example.com\\.evil.example',
  'https:\\\\app.example.com',
  'https://app.example.com/.evil.example',
  'https://app.example.com?.evil.example',
  'https://app.example.com#.evil.example',
  'https://user@app.example.com',
  'https://evil.example@app.example.com',
  'https:app.example.com',
  'https://app.example.com:443:443',
  'https://app.example.com https://evil.example',
  '//app.example.com',
])('a request of the origin %s gets 403', async origin => {
  const response = await post([['origin', origin]]);
  expect([response.status, response.header('access-control-allow-origin')]).toEqual([403, undefined]);
});

describe('a preflight', () => {
  const preflight = (origin: string) =>
    rawRequest(lambda.url, {
      method: 'OPTIONS',
      target: '/mcp',
      headers: [
        ['origin', origin],
        ['access-control-request-method', 'POST'],
        [
          'access-control-request-headers',
          'authorization,content-type,mcp-method,mcp-name,mcp-protocol-version,mcp-param-region',
        ],
      ],
    });

  test('of an allowed origin needs no token, and the response allows every header that MCP needs', async () => {
    const response = await preflight('https://app.example.com');
    expect(response.status).toBe(204);
    expect(response.header('access-control-allow-methods')).toContain('POST');
    for (const name of ['authorization', 'mcp-method', 'mcp-protocol-version', 'mcp-param-region']) {
      expect(response.header('access-control-allow-headers')).toContain(name);
    }
    expect(response.headers.filter(([name]) => name === 'access-control-allow-origin')).toHaveLength(1);
  });

  test('of another origin gets 403', async () => {
    expect((await preflight('https://evil.example')).status).toBe(403);
  });
});

test.each([
  'localhost\\.evil.example',
  'localhost/.evil.example',
  'evil.example@localhost',
  'localhost#x',
  '[::1',
])('a request for the host %s is rejected on a developer’s machine', async host => {
  expect([400, 403]).toContain((await post([['host', host]])).status);
});

test('a request for a rebound DNS name gets 403 on a developer’s machine', async () => {
  const rebound = await post([['host', 'evil.example']]);
  expect(rebound.status).toBe(403);
  const { port } = new URL(lambda.url);
  expect((await post([['host', `localhost:${port}`]])).status).toBe(200);
});
