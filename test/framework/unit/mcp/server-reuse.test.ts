/** The option `reuse`: one server for many requests, one after the other, in both eras; nothing of one caller reaches another. */
import {
  completable,
  McpServer,
  ResourceTemplate,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { dynamoTasks, type McpServerOptions, mcp } from '../../../../app/framework/index.ts';
import type { Guard } from '../../../../app/framework/types.ts';
import { modernHeaders, modernRequest } from '../../../helpers/json-rpc.ts';

type Era = 'modern' | 'legacy';
const ERAS: readonly Era[] = ['modern', 'legacy'];

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] });

beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Opens on demand, for tools that wait. */
class Latch {
  open = (): void => undefined;
  readonly opened = new Promise<void>(resolve => {
    this.open = resolve;
  });
}

/** A route with `reuse`, and the servers that its factory has created. */
function routeOf(register: (server: McpServer) => void, options: McpServerOptions = {}) {
  const created: McpServer[] = [];
  const contexts: object[] = [];
  const route = mcp(
    context => {
      contexts.push(context);
      const server = new McpServer(
        { name: 'reused', version: '1' },
        { capabilities: { logging: {}, tools: {} } },
      );
      register(server);
      created.push(server);
      return server;
    },
    { auth: 'none', reuse: true, ...options },
  );
  return { app: new Hono().route('/mcp', route), created, contexts };
}

interface Sent {
  era: Era;
  method: string;
  params?: object;
  id?: number;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

function send(
  app: Hono,
  { era, method, params = {}, id = 1, headers, signal }: Sent,
): Promise<Response> | Response {
  const modern = era === 'modern';
  const body = modern ? modernRequest(method, params, undefined, id) : { jsonrpc: '2.0', id, method, params };
  return app.request('https://server.example/mcp', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(modern && modernHeaders(method, params)),
      ...headers,
    },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
}

/** The last message of the response: the result or the error. */
async function call(app: Hono, sent: Sent): Promise<{ result?: Record<string, unknown>; error?: object }> {
  return last(await (await send(app, sent)).text());
}

function last(body: string) {
  const data = body.startsWith('{')
    ? body
    : (body
        .match(/^data: (\{.*\})$/gm)
        ?.at(-1)
        ?.slice(6) ?? 'null');
  return JSON.parse(data);
}

async function texts(app: Hono, sent: Sent): Promise<unknown> {
  const { result } = await call(app, sent);
  return (result?.content as { text: string }[] | undefined)?.[0]?.text;
}

describe.each(ERAS)('reuse, %s', era => {
  const tool = (name: string, args: object = {}, more: Partial<Sent> = {}): Sent => ({
    era,
    method: 'tools/call',
    params: { name, arguments: args },
    ...more,
  });

  test('serves requests one after the other by one server', async () => {
    const { app, created } = routeOf(server => {
      server.registerTool('echo', { inputSchema: z.object({ value: z.string() }) }, ({ value }) =>
        text(value),
      );
    });
    for (const value of ['a', 'b', 'c', 'd']) expect(await texts(app, tool('echo', { value }))).toBe(value);
    expect((await call(app, { era, method: 'tools/list' })).result?.tools).toHaveLength(1);
    expect(created).toHaveLength(1);
  });

  test('serves parallel requests by as many servers, and keeps those for the next ones', async () => {
    const latches: Record<string, Latch> = { a: new Latch(), b: new Latch(), c: new Latch() };
    const inside = new Set<string>();
    const { app, created } = routeOf(server => {
      server.registerTool('wait', { inputSchema: z.object({ value: z.string() }) }, async ({ value }) => {
        inside.add(value);
        await latches[value]?.opened;
        return text(value);
      });
    });
    const calls = ['a', 'b', 'c'].map(value => texts(app, tool('wait', { value })));
    await expect.poll(() => inside.size).toBe(3);
    for (const value of ['c', 'a', 'b']) latches[value]?.open();
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'c']);
    expect(await Promise.all(['a', 'b'].map(value => texts(app, tool('wait', { value }))))).toEqual([
      'a',
      'b',
    ]);
    expect(created).toHaveLength(3);
  });

