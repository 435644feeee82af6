/** The operations of a server, by every kind of client, through the local Lambda and the real runtime client. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLIENTS, type Option, type TestClient } from '../../helpers/clients.ts';
import { closeAll } from '../../helpers/close-all.ts';
import { type FakeUpstream, MANY_TERMS, startFakeUpstream } from '../../helpers/fake-upstream.ts';
import { modernHeaders, modernRequest } from '../../helpers/json-rpc.ts';
import { type RunningLambda, startApp } from '../../helpers/local-lambda.ts';

let upstream: FakeUpstream;
let stream: RunningLambda;
let buffered: RunningLambda;
beforeAll(async () => {
  upstream = await startFakeUpstream();
  const env = {
    ...upstream.env,
    FIXTURE_TIMEOUT_MS: '3000',
    NODE_NO_WARNINGS: '1',
  };
  stream = await startApp({ env, args: ['--memory', '256'] });
  buffered = await startApp({ env, args: ['--invoke-mode', 'BUFFERED'] }, 'handler.buffered');
});
afterAll(() => closeAll(stream, buffered, upstream));

const connections = Object.entries(CLIENTS);

describe.each(connections)('%s', (name, connect) => {
  let client: TestClient;
  beforeAll(async () => {
    client = await connect(stream.url);
  });
  afterAll(() => closeAll(client));

  test('connects in its own era', () => {
    expect(client.era).toBe(/modern|auto/.test(name) ? 'modern' : 'legacy');
  });

  test('lists the tools', async () => {
    expect(await client.tools()).toEqual(['lookup', 'lookup_many']);
  });

  test('calls a tool and gets text and structured content', async () => {
    const { text, isError, structured } = await client.call('lookup', { term: 'Tide', style: 'upper' });
    expect([isError, text]).toEqual([false, expect.stringMatching(/^tide: THE RISE AND FALL/)]);
    expect(structured).toMatchObject({ entry: { name: 'tide' } });
  });

  test('gets a tool error that says what to do next', async () => {
    const unknown = await client.call('lookup', { term: 'lagoon' });
    expect([unknown.isError, unknown.text]).toEqual([true, 'No entry for "lagoon". Check the spelling.']);
    const several = await client.call('lookup', { term: 'mercury' });
    expect([several.isError, several.text]).toEqual([
      true,
      'Name one of: mercury (element); mercury (planet).',
    ]);
  });

  test.each([
    ['too slow', () => upstream.setDelay(10_000)],
    ['failing', () => upstream.setFailing(true)],
  ])('gets a tool error without internals if the upstream is %s', async (_what, breakUpstream) => {
    breakUpstream();
    const { isError, text } = await client.call('lookup', { term: 'tide' });
    upstream.reset();
    expect([isError, text]).toEqual([true, 'The glossary service failed. Try again in a minute.']);
    expect((await client.call('lookup', { term: 'tide' })).isError).toBe(false);
  });

  test('receives progress before the result, one by one', async () => {
    const terms = MANY_TERMS.slice(0, 15);
    const release = upstream.hold(terms.at(-1) ?? '');
    const { progress, isError } = await client.call('lookup_many', { terms }, progress => {
      if (progress === terms.length - 1) release();
    });
    upstream.reset();
    expect(isError).toBe(false);
    expect(progress.map(p => p.progress)).toEqual(terms.map((_, i) => i + 1));
    expect(progress.every(p => p.total === terms.length)).toBe(true);
  });

  test('looks up 100 terms in one call, one of which fails', async () => {
    const terms = [...MANY_TERMS.slice(0, 99), 'lagoon'];
    const { isError, structured } = await client.call('lookup_many', { terms });
    expect(isError).toBe(false);
    const { results } = structured as { results: { term: string; error?: string }[] };
    expect(results.map(({ term }) => term)).toEqual(terms);
    expect(results.filter(({ error }) => error)).toMatchObject([{ term: 'lagoon' }]);
  });

  test('reads a resource, gets a prompt, completes an argument', async () => {
    expect(JSON.parse(await client.resource('glossary://entries/tide'))).toMatchObject({ name: 'tide' });
    await expect(client.resource('glossary://entries/lagoon')).rejects.toThrow(/not found/i);
    const prompt = await client.prompt('explain', { term: 'tide', audience: 'a sailor' });
    expect(prompt).toBe('Call lookup for tide and explain it to a sailor.');
    expect(await client.complete('glossary://entries/{term}', 'term', 'gla')).toEqual(['glacier']);
    expect(await client.completePrompt('explain', 'term', 'merc')).toEqual([
      'mercury (element)',
      'mercury (planet)',
    ]);
  });
});

describe.each(connections)('%s, on an endpoint that does not stream', (_name, connect) => {
  test('lists the tools, calls one, and gets the result of a call that reports progress', async () => {
    const client = await connect(buffered.url);
    expect(await client.tools()).toEqual(['lookup', 'lookup_many']);
    const { structured, progress } = await client.call('lookup_many', { terms: ['tide', 'glacier'] }, true);
    expect(structured).toMatchObject({
      results: [{ entry: { name: 'tide' } }, { entry: { name: 'glacier' } }],
    });
    expect(progress).toHaveLength(2);
    await client.close();
  });
});

describe('a term that has several entries', () => {
  test('leads to an elicitation if the client supports forms', async () => {
    const asked: Option[][] = [];
    const elicit = (_message: string, options: Option[]): Option | undefined => {
      asked.push(options);
      return options.find(({ title }) => title.includes('planet'));
    };
    const client = await CLIENTS['SDK v2, modern'](stream.url, { elicit });
    const { isError, structured } = await client.call('lookup', { term: 'mercury' });
    await client.close();
    expect(asked).toHaveLength(1);
    expect(asked[0]).toHaveLength(2);
    expect([isError, structured]).toMatchObject([false, { entry: { name: 'mercury (planet)' } }]);
  });

  test('returns the candidates if the person declines', async () => {
    const client = await CLIENTS['SDK v2, modern'](stream.url, { elicit: () => undefined });
    const { isError, text } = await client.call('lookup', { term: 'mercury' });
    await client.close();
    expect([isError, text]).toEqual([true, expect.stringContaining('mercury (element)')]);
  });
});

test.each([
  ['2026-07-28', modernCall, 1],
  ['2025-11-25', legacyCall, 3],
])(
  'a new client of %s needs the minimum number of invocations for a tool call',
  async (_revision, makeCall, invocations) => {
    const env = upstream.env;
    await using lambda = await startApp({ env });
    expect(await makeCall(lambda.url)).toMatchObject({ entry: { name: 'tide' } });
    const posts = () => (lambda.output().match(/^POST \/mcp /gm) ?? []).length;
    await expect.poll(posts).toBe(invocations);
  },
);

async function modernCall(url: string): Promise<unknown> {
  const params = { name: 'lookup', arguments: { term: 'tide' } };
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const response = await fetch(`${url}/mcp`, {
    method: 'POST',
    headers: { ...headers, ...modernHeaders('tools/call', params) },
    body: JSON.stringify(modernRequest('tools/call', params)),
  });
  const { result } = (await response.json()) as { result: { structuredContent: unknown } };
  return result.structuredContent;
}

async function legacyCall(url: string): Promise<unknown> {
  const client = await CLIENTS['SDK v2, legacy'](url);
  const { structured } = await client.call('lookup', { term: 'tide' });
  await client.close();
  return structured;
}
