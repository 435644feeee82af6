/** The option `onToolCall`, around tools of every kind of server, in both eras. */
import { fileURLToPath } from 'node:url';
import { McpServer as V1McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpServer, ProtocolError, ProtocolErrorCode, Server } from '@modelcontextprotocol/server';
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import {
  log,
  type McpOptions,
  mcp,
  mcpGateway,
  mcpStdio,
  mcpV1,
  type OnToolCall,
} from '../../../../app/framework/index.ts';
import { modernHeaders, modernRequest } from '../../../helpers/json-rpc.ts';

const ERAS = ['modern', 'legacy'] as const;
type Era = (typeof ERAS)[number];

interface Message {
  result?: { content?: { text?: string }[]; isError?: boolean; tools?: { name: string }[] };
  error?: { code: number; message: string };
}

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] });

function server(): McpServer {
  const made = new McpServer({ name: 'hooked', version: '1' });
  made.registerTool('greet', { inputSchema: z.object({ name: z.string() }) }, ({ name }) =>
    text(`hello ${name}`),
  );
  made.registerTool('breaks', {}, () => {
    throw new Error('password=hunter2');
  });
  return made;
}

function v1Server(): V1McpServer {
  const made = new V1McpServer({ name: 'hooked-v1', version: '1' });
  made.registerTool('greet', { inputSchema: { name: z.string() } }, ({ name }) => text(`hello ${name}`));
  return made;
}

function lowLevel(): Server {
  const made = new Server({ name: 'low-level', version: '1' }, { capabilities: { tools: {} } });
  made.setRequestHandler('tools/call', ({ params }) => text(`hello ${params.arguments?.name}`));
  return made;
}

function withFallback(): Server {
  const made = new Server({ name: 'fallback', version: '1' }, { capabilities: { tools: {} } });
  made.fallbackRequestHandler = async ({ params }) =>
    text(`hello ${(params as { arguments?: { name?: string } }).arguments?.name}`);
  return made;
}

const program = {
  command: process.execPath,
  args: [fileURLToPath(new URL('../../../fixtures/modern-server.mjs', import.meta.url))],
};

/** By kind of server, its route and the name of its tool. */
const KINDS: Record<string, { mount: (options: McpOptions) => ReturnType<typeof mcp>; tool: string }> = {
  'McpServer of SDK v2': { mount: options => mcp(server, options), tool: 'greet' },
  'Server of SDK v2': { mount: options => mcp(lowLevel, options), tool: 'greet' },
  'Server with only a fallback handler': { mount: options => mcp(withFallback, options), tool: 'greet' },
  'McpServer of SDK v1': { mount: options => mcpV1(v1Server, options), tool: 'greet' },
  'Server of SDK v1': { mount: options => mcpV1(() => v1Server().server, options), tool: 'greet' },
  'stdio program': { mount: options => mcpStdio(program, options), tool: 'greet' },
  gateway: { mount: options => mcpGateway({ one: server, old: v1Server }, options), tool: 'old_greet' },
};

const auth: McpOptions['auth'] = async () => ({
  allowed: true,
  caller: { token: '', clientId: 'agent-7', scopes: [] },
});

async function send(route: ReturnType<typeof mcp>, era: Era, method: string, params: object) {
  const modern = era === 'modern';
  const response = await new Hono().route('/mcp', route).request('/mcp', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(modern && modernHeaders(method, params)),
    },
    body: JSON.stringify(modern ? modernRequest(method, params) : { jsonrpc: '2.0', id: 1, method, params }),
  });
  const body = await response.text();
  return JSON.parse(body.replace(/^[\s\S]*?^(data: )?(?=\{)/m, '')) as Message;
}

const call = (route: ReturnType<typeof mcp>, era: Era, name: string, args: object = {}) =>
  send(route, era, 'tools/call', { name, arguments: args });

let errors: unknown[][];
beforeEach(() => {
  errors = [];
  vi.spyOn(console, 'error').mockImplementation((...parts) => void errors.push(parts));
});
afterEach(() => vi.restoreAllMocks());

