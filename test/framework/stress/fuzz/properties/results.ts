/**
 * Results of servers of both SDKs that are undefined, or that JSON cannot represent: each request gets one response, long before
 * the deadline, and the response does not report a caller error.
 */
import fc from 'fast-check';
import { modernHeaders, modernRequest } from '../../../../helpers/json-rpc.ts';
import type { Property } from '../property.ts';
import { expectNothingLeaked, expectPlain, JSON_HEADERS, post, type Target } from '../target.ts';

interface Case {
  route: 'v2' | 'v1' | 'two' | 'one';
  era: 'modern' | 'legacy';
  of: 'tool' | 'prompt' | 'resource';
  value: string;
  at: string;
}

/** ODD_VALUES of test/fixtures/isolation-app.ts. */
const VALUES = ['bigint', 'circular', 'toJSON', 'getter', 'symbol', 'function', 'date', 'map', 'deep'];
const NO_RESULTS = ['undefined', 'null', 'string', 'number', 'list', 'nothing'];
const PLACES = [
  'result',
  'content',
  'item',
  'item field',
  'structuredContent',
  '_meta',
  'error data',
  'error',
];

const arbitrary: fc.Arbitrary<Case> = fc.record({
  route: fc.constantFrom('v2', 'v1', 'two', 'one'),
  era: fc.constantFrom('modern', 'legacy'),
  of: fc.constantFrom('tool', 'tool', 'prompt', 'resource'),
  value: fc.constantFrom(...VALUES, ...NO_RESULTS),
  at: fc.constantFrom(...PLACES),
});

function requestOf({ route, of, value, at }: Case): [method: string, params: object] {
  const prefix = route === 'two' || route === 'one' ? `${route}_` : '';
  if (of === 'tool') return ['tools/call', { name: `${prefix}odd`, arguments: { value, at } }];
  return of === 'prompt'
    ? ['prompts/get', { name: `${prefix}${value}` }]
    : ['resources/read', { uri: `odd://${value}` }];
}

async function check(target: Target, given: Case): Promise<void> {
  const [method, params] = requestOf(given);
  const [headers, body] =
    given.era === 'modern'
      ? [modernHeaders(method, params), modernRequest(method, params, undefined, 7)]
      : [{}, { jsonrpc: '2.0', id: 7, method, params }];
  const path = given.route === 'v2' || given.route === 'v1' ? given.route : 'all';
  const reply = await post(
    `${target.stream.url}/${path}/mcp`,
    { ...JSON_HEADERS, ...headers, authorization: `Bearer ${target.token}` },
    JSON.stringify(body),
  );
  if (reply.status >= 500) throw new Error(`Status ${reply.status}: ${reply.text.slice(0, 500)}`);
  expectNothingLeaked(reply.text);
  const responses = reply.text.match(/"id":7\b/g) ?? [];
  if (responses.length !== 1)
    throw new Error(`${responses.length} responses: ${reply.status} ${reply.text.slice(0, 500)}`);
  if (reply.text.includes('-32001')) throw new Error('The response was sent at the deadline.');
  // All parameters are valid; an error that a tool throws keeps its code.
  if (/"code":-32602/.test(reply.text))
    throw new Error(`A caller error is reported: ${reply.text.slice(0, 500)}`);
  await expectPlain(target);
}

export const results: Property<Case> = { name: 'results', arbitrary, timeout: 30, check };
