/** What is taken out of the SDK's calls: it knows this SDK, and what is left means the same, for one caller as for the next. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { LEAN_CALLS } from '../../../../scripts/build/patches/mcp-sdk-calls.ts';

interface Outcome {
  ok: boolean;
  value?: unknown;
}

interface Codec {
  validateRequest(method: string, raw: unknown, again?: boolean): Outcome;
  validateEnvelopeMeta(meta: unknown): unknown[];
  checkInboundEnvelope(material: { envelope?: unknown }): string | undefined;
}

interface Calls {
  standardSchemaToJsonSchema(
    schema: object,
    io?: 'input' | 'output',
    shared?: boolean,
  ): Record<string, unknown>;
  scanXMcpHeaderDeclarations(schema: object): unknown;
  isJSONRPCRequest(value: unknown): boolean;
  isJSONRPCResultResponse(value: unknown): boolean;
  isJSONRPCErrorResponse(value: unknown): boolean;
  liftWireOnlyMaterial(message: object, kind: string): { message: object; lifted: { envelope?: object } };
  rev2025Codec: Codec;
  rev2026Codec: Codec;
}

const NAMES = [
  'standardSchemaToJsonSchema',
  'scanXMcpHeaderDeclarations',
  'isJSONRPCRequest',
  'isJSONRPCResultResponse',
  'isJSONRPCErrorResponse',
  'liftWireOnlyMaterial',
  'rev2025Codec',
  'rev2026Codec',
];

/** With all that is changed in it. */
function leanCalls(text: string): string {
  return Object.values(LEAN_CALLS).reduce((code, change) => change(code) ?? code, text);
}

test('an SDK that looks otherwise is left alone', () => {
  for (const change of Object.values(LEAN_CALLS)) expect(change('const something = 1;')).toBeUndefined();
});

test.each(Object.keys(LEAN_CALLS))('%s: this is the SDK that is known', what => {
  const folder = dirname(fileURLToPath(import.meta.resolve('@modelcontextprotocol/server')));
  const changed = filesOf(folder).filter(text => LEAN_CALLS[what]?.(text));
  expect(changed.length).toBeGreaterThan(0);
});