  test('gives the factory neither the request nor the caller, and each tool its own caller', async () => {
    const guard: Guard = async request => {
      const token = request.headers.get('authorization') ?? '';
      return { allowed: true, caller: { token, clientId: `client of ${token}`, scopes: [] } };
    };
    const { app, contexts, created } = routeOf(
      server => {
        server.registerTool('who', {}, ctx =>
          text((ctx as ServerContext).http?.authInfo?.clientId ?? 'none'),
        );
      },
      { auth: guard },
    );
    for (const name of ['ann', 'bob', 'ann'])
      expect(await texts(app, tool('who', {}, { headers: { authorization: name } }))).toBe(
        `client of ${name}`,
      );
    expect(contexts).toEqual([{ era }]);
    expect(created).toHaveLength(1);
  });

  test('rejects what a tool sends after its response, and sends it to no other caller', async () => {
    const [leftBehind, inside, release] = [new Latch(), new Latch(), new Latch()];
    const outcomes: string[] = [];
    const { app, created } = routeOf(server => {
      server.registerTool('leaves', {}, ctx => {
        const { mcpReq } = ctx as ServerContext;
        const progress = { progressToken: 7, progress: 1, message: 'SECRET of the first caller' };
        void leftBehind.opened.then(async () => {
          const attempts = [
            mcpReq.notify({ method: 'notifications/progress', params: progress }),
            mcpReq.log('error', 'SECRET of the first caller'),
            mcpReq.elicitInput({
              mode: 'form',
              message: 'SECRET of the first caller',
              requestedSchema: { type: 'object', properties: {} },
            }),
            mcpReq.send({ method: 'roots/list' }),
          ];
          for (const attempt of await Promise.allSettled(attempts)) outcomes.push(attempt.status);
          release.open();
        });
        return text('done');
      });
      server.registerTool('waits', {}, async () => {
        inside.open();
        await release.opened;
        return text('mine');
      });
    });
    // A log level that lets the log message through; the same id and progress token.
    const meta = {
      progressToken: 7,
      ...(era === 'modern' && { 'io.modelcontextprotocol/logLevel': 'debug' }),
    };
    expect(
      await texts(app, tool('leaves', {}, { params: { name: 'leaves', arguments: {}, _meta: meta } })),
    ).toBe('done');
    const second = send(app, tool('waits', {}, { params: { name: 'waits', arguments: {}, _meta: meta } }));
    await inside.opened;
    leftBehind.open();
    const body = await (await second).text();
    expect(last(body).result.content[0].text).toBe('mine');
    expect(body).not.toContain('SECRET');
    expect(outcomes.filter(status => status === 'rejected').length).toBeGreaterThanOrEqual(3);
    expect(created).toHaveLength(1);
  });

  test('sends the notifications of a running tool to its own caller', async () => {
    const { app } = routeOf(server => {
      server.registerTool(
        'progress',
        { inputSchema: z.object({ value: z.string() }) },
        async ({ value }, ctx) => {
          await ctx.mcpReq.notify({
            method: 'notifications/progress',
            params: { progressToken: 7, progress: 1, message: value },
          });
          return text(value);
        },
      );
    });
    for (const value of ['a', 'b', 'c']) {
      const params = { name: 'progress', arguments: { value }, _meta: { progressToken: 7 } };
      const body = await (await send(app, tool('progress', {}, { params }))).text();
      expect(body.match(/"message":"(\w)"/g)).toEqual([`"message":"${value}"`]);
    }
  });

  test('lets a call that was aborted end alone: the server serves the next one meanwhile', async () => {
    const [inside, release] = [new Latch(), new Latch()];
    const { app } = routeOf(server => {
      server.registerTool('ignores', {}, async () => {
        inside.open();
        await release.opened; // Ignores its signal.
        return text('SECRET of the aborted call');
      });
      server.registerTool('quick', {}, () => text('quick'));
    });
    const controller = new AbortController();
    const aborted = Promise.resolve(send(app, tool('ignores', {}, { signal: controller.signal })))
      .then(response => response.text())
      .catch(String);
    await inside.opened;
    controller.abort();
    expect(await texts(app, tool('quick'))).toBe('quick');
    release.open();
    expect(await texts(app, tool('quick'))).toBe('quick');
    expect(await aborted).not.toContain('SECRET');
  });

  test('does not close the connection of a later request when the signal of an earlier one is aborted', async () => {
    const [inside, release] = [new Latch(), new Latch()];
    const { app, created } = routeOf(server => {
      server.registerTool('quick', {}, () => text('quick'));
      server.registerTool('waits', {}, async () => {
        inside.open();
        await release.opened;
        return text('mine');
      });
    });
    const controller = new AbortController();
    expect(await texts(app, tool('quick', {}, { signal: controller.signal }))).toBe('quick');
    const second = texts(app, tool('waits'));
    await inside.opened;
    controller.abort();
    release.open();
    expect(await second).toBe('mine');
    expect(created).toHaveLength(1);
  });

