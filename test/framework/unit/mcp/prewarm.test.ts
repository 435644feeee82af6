/** Init lists the tools of each route's server once, without a caller; an error does not stop init. */
import { McpServer } from '@modelcontextprotocol/server';
import { Hono } from 'hono';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { mcp } from '../../../../app/framework/mcp/mcp.ts';
import type { McpOptions } from '../../../../app/framework/mcp/options.ts';
import { prewarmRoutes } from '../../../../app/framework/mcp/route-registry.ts';

const open = { auth: 'none' } as const;

let routes: Hono;
let failures: string[];
beforeEach(() => {
  routes = new Hono();
  failures = [];
});
afterEach(() => void vi.restoreAllMocks());

function route(factory: Parameters<typeof mcp>[0], options: McpOptions): Hono {
  routes.route('/mcp', mcp(factory, options));
  return routes;
}

function init(): Promise<void> {
  return prewarmRoutes(routes, (path, error) => failures.push(`${path}: ${(error as Error).message}`));
}

function server(): McpServer {
  const made = new McpServer({ name: 'probe', version: '0' });
  made.registerTool('echo', { inputSchema: z.object({ text: z.string() }) }, ({ text }) => ({
    content: [{ type: 'text', text }],
  }));
  return made;
}

test('init creates the server once, with the current revision and without a caller', async () => {
  const factory = vi.fn(server);
  route(factory, open);
  expect(factory).not.toHaveBeenCalled();
  await init();
  expect(factory).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ era: 'modern' }));
  expect(factory.mock.calls[0]?.[0 as never]).not.toHaveProperty('authInfo');
});

test('init calls no tool', async () => {
  const call = vi.fn();
  route(() => {
    const made = server();
    made.registerTool('act', { inputSchema: z.object({}) }, call);
    return made;
  }, open);
  await init();
  expect(call).not.toHaveBeenCalled();
});

test('the log knows the tools of a route before its first call', async () => {
  const app = route(server, open);
  await init();
  const known: unknown[] = [];
  const outer = new Hono<{ Variables: { exchange?: { tools: ReadonlySet<string> } } }>();
  outer.use(async (c, next) => {
    await next();
    known.push(...(c.get('exchange')?.tools ?? []));
  });
  outer.route('/', app as never);
  await outer.request('/mcp', {
    method: 'POST',
    body: '[]',
    headers: { 'content-type': 'application/json' },
  });
  expect(known).toEqual(['echo']);
});

test('a factory with prewarm: false does not run during init', async () => {
  const factory = vi.fn(server);
  route(factory, { ...open, prewarm: false });
  await init();
  expect(factory).not.toHaveBeenCalled();
});

test.each<[string, () => McpServer | Promise<McpServer>]>([
  [
    'throws',
    () => {
      throw new Error('no caller');
    },
  ],
  ['rejects', () => Promise.reject(new Error('no caller'))],
  ['returns an object that is not a server', () => ({}) as McpServer],
])(
  'a factory that %s does not stop init; the failure is reported with its route, and on each request',
  async (_, factory) => {
    const said = vi.fn();
    const app = route(factory, { ...open, onError: said });
    await init();
    expect(said).not.toHaveBeenCalled();
    expect(failures).toEqual([expect.stringMatching(/^\/mcp: ./)]);
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const response = await app.request('/mcp', { method: 'POST', body, headers });
    expect(response.status).toBe(500);
    expect(said).toHaveBeenCalled();
  },
);

test('a factory that never returns does not block init', async () => {
  vi.useFakeTimers();
  try {
    route(() => new Promise(() => undefined), open);
    const done = vi.fn();
    void init().then(done);
    await vi.advanceTimersByTimeAsync(900);
    expect(done).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(200);
    expect(done).toHaveBeenCalled();
  } finally {
    vi.useRealTimers();
  }
});
