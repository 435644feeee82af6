/** What is taken out of the SDK's calls: it knows this SDK, and what is left means the same, for one caller as for the next. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { leanCalls } from '../../scripts/lean-calls.ts';

interface Calls {
  standardSchemaToJsonSchema(schema: object, io?: 'input' | 'output'): Record<string, unknown>;
  isJSONRPCResultResponse(value: unknown): boolean;
  isJSONRPCErrorResponse(value: unknown): boolean;
}

const NAMES = ['standardSchemaToJsonSchema', 'isJSONRPCResultResponse', 'isJSONRPCErrorResponse'];

test('an SDK that looks otherwise is left alone', () => {
  expect(leanCalls('const something = 1;')).toBeUndefined();
});

describe.each(['server', 'client'])('@modelcontextprotocol/%s', name => {
  const folder = dirname(fileURLToPath(import.meta.resolve(`@modelcontextprotocol/${name}`)));
  let original: Calls;
  let lean: Calls;
  beforeAll(async () => {
    const source = readdirSync(folder)
      .filter(file => file.endsWith('.mjs'))
      .map(file => readFileSync(join(folder, file), 'utf8'))
      .find(text => leanCalls(text));
    if (source === undefined) expect.fail('nothing is recognised');
    original = await callsOf(source, folder);
    lean = await callsOf(leanCalls(source) ?? '', folder);
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

  function outcome(calls: Calls, key: keyof typeof schemas, io: 'input' | 'output'): unknown {
    try {
      return calls.standardSchemaToJsonSchema(schemas[key], io);
    } catch (error) {
      return String(error);
    }
  }
});

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
