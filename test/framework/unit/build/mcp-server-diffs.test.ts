/** The patched MCP server: with each diff alone, and with all, it behaves as the installed one for every caller. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import type { createMcpHandler, McpServer, Transport } from '@modelcontextprotocol/server';
import { build } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { applyDiffs, type Diff, readDiffs } from '../../../../scripts/build/patches/diffs.ts';
import { loadPatched } from '../../../../scripts/build/patches/patched-files.ts';
import { modernHeaders, modernRequest } from '../../../helpers/json-rpc.ts';
import { ROOT } from '../../../helpers/local-lambda.ts';

const PACKAGE = '@modelcontextprotocol/server';
const folder = dirname(fileURLToPath(import.meta.resolve(PACKAGE)));
const DIFFS = readDiffs().filter(diff => diff.package === PACKAGE);
const SOURCE = readdirSync(folder)
  .filter(file => /^src-[\w-]+\.mjs$/.test(file))
  .map(file => join(folder, file))[0] as string;
const PATCHED = [...DIFFS.map(diff => [diff.name, [diff]] as const), ['all diffs', DIFFS] as const];

interface Calls {
  McpServer: typeof McpServer;
  createMcpHandler: typeof createMcpHandler;
  standardSchemaToJsonSchema(
    schema: object,
    io?: 'input' | 'output',
    frozen?: boolean,
  ): Record<string, unknown>;
  scanXMcpHeaderDeclarations(schema: object): unknown;
  isJSONRPCRequest(value: unknown): boolean;
  isJSONRPCResultResponse(value: unknown): boolean;
  isJSONRPCErrorResponse(value: unknown): boolean;
}

const NAMES = [
  'standardSchemaToJsonSchema',
  'scanXMcpHeaderDeclarations',
  'isJSONRPCRequest',
  'isJSONRPCResultResponse',
  'isJSONRPCErrorResponse',
];

let original: Calls;
beforeAll(async () => {
  original = await callsOf([]);
});

const SCHEMAS = {
  object: z.object({ a: z.string().trim().min(1).describe('A.'), b: z.number().int().optional() }),
  nested: z.object({
    list: z.array(z.object({ at: z.iso.datetime() })),
    kind: z.enum(['x', 'y']).default('x'),
  }),
  header: z.object({ region: z.string().meta({ 'x-mcp-header': 'Region' }) }),
  union: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('a'), n: z.number() }),
    z.object({ kind: z.literal('b') }),
  ]),
  transformed: z.object({ n: z.string().transform(Number).pipe(z.number()) }),
  loose: z.looseObject({}),
};

describe.each(PATCHED)('%s', (_, diffs) => {
  let patched: Calls;
  beforeAll(async () => {
    patched = await callsOf(diffs);
  });

  test.each(Object.keys(SCHEMAS) as (keyof typeof SCHEMAS)[])(
    'the JSON Schema of %s is the same each time',
    key => {
      for (const io of ['input', 'output', 'input', 'output'] as const) {
        const [made, expected] = [outcome(patched, key, io), outcome(original, key, io)];
        expect(made).toEqual(expected);
      }
    },
  );

  test('a change of the JSON Schema by one caller does not affect another caller', () => {
    const schema = z.object({ a: z.string() });
    const first = patched.standardSchemaToJsonSchema(schema);
    Object.assign(first.properties as object, { secret: { type: 'string' } });
    const second = patched.standardSchemaToJsonSchema(schema);
    Object.assign(second.properties as object, { secret: { type: 'string' } });
    expect(patched.standardSchemaToJsonSchema(schema)).toEqual(original.standardSchemaToJsonSchema(schema));
  });

  test('a schema of a library other than zod is converted each time', () => {
    let conversions = 0;
    const input = () => {
      conversions += 1;
      return { type: 'object', title: String(conversions) };
    };
    const jsonSchema = { input };
    const schema = { '~standard': { vendor: 'other', version: 1, jsonSchema } };
    expect(patched.standardSchemaToJsonSchema(schema).title).toBe('1');
    expect(patched.standardSchemaToJsonSchema(schema).title).toBe('2');
  });

  test('a schema that is not an object is rejected each time', () => {
    for (let i = 0; i < 2; i += 1)
      expect(() => patched.standardSchemaToJsonSchema(z.string())).toThrow('must describe objects');
  });

  test('result and error responses are recognized as by the installed server', () => {
    for (const value of MESSAGES) {
      const text = JSON.stringify(value) ?? 'undefined';
      expect(patched.isJSONRPCResultResponse(value), text).toBe(original.isJSONRPCResultResponse(value));
      expect(patched.isJSONRPCErrorResponse(value), text).toBe(original.isJSONRPCErrorResponse(value));
    }
    expect(MESSAGES.filter(value => patched.isJSONRPCResultResponse(value))).toHaveLength(2);
    expect(MESSAGES.filter(value => patched.isJSONRPCErrorResponse(value))).toHaveLength(2);
  });

  test('requests are recognized as by the installed server, however often a message is checked', () => {
    const texts = MESSAGES.map(value => JSON.stringify(value)).filter(text => text !== undefined);
    const messages = [JSON.stringify(CALL), ...texts, JSON.stringify(CALL)].map(text => JSON.parse(text));
    for (let checks = 1; checks <= 5; checks += 1)
      for (const value of messages)
        for (let i = 0; i < checks; i += 1)
          expect(patched.isJSONRPCRequest(value)).toBe(original.isJSONRPCRequest(value));
    expect(messages.filter(value => patched.isJSONRPCRequest(value))).toHaveLength(3);
  });

  test.each([null, undefined, 'x', Object.freeze({})])(
    'the scan of the schema %j, which has no headers, returns the same result',
    value => {
      for (let i = 0; i < 2; i += 1)
        expect(patched.scanXMcpHeaderDeclarations(value as object)).toEqual(
          original.scanXMcpHeaderDeclarations(value as object),
        );
    },
  );

  test('a registered tool has the output schema that was set last', () => {
    const schemas = ({ McpServer }: Calls) => {
      const tool = new McpServer({ name: 'a', version: '1' }).registerTool(
        'b',
        { outputSchema: SCHEMAS.nested },
        () => ({ content: [] }),
      );
      const seen = [tool.outputSchemaJson, tool.outputSchemaJson];
      tool.update({ outputSchema: SCHEMAS.object });
      seen.push(tool.outputSchemaJson);
      tool.outputSchemaJson = { type: 'object' };
      return [...seen, tool.outputSchemaJson];
    };
    expect(schemas(patched)).toEqual(schemas(original));
    expect(schemas(patched)[2]).not.toEqual(schemas(patched)[0]);
  });

  test('valid and invalid calls get the response of the installed server, also when an object is sent again', async () => {
    const expected = await responsesTo(original);
    expect(await responsesTo(patched)).toEqual(expected);
    expect(
      expected.map(([, body]) => (JSON.parse(body as string).error?.code ?? 'result') as unknown),
    ).toEqual(['result', 'result', -32602, -32602, 'result', -32602, -32602, -32602, 'result']);
  });

  test('a server reads what its transport receives, and calls the callbacks that the transport had before', async () => {
    expect(await conversation(patched)).toEqual(await conversation(original));
    expect(await conversation(patched)).toEqual([
      'before: ping',
      'sent: {"result":{},"jsonrpc":"2.0","id":1}',
      'before: broken',
      'server: broken',
      'before: closed',
      'server: closed',
    ]);
  });
});

describe('the response to a call', () => {
  const READINGS: Record<string, (response: Response) => unknown> = {
    text: response => response.text(),
    json: response => response.json(),
    bytes: async response => [...(await response.bytes())],
    blob: async response => (await response.blob()).text(),
    'text of a clone, then its own': async response => [await response.clone().text(), await response.text()],
    'a second reading': async response => [await response.text(), await response.text().catch(String)],
    'its fields': ({ status, statusText, ok, type, url, redirected, bodyUsed }) =>
      JSON.stringify({ status, statusText, ok, type, url, redirected, bodyUsed }),
    headers: ({ headers }) => [...headers],
    'a copy with one more header': async response => {
      response.headers.set('x-before', '1');
      const copy = new Response(response.body, response);
      response.headers.set('x-after', '1');
      return [copy.status, [...copy.headers], await copy.text(), [...response.headers], response.bodyUsed];
    },
    'its class': response => [response instanceof Response, String(response), inspect(response).slice(0, 20)],
  };

  test.each(Object.keys(READINGS))('has the same %s as an unpatched one', async reading => {
    const read = READINGS[reading] as (response: Response) => unknown;
    const patched = await read(await responseOf(await callsOf(DIFFS)));
    expect(patched).toEqual(await read(await responseOf(original)));
  });

  test('is available as text to the Lambda response stream until its body is read', async () => {
    const text = Symbol.for('text of a complete response');
    const response = (await responseOf(await callsOf(DIFFS))) as Response & { [text]?: string };
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(JSON.parse(response[text] ?? '')).toMatchObject({ id: 1, result: { content: [] } });
    expect(response.body).toBeInstanceOf(ReadableStream);
    expect(response[text]).toBeUndefined();
    expect(Reflect.has(await responseOf(original), text)).toBe(false);
  });
});

test('a request is validated again after three checks', async () => {
  const { isJSONRPCRequest } = await callsOf(DIFFS);
  const message: Record<string, unknown> = { ...CALL };
  for (let i = 0; i < 3; i += 1) expect(isJSONRPCRequest(message)).toBe(true);
  message.jsonrpc = '1.0';
  expect(isJSONRPCRequest(message)).toBe(false);
  expect(isJSONRPCRequest(message)).toBe(false);
});

test('the conversion and the scan of a tool’s schema are cached, and the cached schema is frozen', async () => {
  const patched = await callsOf(DIFFS);
  const schema = SCHEMAS.header;
  const first = patched.standardSchemaToJsonSchema(schema, 'input', true);
  expect(first).toEqual(original.standardSchemaToJsonSchema(schema));
  const shared = patched.standardSchemaToJsonSchema(schema, 'input', true);
  expect(patched.standardSchemaToJsonSchema(schema, 'input', true)).toBe(shared);
  expect(Object.isFrozen(shared)).toBe(true);
  expect(patched.scanXMcpHeaderDeclarations(shared)).toEqual(original.scanXMcpHeaderDeclarations(first));
  expect(patched.scanXMcpHeaderDeclarations(shared)).toBe(patched.scanXMcpHeaderDeclarations(shared));
  expect(patched.standardSchemaToJsonSchema(schema)).not.toBe(shared);
});

function outcome(calls: Calls, key: keyof typeof SCHEMAS, io: 'input' | 'output'): unknown {
  try {
    return calls.standardSchemaToJsonSchema(SCHEMAS[key], io);
  } catch (error) {
    return String(error);
  }
}

const CALL = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'a' } };
const error = { code: -32600, message: 'no' };
const MESSAGES: unknown[] = [
  { jsonrpc: '2.0', id: 1, result: {} },
  { jsonrpc: '2.0', id: 'a', result: { content: [], _meta: {} } },
  { jsonrpc: '2.0', id: 1, result: {}, error },
  { jsonrpc: '2.0', id: 1, result: undefined },
  { jsonrpc: '2.0', id: 1, result: null },
  { jsonrpc: '2.0', result: {} },
  { jsonrpc: '1.0', id: 1, result: {} },
  { jsonrpc: '2.0', id: 1, error },
  { jsonrpc: '2.0', error },
  { jsonrpc: '2.0', id: null, error: {} },
  { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { result: 1 } },
  { jsonrpc: '2.0', method: 'notifications/initialized' },
  {},
  [],
  [{ jsonrpc: '2.0', id: 1, result: {} }],
  'result',
  7,
  null,
  undefined,
];

/** Calls a tool of revision 2026-07-28. */
async function responseOf(
  { createMcpHandler, McpServer }: Calls,
  parsedBody = modernRequest('tools/call', { name: 'b', arguments: {} }),
): Promise<Response> {
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'a', version: '1' });
    server.registerTool('b', {}, () => ({ content: [] }));
    return server;
  });
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...modernHeaders('tools/call', { name: 'b' }),
  };
  const request = new Request('https://server.invalid/', { method: 'POST', headers, body: '{}' });
  return handler.fetch(request, { parsedBody });
}

