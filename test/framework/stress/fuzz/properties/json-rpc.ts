/**
 * Bodies that are almost JSON-RPC, for servers of each kind: every response is JSON or SSE, has an ID of a request, and is not a
 * server error.
 */
import fc from 'fast-check';
import { modernHeaders, modernRequest } from '../../../../helpers/json-rpc.ts';
import { nastyJson, nastyNumber, nastyText } from '../arbitraries.ts';
import type { Property } from '../property.ts';
import { expectNothingLeaked, expectPlain, JSON_HEADERS, post, type Reply, type Target } from '../target.ts';

type Body =
  | { of: 'message'; message: unknown; era: 'modern' | 'legacy' }
  | { of: 'batch'; messages: unknown[] }
  | { of: 'text'; text: string }
  /** Replaces `find` in a valid message. */
  | { of: 'edited'; find: string; by: string }
  | { of: 'deep'; depth: number; open: '[' | '{"a":'; at: (typeof DEEP)[number] }
  | { of: 'notification'; method: string; name: unknown }
  | { of: 'large'; bytes: number };

interface Case {
  route: 'v2' | 'v1' | 'stdio' | 'all';
  body: Body;
  accept: string;
}

/** Places for a deeply nested value; `body` is the complete body. */
const DEEP = ['arguments', 'method', 'id', 'name', 'params', '_meta', 'jsonrpc', 'body', 'batch'] as const;
const ACCEPTS = [
  ...[
    'application/json, text/event-stream',
    'Application/JSON, Text/Event-Stream',
    '*/*',
    'application/*',
    '*',
  ],
  ...[
    'application/json',
    'text/event-stream',
    'application/json;q=0, */*',
    '*/*;q=0',
    'text/html',
    ',,',
    ';q=1',
  ],
  ...['application/json;q=abc, text/event-stream;q=', 'application/json ; charset=utf-8 ; q=0.3'],
];

const METHODS = ['tools/call', 'tools/list', 'ping', 'initialize', 'server/discover', 'subscriptions/listen'];
const MORE = [
  'notifications/initialized',
  'notifications/cancelled',
  'resources/read',
  'prompts/get',
  'completion/complete',
];
const NAMES = ['mark', 'fail', 'two_mark', 'one_fail', 'wild_mark', '__proto__', 'constructor'];

const id = fc.oneof(
  fc.constantFrom<unknown>(1, 'a', null, '', '__proto__'),
  nastyNumber,
  nastyText,
  nastyJson,
);
const params = fc.oneof(
  fc.record({
    name: fc.oneof(fc.constantFrom(...NAMES), nastyText),
    arguments: fc.record({ mark: fc.oneof(nastyText, nastyJson) }),
  }),
  fc.record({ cursor: nastyJson, uri: nastyText, name: nastyJson, ref: nastyJson, argument: nastyJson }),
  nastyJson,
);
const message = fc.record(
  {
    jsonrpc: fc.oneof({ weight: 9, arbitrary: fc.constant<unknown>('2.0') }, nastyJson),
    id,
    method: fc.oneof({ weight: 9, arbitrary: fc.constantFrom<unknown>(...METHODS, ...MORE) }, nastyJson),
    params,
    result: nastyJson,
    error: nastyJson,
  },
  { requiredKeys: ['jsonrpc', 'method'] },
);
const EDITS = [
  '"id":7',
  '"jsonrpc"',
  '"2.0"',
  '"method"',
  '"params"',
  '"name"',
  '"mark"',
  '{',
  '}',
  ':',
  'tools/call',
];
const BY = [
  ...[
    '"id":7,"id":8',
    '"id":1e400',
    '"id":9007199254740993',
    '"id":-0',
    '"id":1.5',
    '"id":[7]',
    '"jsonrpc":"2.0","jsonrpc"',
  ],
  ...[
    '"method":"ping","method"',
    '"__proto__":{"admin":true},"params"',
    '\ufeff{',
    '{{',
    ',',
    '\0',
    '/*c*/',
    "'",
    '\\ud800',
  ],
  ...[
    '"\\ud800"',
    '"\ud83d"',
    'NaN',
    '"name":"fail","name"',
    '"params":{},"params"',
    '}}',
    '{"__proto__":{"x":1},',
  ],
];

const body: fc.Arbitrary<Body> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      of: fc.constant('message' as const),
      message,
      era: fc.constantFrom('modern' as const, 'legacy' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      of: fc.constant('batch' as const),
      messages: fc.array(fc.oneof(message, nastyJson), { maxLength: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ of: fc.constant('text' as const), text: nastyText }) },
  {
    weight: 6,
    arbitrary: fc.record({
      of: fc.constant('edited' as const),
      find: fc.constantFrom(...EDITS),
      by: fc.oneof(fc.constantFrom(...BY), nastyText),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      of: fc.constant('deep' as const),
      depth: fc.constantFrom(100, 5_000, 100_000, 1_000_000),
      open: fc.constantFrom('[' as const, '{"a":' as const),
      at: fc.constantFrom(...DEEP),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      of: fc.constant('notification' as const),
      method: fc.constantFrom('tools/call', 'prompts/get', 'notifications/cancelled', 'nothing/known'),
      name: fc.oneof(nastyText, nastyJson),
    }),
  },
);

