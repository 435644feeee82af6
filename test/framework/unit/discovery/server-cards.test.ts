/** Server cards and the AI catalog (SEP-2127), compared with the schema of the extension and with the server. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { McpServer } from '@modelcontextprotocol/server';
import { Hono } from 'hono';
import { afterEach, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { createApp } from '../../../../app/framework/app.ts';
import { endpointContext } from '../../../../app/framework/endpoint-context.ts';
import { mcp, type ServerCard, serverCards } from '../../../../app/framework/index.ts';
import { DIST } from '../../../helpers/local-lambda.ts';

const CARD: ServerCard = {
  name: 'com.example/weather',
  version: '1.0.0',
  description: 'The weather at a place.',
  title: 'Weather',
  websiteUrl: 'https://example.com/weather',
  repository: { url: 'https://github.com/example/weather', source: 'github' },
  icons: [{ src: 'data:image/svg+xml;base64,PHN2Zy8+', mimeType: 'image/svg+xml', sizes: ['any'] }],
};
const OTHER: ServerCard = {
  name: 'io.github.example/tides.v2',
  version: '2.0.0-rc.1',
  description: 'Tides.',
};

afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

function weather(): McpServer {
  const server = new McpServer({ name: 'weather', version: '1.0.0' });
  server.registerTool('secret_tool', {}, () => ({ content: [] }));
  return server;
}

/** Creates the app in a new module instance, because it reads its settings once. */
async function appWith(env: Record<string, string>, cards?: Record<string, ServerCard>): Promise<Hono> {
  vi.stubEnv('MCP_AUTH', '');
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const fresh = await import('../../../../app/framework/app.ts');
  const { mcp, serverCards } = await import('../../../../app/framework/index.ts');
  const routes = new Hono().route('/weather', mcp(weather)).route('/sea/tides', mcp(weather));
  return fresh.createApp(cards ? routes.route('/', serverCards(cards)) : routes);
}

const TOKEN = { MCP_AUTH: 'token', MCP_TOKEN_SHA256: 'a'.repeat(64) };

function ask(app: Hono, path: string, init: RequestInit = {}, event?: object): Promise<Response> {
  const request = new Request(`https://abc.example${path}`, init);
  return Promise.resolve(app.fetch(request, { endpoint: endpointContext(request, event) }));
}

test('discovery publishes no server card unless it is mounted', async () => {
  const app = await appWith({ MCP_AUTH: 'none' });
  for (const path of ['/weather/server-card', '/.well-known/ai-catalog.json'])
    expect((await ask(app, path)).status).toBe(404);
  expect(readFileSync(join(DIST, 'bundle.cjs'), 'utf8')).not.toContain('server-card');
});

test('discovery publishes one card per server and a catalog, without tools, to callers without a token', async () => {
  const app = await appWith(TOKEN, { '/weather': CARD, '/sea/tides': OTHER });
  const response = await ask(app, '/weather/server-card', {
    headers: { accept: 'application/mcp-server-card+json' },
  });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/mcp-server-card+json');
  const card = await response.json();
  expect(card).toEqual({
    $schema: 'https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json',
    ...CARD,
    remotes: [
      {
        type: 'streamable-http',
        url: 'https://abc.example/weather',
        headers: [expect.objectContaining({ name: 'Authorization', isRequired: true, isSecret: true })],
        supportedProtocolVersions: expect.arrayContaining(['2026-07-28', '2025-11-25', '2025-06-18']),
      },
    ],
  });
  const catalog = await ask(app, '/.well-known/ai-catalog.json');
  expect(catalog.headers.get('content-type')).toBe('application/ai-catalog+json');
  expect(await catalog.json()).toEqual({
    specVersion: '1.0',
    entries: [
      {
        identifier: 'urn:air:example.com:mcp:weather',
        displayName: 'Weather',
        type: 'application/mcp-server-card+json',
        url: 'https://abc.example/weather/server-card',
      },
      {
        identifier: 'urn:air:example.github.io:mcp:tides.v2',
        displayName: 'tides.v2',
        type: 'application/mcp-server-card+json',
        url: 'https://abc.example/sea/tides/server-card',
      },
    ],
  });
  expect(JSON.stringify(card)).not.toContain('secret_tool');
  // The server still requires a token.
  expect((await ask(app, '/weather', { method: 'POST', body: '{}' })).status).toBe(401);
});

/** The extension's constraints, with unknown fields denied. https://github.com/modelcontextprotocol/experimental-ext-server-card */
const INPUT = {
  description: z.string().optional(),
  isRequired: z.boolean().optional(),
  isSecret: z.boolean().optional(),
  value: z.string().optional(),
};
const CARD_SCHEMA = z.strictObject({
  $schema: z.literal('https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json'),
  name: z
    .string()
    .min(3)
    .max(200)
    .regex(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/),
  version: z.string().max(255),
  description: z.string().min(1).max(100),
  title: z.string().min(1).max(100).optional(),
  websiteUrl: z.url().optional(),
  repository: z.strictObject({ url: z.url(), source: z.string() }).optional(),
  icons: z
    .array(z.strictObject({ src: z.url(), mimeType: z.string(), sizes: z.array(z.string()) }))
    .optional(),
  remotes: z.array(
    z.strictObject({
      type: z.literal('streamable-http'),
      url: z.string().regex(/^https:\/\/[^\s]+$/),
      headers: z
        .array(
          z.strictObject({
            ...INPUT,
            name: z.string(),
            variables: z.record(z.string(), z.strictObject(INPUT)).optional(),
          }),
        )
        .optional(),
      supportedProtocolVersions: z.array(z.iso.date()),
    }),
  ),
});

