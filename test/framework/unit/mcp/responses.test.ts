/** Every message gets a response at once, in both eras, and the log names the right party. */
import { McpServer as V1McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpServer, Server, type ServerContext } from '@modelcontextprotocol/server';
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { createApp } from '../../../../app/framework/app.ts';
import { createPipeline, handlersOf } from '../../../../app/framework/lambda/create-handlers.ts';
import { mcp } from '../../../../app/framework/mcp/mcp.ts';
import { mcpV1 } from '../../../../app/framework/mcp/mcp-v1.ts';
import { v2Event } from '../../../helpers/events.ts';

const REVISION = '2026-07-28';
const META = {
  'io.modelcontextprotocol/protocolVersion': REVISION,
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '0' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

interface Response {
  id?: unknown;
  result?: Record<string, unknown>;
  error?: { code: number; message: string };
}

interface Line {
  type?: string;
  mcpMethod?: string;
  tool?: string;
  outcome?: string;
}

let written: string;
let errors: string;
beforeEach(() => {
  written = '';
  errors = '';
  vi.stubEnv('MCP_AUTH', 'none');
  vi.spyOn(process.stdout, 'write').mockImplementation(text => {
    written += text;
    return true;
  });
  for (const level of ['error', 'warn'] as const)
    vi.spyOn(console, level).mockImplementation((...parts) => {
      errors += `${parts.map(String).join(' ')}\n`;
    });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const requestLines = (): Line[] =>
  written
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line) as Line)
    .filter(({ type }) => type === 'request');

/** Sends a body to `/mcp` of a server, through the complete pipeline of an invocation. */
async function post(
  factory: () => McpServer | Server,
  body: unknown,
  headers: Record<string, string> = {},
  path = '/mcp',
) {
  return postTo(mcp(factory), body, headers, path);
}

async function postTo(
  route: ReturnType<typeof mcp>,
  body: unknown,
  headers: Record<string, string> = {},
  path = '/mcp',
) {
  const app = createApp(new Hono().route('/mcp', route));
  const { buffered } = handlersOf(createPipeline(app.fetch));
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const event = v2Event({ method: 'POST', path, body: text }) as { headers: object };
  const accept = 'application/json, text/event-stream';
  const result = (await buffered(
    { ...event, headers: { ...event.headers, 'content-type': 'application/json', accept, ...headers } },
    { awsRequestId: 'id', functionName: 'f', getRemainingTimeInMillis: () => 20_000 },
  )) as { statusCode: number; headers: Record<string, string>; body: string };
  const messages = result.body
    .split('\n')
    .map(line => line.replace(/^data: /, ''))
    .filter(line => /^[[{]/.test(line))
    .flatMap(line => JSON.parse(line) as Response | Response[]);
  return { ...result, messages };
}

function modern(method: string, params: object, name = '') {
  return {
    body: { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: META } },
    headers: { 'mcp-protocol-version': REVISION, 'mcp-method': method, ...(name && { 'mcp-name': name }) },
  };
}

const legacy = (method: string, params?: unknown, id: unknown = 1) => ({
  body: { jsonrpc: '2.0', id, method, params },
  headers: {},
});

const callBy = {
  '2026-07-28': (name: string, args: object = {}) => modern('tools/call', { name, arguments: args }, name),
  '2025-11-25': (name: string, args: object = {}) => legacy('tools/call', { name, arguments: args }),
};
type Era = keyof typeof callBy;
const ERAS = Object.keys(callBy) as Era[];

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] });

function tools(handlers: Record<string, () => unknown>): () => McpServer {
  return () => {
    const server = new McpServer({ name: 'tools', version: '1' });
    for (const [name, handler] of Object.entries(handlers))
      server.registerTool(name, { description: name }, handler as never);
    return server;
  };
}