  test('runs onToolCall once for each call, however often the server was used', async () => {
    const calls: string[] = [];
    const { app } = routeOf(server => void server.registerTool('echo', {}, () => text('x')), {
      onToolCall: (_, { name }, next) => {
        calls.push(name);
        return next();
      },
    });
    for (let i = 0; i < 4; i += 1) await call(app, tool('echo'));
    expect(calls).toEqual(['echo', 'echo', 'echo', 'echo']);
  });

  test('keeps a server whose tool throws, or whose arguments are refused', async () => {
    const { app, created } = routeOf(server => {
      server.registerTool('breaks', { inputSchema: z.object({ n: z.number() }) }, () => {
        throw new Error('broken');
      });
      server.registerTool('works', {}, () => text('works'));
    });
    expect((await call(app, tool('breaks', { n: 1 }))).result?.isError).toBe(true);
    expect((await call(app, tool('breaks', { n: 'x' }))).result?.isError).toBe(true);
    expect((await call(app, tool('missing'))).error).toBeDefined();
    expect((await call(app, { era, method: 'no/such' })).error).toBeDefined();
    expect(await texts(app, tool('works'))).toBe('works');
    expect(created).toHaveLength(1);
  });

  test('reads resources, prompts and completions by a server that is used again', async () => {
    const { app, created } = routeOf(server => {
      server.registerResource(
        'item',
        new ResourceTemplate('item://{id}', { list: undefined }),
        {},
        (uri, { id }) => ({ contents: [{ uri: uri.href, text: `item ${id}` }] }),
      );
      const argsSchema = z.object({ name: completable(z.string(), value => [`${value}!`]) });
      server.registerPrompt('greet', { argsSchema }, ({ name }) => ({
        messages: [{ role: 'user', content: { type: 'text', text: `hello ${name}` } }],
      }));
    });
    for (const name of ['a', 'b']) {
      const read = await call(app, { era, method: 'resources/read', params: { uri: `item://${name}` } });
      expect(JSON.stringify(read)).toContain(`item ${name}`);
      const prompt = await call(app, {
        era,
        method: 'prompts/get',
        params: { name: 'greet', arguments: { name } },
      });
      expect(JSON.stringify(prompt)).toContain(`hello ${name}`);
      const ref = { type: 'ref/prompt', name: 'greet' };
      const argument = { name: 'name', value: name };
      const completed = await call(app, { era, method: 'completion/complete', params: { ref, argument } });
      expect(JSON.stringify(completed)).toContain(`${name}!`);
    }
    expect(created).toHaveLength(1);
  });

  test('lists the other tools if one cannot be listed, and reports it once', async () => {
    const { app } = routeOf(server => {
      server.registerTool('good', {}, () => text('x'));
      server.registerTool('bad', { inputSchema: z.object({ at: z.date() }) }, () => text('x'));
    });
    for (let i = 0; i < 3; i += 1)
      expect((await call(app, { era, method: 'tools/list' })).result?.tools).toMatchObject([
        { name: 'good' },
      ]);
    expect(
      vi.mocked(console.error).mock.calls.filter(([line]) => /cannot be listed/.test(String(line))),
    ).toHaveLength(1);
  });

  test('creates the server again after a factory that failed', async () => {
    let attempts = 0;
    const { app, created } = routeOf(server => {
      attempts += 1;
      if (attempts === 1) throw new Error('not yet');
      server.registerTool('echo', {}, () => text('x'));
    });
    expect((await send(app, tool('echo'))).status).toBe(500);
    expect(await texts(app, tool('echo'))).toBe('x');
    expect(await texts(app, tool('echo'))).toBe('x');
    expect(created).toHaveLength(1);
  });
});

