/**
 * A fake of Open-Meteo: a server on 127.0.0.1 with its geocoding and forecast APIs, a small gazetteer of real places, invented weather
 * that is always the same, and configurable faults.
 *
 * Set WEATHER_GEOCODING_URL and WEATHER_FORECAST_URL to its `url`, in this process or another. Like the real API, it returns only the
 * requested variables, leaves out empty fields, and rejects unknown parameters with 400. A fault is selected by the requested place
 * ({@link FAULTY_PLACES}, which needs no access to this object) or for every request ({@link Upstream.setFault}).
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type Operation = 'geocoding' | 'forecast';

/** `busy` is 429, `error` is 500, `reset` closes the connection without a response, `cut` in the middle of a response. */
export type Fault = 'slow' | 'busy' | 'error' | 'not-json' | 'missing-fields' | 'reset' | 'cut';

export interface FaultOptions {
  /** The API that fails. @default both */
  operation?: Operation;
  /** Number of failures of each URL before a response. @default always */
  times?: number;
  /** `Retry-After` of a `busy` or `error` response, seconds or a date. @default none, as in the real API */
  retryAfter?: string;
}

type ChosenFault = FaultOptions & { fault: Fault };

/** Places that geocoding finds, but whose forecast fails. */
export const FAULTY_PLACES: Record<string, { fault: Fault; times?: number }> = {
  Slowville: { fault: 'slow' },
  Busyton: { fault: 'busy', times: 1 },
  Crowdton: { fault: 'busy' },
  Hiccupton: { fault: 'error', times: 1 },
  Brokenburg: { fault: 'error' },
  Garbleton: { fault: 'not-json' },
  Gapford: { fault: 'missing-fields' },
  Dropham: { fault: 'reset', times: 1 },
  Resetham: { fault: 'reset' },
};

/** Unambiguous names of invented places, for many parallel lookups. */
export const MANY_PLACES: readonly string[] = Array.from(
  { length: 120 },
  (_, at) => `Station ${String(at + 1).padStart(3, '0')}`,
);

export interface UpstreamRequest {
  operation: Operation;
  /** Path and query as received. */
  url: string;
  query: Record<string, string>;
  /** Status of the response, the outcome if there was none, or `open`. `abandoned`: the caller disconnected. */
  outcome: number | 'open' | 'reset' | 'cut' | 'abandoned';
}

export interface UpstreamOptions {
  /** The port; 0 for any free port. @default 0 */
  port?: number;
  /** Delay of every response, in milliseconds. @default 0 */
  delayMs?: number;
  /** Additional delay of a `slow` response, in milliseconds. @default 2000 */
  slowMs?: number;
}

export interface Upstream {
  /** `http://127.0.0.1:PORT`: the base URL of both APIs. A path after it is accepted as a prefix. */
  readonly url: string;
  /** All requests so far, in the order of arrival. */
  readonly requests: readonly UpstreamRequest[];
  /** Highest number of requests that were open at the same time. */
  readonly maxConcurrent: number;
  setDelay(ms: number): void;
  /** Sets the fault of every request; undefined for none. Faulty places keep their own fault. */
  setFault(fault: Fault | undefined, options?: FaultOptions): void;
  /** Clears requests, counts and faults, and responds without delay again. */
  reset(): void;
  /** Closes the server and all open connections. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts the server. Resolves when it listens. */
export async function startUpstream(options: UpstreamOptions = {}): Promise<Upstream> {
  const { port = 0, delayMs = 0, slowMs = 2_000 } = options;
  const requests: UpstreamRequest[] = [];
  const failures = new Map<string, number>();
  let delay = delayMs;
  let fault: ChosenFault | undefined;
  let maxConcurrent = 0;

  /** Returns the fault for this request, and counts it. */
  function faultFor(request: UpstreamRequest): ChosenFault | undefined {
    const general = fault && (fault.operation ?? request.operation) === request.operation ? fault : undefined;
    const place = request.operation === 'forecast' ? placeAt(request.query)?.name : undefined;
    const chosen = general ?? FAULTY_PLACES[place ?? ''];
    const failed = failures.get(request.url) ?? 0;
    if (!chosen || failed >= (chosen.times ?? Number.POSITIVE_INFINITY)) return undefined;
    failures.set(request.url, failed + 1);
    return chosen;
  }

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = log(incoming);
    if (!request) {
      send(response, 404, { error: true, reason: 'Not Found' });
      return;
    }
    requests.push(request);
    maxConcurrent = Math.max(maxConcurrent, requests.filter(({ outcome }) => outcome === 'open').length);
    const gone = new AbortController();
    response.once('close', () => {
      if (request.outcome === 'open') request.outcome = 'abandoned';
      gone.abort();
    });
    const failing = faultFor(request);
    const wait = delay + (failing?.fault === 'slow' ? slowMs : 0);
    if (wait > 0) await sleep(wait, undefined, { signal: gone.signal });
    if (!gone.signal.aborted) request.outcome = answer(request, response, failing);
  }

