/** The Open-Meteo client against a fake of Open-Meteo: requests, parsed responses, retries, timeouts and aborts. */
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  type OpenMeteo,
  type OpenMeteoOptions,
  openMeteo,
  UpstreamError,
} from '../../app/servers/weather/open-meteo.ts';
import { GAZETTEER, startUpstream, type Upstream } from './upstream.ts';

let upstream: Upstream;

beforeAll(async () => {
  upstream = await startUpstream({ slowMs: 600_000 });
});
afterEach(() => upstream.reset());
afterAll(() => upstream?.close());

function client(options: Partial<OpenMeteoOptions> = {}): OpenMeteo {
  return openMeteo({ geocodingUrl: upstream.url, forecastUrl: upstream.url, timeoutMs: 60_000, ...options });
}

const at = (name: string): { latitude: number; longitude: number } => {
  const found = GAZETTEER.find(place => place.name === name);
  if (!found) throw new Error(`${name} is not in the gazetteer`);
  return found;
};

/** Returns the UpstreamError that `call` is rejected with; throws any other error. */
async function faultOf(call: Promise<unknown>): Promise<UpstreamError> {
  const error = await call.then(
    () => new Error('the call has succeeded'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof UpstreamError)) throw error;
  return error;
}

/** A forecast as Open-Meteo sends it. */
const wire = z.looseObject({
  current: z.record(z.string(), z.unknown()),
  daily: z.record(z.string(), z.array(z.unknown())),
});

const outcomes = (): unknown[] => upstream.requests.map(({ outcome }) => outcome);

describe('search', () => {
  it('sends the documented query and returns the places, best match first', async () => {
    const found = await client().search('Springfield, Illinois', 7);

    expect(upstream.requests.map(({ operation, query }) => ({ operation, query }))).toEqual([
      {
        operation: 'geocoding',
        query: { name: 'Springfield, Illinois', count: '7', language: 'en', format: 'json' },
      },
    ]);
    expect(found).toEqual([
      {
        id: 4250542,
        name: 'Springfield',
        latitude: 39.80172,
        longitude: -89.64371,
        feature_code: 'PPLA',
        country_code: 'US',
        country: 'United States',
        admin1: 'Illinois',
        admin2: 'Sangamon',
        population: 116565,
      },
    ]);
  });

  it('returns an empty list for an unknown name, although the API sends no list', async () => {
    expect(await client().search('Atlantis', 10)).toEqual([]);
    expect(await (await fetch(`${upstream.url}/v1/search?name=Atlantis`)).json()).not.toHaveProperty(
      'results',
    );
  });

  it('reads omitted fields as empty or zero, including a latitude of 0', async () => {
    const [nullville] = await client().search('Nullville', 1);
    expect(nullville).toMatchObject({ latitude: 0, longitude: 12.5, admin2: '' });
    const tiny = (await client().search('Springfield', 10)).find(({ admin1 }) => admin1 === 'Wisconsin');
    expect(tiny?.population).toBe(0);
  });
});

