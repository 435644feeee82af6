/** The weather server through an MCP client, in both eras of the protocol, against the fake Open-Meteo of upstream.ts. */
import {
  Client,
  type ClientCapabilities,
  type ElicitRequest,
  type ElicitResult,
  type Progress,
  type ProtocolError,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { createMcpHandler, type McpHttpHandler } from '@modelcontextprotocol/server';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { LOOKUPS_AT_ONCE } from '../../app/servers/weather/comparing.ts';
import { openMeteo, UpstreamError } from '../../app/servers/weather/open-meteo.ts';
import { inWords, weatherComparison, weatherReport } from '../../app/servers/weather/report.ts';
import { createWeather, weather } from '../../app/servers/weather/weather.ts';
import { MANY_PLACES, startUpstream, type Upstream } from './upstream.ts';

const MODERN = '2026-07-28';
const URL_OF_SERVER = 'http://weather.test/mcp';

let upstream: Upstream;
let handler: McpHttpHandler;
/** Errors that the server has passed to `onError`. */
let reported: unknown[] = [];
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  upstream = await startUpstream({ slowMs: 600_000 });
  const api = openMeteo({
    geocodingUrl: upstream.url,
    forecastUrl: `${upstream.url}/prefix/`,
    timeoutMs: 3_000,
  });
  handler = createMcpHandler(createWeather({ openMeteo: api, onError: error => reported.push(error) }));
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  upstream.reset();
  reported = [];
});
afterAll(async () => {
  await handler?.close();
  await upstream?.close();
});

type Mode = 'legacy' | { pin: string };

interface Connection {
  capabilities?: ClientCapabilities;
  /** The user's response to an elicitation. */
  user?: (request: ElicitRequest) => ElicitResult;
  served?: McpHttpHandler;
}

async function connect(
  mode: Mode,
  { capabilities = {}, user, served = handler }: Connection = {},
): Promise<Client> {
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    { versionNegotiation: { mode }, capabilities },
  );
  if (user) client.setRequestHandler('elicitation/create', async request => user(request));
  const fetch = (url: string | URL, init?: RequestInit): Promise<Response> =>
    served.fetch(new Request(url, init));
  await client.connect(new StreamableHTTPClientTransport(new URL(URL_OF_SERVER), { fetch }));
  closing.push(() => client.close());
  // After listing the tools, the client validates results against the output schemas.
  await client.listTools();
  return client;
}

interface Called {
  isError: boolean;
  text: string;
  structured: unknown;
}

async function call(client: Client, name: string, args: Record<string, unknown>): Promise<Called> {
  const { content, isError = false, structuredContent } = await client.callTool({ name, arguments: args });
  const [first] = content;
  if (first?.type !== 'text' || content.length !== 1) throw new Error('not one text');
  return { isError, text: first.text, structured: structuredContent };
}

/** Returns the name of the place in the result of get_weather. */
async function placeFor(client: Client, location: string): Promise<string> {
  const { isError, text, structured } = await call(client, 'get_weather', { location });
  if (isError) throw new Error(text);
  return weatherReport.parse(structured).place.name;
}

async function protocolErrorOf(
  request: Promise<unknown>,
): Promise<Pick<ProtocolError, 'code' | 'message' | 'data'>> {
  const error = await request.then(
    () => new Error('the request has succeeded'),
    (reason: ProtocolError) => reason,
  );
  if (!('code' in error)) throw error;
  return error;
}

/** Internal details that no client may see: the upstream's address and response, and thrown errors. */
const INTERNALS = /127\.0\.0\.1|localhost|prefix|secret|v1|html|Zod|Error|undefined|expected/;

const SPRINGFIELDS = ['Missouri', 'Massachusetts', 'Illinois'].map(
  state => `Springfield, ${state}, United States`,
);

