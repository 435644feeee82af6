/**
 * The Open-Meteo client against a server that speaks as Open-Meteo does: what it asks, what it makes of the answer, when
 * it tries again, and when it gives up.
 */
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  type OpenMeteo,
  type OpenMeteoOptions,
  openMeteo,
  UpstreamError,
} from '../../app/servers/weather/open-meteo.ts';
import { closeAll } from '../helpers/close-all.ts';
import { GAZETTEER, startUpstream, type Upstream } from '../helpers/upstream.ts';

let upstream: Upstream;

beforeAll(async () => {
  upstream = await startUpstream({ slowMs: 5_000 });
});
afterEach(() => upstream.reset());
afterAll(() => closeAll(upstream));

function client(options: Partial<OpenMeteoOptions> = {}): OpenMeteo {
  return openMeteo({ geocodingUrl: upstream.url, forecastUrl: upstream.url, timeoutMs: 2_000, ...options });
}

const at = (name: string): { latitude: number; longitude: number } => {
  const found = GAZETTEER.find(place => place.name === name);
  if (!found) throw new Error(`${name} is not in the gazetteer`);
  return found;
};

/** What `call` is rejected with, which must be an UpstreamError. */
async function faultOf(call: Promise<unknown>): Promise<UpstreamError> {
  const error = await call.then(
    () => new Error('the call has succeeded'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof UpstreamError)) throw error;
  return error;
}

/** A forecast as it comes over the wire. */
const wire = z.looseObject({
  current: z.record(z.string(), z.unknown()),
  daily: z.record(z.string(), z.array(z.unknown())),
});

const outcomes = (): unknown[] => upstream.requests.map(({ outcome }) => outcome);