describe.each(ERAS)('a result that JSON cannot represent, revision %s', era => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const unrepresentable: Record<string, unknown> = {
    bigint: 9007199254740993n,
    circular,
    throwing: {
      toJSON() {
        throw new Error('secret detail');
      },
    },
  };

  test.each(Object.keys(unrepresentable))(
    'in structuredContent (%s) leads to an error at once',
    async kind => {
      const factory = tools({
        [kind]: () => ({ ...text('x'), structuredContent: { value: unrepresentable[kind] } }),
      });
      const { body, headers } = callBy[era](kind);
      const { messages } = await post(factory, body, headers);
      expect(messages).toEqual([
        {
          jsonrpc: '2.0',
          id: 1,
          error: { code: -32603, message: expect.stringContaining('cannot be represented in JSON') },
        },
      ]);
      expect(JSON.stringify(messages)).not.toContain('secret detail');
      expect(requestLines()).toMatchObject([{ outcome: 'failed' }]);
      expect(errors).toContain('cannot be represented in JSON');
    },
  );

  test('in _meta leads to an error at once', async () => {
    const factory = tools({ meta: () => ({ ...text('x'), _meta: { id: 1n } }) });
    const { body, headers } = callBy[era]('meta');
    const { messages } = await post(factory, body, headers);
    expect(messages).toMatchObject([{ id: 1, error: { code: -32603 } }]);
    expect(requestLines()).toMatchObject([{ outcome: 'failed' }]);
  });

  test.each([
    ['resources/read', { uri: 'x://y' }, 'x://y'],
    ['prompts/get', { name: 'p' }, 'p'],
  ])('of %s leads to an error at once', async (method, params, name) => {
    const factory = () => {
      const server = new McpServer({ name: 'others', version: '1' });
      const _meta = { id: 1n } as never;
      server.registerResource('r', 'x://y', {}, () => ({ contents: [{ uri: 'x://y', text: 't' }], _meta }));
      server.registerPrompt('p', {}, () => ({
        messages: [{ role: 'user' as const, content: { type: 'text' as const, text: 't' } }],
        _meta,
      }));
      return server;
    };
    const { body, headers } = era === '2026-07-28' ? modern(method, params, name) : legacy(method, params);
    const { messages } = await post(factory, body, headers);
    expect(messages).toMatchObject([{ id: 1, error: { code: -32603 } }]);
    expect(requestLines()).toMatchObject([{ outcome: 'failed' }]);
  });
});

describe.each(ERAS)('the result of a tool, revision %s', era => {
  test.each([false, true])('is converted to JSON once in the bundle (with progress: %s)', async progress => {
    let conversions = 0;
    const value = {
      toJSON() {
        conversions += 1;
        return 'counted';
      },
    };
    const factory = (): McpServer => {
      const server = new McpServer({ name: 'tools', version: '1' });
      server.registerTool('count', {}, async ({ mcpReq }) => {
        if (progress)
          await mcpReq.notify({
            method: 'notifications/progress',
            params: { progressToken: 'p', progress: 1 },
          });
        return { ...text('x'), structuredContent: { value } };
      });
      return server;
    };
    const { body, headers } = callBy[era]('count');
    const { messages } = await post(factory, body, headers);
    expect(messages.at(-1)).toMatchObject({ result: { structuredContent: { value: 'counted' } } });
    // Once to check it; the SDK without the diffs converts it again.
    expect(conversions).toBe(process.env.TEST_BUNDLE ? 1 : 2);
  });
});

describe.each(ERAS)('a value that JSON cannot represent, revision %s', era => {
  test('in the data of an error is left out, and the error is returned', async () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    for (const data of [{ n: 1n }, circular]) {
      written = '';
      const factory = () => {
        const server = new Server({ name: 'low', version: '1' }, { capabilities: { tools: {} } });
        server.setRequestHandler('tools/call', () => {
          throw Object.assign(new Error('not today'), { code: -32050, data });
        });
        return server;
      };
      const { body, headers } = callBy[era]('any');
      const { messages } = await post(factory, body, headers);
      expect(messages).toEqual([{ jsonrpc: '2.0', id: 1, error: { code: -32050, message: 'not today' } }]);
      expect(requestLines()).toMatchObject([{ outcome: 'protocol_error' }]);
    }
  });

  test('in a notification drops only that notification, even if the tool does not wait for it', async () => {
    const factory = () => {
      const server = new McpServer({ name: 'notes', version: '1' });
      server.registerTool('notes', {}, async ctx => {
        const params = { progressToken: 1, progress: 1, note: 1n };
        void ctx.mcpReq.notify({ method: 'notifications/progress', params } as never);
        await new Promise(resolve => setImmediate(resolve));
        return text('done');
      });
      return server;
    };
    const { body, headers } = callBy[era]('notes');
    const { messages } = await post(factory, body, headers);
    expect(messages).toMatchObject([{ id: 1, result: { content: [{ text: 'done' }] } }]);
    expect(errors).toMatch(/notifications\/progress was not sent: JSON cannot represent it/);
  });

  test.each(['annotations', '_meta'])('in %s of a tool hides only that tool', async field => {
    const factory = () => {
      const server = new McpServer({ name: 'fields', version: '1' });
      server.registerTool('good', {}, () => text('ok'));
      server.registerTool('bad', { [field]: { n: 1n } } as never, (() => text('ok')) as never);
      return server;
    };
    const { body, headers } = era === '2026-07-28' ? modern('tools/list', {}) : legacy('tools/list');
    const { messages } = await post(factory, body, headers);
    expect(messages).toMatchObject([{ result: { tools: [{ name: 'good' }] } }]);
    expect(errors).toMatch(/the tool bad cannot be listed/);
  });
});

