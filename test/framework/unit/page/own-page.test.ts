/**
 * Tests of the page that need no browser: the requests that get it, its headers and paths, the calls that count as its own, and
 * that MCP requests do not load its code.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { Hono } from 'hono';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseConfig } from '../../../../app/framework/config.ts';
import { endpointContext, isOwnOrigin, withPublicUrl } from '../../../../app/framework/endpoint-context.ts';
import type { PageFiles } from '../../../../app/framework/page/files.ts';
import { relativeRoot } from '../../../../app/framework/page/relative-root.ts';
import { DIST, startApp } from '../../../helpers/local-lambda.ts';

const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

describe('the page', () => {
  let app: Hono;
  beforeAll(async () => {
    process.env.MCP_AUTH = 'oauth';
    process.env.MCP_OAUTH_ISSUER = 'https://issuer.example/realm';
    process.env.MCP_OAUTH_AUDIENCE = 'glossary';
    const [{ createApp }, { routes }] = await Promise.all([
      import('../../../../app/framework/app.ts'),
      import('../../../fixtures/app/routes.ts'),
    ]);
    app = createApp(new Hono().get('/taken', c => c.text('mine')).route('/', routes));
  });

  const bindings = (path: string, event: object | undefined) => ({
    endpoint: endpointContext(new Request(`https://abc.example${path}`), event),
  });
  const get = async (path: string, headers: Record<string, string>, event?: object): Promise<Response> =>
    app.request(`https://abc.example${path}`, { headers }, bindings(path, event));

  test('is served only to browsers, at the root and at the MCP path', async () => {
    for (const path of ['/', '/mcp']) {
      const page = await get(path, HTML);
      expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    }
    const stream = await get('/mcp', { accept: 'text/event-stream' });
    expect(stream.headers.get('content-type')).not.toContain('html');
    expect(
      (await get('/mcp', { accept: 'text/html, text/event-stream' })).headers.get('content-type'),
    ).not.toContain('html');
    expect((await get('/', { accept: 'application/json' })).status).toBe(404);
    expect((await get('/taken', HTML)).status).toBe(200);
    expect((await get('/elsewhere', HTML)).status).toBe(404);
    expect((await get('/_page/../page.cjs', HTML)).status).toBe(404);
    expect((await get('/_page/files.json', HTML)).status).toBe(404);
  });

  test('has a content security policy that allows only its own files and requests to the issuer', async () => {
    const { headers } = await get('/mcp', HTML);
    const policy = headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("connect-src 'self' https://issuer.example;");
    expect(policy).toContain("frame-src 'self';");
    expect(policy).not.toMatch(/unsafe|\*/);
    expect([headers.get('cache-control'), headers.get('x-content-type-options')]).toEqual([
      'no-store',
      'nosniff',
    ]);
    const text = await (await get('/mcp', HTML)).text();
    expect(text).not.toMatch(/<script>|<script [^>]*>[^<]|\sstyle=|\son[a-z]+=/);
    expect(text).not.toMatch(/(src|href)="(https?:)?\/\//);
  });

  test('serves the frame of an app with an opaque origin, and a policy with only the domains of its resource', async () => {
    const frame = await get(
      '/_page/app-frame?connect=https://api.example&connect=wss://*.example:8443&resource=https://cdn.example/x/&frame=https://video.example&base=https://base.example',
      HTML,
    );
    expect(frame.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(frame.headers.get('content-security-policy')?.split('; ')).toEqual([
      'sandbox allow-scripts allow-forms',
      "default-src 'none'",
      "script-src 'unsafe-inline' https://cdn.example/x/",
      "style-src 'unsafe-inline' https://cdn.example/x/",
      'img-src data: blob: https://cdn.example/x/',
      'font-src data: https://cdn.example/x/',
      'media-src data: blob: https://cdn.example/x/',
      'connect-src https://api.example wss://*.example:8443',
      'frame-src https://video.example',
      'base-uri https://base.example',
      "form-action 'none'",
      "frame-ancestors 'self'",
    ]);
    const closed = (await get('/_page/app-frame?other=https://other.example', HTML)).headers.get(
      'content-security-policy',
    );
    for (const rule of ["connect-src 'none'", "frame-src 'none'", "base-uri 'none'", 'font-src data:;'])
      expect(closed).toContain(rule);
    expect(closed).not.toContain('other.example');
    const text = await frame.text();
    expect(text).toContain('ui/notifications/sandbox-');
    expect(text).not.toMatch(/app-frame\.ts|(src|href)="/);
  });

  test.each([
    "'self'",
    "https://a.example; script-src 'self'",
    'https://a.example https://b.example',
    'https://a.example,https://b.example',
    'https://user@a.example',
    'https://*',
    '*',
    'data:',
    'javascript:alert(1)',
    '//a.example',
    'https://a.example/?query',
    'https://a.example\nx',
    '',
  ])('serves no frame for an app that declares the domain %j', async domain => {
    for (const name of ['connect', 'resource', 'frame', 'base', 'other']) {
      const { status, headers } = await get(
        `/_page/app-frame?${new URLSearchParams({ [name]: domain })}`,
        HTML,
      );
      expect([status, headers.get('content-type')]).toEqual([400, 'text/plain; charset=utf-8']);
    }
  });

  test('has immutable files, compressed except behind a REST API', async () => {
    const { script } = JSON.parse(readFileSync(join(DIST, 'page/files.json'), 'utf8')) as { script: string };
    const brotli = await get(`/_page/${script}`, { 'accept-encoding': 'gzip, br' });
    expect(brotli.headers.get('content-encoding')).toBe('br');
    expect(brotli.headers.get('cache-control')).toContain('immutable');
    const rest = await get(`/_page/${script}`, { 'accept-encoding': 'br' }, { httpMethod: 'GET' });
    expect(rest.headers.get('content-encoding')).toBeNull();
    expect(await rest.text()).toBe(readFileSync(join(DIST, 'page', script), 'utf8'));
  });

  test('can call the server, unlike pages of other origins', async () => {
    const call = (origin: string, event?: object) =>
      app.request(
        'https://abc.example/mcp',
        { method: 'POST', headers: { origin }, body: '{}' },
        bindings('/mcp', event),
      );
    const event = { requestContext: { domainName: 'abc.example' } };
    expect((await call('https://abc.example', event)).status).toBe(401);
    expect((await call('https://evil.example', event)).status).toBe(403);
    expect((await call('http://abc.example', event)).status).toBe(403);
    expect((await call('https://abc.example.evil.example', event)).status).toBe(403);
    expect((await call('https://abc.example')).status).toBe(403); // The Host header alone is not sufficient.
  });
});

