/** A warning of the SDKs about a tool is logged once per process, although each request creates and checks the server again. */

import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpServer } from '@modelcontextprotocol/server';
import { Hono } from 'hono';
import { afterAll, beforeEach, expect, test } from 'vitest';
import * as z from 'zod';

const original = console.warn;
const lines: unknown[][] = [];
console.warn = (...args) => void lines.push(args);
afterAll(() => {
  console.warn = original;
});
beforeEach(() => void lines.splice(0));

const { mcp } = await import('../../../../app/framework/mcp/mcp.ts');
const { mcpV1 } = await import('../../../../app/framework/mcp/mcp-v1.ts');
const open = { auth: 'none' } as const;
const done = () => ({ content: [] });

async function list(routes: Hono): Promise<string> {
  const response = await routes.request('/mcp', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
  });
  return response.text();
}

const FACTORIES = {
  'SDK v2': (name: string) =>
    mcp(() => {
      const server = new McpServer({ name: 'a', version: '1' });
      server.registerTool(name, {}, done);
      return server;
    }, open),
  'SDK v1': (name: string) =>
    mcpV1(() => {
      const server = new McpServerV1({ name: 'a', version: '1' });
      server.registerTool(name, {}, done);
      return server;
    }, open),
};

test.each(Object.entries(FACTORIES))(
  'an invalid tool name with %s is logged by the first request only',
  async (sdk, route) => {
    const name = `two words, ${sdk}`;
    const routes = new Hono().route('/mcp', route(name));
    for (let i = 0; i < 3; i += 1) expect(await list(routes)).toContain(name);
    const text = lines.flat().join('\n');
    expect(text.split(`validation warning for "${name}"`)).toHaveLength(2);
    expect(text.split('contains spaces')).toHaveLength(2);
    expect(text.split('See SEP')).toHaveLength(2);
  },
);

test('a second invalid tool name is logged too, and other warnings are logged each time', async () => {
  const names = ['four words 1', 'four words 2'];
  const server = () => {
    const made = new McpServer({ name: 'a', version: '1' });
    for (const name of names) made.registerTool(name, {}, done);
    console.warn('of the server', { its: 'own' });
    return made;
  };
  const routes = new Hono().route('/mcp', mcp(server, open));
  for (let i = 0; i < 2; i += 1) await list(routes);
  expect(lines.filter(([line]) => String(line).startsWith('Tool name validation'))).toHaveLength(2);
  expect(lines.filter(([line]) => String(line).startsWith('See SEP'))).toHaveLength(2);
  expect(lines.filter(([line]) => line === 'of the server')).toEqual(
    Array.from({ length: 2 }, () => ['of the server', { its: 'own' }]),
  );
});

test('an invalid x-mcp-header is logged once', async () => {
  const inputSchema = z.object({ region: z.string().meta({ 'x-mcp-header': 'not valid' }) });
  const server = () => {
    const made = new McpServer({ name: 'a', version: '1' });
    made.registerTool('header', { inputSchema }, done);
    return made;
  };
  const routes = new Hono().route('/mcp', mcp(server, open));
  for (let i = 0; i < 3; i += 1) await list(routes);
  expect(lines.map(([line]) => String(line).split(':')[0])).toEqual([
    expect.stringContaining("[mcp-sdk] tool 'header' carries an invalid x-mcp-header declaration"),
  ]);
});