/** Prompts and resources: the SDKs do not check their results, and would never send `undefined`. */
describe.each(ERAS)('an undefined result, revision %s', era => {
  test.each([
    ['resources/read', { uri: 'x://y' }, 'x://y'],
    ['prompts/get', { name: 'p' }, 'p'],
  ])('of %s leads to an error at once', async (method, params, name) => {
    for (const value of [undefined, null, 'text', [], {}]) {
      written = '';
      const factory = () => {
        const server = new McpServer({ name: 'none', version: '1' });
        server.registerResource('r', 'x://y', {}, (() => value) as never);
        server.registerPrompt('p', {}, (() => value) as never);
        return server;
      };
      const { body, headers } = era === '2026-07-28' ? modern(method, params, name) : legacy(method, params);
      const { messages } = await post(factory, body, headers);
      expect(messages).toMatchObject([{ id: 1, error: { code: -32603 } }]);
      expect(requestLines()).toMatchObject([{ outcome: 'failed' }]);
    }
  });
});

describe.each(ERAS)('a request of a server to its client is refused at once, revision %s', era => {
  const sampling = {
    method: 'sampling/createMessage' as const,
    params: {
      messages: [{ role: 'user' as const, content: { type: 'text' as const, text: 'Say pong.' } }],
      maxTokens: 9,
    },
  };
  /** What a tool returns whose request rejects: its error. */
  const refused = (request: Promise<unknown>) => request.then(() => text('sampled'));

  test('by SDK v2', async () => {
    const factory = () => {
      const server = new McpServer({ name: 'asks', version: '1' });
      server.registerTool('ask', {}, (ctx: ServerContext) =>
        refused(ctx.mcpReq.requestSampling(sampling.params)),
      );
      return server;
    };
    const { body, headers } = callBy[era]('ask');
    const { messages } = await post(factory, body, headers);
    const reason = {
      '2026-07-28': /not available on protocol revision 2026-07-28.*inputRequired/,
      '2025-11-25': /^sampling\/createMessage requires a session with a client/,
    };
    expect(messages).toMatchObject([
      { id: 1, result: { isError: true, content: [{ text: expect.stringMatching(reason[era]) }] } },
    ]);
  });

  test.each(['on the stream of its call', 'on no stream'])('by SDK v1, sent %s', async where => {
    const factory = () => {
      const server = new V1McpServer({ name: 'asks', version: '1' });
      server.registerTool('ask', {}, extra =>
        refused(
          where === 'on no stream'
            ? server.server.createMessage(sampling.params)
            : extra.sendRequest(sampling, z.any()),
        ),
      );
      return server;
    };
    const { body, headers } = callBy[era]('ask');
    const { messages } = await postTo(mcpV1(factory), body, headers);
    const reason = /sampling\/createMessage requires a session with a client.*stateless/;
    expect(messages).toMatchObject([
      { id: 1, result: { isError: true, content: [{ text: expect.stringMatching(reason) }] } },
    ]);
  });
});