/** Makes calls of a tool with objects that are changed between two calls. Returns status and body of each response. */
async function responsesTo(calls: Calls): Promise<unknown[][]> {
  const responses: unknown[][] = [];
  const send = async (message: object): Promise<void> => {
    const response = await responseOf(calls, message);
    responses.push([response.status, await response.text()]);
  };
  const params: Record<string, unknown> = { name: 'b', arguments: {} };
  const message = modernRequest('tools/call', params) as { params: Record<string, unknown> };
  const _meta = message.params._meta as Record<string, unknown>;
  await send(message);
  await send(message);
  message.params.arguments = 'none';
  await send(message);
  await send(message);
  message.params.arguments = {};
  await send(message);
  _meta['io.modelcontextprotocol/clientInfo'] = { name: 7 };
  await send(message);
  await send({ ...message });
  delete _meta['io.modelcontextprotocol/clientCapabilities'];
  await send(message);
  await send(modernRequest('tools/call', params));
  return responses;
}

/** Returns the events between a server and its transport. */
async function conversation({ McpServer }: Calls): Promise<string[]> {
  const events: string[] = [];
  const transport: Transport = {
    start: async () => undefined,
    close: async () => transport.onclose?.(),
    send: async message => void events.push(`sent: ${JSON.stringify(message)}`),
    onmessage: message => events.push(`before: ${'method' in message && message.method}`),
    onerror: ({ message }) => events.push(`before: ${message}`),
    onclose: () => events.push('before: closed'),
  };
  const { server } = new McpServer({ name: 'a', version: '1' });
  server.onerror = ({ message }) => events.push(`server: ${message}`);
  server.onclose = () => events.push('server: closed');
  await server.connect(transport);
  transport.onmessage?.({ jsonrpc: '2.0', id: 1, method: 'ping' });
  await expect.poll(() => events).toHaveLength(2);
  transport.onerror?.(new Error('broken'));
  await server.close();
  return events;
}

/** Loads the package with `diffs`, and exports its internal functions. */
async function callsOf(diffs: readonly Diff[]): Promise<Calls> {
  const files = applyDiffs(diffs);
  const text = files.get(SOURCE) ?? readFileSync(SOURCE, 'utf8');
  files.set(SOURCE, `${text}\nexport { ${NAMES.join(', ')} };`);
  const { outputFiles } = await build({
    stdin: {
      contents: `export { createMcpHandler, McpServer } from '${PACKAGE}'; export { ${NAMES.join(', ')} } from '${SOURCE}';`,
      resolveDir: ROOT,
      loader: 'js',
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    logLevel: 'silent',
    plugins: [loadPatched(files)],
  });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0]?.text ?? '')}`);
}
