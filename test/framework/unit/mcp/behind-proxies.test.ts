/**
 * Servers that clients reach through a proxy in this process: of SDK v1 for clients of 2026-07-28, and of either SDK behind a
 * gateway. Their faults have the same consequences as those of a server that is mounted by itself.
 */
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpServer } from '@modelcontextprotocol/server';
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { createApp } from '../../../../app/framework/app.ts';
import { mcpGateway } from '../../../../app/framework/mcp/gateway.ts';
import { mcp } from '../../../../app/framework/mcp/mcp.ts';
import { mcpV1 } from '../../../../app/framework/mcp/mcp-v1.ts';
import { modernHeaders, modernRequest } from '../../../helpers/json-rpc.ts';

/** The methods that both SDKs have, untyped, because these tests return invalid results. */
interface AnyMcpServer {
  registerTool(name: string, config: object, handler: () => unknown): void;
  registerPrompt(name: string, config: object, handler: () => unknown): void;
  registerResource(name: string, uri: string, config: object, handler: () => unknown): void;
  server: { setRequestHandler(...args: unknown[]): void };
}

const fine = () => ({ content: [{ type: 'text', text: 'ok' }] });

function filled(server: AnyMcpServer, schema: object): never {
  server.registerTool('good', {}, fine);
  server.registerTool('text', {}, () => 'text');
  server.registerTool('badList', {}, () => ({ content: 'text' }));
  server.registerTool('dated', { inputSchema: schema }, fine);
  server.registerPrompt('nothing', {}, () => undefined);
  server.registerResource('nothing', 'x://nothing', {}, () => undefined);
  return server as never;
}

const v1 = () => filled(new McpServerV1({ name: 'v1', version: '1' }) as never, { when: z.date() });
const v2 = () => filled(new McpServer({ name: 'v2', version: '1' }) as never, z.object({ when: z.date() }));

const ROUTES = {
  'SDK v1': { app: () => mcpV1(v1), prefix: '' },
  'a gateway with SDK v1': { app: () => mcpGateway({ one: v1 }), prefix: 'one_' },
  'a gateway with SDK v2': { app: () => mcpGateway({ two: v2 }), prefix: 'two_' },
} as const;
type Route = keyof typeof ROUTES;

interface Response {
  result?: Record<string, unknown>;
  error?: { code: number; message: string };
}

let written = '';
let errors = '';
beforeEach(() => {
  vi.stubEnv('MCP_AUTH', 'none');
  written = '';
  errors = '';
  vi.spyOn(process.stdout, 'write').mockImplementation(chunk => {
    written += chunk;
    return true;
  });
  vi.spyOn(console, 'error').mockImplementation((...args) => {
    errors += `${args.join(' ')}\n`;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

async function send(route: Route, era: 'modern' | 'legacy', method: string, params: object) {
  const app = createApp(new Hono().route('/mcp', ROUTES[route].app()));
  const accept = { 'content-type': 'application/json', accept: 'application/json' };
  const [headers, body] =
    era === 'modern'
      ? [{ ...accept, ...modernHeaders(method, params) }, modernRequest(method, params)]
      : [accept, { jsonrpc: '2.0', id: 1, method, params }];
  const response = await app.request('/mcp', { method: 'POST', headers, body: JSON.stringify(body) });
  const [, outcome] = /"outcome":"(\w+)"/.exec(written) ?? [];
  return { outcome, ...((await response.json()) as Response) };
}

describe.each(Object.keys(ROUTES) as Route[])('%s', route => {
  const { prefix } = ROUTES[route];

  describe.each(['modern', 'legacy'] as const)('for a %s client', era => {
    test.each<[string, string, object]>([
      ['a tool that returns a string', 'tools/call', { name: `${prefix}text`, arguments: {} }],
      ['a tool that returns an invalid result', 'tools/call', { name: `${prefix}badList`, arguments: {} }],
      ['a prompt that returns nothing', 'prompts/get', { name: `${prefix}nothing` }],
      ['a resource that returns nothing', 'resources/read', { uri: 'x://nothing' }],
    ])('a call of %s returns an error at once', async (_what, method, params) => {
      const { error, outcome } = await send(route, era, method, params);
      expect(error).toMatchObject({ code: -32603 });
      expect(error?.message).not.toMatch(/\n|"code"/);
      expect(outcome).toBe('failed');
    });

    test('a schema that JSON Schema cannot express hides only its tool', async () => {
      const { result } = await send(route, era, 'tools/list', {});
      const { tools } = result as { tools: { name: string }[] };
      expect(tools.map(({ name }) => name)).toEqual(['good', 'text', 'badList'].map(name => prefix + name));
      expect(errors).toMatch(/the tool dated (of \w+ )?cannot be listed/);
    });

    test('a URI that cannot be parsed is logged as a client error', async () => {
      const { error, outcome } = await send(route, era, 'resources/read', { uri: 'not a uri' });
      expect(error?.code).toBe(-32602);
      expect(outcome).toBe('protocol_error');
    });
  });
});

test.each([null, '', 5, { a: 1 }])(
  'a list with the cursor %j is returned to the client without a cursor',
  async cursor => {
    const server = (): never => {
      const made = new McpServerV1({ name: 'v1', version: '1' });
      made.registerTool('good', {}, fine as never);
      const handlers = (made.server as unknown as { _requestHandlers: Map<string, unknown> })
        ._requestHandlers;
      handlers.set('tools/list', async () => ({ tools: [], nextCursor: cursor }));
      return made as never;
    };
    const app = createApp(new Hono().route('/mcp', mcpV1(server)));
    const headers = { 'content-type': 'application/json', ...modernHeaders('tools/list') };
    const body = JSON.stringify(modernRequest('tools/list'));
    const response = await app.request('/mcp', { method: 'POST', headers, body });
    expect((await response.json()) as Response).toMatchObject({ result: { tools: [] } });
    expect(await (await app.request('/mcp', { method: 'POST', headers, body })).text()).not.toContain(
      'nextCursor',
    );
  },
);

test.each(['/acme/mcp', '/acme/mcp/'])('the path %s is served by the route `/:tenant/mcp`', async path => {
  const app = createApp(new Hono().route('/:tenant/mcp', mcp(v2)));
  const headers = { 'content-type': 'application/json', ...modernHeaders('tools/list') };
  const body = JSON.stringify(modernRequest('tools/list'));
  expect((await app.request(path, { method: 'POST', headers, body })).status).toBe(200);
  expect((await app.request('/acme/other/', { method: 'POST', headers, body })).status).toBe(404);
});

test.each(['identity', 'Identity', 'identity, identity', ''])(
  'a request with the content coding %j counts as uncompressed',
  async coding => {
    const app = createApp(new Hono().route('/mcp', mcp(v2)));
    const headers = { 'content-type': 'application/json', ...modernHeaders('tools/list') };
    const body = JSON.stringify(modernRequest('tools/list'));
    const encoded = { ...headers, 'content-encoding': coding };
    expect((await app.request('/mcp', { method: 'POST', headers: encoded, body })).status).toBe(200);
    const gzip = { ...headers, 'content-encoding': 'identity, gzip' };
    expect((await app.request('/mcp', { method: 'POST', headers: gzip, body })).status).toBe(415);
  },
);