describe('the right party is blamed', () => {
  const good = tools({ good: () => text('ok') });

  test.each<[string, object, RegExp]>([
    [
      'a cursor that is null',
      legacy('tools/list', { cursor: null }),
      /Invalid params for tools\/list: cursor: /,
    ],
    [
      'initialize without clientInfo',
      legacy('initialize', { protocolVersion: '2025-11-25', capabilities: {} }),
      /Invalid params for initialize: clientInfo: /,
    ],
    ['arguments that are null', legacy('tools/call', { name: 'good', arguments: null }), /arguments/],
  ])('%s leads to -32602 with a readable message, and is a client error', async (_what, request, message) => {
    const { body, headers } = request as { body: object; headers: Record<string, string> };
    const { messages } = await post(good, body, headers);
    expect(messages).toEqual([
      { jsonrpc: '2.0', id: 1, error: { code: -32602, message: expect.stringMatching(message) } },
    ]);
    expect(messages[0]?.error?.message).not.toMatch(/[[{"]/);
    expect(requestLines()).toMatchObject([{ outcome: 'protocol_error' }]);
  });

  test.each(ERAS)('a tool that returns a string or nothing is a server error, revision %s', async era => {
    for (const value of ['text', undefined, null, 42]) {
      written = '';
      const { body, headers } = callBy[era]('odd');
      const { messages } = await post(tools({ odd: () => value }), body, headers);
      expect(JSON.stringify(messages)).toMatch(
        /returned (a string|undefined|null|a number) instead of a result/,
      );
      expect(messages).toMatchObject([{ id: 1, error: { code: -32603 } }]);
      expect(requestLines()).toMatchObject([{ outcome: 'failed' }]);
      expect(errors).toContain('a tool failed');
    }
  });

  test.each(ERAS)('an invalid result of a low-level server is a server error, revision %s', async era => {
    const factory = () => {
      const server = new Server({ name: 'low', version: '1' }, { capabilities: { tools: {} } });
      server.setRequestHandler('tools/call', () => 'text' as never);
      return server;
    };
    const { body, headers } = callBy[era]('any');
    const { messages } = await post(factory, body, headers);
    expect(messages).toMatchObject([{ id: 1, error: { code: -32603 } }]);
    expect(requestLines()).toMatchObject([{ outcome: 'failed' }]);
  });

  test.each(ERAS)('an exception in a tool is logged with its stack, revision %s', async era => {
    const factory = tools({
      breaks: () => {
        throw new Error('database is gone');
      },
    });
    const { body, headers } = callBy[era]('breaks');
    const { messages } = await post(factory, body, headers);
    expect(messages).toMatchObject([{ result: { isError: true, content: [{ text: 'database is gone' }] } }]);
    expect(errors).toMatch(/a tool failed.*database is gone/);
    expect(requestLines()).toMatchObject([{ outcome: 'tool_error', tool: 'breaks' }]);
  });
});

describe('a schema that JSON Schema cannot express', () => {
  const SCHEMAS: Record<string, z.ZodType> = {
    date: z.object({ when: z.date() }),
    bigint: z.object({ id: z.bigint() }),
    map: z.object({ map: z.map(z.string(), z.string()) }),
    custom: z.object({ any: z.custom<string>(() => true) }),
    root: z.string(),
  };

  test.each(Object.keys(SCHEMAS))('(%s) hides only its tool, and is logged', async kind => {
    const factory = () => {
      const server = new McpServer({ name: 'schemas', version: '1' });
      server.registerTool('good', { description: 'fine' }, () => text('ok'));
      server.registerTool(`bad-${kind}`, { inputSchema: SCHEMAS[kind] as never }, (() =>
        text('ok')) as never);
      return server;
    };
    for (const { body, headers } of [legacy('tools/list'), modern('tools/list', {})]) {
      errors = '';
      const { messages } = await post(factory, body, headers);
      const { tools: listed = [] } = (messages[0]?.result ?? {}) as { tools?: { name: string }[] };
      expect(listed.map(({ name }) => name)).toEqual(['good']);
      expect(errors).toMatch(new RegExp(`the tool bad-${kind} cannot be listed.*\\. Change its schema`));
    }
  });
});

describe('malformed messages', () => {
  const good = tools({ good: () => text('ok') });

  test.each<[string, string]>([
    ['a method that is an object', '{"jsonrpc":"2.0","id":1,"method":{"toString":1}}'],
    ['a method that is a list', '{"jsonrpc":"2.0","id":1,"method":["tools/call"]}'],
    ['a name that is an object', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":{}}}'],
    ['params that are null', '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":null}'],
    ['a body nested 50,000 levels deep', `${'['.repeat(50_000)}${']'.repeat(50_000)}`],
    [
      'arguments nested 50,000 levels deep',
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"good","arguments":{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}}}`,
    ],
  ])('a request with %s gets a response and a log line', async (_what, body) => {
    for (const payloads of ['off', 'on']) {
      vi.stubEnv('MCP_LOG_PAYLOADS', payloads);
      written = '';
      const { statusCode, body: response } = await post(good, body);
      expect(statusCode).toBeLessThan(500);
      expect(response).not.toBe('');
      expect(requestLines()).toHaveLength(1);
    }
  });

  test.each<[string, string, RegExp]>([
    [
      'params that are null',
      '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":null}',
      /params must be/,
    ],
    [
      'params that are a list',
      '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[]}',
      /params must be/,
    ],
    [
      '_meta that is null',
      '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":null}}',
      /_meta must be/,
    ],
    ['a method that is an object', '{"jsonrpc":"2.0","id":1,"method":{}}', /method must be a string/],
    ['an id that is null', '{"jsonrpc":"2.0","id":null,"method":"ping"}', /id must be/],
    ['an id that is a fraction', '{"jsonrpc":"2.0","id":1.5,"method":"ping"}', /id must be/],
    ['another version', '{"jsonrpc":"1.0","id":1,"method":"ping"}', /jsonrpc must be "2.0"/],
    [
      'a progress token that is an object',
      '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{"progressToken":{}}}}',
      /progressToken must be/,
    ],
  ])('a request with %s gets -32600 with a message that names the fault', async (_what, body, sentence) => {
    const { statusCode, messages } = await post(good, body);
    expect(statusCode).toBe(400);
    expect(messages).toMatchObject([{ error: { code: -32600, message: expect.stringMatching(sentence) } }]);
    expect(requestLines()).toMatchObject([{ outcome: 'protocol_error' }]);
  });

  test.each<[string, (many: object) => object]>([
    ['capabilities in _meta', many => ({ _meta: { capabilities: { experimental: many } } })],
    ['a list in _meta', many => ({ _meta: { list: Object.keys(many) } })],
    ['clientInfo of initialize', many => ({ clientInfo: { name: 'x', ...many } })],
    ['inputResponses', many => ({ inputResponses: many })],
  ])('%s with more than 1,000 entries, at any depth, is rejected', async (_what, paramsOf) => {
    const keys = Object.fromEntries(Array.from({ length: 1_001 }, (_, i) => [`k${i}`, 0]));
    const { statusCode, messages } = await post(good, legacy('tools/call', paramsOf(keys)).body);
    expect([statusCode, messages[0]?.error?.code]).toEqual([400, -32600]);
    expect(messages[0]?.error?.message).toContain('at most 1000 keys');
  });

  test('arguments have at most 10,000 keys, and values of any size', async () => {
    const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 0]));
    const responseTo = async (args: object) =>
      (await post(good, legacy('tools/call', { name: 'good', arguments: args }).body)).messages[0];
    expect((await responseTo(keys(10_001)))?.error?.message).toContain('at most 10000 keys');
    expect(await responseTo({ value: keys(20_000) })).toMatchObject({
      result: { content: [{ text: 'ok' }] },
    });
  });

  test('a batch has at most 5,000 keys outside the arguments', async () => {
    const many = Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`k${i}`, 0]));
    const batch = Array.from({ length: 6 }, (_, id) => legacy('tools/call', { _meta: many }, id).body);
    expect((await post(good, batch)).statusCode).toBe(400);
  });

  test.each<[string, (many: object) => object]>([
    ['a message', many => ({ ...many, ...callBy['2025-11-25']('good').body })],
    ['params', many => legacy('tools/call', { ...many, name: 'good' }).body],
    ['_meta', many => legacy('tools/call', { name: 'good', _meta: many }).body],
    [
      'a message of a batch',
      many => [legacy('tools/list').body, legacy('tools/call', { _meta: many }, 2).body],
    ],
  ])('%s with more than 1,000 keys is rejected', async (_what, bodyOf) => {
    const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 0]));
    const { statusCode, messages } = await post(good, bodyOf(keys(1_001)));
    expect([statusCode, messages[0]?.error?.code]).toEqual([400, -32600]);
    expect(messages[0]?.error?.message).toContain('at most 1000 keys');
    expect(JSON.stringify((await post(good, bodyOf(keys(900)))).messages)).not.toContain('keys');
  });

  test('a tools/call notification does not add a tool name to the metrics, but a result does', async () => {
    const factory = () => {
      const server = new Server({ name: 'unlisted', version: '1' }, { capabilities: { tools: {} } });
      server.setRequestHandler('tools/call', () => text('ok'));
      return server;
    };
    const notification = { jsonrpc: '2.0', method: 'tools/call', params: { name: 'made-up' } };
    await post(factory, notification);
    expect(requestLines()).toMatchObject([{ tool: '(other)' }]);
    written = '';
    await post(factory, callBy['2025-11-25']('real').body);
    expect(requestLines()).toMatchObject([{ tool: 'real' }]);
  });

  test('a batch is logged per message', async () => {
    const batch = [
      legacy('tools/call', { name: 'good', arguments: {} }, 1).body,
      legacy('tools/call', { name: 'missing', arguments: {} }, 2).body,
      { jsonrpc: '2.0', method: 'notifications/initialized' },
    ];
    const { messages } = await post(good, batch);
    expect(messages.map(({ id }) => Number(id)).toSorted()).toEqual([1, 2]);
    expect(requestLines().map(({ mcpMethod, tool, outcome }) => [mcpMethod, tool, outcome])).toEqual([
      ['tools/call', 'good', 'ok'],
      ['tools/call', '(other)', 'protocol_error'],
      ['notifications/initialized', undefined, 'ok'],
    ]);
  });
});

describe('a route', () => {
  const good = tools({ good: () => text('ok') });
  const call = callBy['2025-11-25']('good').body;

  test.each([
    'Application/JSON, Text/Event-Stream',
    '*/*',
    'application/*, text/*',
    'text/event-stream;q=0.5, application/json;q=0.9',
    '',
  ])('accepts the Accept header %j', async accept => {
    const { statusCode, messages } = await post(good, call, { accept });
    expect(statusCode).toBe(200);
    expect(messages).toMatchObject([{ id: 1, result: { content: [{ text: 'ok' }] } }]);
  });

  test.each(['application/json', 'application/*', 'application/json, text/event-stream;q=0'])(
    'responds with JSON to a client that accepts only JSON (%s)',
    async accept => {
      const { statusCode, headers, body } = await post(good, call, { accept });
      expect([statusCode, headers['content-type']]).toEqual([200, 'application/json']);
      expect(JSON.parse(body)).toMatchObject({ id: 1, result: { content: [{ text: 'ok' }] } });
    },
  );

  test.each(['text/html', 'application/json;q=0, text/event-stream;q=0'])(
    'rejects the Accept header %s with 406',
    async accept => {
      expect((await post(good, call, { accept })).statusCode).toBe(406);
    },
  );

  test('serves a path with a trailing slash like the path without it', async () => {
    const { statusCode, messages } = await post(good, call, {}, '/mcp/');
    expect([statusCode, messages.length]).toEqual([200, 1]);
    expect((await post(good, call, {}, '/mcp//')).statusCode).toBe(404);
  });

  test('rejects a compressed body with 415 and names the encodings that it accepts', async () => {
    const { statusCode, headers } = await post(good, 'not JSON', { 'content-encoding': 'gzip' });
    expect([statusCode, headers['accept-encoding']]).toEqual([415, 'identity']);
  });

  test('advertises no list changes if subscriptions are refused', async () => {
    const initialize = legacy('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 't', version: '1' },
    });
    for (const { body, headers } of [initialize, modern('server/discover', {})]) {
      const { messages } = await post(good, body, headers);
      expect(JSON.stringify(messages[0]?.result)).toContain('"tools"');
      expect(JSON.stringify(messages[0]?.result)).not.toContain('"listChanged":true');
    }
  });
});