test('a server card conforms to the schema of the extension', async () => {
  const app = await appWith(TOKEN, { '/weather': CARD, '/sea/tides': OTHER });
  for (const path of ['/weather', '/sea/tides']) {
    const card = await (await ask(app, `${path}/server-card`)).json();
    expect(CARD_SCHEMA.parse(card)).toEqual(card);
  }
});

test('a server card lists the protocol versions that the server accepts', async () => {
  const app = await appWith({ MCP_AUTH: 'none' }, { '/weather': CARD });
  const card = (await (await ask(app, '/weather/server-card')).json()) as {
    remotes: { headers?: object; supportedProtocolVersions: string[] }[];
  };
  const [remote] = card.remotes;
  expect(remote).not.toHaveProperty('headers');
  for (const version of remote?.supportedProtocolVersions ?? []) {
    const modern = version === '2026-07-28';
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': version,
      'io.modelcontextprotocol/clientCapabilities': {},
      'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
    };
    const params = modern
      ? { _meta }
      : { protocolVersion: version, capabilities: {}, clientInfo: { name: 'test', version: '1' } };
    const method = modern ? 'server/discover' : 'initialize';
    const response = await ask(app, '/weather', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(modern && { 'mcp-protocol-version': version, 'mcp-method': method }),
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
    expect(await response.text(), version).toContain(version);
  }
});

test('a server card can be read by web pages of every origin, and is revalidated', async () => {
  const app = await appWith(TOKEN, { '/weather': CARD });
  for (const path of ['/weather/server-card', '/.well-known/ai-catalog.json']) {
    const first = await ask(app, path, { headers: { origin: 'https://elsewhere.example' } });
    expect([first.status, first.headers.get('access-control-allow-origin')]).toEqual([200, '*']);
    expect(first.headers.get('cache-control')).toBe('public, max-age=3600');
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]{43}"$/);
    const again = await ask(app, path, { headers: { 'if-none-match': `W/"x", ${etag}` } });
    expect([again.status, await again.text()]).toEqual([304, '']);
    const preflight = await ask(app, path, {
      method: 'OPTIONS',
      headers: { origin: 'https://elsewhere.example' },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
      204,
      'Content-Type, If-None-Match',
    ]);
    expect((await ask(app, path, { method: 'POST', body: '{}' })).status).toBe(405);
    expect(await (await ask(app, path, { method: 'HEAD' })).text()).toBe('');
  }
});

test('a server card contains the public URL, with a stage or a custom domain', async () => {
  const stage = {
    path: '/weather/server-card',
    requestContext: { domainName: 'api.example', path: '/live/weather/server-card' },
  };
  const app = await appWith(TOKEN, { '/weather': CARD, '/sea/tides': OTHER });
  const urlOf = async (response: Response): Promise<string> =>
    ((await response.json()) as { remotes: { url: string }[] }).remotes[0]?.url ?? '';
  expect(await urlOf(await ask(app, '/weather/server-card', {}, stage))).toBe(
    'https://api.example/live/weather',
  );
  vi.resetModules();
  const env = { ...TOKEN, MCP_PUBLIC_URL: 'https://mcp.example.com/weather' };
  const custom = await appWith(env, { '/weather': CARD, '/sea/tides': OTHER });
  expect(await urlOf(await ask(custom, '/weather/server-card'))).toBe('https://mcp.example.com/weather');
  expect(await urlOf(await ask(custom, '/sea/tides/server-card'))).toBe('https://mcp.example.com/sea/tides');
});

test.each([
  [
    '/weather',
    { name: 'weather' },
    'name must be a domain of yours in reverse, a slash and a name: com.example/weather',
  ],
  ['/weather', { name: 'a/b/c' }, 'name must be'],
  ['/weather', { description: '' }, 'description must have 1 to 100 characters'],
  ['/weather', { description: 'x'.repeat(101) }, 'description must have 1 to 100 characters'],
  ['/weather', { title: '' }, 'title must have 1 to 100 characters'],
  ['/weather', { version: '^1.0.0' }, 'version must be one version: 1.0.0'],
  ['/weather', { version: '1.x' }, 'version must be one version: 1.0.0'],
  ['weather', {}, 'the key must be the path of an MCP server: /weather'],
  ['/weather/', {}, 'the key must be the path of an MCP server: /weather'],
])('discovery throws for the path %j and the card %j', (path, change, problem) => {
  expect(() => serverCards({ [path]: { ...CARD, ...change } })).toThrow(problem);
  expect(() =>
    createApp(new Hono().route('/w', mcp(weather)).route('/', serverCards({ '/w': CARD }))),
  ).not.toThrow();
});
