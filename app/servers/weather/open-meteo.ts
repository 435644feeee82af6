/**
 * A client for the parts of Open-Meteo that the weather server needs: search for places, and the weather at a place.
 *
 * It validates responses by schemas, has a timeout for each attempt, retries once if that can help, and stops if the caller aborts.
 * It does not cache or limit the number of parallel requests. https://open-meteo.com/en/docs,
 * https://open-meteo.com/en/docs/geocoding-api
 *
 * No key is needed. The public service is free for non-commercial use and limits requests by address; a base URL can
 * contain `?apikey=…` for the paid service, or be that of an Open-Meteo server that you run.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';

/** The API omits values that are empty or zero (proto3 JSON), for example an unknown population or the latitude of the equator. */
const place = z
  .object({
    id: z.int(),
    name: z.string(),
    latitude: z.number().default(0),
    longitude: z.number().default(0),
    /** GeoNames' kind of place: `PPL…` is populated, `PCL…` a country. http://www.geonames.org/export/codes.html */
    feature_code: z.string().default(''),
    country_code: z.string().default(''),
    country: z.string().default(''),
    admin1: z.string().default(''),
    admin2: z.string().default(''),
    population: z.number().default(0),
  })
  .refine(({ latitude, longitude }) => latitude !== 0 || longitude !== 0, 'has no coordinates');

const places = z.object({ results: z.array(place).default([]) });

/** Null if the weather model has no value; observed for these two: open-meteo/open-meteo#1175 and #1307. */
const maybe = z.number().nullable();

const current = z.object({
  time: z.string(),
  temperature_2m: z.number(),
  relative_humidity_2m: z.number(),
  apparent_temperature: z.number(),
  precipitation: z.number(),
  weather_code: maybe,
  wind_speed_10m: z.number(),
});

const day = z.object({
  time: z.string(),
  weather_code: maybe,
  temperature_2m_max: z.number(),
  temperature_2m_min: z.number(),
  precipitation_probability_max: maybe,
});

/** Open-Meteo returns columns, one array per variable. Converts them into one object per day. */
const daily = z
  .record(z.string(), z.array(z.unknown()))
  .transform(columns => (columns.time ?? []).map((_, row) => mapValues(columns, column => column[row])))
  .pipe(z.array(day).min(1));

const forecast = z.object({ timezone: z.string(), current, daily });

export type Place = z.infer<typeof place>;
export type Forecast = z.infer<typeof forecast>;
export type Units = 'metric' | 'imperial';

export interface OpenMeteo {
  /**
   * Returns places whose name, in any language, begins with `query`, the best match first. A region or country after a comma
   * restricts them. `count`: maximum number, 1 to 100.
   */
  search(query: string, count: number, signal?: AbortSignal): Promise<Place[]>;
  /** Returns the weather at a place now and for {@link FORECAST_DAYS} days, today first, in local time. */
  forecast(at: Pick<Place, 'latitude' | 'longitude'>, units: Units, signal?: AbortSignal): Promise<Forecast>;
}

export interface OpenMeteoOptions {
  /** Base URL of the geocoding API, with or without a path, a trailing slash, a query. */
  geocodingUrl: string;
  /** Base URL of the forecast API, likewise. */
  forecastUrl: string;
  /** Timeout of one attempt, including its body, in milliseconds, above 0. */
  timeoutMs: number;
  /** @default globalThis.fetch */
  fetch?: typeof globalThis.fetch;
}

export type UpstreamErrorCode = 'timeout' | 'unavailable' | 'rate-limited' | 'unexpected-response';
export type Operation = 'geocoding' | 'forecast';

/** Open-Meteo did not return a usable response. The message is for the caller; `cause` is for the log. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly code: UpstreamErrorCode;
  readonly operation: Operation;
  readonly host: string;
  /** Pause before a retry, in milliseconds; undefined if a retry would not help. */
  readonly retryAfterMs: number | undefined;

  constructor(code: UpstreamErrorCode, { operation, host, cause, retryAfterMs }: UpstreamErrorDetails) {
    super(`Open-Meteo ${operation} at ${host} ${WHAT_HAPPENED[code]}`, { cause });
    this.code = code;
    this.operation = operation;
    this.host = host;
    this.retryAfterMs = retryAfterMs;
  }
}

interface UpstreamErrorDetails {
  operation: Operation;
  host: string;
  cause?: unknown;
  retryAfterMs?: number | undefined;
}

const WHAT_HAPPENED: Record<UpstreamErrorCode, string> = {
  timeout: 'did not respond in time',
  unavailable: 'is not available',
  'rate-limited': 'rejects further requests for now',
  'unexpected-response': 'returned a response that differs from its documentation',
};

export const FORECAST_DAYS = 3;

/** Maximum pause before a retry, because a person waits for the response. After a longer one, the caller decides. */
const LONGEST_RETRY_WAIT_MS = 2_000;