  const server = createServer((incoming, response) => {
    serve(incoming, response).catch(error => {
      // The caller has aborted, so there is no response.
      if (error.name !== 'AbortError') response.destroy(error);
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');

  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get maxConcurrent() {
      return maxConcurrent;
    },
    setDelay(ms) {
      delay = ms;
    },
    setFault(next, more = {}) {
      fault = next && { fault: next, ...more };
      failures.clear();
    },
    reset() {
      requests.length = 0;
      failures.clear();
      maxConcurrent = 0;
      delay = 0;
      fault = undefined;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function log({ url = '' }: IncomingMessage): UpstreamRequest | undefined {
  const { pathname, searchParams } = new URL(url, 'http://upstream');
  const query = Object.fromEntries(searchParams);
  if (pathname.endsWith('/v1/search')) return { operation: 'geocoding', url, query, outcome: 'open' };
  if (pathname.endsWith('/v1/forecast')) return { operation: 'forecast', url, query, outcome: 'open' };
  return undefined;
}

function answer(
  { operation, query }: UpstreamRequest,
  response: ServerResponse,
  failing: ChosenFault | undefined,
): UpstreamRequest['outcome'] {
  if (failing?.retryAfter) response.setHeader('retry-after', failing.retryAfter);
  const { status, body } = operation === 'geocoding' ? search(query) : forecast(query);
  switch (failing?.fault) {
    case 'busy':
      return send(response, 429, {
        error: true,
        reason: 'Minutely API request limit exceeded. Please try again in one minute.',
      });
    case 'error':
      return send(response, 500, { error: true, reason: 'Internal error at /srv/secret/path' });
    case 'not-json':
      return send(response, 200, '<html><body>Bad gateway at 10.0.0.7</body></html>');
    case 'missing-fields':
      return send(
        response,
        status,
        operation === 'geocoding' ? { results: [{ id: 1 }] } : { ...body, current: {} },
      );
    case 'reset':
      response.socket?.resetAndDestroy();
      return 'reset';
    case 'cut':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100000' });
      response.write('{"results":[', () => response.destroy());
      return 'cut';
    default:
      return send(response, status, body);
  }
}

function send(response: ServerResponse, status: number, body: object | string): number {
  response.statusCode = status;
  response.setHeader(
    'content-type',
    typeof body === 'string' ? 'text/html' : 'application/json; charset=utf-8',
  );
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
  return status;
}

interface Answer {
  status: number;
  body: object;
}

function refuse(reason: string): Answer {
  return { status: 400, body: { error: true, reason } };
}

// Geocoding: https://open-meteo.com/en/docs/geocoding-api

/** A place of a response, in which empty fields and zeros are left out. */
export interface GazetteerPlace {
  id: number;
  name: string;
  latitude: number;
  longitude: number;
  feature_code: string;
  country_code: string;
  country: string;
  admin1: string;
  admin2: string;
  population: number;
  timezone: string;
  /** Other names; not part of a response. */
  also: readonly string[];
}

const COUNTRIES: Record<string, string> = {
  AU: 'Australia',
  BR: 'Brazil',
  CA: 'Canada',
  DE: 'Germany',
  EC: 'Ecuador',
  EG: 'Egypt',
  FR: 'France',
  GA: 'Gabon',
  GB: 'United Kingdom',
  IS: 'Iceland',
  JP: 'Japan',
  KE: 'Kenya',
  LU: 'Luxembourg',
  US: 'United States',
  CH: 'Switzerland',
};

/** Abbreviations and other names by which the real API resolves a region or country. */
const ABBREVIATIONS: Record<string, string> = {
  il: 'Illinois',
  mo: 'Missouri',
  ma: 'Massachusetts',
  tx: 'Texas',
  uk: 'United Kingdom',
  usa: 'United States',
};

/** One place per line: the fields of {@link GazetteerPlace} except for the name of the country, and then other names. */
const PLACES = `
2950159|Berlin|52.52437|13.41053|PPLC|DE|State of Berlin||3426354|Europe/Berlin
5083330|Berlin|44.46867|-71.18508|PPL|US|New Hampshire|Coos|9367|America/New_York
2867714|Munich|48.13743|11.57549|PPLA|DE|Bavaria|Upper Bavaria|1260391|Europe/Berlin|München
2886242|Cologne|50.93333|6.95|PPLA2|DE|North Rhine-Westphalia|Regierungsbezirk Köln|963395|Europe/Berlin|Köln
9000001|Köln|47.9|12.1|PPL|DE|Bavaria|Upper Bavaria||Europe/Berlin
2988507|Paris|48.85341|2.3488|PPLC|FR|Île-de-France|Paris|2138551|Europe/Paris
4717560|Paris|33.66094|-95.55551|PPLA2|US|Texas|Lamar|24782|America/Chicago
2643743|London|51.50853|-0.12574|PPLC|GB|England|Greater London|8961989|Europe/London
6058560|London|42.98339|-81.23304|PPL|CA|Ontario||346765|America/Toronto
1850147|Tokyo|35.6895|139.69171|PPLC|JP|Tokyo||9733276|Asia/Tokyo
4409896|Springfield|37.21533|-93.29824|PPLA2|US|Missouri|Greene|166810|America/Chicago
4951788|Springfield|42.10148|-72.58981|PPLA2|US|Massachusetts|Hampden|154341|America/New_York
4250542|Springfield|39.80172|-89.64371|PPLA|US|Illinois|Sangamon|116565|America/Chicago
9000002|Springfield|37.40835|-102.61436|PPLA2|US|Colorado|Baca|1451|America/Denver
9000003|Springfield|43.18888|-89.41317|PPL|US|Wisconsin|Dane||America/Chicago
9000004|Clayton|45.2758|-92.1702|PPL|US|Wisconsin|Polk|571|America/Chicago
9000005|Clayton|44.1697|-88.6318|PPL|US|Wisconsin|Winnebago|600|America/Chicago
5746545|Portland|45.52345|-122.67621|PPLA2|US|Oregon|Multnomah|632309|America/Los_Angeles
4975802|Portland|43.66147|-70.25533|PPLA2|US|Maine|Cumberland|66881|America/New_York
5128581|New York|40.71427|-74.00597|PPL|US|New York||8804190|America/New_York
3448439|São Paulo|-23.5475|-46.63611|PPLA|BR|São Paulo|São Paulo|12400232|America/Sao_Paulo
2657896|Zurich|47.36667|8.55|PPLA|CH|Zurich|Zürich District|341730|Europe/Zurich|Zürich
3413829|Reykjavik|64.13548|-21.89541|PPLC|IS|Capital Region||118918|Atlantic/Reykjavik
2147714|Sydney|-33.86785|151.20732|PPLA|AU|New South Wales||4627345|Australia/Sydney
360630|Cairo|30.06263|31.24967|PPLC|EG|Cairo Governorate||9606916|Africa/Cairo
184745|Nairobi|-1.28333|36.81667|PPLC|KE|Nairobi County||2750547|Africa/Nairobi
3652462|Quito|-0.22985|-78.52495|PPLC|EC|Pichincha||1399814|America/Guayaquil
2960316|Luxembourg|49.60982|6.13268|PPLC|LU|Luxembourg||76684|Europe/Luxembourg
2960313|Luxembourg|49.75|6.16667|PCLI|LU|||607728|Europe/Luxembourg
9000006|Nullville|0|12.5|PPL|GA|Moyen-Ogooué||900|Africa/Libreville
`;

/** All places, with IDs and numbers of GeoNames; IDs of seven digits from 9000001 on are invented. */
export const GAZETTEER: readonly GazetteerPlace[] = [
  ...PLACES.trim().split('\n').map(fromLine),
  ...[...Object.keys(FAULTY_PLACES), ...MANY_PLACES].map(madeUp),
];

function fromLine(line: string): GazetteerPlace {
  const [id, name = '', latitude, longitude, feature_code = '', country_code = '', ...rest] = line.split('|');
  const [admin1 = '', admin2 = '', population, timezone = '', ...also] = rest;
  return {
    id: Number(id),
    name,
    latitude: Number(latitude),
    longitude: Number(longitude),
    feature_code,
    country_code,
    country: COUNTRIES[country_code] ?? '',
    admin1,
    admin2,
    population: Number(population),
    timezone,
    also,
  };
}

function madeUp(name: string, at: number): GazetteerPlace {
  const latitude = Number((45 + at / 50).toFixed(2));
  return fromLine(`${90_000_000 + at}|${name}|${latitude}|11.5|PPL|DE|Bavaria||${1_000 + at}|Europe/Berlin`);
}

const fold = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().trim();

/** Searches places: nothing for one letter, exact names for two, names with this prefix for three or more; filtered by an area after a comma. */
function search({ name = '', count = '10' }: Record<string, string>): Answer {
  if (!/^\d+$/.test(count) || Number(count) < 1 || Number(count) > 100) {
    return refuse('Parameter count must be between 1 and 100.');
  }
  const [wanted = '', area = ''] = name.split(',').map(fold);
  const region = fold(ABBREVIATIONS[area] ?? area);
  const results = (wanted.length < 2 ? [] : GAZETTEER)
    .map(place => ({ place, score: score(place, wanted) }))
    .filter(({ score }) => score > 0)
    .filter(
      ({ place }) =>
        !area || [place.admin1, place.country, place.country_code].some(known => fold(known) === region),
    )
    .sort((a, b) => b.score - a.score)
    .slice(0, Number(count))
    .map(({ place }) => withoutEmpty(place));
  return { status: 200, body: withoutEmpty({ results, generationtime_ms: 0.42 }) };
}

/** Returns the rank, similar to the real API: a complete name before a prefix, then by population. */
function score({ name, also, population }: GazetteerPlace, wanted: string): number {
  const names = [name, ...also].map(fold);
  const rank =
    population === 0 ? 0.1 : 0.1 + 1 / (1 + 25 * Math.exp(-population / 50_000)) + population / 1e9;
  if (names.includes(wanted)) return 1.5 + rank;
  return wanted.length > 2 && names.some(each => each.startsWith(wanted)) ? rank : 0;
}

/** Removes empty fields and zeros, as proto3 JSON does. */
function withoutEmpty(object: object): object {
  const kept = Object.entries(object).filter(([name, value]) => {
    return name !== 'also' && value !== '' && value !== 0 && !(Array.isArray(value) && value.length === 0);
  });
  return Object.fromEntries(kept);
}

// Forecast: https://open-meteo.com/en/docs

/** Returns the place of a forecast, whose coordinates must be exactly those that geocoding returned. */
function placeAt({ latitude, longitude }: Record<string, string>): GazetteerPlace | undefined {
  return GAZETTEER.find(
    place => place.latitude === Number(latitude) && place.longitude === Number(longitude),
  );
}

interface Variable {
  unit: string;
  /** Values in metric units. Day 0 is today. */
  value(place: GazetteerPlace, day: number): number | null;
}

const WMO = [0, 1, 2, 3, 45, 51, 61, 63, 71, 80, 95];

const temperature = (shift: number): Variable => ({
  unit: '°C',
  value: ({ id, latitude }, day) => 28 - Math.abs(latitude) / 3 + (id % 7) - day + shift,
});

const weatherCode: Variable = {
  unit: 'wmo code',
  value: ({ id }, day) => WMO[(id + day) % WMO.length] ?? null,
};

const VARIABLES: Record<string, Record<string, Variable>> = {
  current: {
    temperature_2m: temperature(0),
    apparent_temperature: temperature(-1.5),
    relative_humidity_2m: { unit: '%', value: ({ id }) => 30 + (id % 66) },
    precipitation: { unit: 'mm', value: ({ id }) => (id % 30) / 10 },
    weather_code: weatherCode,
    wind_speed_10m: { unit: 'km/h', value: ({ id }) => id % 41 },
  },
  daily: {
    weather_code: weatherCode,
    temperature_2m_max: temperature(4),
    temperature_2m_min: temperature(-5),
    precipitation_probability_max: {
      unit: '%',
      // The real API has no value for some places and days.
      value: ({ id, name }, day) => (name === 'Reykjavik' && day === 2 ? null : (id + day * 7) % 101),
    },
  },
};

interface Conversion {
  parameter: string;
  value: string;
  unit: string;
  convert(metric: number): number;
}

/** By metric unit: the parameter and value for the other unit, its name and its conversion. */
const CONVERSIONS: Record<string, Conversion> = {
  '°C': { parameter: 'temperature_unit', value: 'fahrenheit', unit: '°F', convert: n => (n * 9) / 5 + 32 },
  'km/h': { parameter: 'wind_speed_unit', value: 'mph', unit: 'mp/h', convert: n => n / 1.609344 },
  mm: { parameter: 'precipitation_unit', value: 'inch', unit: 'inch', convert: n => n / 25.4 },
};

function forecast(query: Record<string, string>): Answer {
  const place = placeAt(query);
  if (!place) return refuse(`Nothing at ${query.latitude}, ${query.longitude} in the gazetteer.`);
  if (query.daily && !query.timezone) return refuse('Timezone is required');
  const body: Record<string, unknown> = {
    // The real API returns the center of a grid cell, which is not exactly the requested point.
    latitude: Number((place.latitude + 0.0056).toFixed(6)),
    longitude: Number((place.longitude - 0.0094).toFixed(6)),
    generationtime_ms: 0.0781,
    timezone: place.timezone,
    elevation: 74,
  };
  for (const [section, variables] of Object.entries(VARIABLES)) {
    const names = query[section]?.split(',') ?? [];
    const unknown = names.find(name => !Object.hasOwn(variables, name));
    if (unknown) return refuse(`Cannot initialize ForecastVariable from invalid String value ${unknown}.`);
    const asked = names.flatMap(name =>
      variables[name] ? [{ name, ...inUnits(variables[name], query) }] : [],
    );
    if (asked.length === 0) continue;
    body[`${section}_units`] = Object.fromEntries([
      ['time', 'iso8601'],
      ...asked.map(({ name, unit }) => [name, unit]),
    ]);
    body[section] = section === 'current' ? now(asked, place) : days(asked, place, query);
  }
  return { status: 200, body };
}

type Named = Variable & { name: string };

function now(asked: readonly Named[], place: GazetteerPlace): object {
  const time = localTime(Math.floor(Date.now() / 900_000) * 900_000, place);
  return {
    time,
    interval: 900,
    ...Object.fromEntries(asked.map(({ name, value }) => [name, value(place, 0)])),
  };
}

function days(
  asked: readonly Named[],
  place: GazetteerPlace,
  { forecast_days = '7' }: Record<string, string>,
): object {
  const each = Array.from({ length: Number(forecast_days) }, (_, day) => day);
  const time = each.map(day => localTime(Date.now() + day * 86_400_000, place).slice(0, 10));
  return {
    time,
    ...Object.fromEntries(asked.map(({ name, value }) => [name, each.map(day => value(place, day))])),
  };
}

/** Returns the local time of the place, for example `2026-11-23T14:15`. */
function localTime(ms: number, { timezone }: GazetteerPlace): string {
  return new Date(ms).toLocaleString('sv-SE', { timeZone: timezone }).replace(' ', 'T').slice(0, 16);
}

function inUnits({ unit, value }: Variable, query: Record<string, string>): Variable {
  const conversion = CONVERSIONS[unit];
  const wanted = conversion && query[conversion.parameter] === conversion.value ? conversion : undefined;
  return {
    unit: wanted?.unit ?? unit,
    value(place, day) {
      const metric = value(place, day);
      return metric === null ? null : Math.round((wanted?.convert(metric) ?? metric) * 100) / 100;
    },
  };
}