const ADVICE = {
  timeout: /did not respond in time\. Try again/,
  unavailable: /not available at the moment\. Try again/,
  'rate-limited': /no more requests for now\. Wait a minute/,
  'unexpected-response': /returned an invalid response\. Trying again is unlikely to help/,
};

describe.each<[string, Mode]>([
  ['legacy', 'legacy'],
  [MODERN, { pin: MODERN }],
])('the weather server, %s', (_, mode) => {
  it('describes its tools, resource template and prompt, and declares no list changes', async () => {
    const client = await connect(mode);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(['get_weather', 'compare_weather']);
    for (const tool of tools) {
      expect(tool.title).toBeTruthy();
      expect(tool.annotations).toEqual({ readOnlyHint: true, idempotentHint: true, openWorldHint: true });
      expect(tool.inputSchema.type).toBe('object');
      expect(tool.outputSchema?.type).toBe('object');
      // Some clients and validators do not support a list of types, such as ["number", "null"].
      expect(JSON.stringify(tool.outputSchema)).not.toContain('"null"');
    }
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates).toMatchObject([
      { uriTemplate: 'weather://current/{location}', mimeType: 'application/json' },
    ]);
    const { prompts } = await client.listPrompts();
    expect(prompts).toMatchObject([
      {
        name: 'plan_outdoor_day',
        arguments: [
          { name: 'location', required: true },
          { name: 'activity', required: true },
        ],
      },
    ]);
    expect(client.getServerCapabilities()).toEqual({
      tools: { listChanged: false },
      resources: { listChanged: false },
      prompts: { listChanged: false },
      completions: {},
    });
  });

  describe('get_weather', () => {
    it("returns Open-Meteo's values as text and as structured content", async () => {
      const { isError, text, structured } = await call(await connect(mode), 'get_weather', {
        location: 'berlin',
      });
      const { current, daily } = await upstreamForecast();

      expect(isError).toBe(false);
      expect(structured).toEqual({
        place: {
          name: 'Berlin, State of Berlin, Germany',
          latitude: 52.52437,
          longitude: 13.41053,
          timezone: 'Europe/Berlin',
        },
        units: { temperature: '°C', windSpeed: 'km/h', precipitation: 'mm' },
        current: {
          time: current.time,
          conditions: 'overcast',
          temperature: current.temperature_2m,
          feelsLike: current.apparent_temperature,
          humidityPercent: current.relative_humidity_2m,
          precipitation: current.precipitation,
          windSpeed: current.wind_speed_10m,
        },
        outlook: ['overcast', 'fog', 'light drizzle'].map((conditions, day) => ({
          date: daily.time?.[day],
          conditions,
          high: daily.temperature_2m_max?.[day],
          low: daily.temperature_2m_min?.[day],
          precipitationChancePercent: daily.precipitation_probability_max?.[day],
        })),
      });
      expect(text.split('\n')).toEqual([
        expect.stringMatching(
          /^Berlin, State of Berlin, Germany: overcast, 12\.49 °C, feels like 10\.99 °C, humidity /,
        ),
        expect.stringMatching(
          /^\d{4}-\d\d-\d\d: overcast, 7\.49 to 16\.49 °C, \d+ % chance of precipitation$/,
        ),
        expect.stringMatching(/^\d{4}-\d\d-\d\d: fog, /),
        expect.stringMatching(/^\d{4}-\d\d-\d\d: light drizzle, /),
        'Weather data by Open-Meteo.com (CC BY 4.0).',
      ]);
      expect(reported).toEqual([]);
    });

    it('returns imperial units on request, and no chance of precipitation where it is unknown', async () => {
      const { text, structured } = await call(await connect(mode), 'get_weather', {
        location: 'Reykjavik',
        units: 'imperial',
      });
      const report = weatherReport.parse(structured);
      expect(report.units).toEqual({ temperature: '°F', windSpeed: 'mph', precipitation: 'in' });
      expect(report.current.temperature).toBe((await upstreamForecast()).current.temperature_2m);
      expect(report.outlook[2]).not.toHaveProperty('precipitationChancePercent');
      expect(text).toContain('°F');
      expect(text.split('\n')[3]).toMatch(/°F$/);
    });

    it.each([
      ['Paris', 'Paris, Île-de-France, France'],
      ['paris,texas', 'Paris, Texas, United States'],
      ['London, CA', 'London, Ontario, Canada'],
      ['  New York  ', 'New York, United States'],
      ['Springfield, IL', 'Springfield, Illinois, United States'],
      ['springfield, ILLINOIS, usa', 'Springfield, Illinois, United States'],
      ['Springfield, Sangamon', 'Springfield, Illinois, United States'],
      ['Springfield, US, Illinois', 'Springfield, Illinois, United States'],
      ['Clayton, Polk, Wisconsin, United States', 'Clayton, Wisconsin, United States'],
      ['São Paulo', 'São Paulo, Brazil'],
      ['sao paulo', 'São Paulo, Brazil'],
      ['München', 'Munich, Bavaria, Germany'],
      ['Köln', 'Cologne, North Rhine-Westphalia, Germany'],
      ['Luxembourg', 'Luxembourg'],
      ['Nullville', 'Nullville, Moyen-Ogooué, Gabon'],
    ])('resolves %j to %s', async (location, place) => {
      expect(await placeFor(await connect(mode), location)).toBe(place);
    });

    it('resolves a name that is both a town and a country to the town', async () => {
      await placeFor(await connect(mode), 'Luxembourg');
      expect(upstream.requests.at(-1)?.query).toMatchObject({ latitude: '49.60982', longitude: '6.13268' });
    });

    it('lists the places of an ambiguous name, each by a name that resolves to it', async () => {
      const client = await connect(mode);
      const { isError, text } = await call(client, 'get_weather', { location: 'Springfield' });
      expect(isError).toBe(true);
      expect(text).toContain('Call again with the full name');
      const listed = text.replace(/^.*They are: (.*)\.$/, '$1').split('; ');
      expect(listed).toEqual(SPRINGFIELDS);
      for (const name of listed) expect(await placeFor(client, name)).toBe(name);
    });

    it('lists places in the same region with their county', async () => {
      const client = await connect(mode);
      const { text } = await call(client, 'get_weather', { location: 'Clayton' });
      const listed = text.replace(/^.*They are: (.*)\.$/, '$1').split('; ');
      expect(listed).toEqual([
        'Clayton, Winnebago, Wisconsin, United States',
        'Clayton, Polk, Wisconsin, United States',
      ]);
      const latitudes = [];
      for (const name of listed) {
        await placeFor(client, name);
        latitudes.push(upstream.requests.at(-1)?.query.latitude);
      }
      expect(latitudes).toEqual(['44.1697', '45.2758']);
    });

    it.each(['Atlantis', 'Berlin, Atlantis', 'x', ','])(
      'reports that %j is unknown, with advice',
      async location => {
        const { isError, text } = await call(await connect(mode), 'get_weather', { location });
        expect(isError).toBe(true);
        expect(text).toContain(`No place called "${location}" is known. Check the spelling`);
      },
    );

    it.each([
      ['Slowville', 'timeout'],
      ['Crowdton', 'rate-limited'],
      ['Brokenburg', 'unavailable'],
      ['Resetham', 'unavailable'],
      ['Garbleton', 'unexpected-response'],
      ['Gapford', 'unexpected-response'],
    ] as const)('returns advice for %s, where the upstream fails: %s', async (location, code) => {
      const { isError, text } = await call(await connect(mode), 'get_weather', { location });
      expect(isError).toBe(true);
      expect(text).toMatch(ADVICE[code]);
      expect(text).not.toMatch(INTERNALS);
      expect(reported).toEqual([
        expect.objectContaining({ name: 'UpstreamError', code, operation: 'forecast' }),
      ]);
    });

    it('returns advice if geocoding fails', async () => {
      upstream.setFault('not-json', { operation: 'geocoding' });
      const { isError, text } = await call(await connect(mode), 'get_weather', { location: 'Berlin' });
      expect(isError).toBe(true);
      expect(text).toMatch(ADVICE['unexpected-response']);
      expect(text).not.toMatch(INTERNALS);
    });

    it.each(['Busyton', 'Hiccupton', 'Dropham'])('retries the single failure of %s', async location => {
      expect(await placeFor(await connect(mode), location)).toContain(location);
      expect(upstream.requests.map(({ operation }) => operation)).toEqual([
        'geocoding',
        'forecast',
        'forecast',
      ]);
    });

    it('reports an internal error without its details', async () => {
      const fault = new TypeError('secret undefined is not a function');
      const broken = { search: () => Promise.reject(fault), forecast: () => Promise.reject(fault) };
      const served = createMcpHandler(
        createWeather({ openMeteo: broken, onError: error => reported.push(error) }),
      );
      closing.push(() => served.close());
      const { isError, text } = await call(await connect(mode, { served }), 'get_weather', {
        location: 'Berlin',
      });
      expect(isError).toBe(true);
      expect(text).toContain('because of an internal error');
      expect(text).not.toMatch(INTERNALS);
      expect(reported).toEqual([fault]);
    });

    it.each<[string, Record<string, unknown>]>([
      ['no location', {}],
      ['an empty location', { location: '  ' }],
      ['a location of 201 letters', { location: 'x'.repeat(201) }],
      ['unknown units', { location: 'Berlin', units: 'kelvin' }],
    ])('rejects %s without a request to the upstream', async (_of, args) => {
      expect((await call(await connect(mode), 'get_weather', args)).isError).toBe(true);
      expect(upstream.requests).toEqual([]);
    });
  });

  describe('compare_weather', () => {
    it('returns the places in the requested order, with the reason for each failed one', async () => {
      const locations = ['Tokyo', 'Atlantis', 'Springfield', 'Garbleton', 'Busyton', 'Berlin'];
      const { isError, text, structured } = await call(await connect(mode), 'compare_weather', { locations });
      const { places, units } = weatherComparison.parse(structured);

      expect(isError).toBe(false);
      expect(units.temperature).toBe('°C');
      expect(places.map(({ location }) => location)).toEqual(locations);
      expect(places.map(({ status }) => status)).toEqual(['ok', 'error', 'error', 'error', 'ok', 'ok']);
      expect(places).toMatchObject([
        { place: { name: 'Tokyo, Japan' }, today: { high: expect.any(Number) } },
        { error: expect.stringContaining('No place called "Atlantis"') },
        { error: expect.stringContaining(SPRINGFIELDS.join('; ')) },
        { error: expect.stringMatching(ADVICE['unexpected-response']) },
        {},
        { place: { name: 'Berlin, State of Berlin, Germany' }, current: { conditions: 'overcast' } },
      ]);
      expect(text.split('\n').map(line => line.split(':')[0])).toEqual([
        'Tokyo, Japan',
        'Atlantis',
        'Springfield',
        'Garbleton',
        'Busyton, Bavaria, Germany',
        'Berlin, State of Berlin, Germany',
        'Weather data by Open-Meteo.com (CC BY 4.0).',
      ]);
      expect(text).not.toMatch(INTERNALS);
      expect(reported).toEqual([expect.any(UpstreamError)]);
    });

    it('looks up 100 places, a few at a time, and reports progress for each', async () => {
      upstream.setDelay(5);
      const locations = MANY_PLACES.slice(0, 100);
      const progress: Progress[] = [];
      const client = await connect(mode);
      const { structuredContent } = await client.callTool(
        { name: 'compare_weather', arguments: { locations, units: 'imperial' } },
        { onprogress: update => progress.push(update) },
      );

      const { places, units } = weatherComparison.parse(structuredContent);
      expect(units.temperature).toBe('°F');
      expect(places.map(({ location, status }) => `${location} ${status}`)).toEqual(
        locations.map(location => `${location} ok`),
      );
      expect(progress.map(update => update.progress)).toEqual(locations.map((_, at) => at + 1));
      expect(new Set(progress.map(({ total }) => total))).toEqual(new Set([100]));
      expect(progress.map(({ message }) => message?.split(',')[0]).sort()).toEqual(locations);
      expect(upstream.requests).toHaveLength(200);
      expect(upstream.maxConcurrent).toBeGreaterThan(1);
      expect(upstream.maxConcurrent).toBeLessThanOrEqual(LOOKUPS_AT_ONCE);
    });

    it.each([1, 101])('rejects %i places without a request', async count => {
      const locations = MANY_PLACES.slice(0, count);
      expect((await call(await connect(mode), 'compare_weather', { locations })).isError).toBe(true);
      expect(upstream.requests).toEqual([]);
    });
  });

  describe('weather://current/{location}', () => {
    it.each([
      ['weather://current/Berlin', 'Berlin, State of Berlin, Germany'],
      ['weather://current/S%C3%A3o%20Paulo', 'São Paulo, Brazil'],
      ['weather://current/Springfield%2C%20IL', 'Springfield, Illinois, United States'],
    ])('%s returns the weather of the place as JSON', async (uri, place) => {
      const { contents } = await (await connect(mode)).readResource({ uri });
      const [content] = contents;
      if (!content || !('text' in content)) throw new Error('no text');
      expect(content).toMatchObject({ uri, mimeType: 'application/json' });
      const { current } = await upstreamForecast();
      expect(JSON.parse(content.text)).toMatchObject({
        place: { name: place },
        units: { temperature: '°C' },
        current: { temperature: current.temperature_2m, time: current.time },
      });
    });

    it.each([
      ['Atlantis', 1],
      ['%E0%A4%A', 0],
      ['%20', 0],
    ])('returns "resource not found" for the location %s', async (location, asked) => {
      const uri = `weather://current/${location}`;
      const error = await protocolErrorOf((await connect(mode)).readResource({ uri }));
      expect(error).toMatchObject({ code: -32602, message: `Resource not found: ${uri}`, data: { uri } });
      expect(upstream.requests).toHaveLength(asked);
      expect(reported).toEqual([]);
    });

    it('returns "resource not found" for an ambiguous location, with the URI of each candidate', async () => {
      const client = await connect(mode);
      const uri = 'weather://current/Springfield';
      const { code, data } = await protocolErrorOf(client.readResource({ uri }));
      expect(code).toBe(-32602);
      const candidates = SPRINGFIELDS.map(name => `weather://current/${encodeURIComponent(name)}`);
      expect(data).toEqual({ uri, candidates });
      for (const candidate of candidates) {
        expect((await client.readResource({ uri: candidate })).contents).toHaveLength(1);
      }
    });

    it('fails with advice and without internal details if the upstream fails', async () => {
      const client = await connect(mode);
      const { code, message } = await protocolErrorOf(
        client.readResource({ uri: 'weather://current/Garbleton' }),
      );
      expect(code).toBe(-32603);
      expect(message).toMatch(ADVICE['unexpected-response']);
      expect(message).not.toMatch(INTERNALS);
      expect(reported).toHaveLength(1);
    });
  });

  describe('completion of a location', () => {
    const resource = { type: 'ref/resource', uri: 'weather://current/{location}' } as const;
    const prompt = { type: 'ref/prompt', name: 'plan_outdoor_day' } as const;

    it.each([
      ['the resource', resource],
      ['the prompt', prompt],
    ])(
      'returns for %s the places that start with the value, by names that resolve to them',
      async (_of, ref) => {
        const client = await connect(mode);
        const complete = async (value: string): Promise<string[]> =>
          (await client.complete({ ref, argument: { name: 'location', value } })).completion.values;

        expect(await complete('Portl')).toEqual([
          'Portland, Oregon, United States',
          'Portland, Maine, United States',
        ]);
        expect(await complete('springfield, m')).toEqual(SPRINGFIELDS.slice(0, 2));
        for (const name of await complete('Par')) expect(await placeFor(client, name)).toBe(name);
      },
    );

    it('returns nothing for fewer than two letters', async () => {
      const client = await connect(mode);
      for (const value of ['', 'B', ' B ', ',']) {
        const { completion } = await client.complete({
          ref: resource,
          argument: { name: 'location', value },
        });
        expect(completion.values).toEqual([]);
      }
      expect(upstream.requests).toEqual([]);
    });

    it('returns nothing if the upstream fails, and reports the error', async () => {
      upstream.setFault('error');
      const client = await connect(mode);
      const { completion } = await client.complete({
        ref: prompt,
        argument: { name: 'location', value: 'Berlin' },
      });
      expect(completion.values).toEqual([]);
      expect(reported).toEqual([expect.objectContaining({ code: 'unavailable', operation: 'geocoding' })]);
    });
  });

  it('plan_outdoor_day returns a message that names the place, the activity and the tools', async () => {
    const client = await connect(mode);
    const args = { location: 'Zürich', activity: 'a hike with children' };
    const { messages } = await client.getPrompt({ name: 'plan_outdoor_day', arguments: args });
    expect(messages).toHaveLength(1);
    expect(messages[0]?.role).toBe('user');
    for (const part of ['Zürich', 'a hike with children', 'get_weather', 'compare_weather']) {
      expect(JSON.stringify(messages[0]?.content)).toContain(part);
    }
    const incomplete = client.getPrompt({ name: 'plan_outdoor_day', arguments: { location: 'Zürich' } });
    expect((await protocolErrorOf(incomplete)).code).toBe(-32602);
  });
});