describe('forecast', () => {
  it('requests the fields of the schema and returns one row per day', async () => {
    const forecast = await client().forecast(at('Berlin'), 'metric');

    expect(upstream.requests[0]?.query).toEqual({
      latitude: '52.52437',
      longitude: '13.41053',
      current:
        'temperature_2m,relative_humidity_2m,apparent_temperature,precipitation,weather_code,wind_speed_10m',
      daily: 'weather_code,temperature_2m_max,temperature_2m_min,precipitation_probability_max',
      forecast_days: '3',
      timezone: 'auto',
      temperature_unit: 'celsius',
      wind_speed_unit: 'kmh',
      precipitation_unit: 'mm',
    });
    const raw = wire.parse(await (await fetch(upstream.url + upstream.requests[0]?.url)).json());
    const { interval: _, ...current } = raw.current;
    expect(forecast.timezone).toBe('Europe/Berlin');
    expect(forecast.current).toEqual(current);
    expect(forecast.daily).toHaveLength(3);
    expect(forecast.daily[2]).toEqual({
      time: raw.daily.time?.[2],
      weather_code: raw.daily.weather_code?.[2],
      temperature_2m_max: raw.daily.temperature_2m_max?.[2],
      temperature_2m_min: raw.daily.temperature_2m_min?.[2],
      precipitation_probability_max: raw.daily.precipitation_probability_max?.[2],
    });
  });

  it('returns the requested units', async () => {
    const metric = await client().forecast(at('Berlin'), 'metric');
    const imperial = await client().forecast(at('Berlin'), 'imperial');
    expect(imperial.current.temperature_2m).toBeCloseTo((metric.current.temperature_2m * 9) / 5 + 32, 1);
    expect(imperial.current.wind_speed_10m).toBeCloseTo(metric.current.wind_speed_10m / 1.609344, 1);
    expect(imperial.current.precipitation).toBeCloseTo(metric.current.precipitation / 25.4, 1);
  });

  it('returns null for a probability that the weather model does not have', async () => {
    const { daily } = await client().forecast(at('Reykjavik'), 'metric');
    expect(daily.map(day => day.precipitation_probability_max)).toEqual([
      expect.any(Number),
      expect.any(Number),
      null,
    ]);
  });

  it('rejects a response with columns of different lengths, and one without days', async () => {
    const altered = (change: (daily: Record<string, unknown[]>) => void): OpenMeteo =>
      client({
        fetch: async (url, init) => {
          const body = wire.parse(await (await fetch(url, init)).json());
          change(body.daily);
          return Response.json(body);
        },
      });
    const short = altered(daily => daily.temperature_2m_max?.pop());
    const empty = altered(daily => {
      for (const name of Object.keys(daily)) daily[name] = [];
    });
    expect((await faultOf(short.forecast(at('Berlin'), 'metric'))).code).toBe('unexpected-response');
    expect((await faultOf(empty.forecast(at('Berlin'), 'metric'))).code).toBe('unexpected-response');
    expect((await altered(() => undefined).forecast(at('Berlin'), 'metric')).daily).toHaveLength(3);
  });
});

describe('a base URL', () => {
  it.each([
    ['', '/v1/search'],
    ['/', '/v1/search'],
    ['/meteo', '/meteo/v1/search'],
    ['/meteo/api//', '/meteo/api/v1/search'],
  ])('with the suffix %j leads to requests at the path %s', async (suffix, path) => {
    const [found] = await client({ geocodingUrl: upstream.url + suffix }).search('Berlin', 1);
    expect(found?.name).toBe('Berlin');
    expect(upstream.requests[0]?.url.split('?')[0]).toBe(path);
  });

  it('keeps its own query, such as the API key of the paid service', async () => {
    await client({ forecastUrl: `${upstream.url}/?apikey=k3y` }).forecast(at('Berlin'), 'metric');
    expect(upstream.requests[0]?.query).toMatchObject({ apikey: 'k3y', latitude: '52.52437' });
  });
});

describe('a retry', () => {
  it.each(['busy', 'error', 'reset', 'cut'] as const)('happens once after %s, and succeeds', async fault => {
    upstream.setFault(fault, { times: 1 });
    expect((await client().search('Berlin', 1))[0]?.name).toBe('Berlin');
    expect(outcomes()).toEqual([expect.anything(), 200]);
  });

  it.each([
    ['busy', 'rate-limited', 429],
    ['error', 'unavailable', 500],
    ['reset', 'unavailable', 'reset'],
    ['cut', 'unavailable', 'cut'],
  ] as const)('happens only once while the fault is %s', async (fault, code, outcome) => {
    upstream.setFault(fault);
    const error = await faultOf(client().forecast(at('Berlin'), 'metric'));
    expect(error).toMatchObject({ code, operation: 'forecast' });
    expect(outcomes()).toEqual([outcome, outcome]);
  });

  it.each(['not-json', 'missing-fields'] as const)(
    'does not happen after a response that is %s',
    async fault => {
      upstream.setFault(fault);
      expect((await faultOf(client().search('Berlin', 1))).code).toBe('unexpected-response');
      expect((await faultOf(client().forecast(at('Berlin'), 'metric'))).code).toBe('unexpected-response');
      expect(outcomes()).toEqual([200, 200]);
    },
  );

  it('does not happen after status 400', async () => {
    expect((await faultOf(client().search('Berlin', 1_000))).code).toBe('unexpected-response');
    expect(outcomes()).toEqual([400]);
  });

  it('does not happen after the timeout, within which the response must be complete', async () => {
    upstream.setFault('slow');
    const error = await faultOf(client({ timeoutMs: 200 }).search('Berlin', 1));
    expect(error.code).toBe('timeout');
    await expect.poll(outcomes).toEqual(['abandoned']);
  });

  it('leads to the code unavailable if no server listens at the URL', async () => {
    const gone = await startUpstream();
    await gone.close();
    const error = await faultOf(client({ geocodingUrl: gone.url }).search('Berlin', 1));
    expect(error).toMatchObject({ code: 'unavailable', host: new URL(gone.url).host });
  });
});

