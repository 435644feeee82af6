/**
 * An example of a tool that runs longer than a call: the change of temperature at up to 100 places, from daily records of up to 30
 * years in Open-Meteo's archive. That takes minutes, so the tool uses {@link dynamoTasks}:
 *
 *   .route('/climate', mcp(climate, { tasks: dynamoTasks({ tools: { compare_climate: { fallback: 'poll-tool' } } }) }))
 *
 * The code contains nothing about tasks: it reports progress, observes `signal` and returns a result, like any tool. It has no side
 * effects, because a task starts again if its execution environment is lost. https://open-meteo.com/en/docs/historical-weather-api
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { McpServer, type ServerContext } from '@modelcontextprotocol/server';
import * as z from 'zod';

export interface ClimateOptions {
  /** Base URL of the geocoding API. @default the public one */
  geocodingUrl?: string;
  /** Base URL of the archive API. @default the public one */
  archiveUrl?: string;
  /** Pause after a 429 of the service, in milliseconds: it limits requests per minute. @default 61000 */
  busyMs?: number;
}

const LAST_YEAR = new Date().getUTCFullYear() - 1;

const place = z.object({
  name: z.string(),
  country: z.string().default(''),
  latitude: z.number(),
  longitude: z.number(),
});
const places = z.object({ results: z.array(place).default([]) });
const archive = z.object({
  daily: z.object({ time: z.array(z.string()), temperature_2m_mean: z.array(z.number().nullable()) }),
});

const change = z.object({
  city: z.string(),
  found: z.string().describe('The place that was found.'),
  firstYears: z.number().describe('Mean temperature of the first five years in °C.'),
  lastYears: z.number().describe('Mean temperature of the last five years in °C.'),
  perDecade: z.number().describe('Linear trend in °C per decade.'),
});
const comparison = z.object({
  from: z.int(),
  to: z.int(),
  cities: z.array(change).describe('Sorted by warming, the largest first.'),
  failed: z.array(z.object({ city: z.string(), reason: z.string() })),
});

const COMPARE_CLIMATE = {
  title: 'Change of temperature at many places',
  description:
    'Returns how the mean temperature has changed at 1 to 100 cities over 10 to 30 years, from daily records. Takes minutes for many cities.',
  inputSchema: z.object({
    cities: z.array(z.string().trim().min(1).max(200)).min(1).max(100),
    years: z.int().min(10).max(30).default(30).describe('Number of years, up to last year.'),
  }),
  outputSchema: comparison,
  annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: true },
};

/** Open-Meteo did not return usable data. The message is for the caller. */
class ClimateError extends Error {
  override readonly name = 'ClimateError';
}

export const climate = createClimate();

export function createClimate(options: ClimateOptions = {}): () => McpServer {
  return function climate() {
    const server = new McpServer({ name: 'climate', title: 'Climate', version: '1.0.0' });
    server.registerTool('compare_climate', COMPARE_CLIMATE, ({ cities, years }, ctx) =>
      compareClimate(cities, years, ctx, options),
    );
    return server;
  };
}

async function compareClimate(
  cities: readonly string[],
  years: number,
  { mcpReq }: ServerContext,
  options: ClimateOptions,
) {
  const from = LAST_YEAR - years + 1;
  const found: z.infer<typeof comparison> = { from, to: LAST_YEAR, cities: [], failed: [] };
  // Sequentially, because the service is free and each request is large.
  for (const [at, city] of cities.entries()) {
    try {
      found.cities.push(await changeAt(city, from, mcpReq.signal, options));
    } catch (error) {
      if (!(error instanceof ClimateError)) throw error;
      found.failed.push({ city, reason: error.message });
    }
    const { progressToken } = mcpReq._meta ?? {};
    if (progressToken === undefined) continue;
    const params = { progressToken, progress: at + 1, total: cities.length, message: city };
    await mcpReq.notify({ method: 'notifications/progress', params });
  }
  found.cities.sort((a, b) => b.perDecade - a.perDecade);
  return { content: [{ type: 'text' as const, text: inWords(found) }], structuredContent: found };
}

