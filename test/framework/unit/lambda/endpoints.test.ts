/** Events of each kind of endpoint, as the app receives them: hosts, stages, and paths that a URL parser would change. */
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createApp } from '../../../../app/framework/app.ts';
import { createPipeline, handlersOf } from '../../../../app/framework/lambda/create-handlers.ts';
import { albEvent, restEvent, v2Event } from '../../../helpers/events.ts';

interface Result {
  statusCode: number;
  body: string;
}

let serve: (event: object) => Promise<Result>;
beforeEach(() => {
  vi.stubEnv('MCP_AUTH', 'none');
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(console, 'warn').mockReturnValue();
  const echo = new Hono().all('/mcp', c => {
    const { search } = new URL(c.req.url);
    return c.json({ path: c.req.path, host: c.req.header('host'), ...(search && { query: search }) });
  });
  const { buffered } = handlersOf(createPipeline(createApp(echo).fetch));
  serve = event => buffered(event) as Promise<Result>;
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe('an event without a host', () => {
  const healthCheck = {
    ...albEvent({ method: 'GET', path: '/healthz' }),
    headers: { 'user-agent': 'ELB-HealthChecker/2.0' },
  };

  test('is served, as in the health check of a load balancer', async () => {
    expect(await serve(healthCheck)).toMatchObject({ statusCode: 200, body: '{"status":"ok"}' });
  });

  test('is served with multi-value headers', async () => {
    const { headers, ...event } = healthCheck;
    const multiValueHeaders = { 'user-agent': [headers['user-agent']] };
    expect(await serve({ ...event, multiValueHeaders })).toMatchObject({ statusCode: 200 });
  });

  test('is denied with MCP_ALLOWED_HOSTS, except for the health check', async () => {
    vi.stubEnv('MCP_ALLOWED_HOSTS', 'mcp.example');
    vi.resetModules();
    const { createApp: create } = await import('../../../../app/framework/app.ts');
    const { buffered } = handlersOf(createPipeline(create(new Hono().all('/mcp', c => c.text('x'))).fetch));
    expect(await buffered({ ...healthCheck, path: '/mcp' })).toMatchObject({ statusCode: 403 });
    expect(await buffered(healthCheck)).toMatchObject({ statusCode: 200 });
  });
});

test('a VPC Lattice event, whose header values are lists, is served', async () => {
  const event = {
    version: '2.0',
    path: '/mcp',
    method: 'POST',
    headers: { host: ['mcp.example'], 'content-type': ['application/json'], 'x-many': ['a', 'b'] },
    requestContext: { serviceArn: 'arn:aws:vpc-lattice:eu-west-1:123456789012:service/svc-0' },
    body: '{}',
    isBase64Encoded: false,
  };
  const { statusCode, body } = await serve(event);
  expect([statusCode, JSON.parse(body)]).toEqual([200, { path: '/mcp', host: 'mcp.example' }]);
});

const LATTICE = {
  version: '2.0',
  path: '/mcp',
  method: 'GET',
  headers: { host: ['mcp.example'] },
  requestContext: { serviceArn: 'arn:aws:vpc-lattice:us-east-1:123456789012:service/svc-1' },
};

test.each<[string, object, string]>([
  ['a query as lists', { queryStringParameters: { a: ['1', '2'], b: ['&'] } }, '?a=1&a=2&b=%26'],
  ['a query as strings', { queryStringParameters: { a: '1' } }, '?a=1'],
  ['the query in the path', { path: '/mcp?a=1&b=/../', queryStringParameters: { a: ['1'] } }, '?a=1&b=/../'],
  ['an empty query', { queryStringParameters: {} }, ''],
])('a request of VPC Lattice with %s is served', async (_what, fields, query) => {
  const { statusCode, body } = await serve({ ...LATTICE, ...fields });
  const echoed = { path: '/mcp', host: 'mcp.example', ...(query && { query }) };
  expect([statusCode, JSON.parse(body)]).toEqual([200, echoed]);
});

test.each<[string, object]>([
  ['no Host header', { headers: { 'user-agent': ['Amazon-VPC-Lattice-HealthCheck'] } }],
  ['no headers', { headers: null }],
])('a health check of VPC Lattice with %s is served', async (_what, fields) => {
  expect((await serve({ ...LATTICE, ...fields, path: '/healthz' })).statusCode).toBe(200);
});

test('the path of a VPC Lattice event is validated without its query', async () => {
  expect((await serve({ ...LATTICE, path: '/x/../mcp?a=1' })).statusCode).toBe(400);
});

test('the path of a custom domain contains no stage, even if the server and the stage have the same name', async () => {
  const event = v2Event({ method: 'GET', path: '/mcp' }) as { requestContext: object };
  const requestContext = { ...event.requestContext, stage: 'mcp', domainName: 'mcp.example' };
  expect((await serve({ ...event, requestContext })).statusCode).toBe(200);
});

test.each([
  ['prod', '/prod/mcp', 200],
  ['$default', '/mcp', 200],
  ['prod', '/mcp', 200],
  ['prod', '/production/mcp', 404],
])(
  'a request of an HTTP API with the stage %s and the path %s gets status %i',
  async (stage, path, status) => {
    const event = v2Event({ method: 'GET', path }) as { requestContext: object };
    const { statusCode } = await serve({ ...event, requestContext: { ...event.requestContext, stage } });
    expect(statusCode).toBe(status);
  },
);

const CHANGED = [
  '/live/.well-known/../mcp',
  '/.well-known/%2e%2e/mcp',
  '/.well-known/%2E./mcp',
  '/.well-known/..%2fmcp',
  '/.well-known/..%5cmcp',
  '/.well-known/..\\mcp',
  '/./mcp',
  '/mcp/.',
  '/a/..',
  '/.well-known/.\t./mcp',
  '/mcp?x=1',
  '/mcp#x',
  '/m\ncp',
  '/%6dcp',
  '/mc%70',
  '/%4Dcp/%5F',
  '/m%2Dcp',
  '/mcp%31',
];

test.each(CHANGED)('a path that a URL parser changes (%j) is rejected on every endpoint', async path => {
  for (const event of [v2Event, restEvent, albEvent]) {
    const { statusCode, body } = await serve(event({ method: 'GET', path }));
    expect([statusCode, body]).toEqual([400, expect.stringContaining('bad_event')]);
  }
});

test.each([
  '/mcp',
  '/mcp/..hidden',
  '/mcp/...',
  '/a.b/c',
  '/caf%C3%A9',
  '/a b',
  '/ü',
  '/a%20b',
  '/%7Eann',
  '/a%2Fb',
  '/100%25',
])('a path that a URL parser does not change (%j) is passed to the app', async path => {
  for (const event of [v2Event, restEvent, albEvent])
    expect((await serve(event({ method: 'GET', path }))).statusCode).toBe(path === '/mcp' ? 200 : 404);
});