describe(`elicitation of an ambiguous place, ${MODERN}`, () => {
  const mode = { pin: MODERN };
  const forms = { elicitation: { form: {} } };
  const location = 'Springfield';

  it('offers the candidates by name and returns the chosen one', async () => {
    const asked: ElicitRequest[] = [];
    const user = (request: ElicitRequest): ElicitResult => {
      asked.push(request);
      return { action: 'accept', content: { place: '4250542' } };
    };
    const client = await connect(mode, { capabilities: forms, user });

    expect(await placeFor(client, location)).toBe('Springfield, Illinois, United States');
    expect(asked.map(({ params }) => params)).toMatchObject([
      {
        message: 'There are several places called Springfield. Which one is meant?',
        requestedSchema: {
          properties: {
            place: {
              type: 'string',
              oneOf: [
                { const: '4409896', title: 'Springfield, Missouri, United States' },
                { const: '4951788', title: 'Springfield, Massachusetts, United States' },
                { const: '4250542', title: 'Springfield, Illinois, United States' },
              ],
            },
          },
          required: ['place'],
        },
      },
    ]);
    expect(await placeFor(client, 'Paris')).toBe('Paris, Île-de-France, France');
    expect(asked).toHaveLength(1);
  });

  it('is sent to a client that declares elicitation without a mode', async () => {
    const user = (): ElicitResult => ({ action: 'accept', content: { place: '4409896' } });
    const client = await connect(mode, { capabilities: { elicitation: {} }, user });
    expect(await placeFor(client, location)).toBe('Springfield, Missouri, United States');
  });

  it.each<[string, ElicitResult]>([
    ['declined', { action: 'decline' }],
    ['cancelled', { action: 'cancel' }],
    ['declined, but with a choice', { action: 'decline', content: { place: '4250542' } }],
    ['a place that was not offered', { action: 'accept', content: { place: '2950159' } }],
    ['a value of another type', { action: 'accept', content: { place: ['4250542'] } }],
    ['no value', { action: 'accept', content: {} }],
  ])('does not guess if the response is %s', async (_, result) => {
    let asked = 0;
    const user = (): ElicitResult => {
      asked += 1;
      return result;
    };
    const client = await connect(mode, { capabilities: forms, user });
    const { isError, text } = await call(client, 'get_weather', { location });
    expect(isError).toBe(true);
    expect(text).toContain('Do not guess');
    expect(text).toContain(SPRINGFIELDS.join('; '));
    expect(asked).toBe(1);
    expect(upstream.requests.every(({ operation }) => operation === 'geocoding')).toBe(true);
  });

  it.each<[string, ClientCapabilities]>([
    ['no elicitation', {}],
    ['elicitation by URL only', { elicitation: { url: {} } }],
  ])('lists the places for a client with %s', async (_, capabilities) => {
    const { isError, text } = await call(await connect(mode, { capabilities }), 'get_weather', { location });
    expect(isError).toBe(true);
    expect(text).toContain('Call again with the full name');
  });
});