describe('reuse', () => {
  test('has one server for each era', async () => {
    const { app, created, contexts } = routeOf(
      server => void server.registerTool('echo', {}, () => text('x')),
    );
    for (const era of ['modern', 'legacy', 'modern', 'legacy'] as const)
      expect(await texts(app, { era, method: 'tools/call', params: { name: 'echo', arguments: {} } })).toBe(
        'x',
      );
    expect(created).toHaveLength(2);
    expect(contexts).toEqual([{ era: 'modern' }, { era: 'legacy' }]);
  });

  test('forgets what a client of 2025-11-25 said about itself, and its log level', async () => {
    const seen: object[] = [];
    const { app, created } = routeOf(server => {
      server.registerTool('look', {}, async ctx => {
        await (ctx as ServerContext).mcpReq.log('info', 'a message');
        seen.push([server.server.getClientCapabilities(), server.server.getClientVersion()]);
        return text('x');
      });
    });
    const legacy = (method: string, params: object): Promise<object> =>
      call(app, { era: 'legacy', method, params });
    const clientInfo = { name: 'first', version: '1' };
    await legacy('initialize', {
      protocolVersion: '2025-06-18',
      capabilities: { elicitation: {} },
      clientInfo,
    });
    await legacy('logging/setLevel', { level: 'emergency' });
    const look = { name: 'look', arguments: {} };
    const response = await send(app, { era: 'legacy', method: 'tools/call', params: look });
    expect(seen).toEqual([[undefined, undefined]]);
    expect(await response.text()).toContain('a message');
    expect(created).toHaveLength(1);
  });

  test('knows the client of each request of 2026-07-28', async () => {
    const { app } = routeOf(server => {
      server.registerTool('look', {}, () => text(server.server.getClientVersion()?.name ?? 'none'));
    });
    for (const name of ['first', 'second']) {
      const _meta = { 'io.modelcontextprotocol/clientInfo': { name, version: '1' } };
      const params = { name: 'look', arguments: {}, _meta };
      expect(await texts(app, { era: 'modern', method: 'tools/call', params })).toBe(name);
    }
  });

  test('keeps the server of a request that is refused before it is connected', async () => {
    const { app, created } = routeOf(server => {
      const inputSchema = z.object({ region: z.string().meta({ 'x-mcp-header': 'Region' }) });
      server.registerTool('by-header', { inputSchema }, ({ region }) => text(region));
    });
    const params = { name: 'by-header', arguments: { region: 'north' } };
    const sent: Sent = { era: 'modern', method: 'tools/call', params };
    expect((await send(app, { ...sent, headers: { 'mcp-param-region': 'south' } })).status).toBe(400);
    expect(await texts(app, { ...sent, headers: { 'mcp-param-region': 'north' } })).toBe('north');
    expect(created).toHaveLength(1);
  });

  test('a notification leaves the server to the next request', async () => {
    const { app, created } = routeOf(server => void server.registerTool('echo', {}, () => text('x')));
    for (const era of ERAS) {
      for (let i = 0; i < 3; i += 1) {
        const body =
          era === 'modern'
            ? { ...modernRequest('notifications/cancelled', { requestId: 9 }), id: undefined }
            : { jsonrpc: '2.0', method: 'notifications/initialized' };
        const response = await app.request('https://server.example/mcp', {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            accept: 'application/json, text/event-stream',
            ...(era === 'modern' && modernHeaders('notifications/cancelled')),
          },
          body: JSON.stringify(body),
        });
        expect(response.status).toBe(202);
      }
      expect(await texts(app, { era, method: 'tools/call', params: { name: 'echo', arguments: {} } })).toBe(
        'x',
      );
    }
    expect(created).toHaveLength(2);
  });

  test('is refused together with tasks, whose handlers are those of one caller', () => {
    const tasks = dynamoTasks({ tools: { echo: {} } });
    expect(() => routeOf(() => undefined, { tasks })).toThrow(/reuse.*cannot have tasks/);
    expect(() => routeOf(() => undefined, { tasks, reuse: false })).not.toThrow();
  });

  test('refuses a factory of a low-level Server, and says what is needed', async () => {
    const errors: string[] = [];
    const route = mcp(
      () => new Server({ name: 'low-level', version: '1' }, { capabilities: { tools: {} } }),
      {
        auth: 'none',
        reuse: true,
        onError: ({ message }) => errors.push(message),
      },
    );
    const app = new Hono().route('/mcp', route);
    expect((await send(app, { era: 'legacy', method: 'tools/list' })).status).toBe(500);
    expect(errors.join()).toContain('needs a factory that returns an McpServer of SDK v2');
  });

  test('without it, each request has a separate server', async () => {
    const { app, created } = routeOf(server => void server.registerTool('echo', {}, () => text('x')), {
      reuse: false,
    });
    for (const era of ['modern', 'modern', 'legacy', 'legacy'] as const)
      await call(app, { era, method: 'tools/call', params: { name: 'echo', arguments: {} } });
    expect(created).toHaveLength(4);
  });
});