test('isOwnOrigin accepts the origin of MCP_PUBLIC_URL as well as the domain of the function', () => {
  const publicUrl = 'https://mcp.example.com/api/mcp';
  const event = { requestContext: { domainName: 'abc.lambda-url.eu-west-1.on.aws' } };
  const endpoint = endpointContext(new Request('https://abc.lambda-url.eu-west-1.on.aws/mcp'), event);
  const isOwn = (origin: string) => isOwnOrigin(origin, endpoint, publicUrl);
  expect(isOwn('https://mcp.example.com')).toBe(true);
  expect(isOwn('https://abc.lambda-url.eu-west-1.on.aws')).toBe(true);
  expect(isOwn('https://mcp.example.com:444')).toBe(false);
  expect(isOwn('null')).toBe(false);
});

test.each([
  ['/mcp', undefined, {}, './', 'https://h.example'],
  ['/', undefined, {}, './', 'https://h.example'],
  ['/a/b/mcp', undefined, {}, '../../', 'https://h.example'],
  ['/mcp', '/live/mcp', {}, './', 'https://h.example/live'],
  ['/', '/live/', {}, './', 'https://h.example/live'],
  ['/', '/live', {}, './live/', 'https://h.example'],
  [
    '/mcp',
    undefined,
    { MCP_PUBLIC_URL: 'https://mcp.example.com/api/mcp' },
    './',
    'https://mcp.example.com/api',
  ],
])(
  'the page at the route %s with the request path %s (settings %j) has the relative root %j',
  (path, outside, env, toRoot, publicBase) => {
    const event = outside && { path, requestContext: { path: outside } };
    const request = new Request(`https://h.example${path}`, { headers: { host: 'h.example' } });
    const endpoint = endpointContext(request, event);
    expect(relativeRoot(path, endpoint.callerPath)).toBe(toRoot);
    const { MCP_PUBLIC_URL: url } = parseConfig(env);
    expect(withPublicUrl(endpoint, url === undefined ? undefined : { path, url }).baseUrl).toBe(publicBase);
  },
);

test('MCP_PAGE=off removes the page', async () => {
  await using lambda = await startApp({ env: { MCP_PAGE: 'off' } });
  expect((await fetch(`${lambda.url}/`, { headers: HTML })).status).toBe(404);
  expect((await fetch(`${lambda.url}/mcp`, { headers: HTML })).status).toBe(405);
});

test('the bundle does not contain the page, which is in page.cjs', () => {
  const bundle = readFileSync(join(DIST, 'bundle.cjs'), 'utf8');
  expect(bundle).toContain('./page.cjs');
  for (const word of ['cursor://', 'Content-Security-Policy', 'content-security-policy', 'brotli'])
    expect(bundle).not.toContain(word);
  expect(readFileSync(join(DIST, 'page.cjs'), 'utf8')).toContain('cursor://');
});

test('the page has at most 95 kB compressed, including the SDK’s client, and 30 kB more for apps', () => {
  const { onDemand, preload, ...first } = JSON.parse(
    readFileSync(join(DIST, 'page/files.json'), 'utf8'),
  ) as PageFiles;
  const sizeOf = (names: readonly string[]) =>
    names.map(name => statSync(join(DIST, 'page', `${name}.br`)).size).reduce((a, b) => a + b, 0);
  const code = brotliCompressSync(readFileSync(join(DIST, 'page.cjs'))).length;
  expect(sizeOf([...Object.values(first), ...preload]) + code).toBeLessThan(95_000);
  // The code for MCP Apps and for keys of OAuth clients.
  expect(sizeOf(onDemand)).toBeLessThan(30_000);
  const console = readFileSync(join(DIST, 'page', first.script), 'utf8');
  for (const name of preload) expect(console).toContain(name);
  const built = readdirSync(join(DIST, 'page')).filter(name => name.endsWith('.br'));
  expect(built).toHaveLength(Object.keys(first).length + preload.length + onDemand.length);
});
