/** How many calls a second environments answer that are called without a pause, and 100 lookups in one call. */
import { performance } from 'node:perf_hooks';
import { MANY_PLACES, startUpstream, type Upstream } from '../../test/helpers/upstream.ts';
import { call, environmentOf } from './measure.ts';
import { compareSubject, type Row } from './subjects.ts';

const WARMED_CALLS = 50;
const SECONDS = 2;

/** Calls per second of `environments` processes together, each with one call at a time, as Lambda gives it. */
export async function throughput({ subject }: Row, environments: number): Promise<number> {
  const all = Array.from({ length: environments }, () => environmentOf(subject));
  try {
    await Promise.all(
      all.map(async environment => {
        await environment.init();
        for (let i = 0; i < WARMED_CALLS / environments + 1; i += 1) await call(environment, subject);
      }),
    );
    const started = performance.now();
    const end = started + SECONDS * 1000;
    let calls = 0;
    await Promise.all(
      all.map(async environment => {
        for (; performance.now() < end; calls += 1) await call(environment, subject);
      }),
    );
    return (calls * 1000) / (performance.now() - started);
  } finally {
    for (const environment of all) environment.kill();
    await Promise.all(all.map(({ exited }) => exited));
  }
}

export interface Comparison {
  /** One warm `compare_weather` of 100 places, in ms. */
  ms: number;
  /** The same requests made of the same upstream by a program that does nothing else. */
  upstreamMs: number;
}

const LOOKUPS = 100;
/** What Open-Meteo takes, roughly. */
const UPSTREAM_MS = 25;
const ROUNDS = 5;

/** Medians; the rounds of both take turns. */
export async function compareLookups(dist: Row): Promise<Comparison> {
  await using upstream = await startUpstream({ delayMs: UPSTREAM_MS });
  const subject = compareSubject(dist, MANY_PLACES.slice(0, LOOKUPS));
  const urls = { WEATHER_GEOCODING_URL: upstream.url, WEATHER_FORECAST_URL: upstream.url };
  const environment = environmentOf(subject, urls);
  try {
    await environment.init();
    await call(environment, subject);
    const [ours, alone]: [number[], number[]] = [[], []];
    const atOnce = upstream.maxConcurrent;
    const asked = upstream.requests.map(({ operation, url }) => ({ operation, url: upstream.url + url }));
    for (let i = 0; i < ROUNDS; i += 1) {
      ours.push(await timed(() => call(environment, subject)));
      alone.push(await timed(() => askedAlone(asked, atOnce)));
    }
    return { ms: middle(ours), upstreamMs: middle(alone) };
  } finally {
    environment.kill();
    await environment.exited;
  }
}

/** Pairs of a place's geocoding and its forecast, as many at once as the tool has. */
async function askedAlone(
  asked: readonly Pick<Upstream['requests'][number], 'operation' | 'url'>[],
  atOnce: number,
): Promise<void> {
  const of = (operation: string): string[] =>
    asked.filter(each => each.operation === operation).map(({ url }) => url);
  const forecasts = of('forecast');
  const pairs = of('geocoding').map((url, at) => [url, forecasts[at] ?? url]);
  const queue = pairs.values();
  const worker = async (): Promise<void> => {
    for (const pair of queue) for (const url of pair) await (await fetch(url)).text();
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function middle(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
}