describe.each(['server', 'client'])('@modelcontextprotocol/%s', name => {
  const folder = dirname(fileURLToPath(import.meta.resolve(`@modelcontextprotocol/${name}`)));
  let original: Calls;
  let lean: Calls;
  beforeAll(async () => {
    const source = filesOf(folder).find(text => text.includes('const isJSONRPCRequest ='));
    if (source === undefined) expect.fail('nothing is recognised');
    original = await callsOf(source, folder);
    lean = await callsOf(leanCalls(source), folder);
  });

  const schemas = {
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

  test.each(Object.keys(schemas) as (keyof typeof schemas)[])('the JSON Schema of %s, each time', key => {
    for (const io of ['input', 'output', 'input', 'output'] as const) {
      const [made, expected] = [outcome(lean, key, io), outcome(original, key, io)];
      expect(made).toEqual(expected);
    }
  });

  test('who changes a JSON Schema that they got changes nobody else’s', () => {
    const schema = z.object({ a: z.string() });
    const first = lean.standardSchemaToJsonSchema(schema);
    Object.assign(first.properties as object, { secret: { type: 'string' } });
    const second = lean.standardSchemaToJsonSchema(schema);
    Object.assign(second.properties as object, { secret: { type: 'string' } });
    expect(lean.standardSchemaToJsonSchema(schema)).toEqual(original.standardSchemaToJsonSchema(schema));
  });

  test('a schema of another library is asked each time', () => {
    let asked = 0;
    const input = () => {
      asked += 1;
      return { type: 'object', title: String(asked) };
    };
    const jsonSchema = { input };
    const schema = { '~standard': { vendor: 'other', version: 1, jsonSchema } };
    expect(lean.standardSchemaToJsonSchema(schema).title).toBe('1');
    expect(lean.standardSchemaToJsonSchema(schema).title).toBe('2');
  });

  test('what cannot be a tool’s schema is refused each time', () => {
    for (let i = 0; i < 2; i += 1)
      expect(() => lean.standardSchemaToJsonSchema(z.string())).toThrow('must describe objects');
  });

  test('responses are told from all else as before', () => {
    for (const value of MESSAGES) {
      const text = JSON.stringify(value) ?? 'undefined';
      expect(lean.isJSONRPCResultResponse(value), text).toBe(original.isJSONRPCResultResponse(value));
      expect(lean.isJSONRPCErrorResponse(value), text).toBe(original.isJSONRPCErrorResponse(value));
    }
    expect(MESSAGES.filter(value => lean.isJSONRPCResultResponse(value))).toHaveLength(2);
    expect(MESSAGES.filter(value => lean.isJSONRPCErrorResponse(value))).toHaveLength(2);
  });

  test('requests are told from all else as before, however often they are asked about', () => {
    const texts = MESSAGES.map(value => JSON.stringify(value));
    const [sound = '{}', ...others] = [JSON.stringify(CALL), ...texts.filter(text => text !== undefined)];
    const messages = [sound, ...others, sound].map(text => JSON.parse(text) as unknown);
    for (let i = 0; i < 5; i += 1)
      for (const value of messages)
        for (let more = 0; more <= i; more += 1)
          expect(lean.isJSONRPCRequest(value), JSON.stringify(value)).toBe(original.isJSONRPCRequest(value));
    expect(messages.filter(value => lean.isJSONRPCRequest(value))).toHaveLength(3);
  });

  test('a request is asked about again when it has been asked about three times', () => {
    const message: Record<string, unknown> = { ...CALL };
    for (let i = 0; i < 3; i += 1) expect(lean.isJSONRPCRequest(message)).toBe(true);
    message.jsonrpc = '1.0';
    expect(lean.isJSONRPCRequest(message)).toBe(false);
    expect(lean.isJSONRPCRequest(message)).toBe(false);
  });

  describe.each(['rev2025Codec', 'rev2026Codec'] as const)('a call by %s', revision => {
    const request = () => ({ method: 'tools/call', params: { name: 'a', arguments: { b: { c: 1 } } } });

    test('is parsed once for the two that ask, and anew for whoever asks after them', () => {
      const call = request();
      const expected = original[revision].validateRequest('tools/call', call);
      const first = lean[revision].validateRequest('tools/call', call, true);
      const second = lean[revision].validateRequest('tools/call', call);
      const third = lean[revision].validateRequest('tools/call', call);
      expect(first).toEqual(expected);
      expect(second).toBe(first);
      expect(third).toEqual(expected);
      expect(third.value).not.toBe(first.value);
    });

    test('leaves nothing behind for another, nor when it is a bad one', () => {
      const [one, other] = [request(), request()];
      const bad = { method: 'tools/call', params: { name: 7 } };
      const left = lean[revision].validateRequest('tools/call', one, true);
      expect(lean[revision].validateRequest('tools/call', other)).not.toBe(left);
      for (let i = 0; i < 2; i += 1)
        expect(lean[revision].validateRequest('tools/call', bad, i === 0)).toMatchObject({ ok: false });
    });
  });

  test.each([
    ['sound', META],
    ['sound, with more in it', { ...META, progressToken: 1, 'example.com/own': {} }],
    ['without capabilities', { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' }],
    ['with a version that is none', { ...META, 'io.modelcontextprotocol/protocolVersion': 1 }],
  ])('an envelope, %s, is judged as before', (_, _meta) => {
    const judge = ({ rev2026Codec, liftWireOnlyMaterial }: Calls, asked: boolean) => {
      const message = { method: 'tools/call', params: { name: 'a', _meta: { ..._meta } } };
      const issues = asked ? rev2026Codec.validateEnvelopeMeta(message.params._meta) : [];
      const { lifted } = liftWireOnlyMaterial(message, 'request');
      const verdicts = [rev2026Codec.checkInboundEnvelope(lifted), rev2026Codec.checkInboundEnvelope(lifted)];
      return { issues, lifted, verdicts };
    };
    for (const asked of [true, false, true]) expect(judge(lean, asked)).toEqual(judge(original, asked));
  });

  test.each([null, undefined, 'x', Object.freeze({})])(
    'what may be no schema (%j) is scanned as before',
    value => {
      for (let i = 0; i < 2; i += 1)
        expect(lean.scanXMcpHeaderDeclarations(value as object)).toEqual(
          original.scanXMcpHeaderDeclarations(value as object),
        );
    },
  );

  test('the header fields that a schema asks for are found once, in a schema that nobody can change', () => {
    const schema = schemas.header;
    const first = lean.standardSchemaToJsonSchema(schema, 'input', true);
    expect(first).toEqual(original.standardSchemaToJsonSchema(schema));
    const shared = lean.standardSchemaToJsonSchema(schema, 'input', true);
    expect(lean.standardSchemaToJsonSchema(schema, 'input', true)).toBe(shared);
    expect(Object.isFrozen(shared)).toBe(true);
    expect(lean.scanXMcpHeaderDeclarations(shared)).toEqual(original.scanXMcpHeaderDeclarations(first));
    expect(lean.scanXMcpHeaderDeclarations(shared)).toBe(lean.scanXMcpHeaderDeclarations(shared));
    expect(lean.standardSchemaToJsonSchema(schema)).not.toBe(shared);
  });

  function outcome(calls: Calls, key: keyof typeof schemas, io: 'input' | 'output'): unknown {
    try {
      return calls.standardSchemaToJsonSchema(schemas[key], io);
    } catch (error) {
      return String(error);
    }
  }
});

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};
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

function filesOf(folder: string): string[] {
  return readdirSync(folder)
    .filter(file => file.endsWith('.mjs'))
    .map(file => readFileSync(join(folder, file), 'utf8'));
}

async function callsOf(text: string, resolveDir: string): Promise<Calls> {
  const exporting = `${text.replace(/^export \{.*$/m, '')}\nexport { ${NAMES.join(', ')} };`;
  const { outputFiles } = await build({
    stdin: { contents: exporting, resolveDir, loader: 'js' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    logLevel: 'silent',
  });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0]?.text ?? '')}`);
}