async function changeAt(
  city: string,
  from: number,
  signal: AbortSignal,
  options: ClimateOptions,
): Promise<z.infer<typeof change>> {
  const {
    geocodingUrl = 'https://geocoding-api.open-meteo.com',
    archiveUrl = 'https://archive-api.open-meteo.com',
    busyMs = 61_000,
  } = options;
  const search = { name: city, count: 1, format: 'json' };
  const limits = { signal, busyMs };
  const [best] = (await fetchJson(`${geocodingUrl}/v1/search`, search, places, limits)).results;
  if (!best) throw new ClimateError('The place is unknown.');
  const { name, country, latitude, longitude } = best;
  const days = {
    latitude,
    longitude,
    start_date: `${from}-01-01`,
    end_date: `${LAST_YEAR}-12-31`,
    daily: 'temperature_2m_mean',
  };
  const { daily } = await fetchJson(`${archiveUrl}/v1/archive`, days, archive, limits);
  const means = yearlyMeans(daily);
  if (means.length < 10) throw new ClimateError('There are too few records for this place.');
  return {
    city,
    found: country ? `${name}, ${country}` : name,
    firstYears: rounded(mean(means.slice(0, 5).map(year => year.mean))),
    lastYears: rounded(mean(means.slice(-5).map(year => year.mean))),
    perDecade: rounded(slope(means) * 10),
  };
}

const ATTEMPTS = 5;
const ATTEMPT_MS = 60_000;

/**
 * Sends a request and returns the parsed response. Retries up to four times, after a minute each if the service is busy: a task can
 * wait.
 */
async function fetchJson<Data>(
  base: string,
  query: Record<string, string | number>,
  schema: z.ZodType<Data>,
  { signal, busyMs }: { signal: AbortSignal; busyMs: number },
): Promise<Data> {
  const url = new URL(base);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  for (let attempt = 1; ; attempt += 1) {
    const within = AbortSignal.any([signal, AbortSignal.timeout(ATTEMPT_MS)]);
    const response = await fetch(url, { signal: within }).catch(() => undefined);
    signal.throwIfAborted();
    if (response?.ok) {
      const { data } = schema.safeParse(await response.json().catch(() => undefined));
      if (data) return data;
      throw new ClimateError('Open-Meteo returned an invalid response.');
    }
    const passes = response === undefined || response.status === 429 || response.status >= 500;
    if (!passes || attempt === ATTEMPTS) throw new ClimateError('Open-Meteo did not respond.');
    await sleep(response?.status === 429 ? busyMs : Math.min(1_000 * attempt, busyMs), undefined, { signal });
  }
}

interface Year {
  year: number;
  mean: number;
}

/** Returns the mean of each year with records for more than 350 days. */
function yearlyMeans({ time, temperature_2m_mean: values }: z.infer<typeof archive>['daily']): Year[] {
  const years = new Map<number, number[]>();
  for (const [at, day] of time.entries()) {
    const value = values[at];
    if (typeof value !== 'number') continue;
    const year = Number(day.slice(0, 4));
    const days = years.get(year);
    if (days) days.push(value);
    else years.set(year, [value]);
  }
  return [...years]
    .filter(([, days]) => days.length > 350)
    .map(([year, days]) => ({ year, mean: mean(days) }));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Returns the linear trend per year, by least squares. */
function slope(years: readonly Year[]): number {
  const middle = mean(years.map(({ year }) => year));
  const level = mean(years.map(year => year.mean));
  const over = years.reduce((sum, { year, mean }) => sum + (year - middle) * (mean - level), 0);
  return over / years.reduce((sum, { year }) => sum + (year - middle) ** 2, 0);
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

function inWords({ from, to, cities, failed }: z.infer<typeof comparison>): string {
  const lines = cities.map(
    ({ found, firstYears, lastYears, perDecade }) =>
      `${found}: ${perDecade > 0 ? '+' : ''}${perDecade} °C per decade (${firstYears} °C, then ${lastYears} °C)`,
  );
  const not = failed.map(({ city, reason }) => `${city}: ${reason}`);
  return [`Mean temperature from ${from} to ${to}:`, ...lines, ...not].join('\n');
}