describe('searching places', () => {
  it('asks as documented and gives what was found, best first', async () => {
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

  it('gives an empty list for an unknown name, for which the API sends no list at all', async () => {
    expect(await client().search('Atlantis', 10)).toEqual([]);
    expect(await (await fetch(`${upstream.url}/v1/search?name=Atlantis`)).json()).not.toHaveProperty(
      'results',
    );
  });

  it('reads what the API leaves out as empty or zero, even the latitude of a place on the equator', async () => {
    const [nullville] = await client().search('Nullville', 1);
    expect(nullville).toMatchObject({ latitude: 0, longitude: 12.5, admin2: '' });
    const tiny = (await client().search('Springfield', 10)).find(({ admin1 }) => admin1 === 'Wisconsin');
    expect(tiny?.population).toBe(0);
  });
});

describe('the forecast', () => {
  it('asks for what the schema expects and gives days as rows', async () => {
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
    const told = wire.parse(await (await fetch(upstream.url + upstream.requests[0]?.url)).json());
    const { interval: _, ...current } = told.current;
    expect(forecast.timezone).toBe('Europe/Berlin');
    expect(forecast.current).toEqual(current);
    expect(forecast.daily).toHaveLength(3);
    expect(forecast.daily[2]).toEqual({
      time: told.daily.time?.[2],
      weather_code: told.daily.weather_code?.[2],
      temperature_2m_max: told.daily.temperature_2m_max?.[2],
      temperature_2m_min: told.daily.temperature_2m_min?.[2],
      precipitation_probability_max: told.daily.precipitation_probability_max?.[2],
    });
  });

  it('is in the units asked for', async () => {
    const metric = await client().forecast(at('Berlin'), 'metric');
    const imperial = await client().forecast(at('Berlin'), 'imperial');
    expect(imperial.current.temperature_2m).toBeCloseTo((metric.current.temperature_2m * 9) / 5 + 32, 1);
    expect(imperial.current.wind_speed_10m).toBeCloseTo(metric.current.wind_speed_10m / 1.609344, 1);
    expect(imperial.current.precipitation).toBeCloseTo(metric.current.precipitation / 25.4, 1);
  });

  it('takes a probability that the model does not have as null', async () => {
    const { daily } = await client().forecast(at('Reykjavik'), 'metric');
    expect(daily.map(day => day.precipitation_probability_max)).toEqual([
      expect.any(Number),
      expect.any(Number),
      null,
    ]);
  });

  it('is refused when a column is shorter than the others, and when there are no days', async () => {
    const altered = (change: (daily: Record<string, unknown[]>) => void): OpenMeteo =>
      client({
        fetch: async (url, init) => {
          const answer = wire.parse(await (await fetch(url, init)).json());
          change(answer.daily);
          return Response.json(answer);
        },
      });
    const short = altered(daily => daily.temperature_2m_max?.pop());
    const empty = altered(daily => {
      for (const name of Object.keys(daily)) daily[name] = [];
    });
    expect((await faultOf(short.forecast(at('Berlin'), 'metric'))).code).toBe('unexpected-answer');
    expect((await faultOf(empty.forecast(at('Berlin'), 'metric'))).code).toBe('unexpected-answer');
    expect((await altered(() => undefined).forecast(at('Berlin'), 'metric')).daily).toHaveLength(3);
  });
});

describe('the base URL', () => {
  it.each([
    ['', '/v1/search'],
    ['/', '/v1/search'],
    ['/meteo', '/meteo/v1/search'],
    ['/meteo/api//', '/meteo/api/v1/search'],
  ])('%j is asked at %s', async (suffix, path) => {
    const [found] = await client({ geocodingUrl: upstream.url + suffix }).search('Berlin', 1);
    expect(found?.name).toBe('Berlin');
    expect(upstream.requests[0]?.url.split('?')[0]).toBe(path);
  });

  it('keeps its own query, which is where a key for the paid service goes', async () => {
    await client({ forecastUrl: `${upstream.url}/?apikey=k3y` }).forecast(at('Berlin'), 'metric');
    expect(upstream.requests[0]?.query).toMatchObject({ apikey: 'k3y', latitude: '52.52437' });
  });
});

describe('trying again', () => {
  it.each(['busy', 'error', 'reset', 'cut'] as const)('once after %s, and is answered', async fault => {
    upstream.setFault(fault, { times: 1 });
    expect((await client().search('Berlin', 1))[0]?.name).toBe('Berlin');
    expect(outcomes()).toEqual([expect.anything(), 200]);
  });

  it.each([
    ['busy', 'rate-limited', 429],
    ['error', 'unavailable', 500],
    ['reset', 'unavailable', 'reset'],
    ['cut', 'unavailable', 'cut'],
  ] as const)('once and no more while it is %s', async (fault, code, outcome) => {
    upstream.setFault(fault);
    const error = await faultOf(client().forecast(at('Berlin'), 'metric'));
    expect(error).toMatchObject({ code, operation: 'forecast' });
    expect(outcomes()).toEqual([outcome, outcome]);
  });

  it.each(['not-json', 'missing-fields'] as const)('never after an answer that is %s', async fault => {
    upstream.setFault(fault);
    expect((await faultOf(client().search('Berlin', 1))).code).toBe('unexpected-answer');
    expect((await faultOf(client().forecast(at('Berlin'), 'metric'))).code).toBe('unexpected-answer');
    expect(outcomes()).toEqual([200, 200]);
  });

  it('never after a refusal of what was asked', async () => {
    expect((await faultOf(client().search('Berlin', 1_000))).code).toBe('unexpected-answer');
    expect(outcomes()).toEqual([400]);
  });

  it('never after the time limit, within which the answer has to be whole', async () => {
    upstream.setFault('slow');
    const started = performance.now();
    const error = await faultOf(client({ timeoutMs: 200 }).search('Berlin', 1));
    expect(error.code).toBe('timeout');
    expect(performance.now() - started).toBeLessThan(2_000);
    await expect.poll(outcomes).toEqual(['abandoned']);
  });

  it('finds nobody where nobody listens', async () => {
    const gone = await startUpstream();
    await gone.close();
    const error = await faultOf(client({ geocodingUrl: gone.url }).search('Berlin', 1));
    expect(error).toMatchObject({ code: 'unavailable', host: new URL(gone.url).host });
  });
});

describe('Retry-After', () => {
  it('is waited for when it is short', async () => {
    upstream.setFault('busy', { times: 1, retryAfter: '1' });
    const started = performance.now();
    await client().search('Berlin', 1);
    expect(performance.now() - started).toBeGreaterThanOrEqual(990);
    expect(outcomes()).toEqual([429, 200]);
  });

  it('is left to the caller when it is long', async () => {
    upstream.setFault('busy', { times: 1, retryAfter: '60' });
    const error = await faultOf(client().search('Berlin', 1));
    expect(error).toMatchObject({ code: 'rate-limited', retryAfterMs: 60_000 });
    expect(outcomes()).toEqual([429]);
  });

  it('may be a date: one that has passed is no wait, one far ahead is too long', async () => {
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

  it('that makes no sense counts as none', async () => {
    upstream.setFault('busy', { times: 1, retryAfter: 'soon' });
    await client().search('Berlin', 1);
    expect(outcomes()).toEqual([429, 200]);
  });
});

describe('the caller who gives up', () => {
  const reason = new Error('the user clicked Stop');

  it('before asking: nothing is asked', async () => {
    await expect(client().search('Berlin', 1, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(upstream.requests).toEqual([]);
  });

  it('while waiting for the answer: the request ends and is not repeated', async () => {
    upstream.setFault('slow');
    const caller = new AbortController();
    const call = client().forecast(at('Berlin'), 'metric', caller.signal);
    await expect.poll(outcomes).toEqual(['open']);
    caller.abort(reason);
    await expect(call).rejects.toBe(reason);
    await expect.poll(outcomes).toEqual(['abandoned']);
  });

  it('while waiting to try again: it is not tried again', async () => {
    upstream.setFault('busy', { retryAfter: '2' });
    const caller = new AbortController();
    const call = client().search('Berlin', 1, caller.signal);
    await expect.poll(outcomes).toEqual([429]);
    const started = performance.now();
    caller.abort(reason);
    await expect(call).rejects.toMatchObject({ name: 'AbortError', cause: reason });
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(outcomes()).toEqual([429]);
  });
});

it('an error names the operation and the host, and nothing of the request or the answer', async () => {
  const forecastUrl = `${upstream.url}/secret-path?apikey=k3y`;
  for (const fault of ['busy', 'error', 'not-json', 'missing-fields', 'reset'] as const) {
    upstream.setFault(fault);
    const error = await faultOf(client({ forecastUrl }).forecast(at('Berlin'), 'metric'));
    const { message, host } = error;
    expect(host).toBe(new URL(upstream.url).host);
    expect(message).toContain(`Open-Meteo forecast at ${host} `);
    expect(message).not.toMatch(/secret|k3y|52\.5|limit exceeded|html|10\.0|undefined|ECONN/);
    // Nor what the log shows of it.
    expect(inspect(error, { depth: null })).not.toMatch(
      /secret-path|srv.secret|k3y|limit exceeded|html>|10\.0\.0/,
    );
  }
});
