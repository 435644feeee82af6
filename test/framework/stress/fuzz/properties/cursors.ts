/**
 * A server behind a gateway and behind mcpStdio whose lists have invalid cursors or never end: the list of the gateway ends, with
 * the tools of the other servers, and no client gets a cursor that is not a string.
 */
import fc from 'fast-check';
import { nastyJson, nastyText } from '../arbitraries.ts';
import type { Property } from '../property.ts';
import { expectNothingLeaked, expectPlain, JSON_HEADERS, post, type Target } from '../target.ts';

interface Case {
  /** `nextCursor` of each page; the last one is repeated. */
  cursors: unknown[];
}

const arbitrary: fc.Arbitrary<Case> = fc.record({
  cursors: fc.array(
    fc.oneof(fc.constantFrom<unknown>(null, '', 'a', 'b', 0, false, {}, []), nastyText, nastyJson),
    { minLength: 1, maxLength: 5 },
  ),
});

async function ask(
  { stream, token }: Target,
  route: string,
  method: string,
  params: object,
): Promise<string> {
  const headers = { ...JSON_HEADERS, authorization: `Bearer ${token}` };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 7, method, params });
  const { status, text } = await post(`${stream.url}/${route}/mcp`, headers, body);
  if (status !== 200) throw new Error(`Status ${status}: ${text.slice(0, 500)}`);
  expectNothingLeaked(text);
  return text;
}

async function check(target: Target, { cursors }: Case): Promise<void> {
  for (const [route, name] of [
    ['all', 'wild_wild'],
    ['stdio', 'wild'],
  ] as const) {
    const set = (values: unknown[]): Promise<string> =>
      ask(target, route, 'tools/call', { name, arguments: { acts: [{ act: 'cursors', cursors: values }] } });
    await set(cursors);
    const text = await ask(target, route, 'tools/list', {});
    const { result } = JSON.parse(/\{.*\}/.exec(text)?.[0] ?? '{}') as { result?: Record<string, unknown> };
    const { nextCursor, tools } = (result ?? {}) as { nextCursor?: unknown; tools?: { name: string }[] };
    if (nextCursor !== undefined && (typeof nextCursor !== 'string' || nextCursor === ''))
      throw new Error(`The client gets the cursor ${JSON.stringify(nextCursor)}.`);
    const others = route === 'all' ? ['two_mark', 'one_mark', 'wild_mark'] : ['mark'];
    const missing = others.find(other => !tools?.some(tool => tool.name === other));
    if (missing) throw new Error(`${missing} is not listed: ${text.slice(0, 500)}`);
    await set([]);
  }
  await expectPlain(target);
}

export const cursors: Property<Case> = { name: 'cursors', arbitrary, timeout: 30, check };