describe.each(ERAS)('%s era', era => {
  test.each(Object.entries(KINDS))(
    '%s: the hook gets the call, and can change the call and its result',
    async (_, kind) => {
      const seen: unknown[] = [];
      const onToolCall: OnToolCall = async (ctx, { name, arguments: args }, next) => {
        seen.push({ name, args, caller: ctx.http?.authInfo?.clientId, id: ctx.mcpReq.id });
        const result = await next({ name, arguments: { name: 'Ada' } });
        return { ...result, ...text(`${JSON.stringify(result.content)}, hooked`) };
      };
      const { result } = await call(kind.mount({ auth, onToolCall }), era, kind.tool, { name: 'Bob' });
      expect(result?.content?.[0]?.text).toMatch(/hello Ada.*hooked/);
      expect(seen).toEqual([{ name: kind.tool, args: { name: 'Bob' }, caller: 'agent-7', id: 1 }]);
      const unhooked = await call(kind.mount({ auth }), era, kind.tool, { name: 'Bob' });
      expect(unhooked.result?.content?.[0]?.text).toBe('hello Bob');
    },
  );

  test.each(Object.entries(KINDS))(
    '%s: the tool does not run if the hook does not call next',
    async (_, kind) => {
      const onToolCall = vi.fn<OnToolCall>(() => text('from the cache'));
      const { result } = await call(kind.mount({ auth: 'none', onToolCall }), era, kind.tool, {
        name: 'Bob',
      });
      expect(result?.content).toEqual(text('from the cache').content);
      expect(onToolCall).toHaveBeenCalledTimes(1);
    },
  );

  test.each(Object.entries(KINDS))(
    '%s: if the hook throws, the call fails, and the error is logged but not returned',
    async (_, kind) => {
      const onToolCall: OnToolCall = () => {
        throw new Error('password=hunter2');
      };
      const { error } = await call(kind.mount({ auth: 'none', onToolCall }), era, kind.tool, { name: 'Bob' });
      expect(error).toEqual({ code: -32603, message: expect.stringContaining('The call failed') });
      const line = errors.find(([message]) => message === 'mcp: onToolCall failed');
      expect(line?.[1]).toMatchObject({ message: 'password=hunter2' });
    },
  );

  test('an error of the hook with a JSON-RPC code is returned to the caller unchanged', async () => {
    const onToolCall: OnToolCall = () => {
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'Not after 18:00.');
    };
    const { error } = await call(mcp(server, { auth: 'none', onToolCall }), era, 'greet', { name: 'Bob' });
    expect(error).toMatchObject({ code: -32602, message: 'Not after 18:00.' });
    expect(errors).toEqual([]);
  });

  test('a protocol error of the tool is returned unchanged if the hook does not catch it', async () => {
    const route = (onToolCall?: OnToolCall) =>
      mcp(server, { auth: 'none', ...(onToolCall && { onToolCall }) });
    const unhooked = await call(route(), era, 'missing');
    const hooked = await call(
      route((_ctx, _call, next) => next()),
      era,
      'missing',
    );
    expect(hooked).toEqual(unhooked);
    expect(hooked.error?.code).toBe(-32602);
  });

  test('a hook can replace the message of a tool’s exception', async () => {
    const onToolCall: OnToolCall = async (_ctx, _call, next) => {
      const result = await next();
      return result.isError ? { ...result, ...text('The tool failed.') } : result;
    };
    const { result } = await call(mcp(server, { auth: 'none', onToolCall }), era, 'breaks');
    expect(result).toMatchObject({ isError: true, content: [{ text: 'The tool failed.' }] });
    expect(JSON.stringify(errors.map(parts => parts.map(String)))).toContain('hunter2');
  });

  test('a call fails if the hook returns nothing', async () => {
    const onToolCall = (async () => undefined) as unknown as OnToolCall;
    const { error } = await call(mcp(server, { auth: 'none', onToolCall }), era, 'greet', { name: 'Bob' });
    expect(error?.code).toBe(-32603);
    expect(String(errors[0]?.[1])).toContain('returned undefined instead of a result');
  });

  test.each([{ name: ['greet'] }, { name: 'greet', arguments: ['Bob'] }, { name: 'greet', arguments: null }])(
    'the hook does not run for malformed parameters: %j',
    async params => {
      const onToolCall = vi.fn<OnToolCall>((_ctx, _call, next) => next());
      for (const factory of [server, withFallback]) {
        const route = mcp(factory, { auth: 'none', onToolCall });
        const { error } = await send(route, 'legacy', 'tools/call', params);
        expect(error).toMatchObject({ code: -32602, message: expect.stringContaining('tools/call') });
      }
      expect(onToolCall).not.toHaveBeenCalled();
    },
  );

  test('the hook does not run for other methods than tools/call', async () => {
    const onToolCall = vi.fn<OnToolCall>((_ctx, _call, next) => next());
    for (const { mount } of Object.values(KINDS))
      await send(mount({ auth: 'none', onToolCall }), era, 'tools/list', {});
    expect(onToolCall).not.toHaveBeenCalled();
  });

  test('log(ctx) works in a hook, for servers of both SDKs', async () => {
    let written = '';
    vi.spyOn(process.stdout, 'write').mockImplementation(chunk => {
      written += chunk;
      return true;
    });
    const onToolCall: OnToolCall = (ctx, { name }, next) => {
      log(ctx).info('Tool called', { name });
      return next();
    };
    for (const mount of [
      mcp(server, { auth: 'none', onToolCall }),
      mcpV1(v1Server, { auth: 'none', onToolCall }),
    ])
      await call(mount, era, 'greet', { name: 'Bob' });
    expect(written.match(/"message":"Tool called","data":\{"name":"greet"\}/g)).toHaveLength(2);
  });
});