describe('Retry-After', () => {
  it('of 1 second delays the retry', async () => {
    upstream.setFault('busy', { times: 1, retryAfter: '1' });
    const started = performance.now();
    await client().search('Berlin', 1);
    expect(performance.now() - started).toBeGreaterThanOrEqual(990);
    expect(outcomes()).toEqual([429, 200]);
  });

  it('of 60 seconds is returned to the caller, without a retry', async () => {
    upstream.setFault('busy', { times: 1, retryAfter: '60' });
    const error = await faultOf(client().search('Berlin', 1));
    expect(error).toMatchObject({ code: 'rate-limited', retryAfterMs: 60_000 });
    expect(outcomes()).toEqual([429]);
  });

  it('may be a date: in the past it does not delay, far in the future there is no retry', async () => {
    upstream.setFault('error', { times: 1, retryAfter: 'Wed, 21 Oct 2015 07:28:00 GMT' });
    await client().search('Berlin', 1);
    expect(outcomes()).toEqual([500, 200]);
    upstream.reset();
    upstream.setFault('error', { retryAfter: 'Wed, 21 Oct 2015 07:28:00 GMT' });
    expect((await faultOf(client().search('Berlin', 1))).retryAfterMs).toBe(0);
    expect(outcomes()).toEqual([500, 500]);

    upstream.reset();
    upstream.setFault('error', { retryAfter: new Date(Date.now() + 3_600_000).toUTCString() });
    const error = await faultOf(client().search('Berlin', 1));
    expect(error.retryAfterMs).toBeGreaterThan(3_500_000);
    expect(outcomes()).toEqual([500]);
  });

  it('that cannot be parsed is ignored', async () => {
    upstream.setFault('busy', { times: 1, retryAfter: 'soon' });
    await client().search('Berlin', 1);
    expect(outcomes()).toEqual([429, 200]);
  });
});

describe('an abort by the caller', () => {
  const reason = new Error('the user clicked Stop');

  it('before the request prevents it', async () => {
    await expect(client().search('Berlin', 1, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(upstream.requests).toEqual([]);
  });

  it('during the request ends it, without a retry', async () => {
    upstream.setFault('slow');
    const caller = new AbortController();
    const call = client().forecast(at('Berlin'), 'metric', caller.signal);
    await expect.poll(outcomes).toEqual(['open']);
    caller.abort(reason);
    await expect(call).rejects.toBe(reason);
    await expect.poll(outcomes).toEqual(['abandoned']);
  });

  it('during the delay before a retry prevents the retry', async () => {
    upstream.setFault('busy', { retryAfter: '2' });
    const caller = new AbortController();
    const call = client().search('Berlin', 1, caller.signal);
    await expect.poll(outcomes).toEqual([429]);
    caller.abort(reason);
    await expect(call).rejects.toMatchObject({ name: 'AbortError', cause: reason });
    expect(outcomes()).toEqual([429]);
  });
});

it('an UpstreamError contains the operation and the host, but no part of the request or response', async () => {
  const forecastUrl = `${upstream.url}/secret-path?apikey=k3y`;
  for (const fault of ['busy', 'error', 'not-json', 'missing-fields', 'reset'] as const) {
    upstream.setFault(fault);
    const error = await faultOf(client({ forecastUrl }).forecast(at('Berlin'), 'metric'));
    const { message, host } = error;
    expect(host).toBe(new URL(upstream.url).host);
    expect(message).toContain(`Open-Meteo forecast at ${host} `);
    expect(message).not.toMatch(/secret|k3y|52\.5|limit exceeded|html|10\.0|undefined|ECONN/);
    // The form in which it is logged.
    expect(inspect(error, { depth: null })).not.toMatch(
      /secret-path|srv.secret|k3y|limit exceeded|html>|10\.0\.0/,
    );
  }
});