const arbitrary: fc.Arbitrary<Case> = fc.record({
  route: fc.constantFrom('v2', 'v1', 'stdio', 'all'),
  body,
  accept: fc.oneof({ weight: 3, arbitrary: fc.constant(ACCEPTS[0] ?? '') }, fc.constantFrom(...ACCEPTS)),
});

const GOOD =
  '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"mark","arguments":{"mark":"m"}}}';

function readBody(given: Body): string {
  switch (given.of) {
    case 'message':
      return JSON.stringify(given.era === 'modern' ? enveloped(given.message) : given.message);
    case 'batch':
      return JSON.stringify(given.messages);
    case 'text':
      return given.text;
    case 'edited':
      return GOOD.replace(given.find, () => given.by);
    case 'deep': {
      const close = given.open === '[' ? ']' : '}';
      const nested = `${given.open.repeat(given.depth)}1${close.repeat(given.depth)}`;
      return placed(nested, given.at);
    }
    case 'notification':
      return JSON.stringify({ jsonrpc: '2.0', method: given.method, params: { name: given.name } });
    case 'large':
      return GOOD.replace('"m"', () => JSON.stringify('x'.repeat(given.bytes)));
  }
}

function placed(value: string, at: (typeof DEEP)[number]): string {
  if (at === 'body') return value;
  if (at === 'batch') return `[${GOOD},${value}]`;
  const [find, by]: [string, string] = {
    arguments: ['"m"', value],
    method: ['"tools/call"', value],
    id: ['"id":7', `"id":${value}`],
    name: ['"mark","arguments"', `${value},"arguments"`],
    params: ['"params":', `"params":${value},"others":`],
    _meta: ['"name":', `"_meta":${value},"name":`],
    jsonrpc: ['"2.0"', value],
  }[at] as [string, string];
  return GOOD.replace(find, () => by);
}

/** Returns the message with the envelope of 2026-07-28, if it has a place for it. */
function enveloped(given: unknown): object {
  const { method, params, ...others } = given as { method: string; params?: unknown };
  const usable = typeof params === 'object' && params !== null && !Array.isArray(params) ? params : {};
  return { ...modernRequest(method, usable), ...others };
}

function headersFor(given: Body): Record<string, string> {
  if (given.of !== 'message' || given.era === 'legacy') return {};
  const { method, params } = given.message as { method: unknown; params?: object };
  if (typeof method !== 'string') return {};
  const headers = modernHeaders(method, typeof params === 'object' && params !== null ? params : {});
  const usable = Object.entries(headers).filter(
    ([, value]) => typeof value === 'string' && /^[\x21-\x7e]{1,100}$/.test(value),
  );
  return Object.fromEntries(usable);
}

/** Returns the messages of a response. */
function messagesIn({ headers, text }: Reply): unknown[] {
  const type = String(headers['content-type'] ?? '');
  if (text.trim() === '') return [];
  if (type.startsWith('application/json')) {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [value];
  }
  if (!type.startsWith('text/event-stream'))
    throw new Error(`A response of type ${type}: ${text.slice(0, 300)}`);
  return [...text.matchAll(/^data: (.+)$/gm)].map(([, data = '']) => JSON.parse(data));
}

/** Returns the request IDs of a body; none if it is not JSON. A byte order mark may be ignored (RFC 8259, 8.1). */
function askedUnder(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
    return (Array.isArray(value) ? value : [value]).map(each => (each as { id?: unknown } | null)?.id);
  } catch {
    return [];
  }
}

async function check(
  target: Target,
  { route, body: given, accept = JSON_HEADERS.accept }: Case,
): Promise<void> {
  const text = readBody(given);
  const headers = { ...JSON_HEADERS, accept, ...headersFor(given), authorization: `Bearer ${target.token}` };
  const reply = await post(`${target.stream.url}/${route}/mcp`, headers, text);
  if (reply.status >= 500) throw new Error(`Status ${reply.status}: ${reply.text.slice(0, 500)}`);
  expectNothingLeaked(reply.text);
  const asked = askedUnder(text).map(value => JSON.stringify(value));
  for (const message of messagesIn(reply)) {
    const { id: under, method } = message as { id?: unknown; method?: unknown };
    const known =
      under === null || under === undefined || method !== undefined || asked.includes(JSON.stringify(under));
    if (!known)
      throw new Error(`A response with the id ${JSON.stringify(under)}, which no request has: ${text}`);
  }
  await expectPlain(target);
}

export const jsonRpc: Property<Case> = { name: 'json-rpc', arbitrary, timeout: 30, check };

/** A separate property with few cases, because creating and sending 5.9 MB takes long. */
export const largeBodies: Property<Case> = {
  name: 'large-bodies',
  timeout: 30,
  arbitrary: fc.record({
    route: fc.constantFrom('v2', 'v1', 'stdio', 'all'),
    accept: fc.constant(JSON_HEADERS.accept),
    body: fc.record({
      of: fc.constant('large' as const),
      bytes: fc.integer({ min: 5_500_000, max: 6_400_000 }),
    }),
  }),
  check,
};