describe('streaming', () => {
  interface Post {
    locations: readonly string[];
    progressToken?: string;
    signal?: AbortSignal;
    era?: 'legacy' | 'modern';
  }

  /** Sends one raw call of compare_weather. */
  function post({ locations, progressToken, signal = new AbortController().signal, era = 'modern' }: Post) {
    const meta = {
      'io.modelcontextprotocol/protocolVersion': MODERN,
      'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1.0.0' },
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const params = {
      name: 'compare_weather',
      arguments: { locations },
      _meta: { ...(era === 'modern' && meta), ...(progressToken && { progressToken }) },
    };
    const headers = new Headers({
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    });
    if (era === 'modern') {
      headers.set('mcp-protocol-version', MODERN);
      headers.set('mcp-method', 'tools/call');
      headers.set('mcp-name', params.name);
    }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
    return handler.fetch(new Request(URL_OF_SERVER, { method: 'POST', headers, body, signal }));
  }

  it('sends the first progress before most places are looked up', async () => {
    upstream.setDelay(30);
    const locations = MANY_PLACES.slice(0, 40);
    const { body, headers } = await post({ locations, progressToken: 'p1' });
    expect(headers.get('content-type')).toMatch(/^text\/event-stream/);
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    const first = await reader?.read();
    const askedByThen = upstream.requests.length;

    expect(first?.value).toContain('"method":"notifications/progress"');
    expect(first?.value).toContain('"progressToken":"p1"');
    expect(askedByThen).toBeLessThan(2 * locations.length);
    let rest = '';
    for (let next = await reader?.read(); next?.value; next = await reader?.read()) rest += next.value;
    expect(rest.match(/notifications\/progress/g)).toHaveLength(locations.length - 1);
    expect(rest.lastIndexOf('"structuredContent"')).toBeGreaterThan(
      rest.lastIndexOf('notifications/progress'),
    );
    expect(upstream.requests).toHaveLength(2 * locations.length);
  });

  it('does not happen without a progress token: the response is one JSON body', async () => {
    const response = await post({ locations: ['Berlin', 'Tokyo'] });
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.json()).toMatchObject({ result: { structuredContent: { places: [{}, {}] } } });
  });

  it('ends open requests and sends no further ones if the call is cancelled', async () => {
    upstream.setDelay(20);
    const caller = new AbortController();
    const client = await connect({ pin: MODERN });
    // Slowville still waits for its forecast when the other places are done.
    const calling = client.callTool(
      { name: 'compare_weather', arguments: { locations: ['Slowville', ...MANY_PLACES.slice(0, 99)] } },
      { signal: caller.signal, onprogress: () => caller.abort('the user clicked Stop') },
    );
    await expect(calling).rejects.toThrow('the user clicked Stop');
    await expect.poll(() => upstream.requests.some(({ outcome }) => outcome === 'abandoned')).toBe(true);
    const askedByThen = upstream.requests.length;
    expect(askedByThen).toBeLessThan(40);

    await new Promise(resolve => setTimeout(resolve, 300));
    expect(upstream.requests).toHaveLength(askedByThen);
    expect(reported).toEqual([]);
  });

  it.each(['legacy', 'modern'] as const)(
    'ends open requests and sends no further ones if a %s request is aborted',
    async era => {
      upstream.setDelay(20);
      const request = new AbortController();
      const locations = ['Slowville', ...MANY_PLACES.slice(0, 99)];
      const { body } = await post({ era, locations, progressToken: 'p1', signal: request.signal });
      await body?.getReader().read();
      request.abort(new Error('the invocation is about to end'));
      await expect.poll(() => upstream.requests.some(({ outcome }) => outcome === 'abandoned')).toBe(true);
      const askedByThen = upstream.requests.length;
      expect(askedByThen).toBeLessThan(40);

      await new Promise(resolve => setTimeout(resolve, 300));
      expect(upstream.requests).toHaveLength(askedByThen);
      expect(reported).toEqual([]);
    },
  );
});