const UNITS: Record<Units, Record<string, string>> = {
  metric: { temperature_unit: 'celsius', wind_speed_unit: 'kmh', precipitation_unit: 'mm' },
  imperial: { temperature_unit: 'fahrenheit', wind_speed_unit: 'mph', precipitation_unit: 'inch' },
};

/** The requested variables, taken from the schemas so that they always match. */
const VARIABLES = {
  current: Object.keys(current.shape)
    .filter(name => name !== 'time')
    .join(),
  daily: Object.keys(day.shape)
    .filter(name => name !== 'time')
    .join(),
};

/** Creates the client. Every method rejects with an {@link UpstreamError}, or with an abort error if `signal` is aborted. */
export function openMeteo(options: OpenMeteoOptions): OpenMeteo {
  const { geocodingUrl, forecastUrl } = options;
  return {
    async search(query, count, signal) {
      const url = endpoint(geocodingUrl, '/v1/search', {
        name: query,
        count,
        language: 'en',
        format: 'json',
      });
      return (await requestWithRetry({ operation: 'geocoding', url, schema: places, signal }, options))
        .results;
    },
    async forecast({ latitude, longitude }, units, signal) {
      const days = { forecast_days: FORECAST_DAYS, timezone: 'auto' };
      const query = { latitude, longitude, ...VARIABLES, ...days, ...UNITS[units] };
      const url = endpoint(forecastUrl, '/v1/forecast', query);
      return requestWithRetry({ operation: 'forecast', url, schema: forecast, signal }, options);
    },
  };
}

function mapValues<From, To>(record: Record<string, From>, to: (from: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, to(value)]));
}

function endpoint(base: string, path: string, query: Record<string, string | number>): URL {
  const url = new URL(base);
  url.pathname = url.pathname.replace(/\/+$/, '') + path;
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  return url;
}

interface ApiRequest<Data> {
  operation: Operation;
  url: URL;
  schema: z.ZodType<Data>;
  signal: AbortSignal | undefined;
}

async function requestWithRetry<Data>(request: ApiRequest<Data>, options: OpenMeteoOptions): Promise<Data> {
  try {
    return await attempt(request, options);
  } catch (error) {
    if (!(error instanceof UpstreamError) || error.retryAfterMs === undefined) throw error;
    if (error.retryAfterMs > LONGEST_RETRY_WAIT_MS) throw error;
    await sleep(error.retryAfterMs, undefined, request.signal && { signal: request.signal });
    return await attempt(request, options);
  }
}

async function attempt<Data>(request: ApiRequest<Data>, options: OpenMeteoOptions): Promise<Data> {
  const about = { operation: request.operation, host: request.url.host };
  const { response, body } = await exchange(request, options);
  if (!response.ok) {
    const { status } = response;
    const refusal = { ...about, cause: `HTTP status ${status}` };
    if (status !== 429 && status < 500) throw new UpstreamError('unexpected-response', refusal);
    const code = status === 429 ? 'rate-limited' : 'unavailable';
    throw new UpstreamError(code, { ...refusal, retryAfterMs: retryAfter(response) });
  }
  try {
    return request.schema.parse(JSON.parse(body));
  } catch (error) {
    // A SyntaxError quotes the text, but responses must not be logged.
    const cause = error instanceof SyntaxError ? `${body.length} characters that are not JSON` : error;
    throw new UpstreamError('unexpected-response', { ...about, cause });
  }
}

/** Sends one request and reads the whole response within the timeout. */
async function exchange(
  { operation, url, signal }: ApiRequest<unknown>,
  { timeoutMs, fetch = globalThis.fetch }: OpenMeteoOptions,
): Promise<{ response: Response; body: string }> {
  const tooLate = AbortSignal.timeout(timeoutMs);
  try {
    const within = signal ? AbortSignal.any([signal, tooLate]) : tooLate;
    const response = await fetch(url, { headers: { accept: 'application/json' }, signal: within });
    return { response, body: await response.text() };
  } catch (cause) {
    signal?.throwIfAborted();
    const about = { operation, host: url.host, cause };
    // No retry: the caller has waited long enough, and a second request would add load to a slow service.
    if (tooLate.aborted) throw new UpstreamError('timeout', about);
    throw new UpstreamError('unavailable', { ...about, retryAfterMs: shortWait() });
  }
}

/** Returns the pause in `Retry-After`, in seconds or as a date; without it (Open-Meteo does not send it) a short pause. */
function retryAfter(response: Response): number {
  const header = response.headers.get('retry-after')?.trim() ?? '';
  const asked = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(asked) ? shortWait() : Math.max(asked, 0);
}

/** Returns a short pause with jitter, so that parallel lookups that were rejected together are not retried together. */
function shortWait(): number {
  return 100 + Math.random() * 200;
}
