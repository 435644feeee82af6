/** A route's server is asked for its tools in the init: once, heard by nobody, and in nobody's way when that goes wrong. */
import { McpServer } from '@modelcontextprotocol/server';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import * as z from 'zod';
import type { mcp } from '../../../../app/framework/mcp/mcp.ts';

const open = { auth: 'none' } as const;

/** Of a module of its own for each test: what is to be done in the init is kept by it. */
let init: () => Promise<void>;
let route: typeof mcp;
beforeEach(async () => {
  vi.resetModules();
  ({ mcp: route } = await import('../../../../app/framework/mcp/mcp.ts'));
  ({ runInitHooks: init } = await import('../../../../app/framework/mcp/init-hooks.ts'));
});
afterEach(() => void vi.restoreAllMocks());

function server(): McpServer {
  const made = new McpServer({ name: 'probe', version: '0' });
  made.registerTool('echo', { inputSchema: z.object({ text: z.string() }) }, ({ text }) => ({
    content: [{ type: 'text', text }],
  }));
  return made;
}

test('its server is made once, by the current revision and for nobody', async () => {
  const factory = vi.fn(server);
  route(factory, open);
  expect(factory).not.toHaveBeenCalled();
  await init();
  expect(factory).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ era: 'modern' }));
  expect(factory.mock.calls[0]?.[0 as never]).not.toHaveProperty('authInfo');
});

test('no tool is called', async () => {
  const call = vi.fn();
  route(() => {
    const made = server();
    made.registerTool('act', { inputSchema: z.object({}) }, call);
    return made;
  }, open);
  await init();
  expect(call).not.toHaveBeenCalled();
});

test('its tools are known before the first call', async () => {
  const app = route(server, open);
  await init();
  const known: unknown[] = [];
  const { Hono } = await import('hono');
  const outer = new Hono<{ Variables: { mcpCall?: { tools: ReadonlySet<string> } } }>();
  outer.use(async (c, next) => {
    await next();
    known.push(...(c.get('mcpCall')?.tools ?? []));
  });
  outer.route('/', app as never);
  await outer.request('/', { method: 'POST', body: '[]', headers: { 'content-type': 'application/json' } });
  expect(known).toEqual(['echo']);
});

test('a factory that must not run without a caller does not', async () => {
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
  ['gives what is no server', () => ({}) as McpServer],
])('a factory that %s stops no init, and is heard when somebody calls', async (_, factory) => {
  const said = vi.fn();
  const app = route(factory, { ...open, onError: said });
  await init();
  expect(said).not.toHaveBeenCalled();
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const answer = await app.request('/', { method: 'POST', body, headers });
  expect(answer.status).toBe(500);
  expect(said).toHaveBeenCalled();
});

test('one that never comes back does not keep the init', async () => {
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