describe('the server of app/settings.ts', () => {
  it('calls the APIs in the settings, which it reads on the first request', async () => {
    vi.stubEnv('WEATHER_GEOCODING_URL', `${upstream.url}/geo/`);
    vi.stubEnv('WEATHER_FORECAST_URL', upstream.url);
    vi.stubEnv('WEATHER_TIMEOUT_MS', '300');
    const warned = vi.spyOn(console, 'warn').mockReturnValue(undefined);
    const served = createMcpHandler(weather);
    closing.push(() => served.close());
    const client = await connect({ pin: MODERN }, { served });

    expect(await placeFor(client, 'Berlin')).toBe('Berlin, State of Berlin, Germany');
    expect(upstream.requests.map(({ url }) => url.split('?')[0])).toEqual(['/geo/v1/search', '/v1/forecast']);

    const { text } = await call(client, 'get_weather', { location: 'Slowville' });
    expect(text).toMatch(ADVICE.timeout);
    expect(warned).toHaveBeenCalledExactlyOnceWith('weather:', expect.objectContaining({ code: 'timeout' }));
    vi.unstubAllEnvs();
    warned.mockRestore();
  });
});

it('inWords describes each weather code that Open-Meteo documents, and an unknown or missing one', () => {
  // https://open-meteo.com/en/docs: "WMO Weather interpretation codes (WW)"
  const documented = [
    0, 1, 2, 3, 45, 48, 51, 53, 55, 56, 57, 61, 63, 65, 66, 67, 71, 73, 75, 77, 80, 81, 82, 85, 86, 95, 96,
    99,
  ];
  const words = documented.map(code => inWords(code));
  expect(new Set(words).size).toBe(documented.length);
  expect(words.filter(text => /\d/.test(text))).toEqual([]);
  expect([inWords(0), inWords(3), inWords(61), inWords(75), inWords(82), inWords(99)]).toEqual([
    'clear sky',
    'overcast',
    'slight rain',
    'heavy snowfall',
    'violent rain showers',
    'thunderstorm with heavy hail',
  ]);
  expect(inWords(4)).toBe('weather code 4');
  expect(inWords(null)).toBe('conditions unknown');
});

const wire = z.object({
  current: z.record(z.string(), z.unknown()),
  daily: z.record(z.string(), z.array(z.unknown())),
});

/** Returns the last requested forecast, as the upstream sends it. */
async function upstreamForecast(): Promise<z.infer<typeof wire>> {
  const asked = upstream.requests.findLast(({ operation }) => operation === 'forecast');
  return wire.parse(await (await fetch(upstream.url + asked?.url)).json());
}
