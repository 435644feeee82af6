/** What users do with the server, by every kind of client, through the local Lambda and the real client of the runtime. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLIENTS, type Option, type TestClient } from '../../helpers/clients.ts';
import { closeAll } from '../../helpers/close-all.ts';
import { modernHeaders, modernRequest } from '../../helpers/json-rpc.ts';
import { type RunningLambda, startApp } from '../../helpers/local-lambda.ts';
import { MANY_PLACES, startUpstream, type Upstream } from '../../helpers/upstream.ts';

let upstream: Upstream;
let stream: RunningLambda;
let buffered: RunningLambda;
beforeAll(async () => {
  upstream = await startUpstream();
  const env = {
    WEATHER_GEOCODING_URL: upstream.url,
    WEATHER_FORECAST_URL: upstream.url,
    WEATHER_TIMEOUT_MS: '1000',
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

  test('meets the era that it speaks', () => {
    expect(client.era).toBe(/modern|auto/.test(name) ? 'modern' : 'legacy');
  });

  test('lists the tools', async () => {
    expect(await client.tools()).toEqual(['get_weather', 'compare_weather']);
  });

  test('calls a tool and gets text and structured content', async () => {
    const { text, isError, structured } = await client.call('get_weather', { location: 'Berlin' });
    expect([isError, text]).toEqual([false, expect.stringContaining('Berlin')]);
    expect(structured).toMatchObject({
      place: { name: expect.stringContaining('Berlin') },
      outlook: { length: 3 },
    });
  });

  test('reads a tool error that says what to do next', async () => {
    const unknown = await client.call('get_weather', { location: 'Xyzzyville' });
    expect([unknown.isError, unknown.text]).toEqual([true, expect.stringMatching(/Xyzzyville/)]);
    const several = await client.call('get_weather', { location: 'Springfield' });
    expect([several.isError, several.text]).toEqual([
      true,
      expect.stringMatching(/Illinois[\s\S]*Missouri|Missouri[\s\S]*Illinois/),
    ]);
  });

  test.each([
    ['slow', 'Slowville'],
    ['down', 'Brokenburg'],
    ['not what its schema says', 'Gapford'],
    ['not JSON', 'Garbleton'],
  ])('is told when the upstream is %s', async (_what, location) => {
    const { isError, text } = await client.call('get_weather', { location });
    expect([isError, text.length > 20]).toEqual([true, true]);
    expect(text).not.toMatch(/\bat .*\.m?js|ECONN|undefined|\[object/);
  });

  test('gets an answer where the upstream recovers', async () => {
    for (const location of ['Busyton', 'Hiccupton', 'Dropham']) {
      upstream.reset();
      expect(await client.call('get_weather', { location }), location).toMatchObject({ isError: false });
    }
  });

  test('sees progress arrive before the result, one by one', async () => {
    upstream.setDelay(100);
    const locations = ['Berlin', 'Paris, France', ...MANY_PLACES.slice(0, 13)];
    const { progress, at, isError } = await client.call('compare_weather', { locations }, true);
    upstream.setDelay(0);
    expect(isError).toBe(false);
    expect(progress.map(p => p.progress)).toEqual(locations.map((_, i) => i + 1));
    expect(progress.every(p => p.total === locations.length)).toBe(true);
    // Three rounds of five at a time, each with two look-ups of 100 ms.
    expect(at - Number(progress[0]?.at)).toBeGreaterThan(300);
    expect(Number(progress.at(-1)?.at) - Number(progress[0]?.at)).toBeGreaterThan(250);
  });

  test('looks up 100 places at once, and one bad one does not sink the others', async () => {
    const locations = [...MANY_PLACES.slice(0, 99), 'Xyzzyville'];
    const { isError, structured } = await client.call('compare_weather', { locations });
    expect(isError).toBe(false);
    const { places } = structured as { places: { status: string; location?: string }[] };
    expect(places).toHaveLength(100);
    expect(places.filter(({ status }) => status === 'error')).toMatchObject([{ location: 'Xyzzyville' }]);
  });

  test('reads a resource, gets a prompt, completes an argument', async () => {
    expect(JSON.parse(await client.resource('weather://current/Berlin'))).toMatchObject({
      current: expect.any(Object),
    });
    await expect(client.resource('weather://current/Xyzzyville')).rejects.toThrow(/not found/i);
    const prompt = await client.prompt('plan_outdoor_day', { location: 'Berlin', activity: 'a walk' });
    expect(prompt).toMatch(/Berlin[\s\S]*get_weather/);
    expect(await client.complete('weather://current/{location}', 'location', 'Berl')).toContainEqual(
      expect.stringContaining('Berlin'),
    );
  });
});

describe.each(connections)('%s, where answers are whole', (_name, connect) => {
  test('lists, calls, and gets the result even of a call that reports progress', async () => {
    const client = await connect(buffered.url);
    expect(await client.tools()).toEqual(['get_weather', 'compare_weather']);
    const { structured, progress } = await client.call(
      'compare_weather',
      { locations: ['Berlin', 'Paris, France'] },
      true,
    );
    expect(structured).toMatchObject({ places: [{ status: 'ok' }, { status: 'ok' }] });
    expect(progress).toHaveLength(2);
    await client.close();
  });
});

describe('a name that several places have', () => {
  test('is asked about, where the client can be asked', async () => {
    const asked: Option[][] = [];
    const elicit = (_message: string, options: Option[]): Option | undefined => {
      asked.push(options);
      return options.find(({ title }) => title.includes('Illinois'));
    };
    const client = await CLIENTS['SDK v2, modern'](stream.url, { elicit });
    const { isError, structured } = await client.call('get_weather', { location: 'Springfield' });
    await client.close();
    expect(asked).toHaveLength(1);
    expect(asked[0]?.length).toBeGreaterThan(1);
    expect([isError, structured]).toMatchObject([
      false,
      { place: { name: expect.stringContaining('Illinois') } },
    ]);
  });

  test('is left with its candidates when the person declines', async () => {
    const client = await CLIENTS['SDK v2, modern'](stream.url, { elicit: () => undefined });
    const { isError, text } = await client.call('get_weather', { location: 'Springfield' });
    await client.close();
    expect([isError, text]).toEqual([true, expect.stringContaining('Illinois')]);
  });
});

test.each([
  ['2026-07-28', modernCall, 1],
  ['2025-11-25', legacyCall, 3],
])(
  'a fresh client of %s makes a tool call in as few invocations as it can',
  async (_revision, makeCall, invocations) => {
    const env = { WEATHER_GEOCODING_URL: upstream.url, WEATHER_FORECAST_URL: upstream.url };
    await using lambda = await startApp({ env });
    expect(await makeCall(lambda.url)).toMatchObject({ place: expect.any(Object) });
    const posts = () => (lambda.output().match(/^POST \/mcp /gm) ?? []).length;
    await expect.poll(posts).toBe(invocations);
  },
);

async function modernCall(url: string): Promise<unknown> {
  const params = { name: 'get_weather', arguments: { location: 'Berlin' } };
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
  const { structured } = await client.call('get_weather', { location: 'Berlin' });
  await client.close();
  return structured;
}
