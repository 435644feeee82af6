/**
 * A program behind mcpStdio that writes invalid output: its caller gets a response or an error with the reason, and the next
 * call is served.
 */
import fc from 'fast-check';
import { nastyJson, nastyNumber, nastyText } from '../arbitraries.ts';
import type { Property } from '../property.ts';
import { expectNothingLeaked, expectPlain, JSON_HEADERS, post, type Target } from '../target.ts';

type Act = { act: string } & Record<string, unknown>;
interface Case {
  route: 'stdio' | 'all';
  acts: Act[];
}

const of = <T extends string>(act: T) => fc.constant(act);
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ act: of('garbage'), text: nastyText }) },
  {
    weight: 2,
    arbitrary: fc.record({ act: of('garbage'), text: nastyJson.map(value => JSON.stringify(value)) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ act: of('half'), text: fc.constantFrom('{"jsonrpc":"2.0","id', '"', '\u0000') }),
  },
  { weight: 4, arbitrary: fc.record({ act: of('foreign'), id: fc.oneof(nastyNumber, nastyText) }) },
  { weight: 8, arbitrary: fc.record({ act: of('answer'), mark: nastyText }) },
  { weight: 3, arbitrary: fc.record({ act: of('error'), error: nastyJson }) },
  { weight: 3, arbitrary: fc.record({ act: of('result'), result: nastyJson }) },
  {
    weight: 4,
    arbitrary: fc.record({
      act: of('notify'),
      method: fc.oneof(
        fc.constantFrom('notifications/progress', 'notifications/message', 'notifications/cancelled'),
        nastyText,
      ),
      params: nastyJson,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      act: of('ask'),
      method: fc.oneof(fc.constantFrom('ping', 'roots/list', 'sampling/createMessage'), nastyText),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: of('exit'), code: fc.nat({ max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ act: of('closeStdout') }) },
);

async function check(target: Target, { route, acts }: Case): Promise<void> {
  const name = route === 'all' ? 'wild_wild' : 'wild';
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 7,
    method: 'tools/call',
    params: { name, arguments: { acts } },
  });
  const headers = { ...JSON_HEADERS, authorization: `Bearer ${target.token}` };
  const { status, text } = await post(`${target.stream.url}/${route}/mcp`, headers, body);
  if (status !== 200) throw new Error(`Status ${status}: ${text.slice(0, 500)}`);
  expectNothingLeaked(text);
  if (!/"(result|error)":/.test(text)) throw new Error(`Neither result nor error: ${text.slice(0, 500)}`);
  // The program may be broken: the next caller, or at the latest the one after, gets a new program.
  await expectPlain(target, route, route === 'all' ? 'wild_mark' : 'mark').catch(() =>
    expectPlain(target, route, route === 'all' ? 'wild_mark' : 'mark'),
  );
}

export const stdio: Property<Case> = {
  name: 'stdio',
  // Most cases end with a response, because a case without one lasts until the deadline.
  arbitrary: fc.record({
    route: fc.constantFrom('stdio', 'all'),
    acts: fc
      .tuple(fc.array(act, { maxLength: 4 }), fc.boolean(), fc.boolean())
      .map(([acts, one, two]) => (one || two ? [...acts, { act: 'answer', mark: 'last' }] : acts)),
  }),
  check,
};

/** Output without a line end, up to 1 GB. */
export const longLines: Property<Case> = {
  name: 'long-lines',
  timeout: 30,
  arbitrary: fc.record({
    route: fc.constantFrom('stdio', 'all'),
    acts: fc
      .record({ act: fc.constantFrom('long', 'longStderr'), megabytes: fc.constantFrom(1, 20, 100, 1024) })
      .map(long => [long, { act: 'answer', mark: 'last' }]),
  }),
  check,
};
